# ruff: noqa: INP001 - a program of its own, in no package
"""Writes carrier/does-as-dialled.xml: a carrier that does what the dialled number says.

SIPp takes no keyword in a status line, so there is one reply for each code, and a way to it.
`python sipp-scenarios/as_dialled.py` writes it again after a change here.
"""

from pathlib import Path

# Every final failure that a registry names or that a stranger might make up.
CODES = (
    300, 301, 302, 305, 380, 399,
    *range(400, 409), 409, 410, 411, 412, 413, 414, 415, 416, 417, 420, 421, 422, 423, 424, 425,
    428, 429, 430, 433, 436, 437, 438, 439, 440, 469, 470, *range(480, 490), 491, 493, 494, 499,
    *range(500, 506), 513, 555, 580, 599,
    600, 603, 604, 606, 607, 608, 699,
)  # fmt: skip

_SCENARIO = """\
<?xml version="1.0" encoding="UTF-8"?>
<!--
  role:    carrier that does what the dialled number says
  keys:    place (which carrier it is, from 1)
  expects: INVITE of 44 CCC AA BB R F: the carriers up to place F answer CCC, with the Q.850 causes
           AA and BB beside it (00 is none), after a 180 when R is 1; the others answer 200, and
           expect a BYE

  Written by sipp-scenarios/as_dialled.py.
-->
<scenario name="carrier/does-as-dialled">

  <recv request="INVITE" rrs="true" next="answer" test="answers">
    <action>
      <ereg regexp="sip:44([0-9]{{3}})([0-9]{{2}})([0-9]{{2}})[01]([0-9])@" search_in="msg"
            check_it="true" assign_to="all,code,one,two,last"/>
      <ereg regexp="sip:44[0-9]{{3}}00" search_in="msg" assign_to="none"/>
      <ereg regexp="sip:44[0-9]{{5}}00" search_in="msg" assign_to="single"/>
      <ereg regexp="sip:44[0-9]{{7}}0" search_in="msg" assign_to="quiet"/>
      <assignstr assign_to="reason" value="Server: lab"/>
      <assignstr assign_to="here" value="[place]"/>
      <todouble assign_to="mine" variable="here"/>
      <todouble assign_to="failing" variable="last"/>
      <todouble assign_to="said" variable="code"/>
      <test assign_to="answers" variable="failing" compare="less_than" variable2="mine"/>
    </action>
  </recv>

  <nop next="ring" test="none"/>
  <nop>
    <action>
      <assignstr assign_to="reason" value="Reason: Q.850;cause=[$one]"/>
    </action>
  </nop>
  <nop next="ring" test="single"/>
  <nop>
    <action>
      <assignstr assign_to="reason" value="Reason: Q.850;cause=[$one], Q.850;cause=[$two]"/>
    </action>
  </nop>

  <label id="ring"/>
  <nop next="fail" test="quiet"/>
{ringing}
  <pause milliseconds="40"/>

  <label id="fail"/>
{ways}
{failures}
  <label id="acknowledged"/>
  <recv request="ACK" next="end"/>

  <label id="answer"/>
{answer}
  <!-- The edge's workers may pass each other: a BYE may come before its ACK. -->
  <recv request="BYE" optional="true" next="overtaken">
    <action>
      <ereg regexp="(Via:[^&#13;]*&#13;&#10;)+" search_in="msg" check_it="true" assign_to="via"/>
      <ereg regexp=".*" search_in="hdr" header="CSeq:" assign_to="cseq"/>
    </action>
  </recv>
  <recv request="ACK"/>
  <recv request="BYE"/>
{bye}
  <label id="overtaken"/>
  <recv request="ACK"/>
{overtaken}
  <label id="end"/>

  <Reference variables="all"/>

</scenario>
"""

_WAY = """\
  <nop next="{code}" test="this">
    <action>
      <test assign_to="this" variable="said" compare="equal" value="{code}"/>
    </action>
  </nop>
"""


def _reply(status: str, headers: str, attributes: str = "") -> str:
    """Return a step that sends a reply; `headers` are whole lines, after Via."""
    lines = "".join(f"      {line}\n" for line in headers.splitlines())
    return f"""\
  <send{attributes}>
    <![CDATA[

      SIP/2.0 {status}
      [last_Via:]
{lines}      Content-Length: 0

    ]]>
  </send>
"""


_OURS = "[last_From:]\n[last_To:];tag=[pid]u[call_number]\n[last_Call-ID:]\n[last_CSeq:]\n"
_CONTACT = "Contact: <sip:[local_ip]:[local_port]>\n"
_SDP = """\
      Content-Type: application/sdp
      Content-Length: [len]

      v=0
      o=- 1 1 IN IP[local_ip_type] [local_ip]
      s=-
      c=IN IP[media_ip_type] [media_ip]
      t=0 0
      m=audio [rtpstream_audio_port] RTP/AVP 0
      a=rtpmap:0 PCMU/8000
"""


def scenario() -> str:
    """Return the scenario."""
    answer = _reply("200 OK", f"[last_Record-Route:]\n{_OURS}{_CONTACT}", ' retrans="500"')
    return _SCENARIO.format(
        ringing=_reply("180 Ringing", f"[last_Record-Route:]\n{_OURS}{_CONTACT}"),
        ways="\n".join(_WAY.format(code=code) for code in CODES),
        failures="\n".join(_failure(code) for code in CODES),
        answer=answer.replace("      Content-Length: 0\n", _SDP),
        bye=_reply(
            "200 OK", "[last_From:]\n[last_To:]\n[last_Call-ID:]\n[last_CSeq:]\n", ' next="end"'
        ),
        overtaken=_reply("200 OK", "[last_From:]\n[last_To:]\nCSeq:[$cseq]\n").replace(
            "[last_Via:]\n", "[$via]Call-ID: [call_id]\n"
        ),
    )


def _failure(code: int) -> str:
    moved = "Contact: <sip:900123@[local_ip]>\n" if 300 <= code < 400 else ""
    step = _reply(
        f"{code} As Dialled", f"{_OURS}{moved}[$reason]\n", ' retrans="500" next="acknowledged"'
    )
    return f'  <label id="{code}"/>\n{step}'


if __name__ == "__main__":
    path = Path(__file__).parent / "carrier" / "does-as-dialled.xml"
    path.write_text(scenario(), encoding="utf-8")
