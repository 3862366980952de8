# ruff: noqa: INP001 - a program of its own, in no package
"""Writes carrier/rejects-STATUS.xml: SIPp takes no keyword in a status line, so each has a file.

`python sipp-scenarios/rejects.py` writes them again after a change here.
"""

from pathlib import Path

PHRASES = {
    302: "Moved Temporarily",
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    407: "Proxy Authentication Required",
    408: "Request Timeout",
    410: "Gone",
    480: "Temporarily Unavailable",
    481: "Call/Transaction Does Not Exist",
    482: "Loop Detected",
    484: "Address Incomplete",
    485: "Ambiguous",
    486: "Busy Here",
    487: "Request Terminated",
    488: "Not Acceptable Here",
    500: "Server Internal Error",
    502: "Bad Gateway",
    503: "Service Unavailable",
    504: "Server Time-out",
    600: "Busy Everywhere",
    603: "Decline",
    604: "Does Not Exist Anywhere",
    606: "Not Acceptable",
}

_SCENARIO = """\
<?xml version="1.0" encoding="UTF-8"?>
<!--
  role:    carrier
  keys:    reason (a whole header line)
  expects: INVITE, answers {status} with that header; ACK

  Written by sipp-scenarios/rejects.py.
-->
<scenario name="carrier/rejects-{status}">

  <recv request="INVITE"/>

  <send retrans="500">
    <![CDATA[

      SIP/2.0 {status} {phrase}
      [last_Via:]
      [last_From:]
      [last_To:];tag=[pid]u[call_number]
      [last_Call-ID:]
      [last_CSeq:]
      {contact}[reason]
      Content-Length: 0

    ]]>
  </send>

  <recv request="ACK"/>

</scenario>
"""


def scenario(status: int) -> str:
    """Return the scenario that answers with this status."""
    contact = "Contact: <sip:900123@[local_ip]>\n      " if 300 <= status < 400 else ""
    return _SCENARIO.format(status=status, phrase=PHRASES[status], contact=contact)


if __name__ == "__main__":
    for status in PHRASES:
        path = Path(__file__).parent / "carrier" / f"rejects-{status}.xml"
        path.write_text(scenario(status), encoding="utf-8")
