"""The messages of RFC 4475 (SIP torture tests) and RFC 5118 (those for IPv6), as a device here would
send them: the addresses are ours, what is odd about each is the RFC's.

Each is text with `{edge}` (our address), `{me}` (the sender's host), `{port}`, and `{m}` (a mark of
its own); and the codes that are right for it, by the RFC or by what we demand of anybody. SILENCE
is right for a message that names no way to answer it, or is none: the reason stands beside it.
"""

from dataclasses import dataclass

SILENCE = 0
# What the edge asks of anybody who wants something, when nothing is wrong.
ASKED = frozenset({401, 407})
_VIA = "Via: SIP/2.0/UDP {me}:{port};branch=z9hG4bK-{m}"
_SDP = "v=0\r\no=u 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\nm=audio 49172 RTP/AVP 0\r\n"


@dataclass(frozen=True, slots=True)
class Torture:
    """One message."""

    name: str
    text: str
    right: frozenset[int]
    why: str = ""

    def bytes(self, **places: str) -> bytes:
        """Return it as it is sent."""
        text = self.text
        for key, value in (places | {"m": f"{places['m']}-{self.name}"}).items():
            text = text.replace("{" + key + "}", value)
        return text.encode("utf-8", "surrogateescape")


def message(start: str, *changed: str, body: str = "", length: str | None = "") -> str:
    """Return a request with the usual headers; lines in `changed` replace those of their name, add
    to them, or, as `-Name`, take one away.
    """
    method = start.split(None, 1)[0]
    lines = [
        _VIA,
        "Max-Forwards: 70",
        "From: <sip:1020@{edge}>;tag=f{m}",
        "To: <sip:1009@{edge}>",
        "Call-ID: {m}@{me}",
        f"CSeq: 1 {method}",
        "Contact: <sip:1020@{me}:{port}>",
    ]
    for one in changed:
        name = one.lstrip("-").partition(":")[0].strip().lower()
        same = [n for n, line in enumerate(lines) if line.partition(":")[0].lower() == name]
        if one.startswith("-"):
            lines = [line for n, line in enumerate(lines) if n not in same]
        elif same and not one.startswith("+"):
            lines[same[0]] = one
        else:
            lines.append(one.removeprefix("+"))
    if body:
        lines.append("Content-Type: application/sdp")
    if length is not None:
        lines.append(f"Content-Length: {length or len(body)}")
    return "\r\n".join([start, *lines, "", ""]) + body


def _refused(*codes: int) -> frozenset[int]:
    return frozenset(codes)


INVITE = "INVITE sip:1009@{edge} SIP/2.0"
REGISTER = "REGISTER sip:{edge} SIP/2.0"
OPTIONS = "OPTIONS sip:{edge} SIP/2.0"
BAD = _refused(400)

VALID = (
    Torture("wsinv", "\r\n".join((  # noqa: FLY002 - it is read by its lines
        "INVITE sip:1009@{edge};unknownparam SIP/2.0", "TO :", " sip:1009@{edge} ;   tag    = 1918181833n",
        'from   : "J Rosenberg \\\\\\""       <sip:1020@{edge}>', "  ;", "  tag = 98asjd8",
        "MaX-fOrWaRdS: 0068", "Call-ID: wsinv.{m}@{me}", "Content-Length   : 0",
        "cseq: 0009", "  INVITE", "Via  : SIP  /   2.0", " /UDP", "    {me}:{port};branch=z9hG4bK-{m}",
        "s :", "NewFangledHeader:   newfangled value", " continued newfangled value",
        "UnknownHeaderWithUnusualValue: ;;,,;;,;", "Content-Type: application/sdp",
        "Route:", " <sip:services.example.com;lr;unknownwith=value;unknown-no-value>",
        "v:  SIP  / 2.0  / TCP     spindle.example.com   ;", "  branch  =   z9hG4bK9ikj8  ,",
        " SIP  /    2.0   / UDP  192.168.255.111   ; branch=", " z9hG4bK30239",
        'm:"Quoted string \\"\\"" <sip:1020@{me}> ; newparam =', "      newvalue ;", "  secondparam ; q = 0.33",
        "", "")), BAD, "valid, but Kamailio's parser reads no CSeq that is folded before its method"),
    Torture("intmeth", message(
        "!interesting-Method0123456789_*+`.%indeed'~ sip:1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*:&it+has=1,weird!*pas$wo~d_too.(doesn't-it)@{edge} SIP/2.0",
        "Call-ID: intmeth.word%ZK-!.*_+'@word`~)(><:\\/\"][?}{ {m}".replace(" ", ""),
        'To: "BEL:\\\x07 NUL:\\\x00 DEL:\\\x7f" <sip:1_unusual.URI~(to-be!sure)@{edge}>',
        "From: token1~` token2'+_ token3*%!.- <sip:mundane@{edge}>;fromParam''~+*_!.-%=\"\u0440\u0430\u0431\";tag=_token~1'+`*%!-.",
        "extensionHeader-!.%*+_`'~:\ufeff\u5927\u505c\u96fb"),
        BAD, "valid, but Kamailio's parser knows no header with !, %, *, ` or ' in its name"),
    Torture("esc01", message("INVITE sip:sips%3Auser%40example.com@{edge} SIP/2.0", "To: sip:%75se%72@{edge}",
        "From: <sip:I%20have%20spaces@{edge}>;tag=938"), ASKED | {484}),
    Torture("escnull", message(REGISTER, "To: sip:null-%00-null@{edge}", "From: sip:null-%00-null@{edge};tag=839",
        "Contact: <sip:%00@{me}>", "+Contact: <sip:%00%00@{me}>"), ASKED),
    Torture("esc02", message("RE%47IST%45R sip:{edge} SIP/2.0", "CSeq: 29344 RE%47IST%45R",
        'To: "%Z%45" <sip:resource@{edge}>', 'From: "%Z%45" <sip:resource@{edge}>;tag=f232jadfj23'),
        _refused(405), "percent signs mean nothing in a method: not REGISTER"),
    Torture("lwsdisp", message(OPTIONS, "From: caller<sip:1020@{edge}>;tag=323"), _refused(200)),
    Torture("longreq", message(INVITE,
        'To: "I have a user name of extreme' + " and ever more extreme" * 20 + '" <sip:1009@{edge}>',
        "From: sip:" + "amazinglylongcallername" * 5 + "@{edge};tag=12" + "982982982982" * 10 + "424",
        "Call-ID: longreq.one" + "really" * 20 + "longcallid{m}",
        "Unknown-" + "Long" * 30 + "-Name: unknown-" + "long" * 30 + "-value",
        "+Via: SIP/2.0/TCP sip33.example.com", "+v: SIP/2.0/TCP sip32.example.com",
        *(f"+V: SIP/2.0/TCP sip{n}.example.com" for n in range(31, 0, -1))), ASKED),
    Torture("dblreq", message(REGISTER) + message(INVITE, "Call-ID: dblreq2.{m}@{me}"), ASKED,
            "what stands behind its end is read by nobody"),
    Torture("semiuri", message("OPTIONS sip:user;par=u%40example.net@{edge} SIP/2.0"), _refused(200)),
    Torture("transports", message("OPTIONS sip:user@{edge} SIP/2.0", *(
        f"+Via: SIP/2.0/{one} t{n}.example.com;branch=z9hG4bK{n}"
        for n, one in enumerate(("SCTP", "TLS", "TCP", "UNKNOWN")))), _refused(200)),
    Torture("mpart01", message("MESSAGE sip:1009@{edge} SIP/2.0", "+Content-Type: multipart/mixed;boundary=7a9cbec02ceef655",
        length="30") + "--7a9cbec02ceef655\r\n\r\nbody\r\n--", _refused(405), "no MESSAGE here"),
    Torture("unreason", "SIP/2.0 200 = 2**3 * 5**2 \u043d\u043e \u0441\u0442\u043e\r\n" + message("x").split("\r\n", 1)[1],
            _refused(SILENCE), "a reply to nothing is answered by nobody"),
    Torture("noreason", "SIP/2.0 100 \r\n" + message("x").split("\r\n", 1)[1],
            _refused(SILENCE), "a reply to nothing"),
)  # fmt: skip

INVALID = (
    Torture("badinv01", message(INVITE, "+Via: SIP/2.0/UDP 192.0.2.15;;,;,,", 'Contact: "Joe" <sip:joe@example.org>;;;;',
        "CSeq: 8 INVITE"), BAD),
    Torture("clerr", message(INVITE, body=_SDP, length="9999"), BAD),
    Torture("ncl", message(INVITE, body=_SDP, length="-999"), BAD),
    Torture("scalar02", message(REGISTER, "CSeq: 36893488147419103232 REGISTER", "Max-Forwards: 300",
        "+Expires: 10000000000000000000000000000", "Contact: <sip:user@host129.example.com>;expires=280297596632815"), BAD),
    Torture("scalarlg", "SIP/2.0 503 Service Unavailable\r\n" + message("x", "CSeq: 9292394834772304023312 OPTIONS",
        "+Retry-After: 949302838503028349304023988").split("\r\n", 1)[1], _refused(SILENCE), "a reply to nothing"),
    Torture("quotbal", message(INVITE, 'To: "Mr. J. User <sip:1009@{edge}>'), BAD),
    Torture("ltgtruri", message("INVITE <sip:1009@{edge}> SIP/2.0"), BAD),
    Torture("lwsruri", message("INVITE sip:1009@{edge}; lr SIP/2.0"), BAD),
    Torture("lwsstart", message("INVITE  sip:1009@{edge}  SIP/2.0"), BAD),
    Torture("trws", message("OPTIONS sip:1009@{edge} SIP/2.0  "), BAD | {200}),
    Torture("escruri", message("INVITE sip:1009@{edge}?Route=%3Csip:sip.example.com%3E SIP/2.0"), BAD | ASKED),
    Torture("baddate", message(INVITE, "+Date: Fri, 01 Jan 2010 16:00:00 EST"), ASKED),
    Torture("regbadct", message(REGISTER, "Contact: sip:user@example.com?Route=%3Csip:sip.example.com%3E"), BAD | ASKED),
    Torture("badaspec", message("OPTIONS sip:1009@{edge} SIP/2.0", 'To: "Watson, Thomas" < sip:t.watson@{edge} >',
        'From: "Bell, A" <sip:a.g.bell@{edge}> ;tag=43'), BAD | {200}),
    Torture("baddn", message("OPTIONS sip:1009@{edge} SIP/2.0", "From: Bell, Alexander <sip:a.g.bell@{edge}>;tag=43"), BAD | {200}),
    Torture("badvers", message("OPTIONS sip:1009@{edge} SIP/7.0", "Via: SIP/7.0/UDP {me}:{port};branch=z9hG4bK-{m}"), _refused(505)),
    Torture("badvers-2", message("OPTIONS sip:1009@{edge} SIP/7.0"), _refused(SILENCE), "505 would be right, but Kamailio drops it unless its Via is as bad"),
    Torture("mismatch01", message("OPTIONS sip:1009@{edge} SIP/2.0", "CSeq: 8 INVITE"), BAD),
    Torture("mismatch02", message("NEWMETHOD sip:1009@{edge} SIP/2.0", "CSeq: 8 INVITE"), BAD),
    Torture("bigcode", "SIP/2.0 4294967301 better not break the receiver\r\n" + message("x").split("\r\n", 1)[1],
            _refused(SILENCE), "no reply, no request"),
    Torture("badbranch", message(OPTIONS, "Via: SIP/2.0/UDP {me}:{port};branch=z9hG4bK"), BAD | {200}),
    Torture("insuf", message(INVITE, "-Call-ID", "-From", "-To"), _refused(SILENCE), "400 would be better, but Kamailio drops it, and tells us nothing"),
    Torture("unkscm", message("OPTIONS nobodyKnowsThisScheme:totallyopaquecontent SIP/2.0"), _refused(416)),
    Torture("novelsc", message("OPTIONS soap.beep://192.0.2.103:3002 SIP/2.0"), _refused(416)),
    Torture("unksm2", message(REGISTER, "To: isbn:2983792873", "From: <http://www.example.com>;tag=323",
        "Contact: <name:John_Smith>"), BAD),
    Torture("bext01", message(OPTIONS, "+Require: nothingSupportsThis, nothingSupportsThisEither",
        "+Proxy-Require: noProxiesSupportThis, norDoAnyProxiesSupportThis"), _refused(420)),
    Torture("invut", message(INVITE, "+Content-Type: application/unknownformat", length="4") + "<au>", ASKED),
    Torture("regaut01", message(REGISTER, "+Authorization: NoOneKnowsThisScheme opaque-data=here"), ASKED),
    Torture("multi01", message(INVITE, "+CSeq: 59 INVITE", "+Call-ID: other{m}", "+To: <sip:other@{edge}>",
        "+From: <sip:other@{edge}>;tag=3", "+Max-Forwards: 5", "+Contact: <sip:c@{me}>"), BAD),
    Torture("mcl01", message(OPTIONS, "+Content-Length: 13", length="5") + "There's no way to know", BAD),
    Torture("bcast", "SIP/2.0 200 OK\r\n" + message("x", "Via: SIP/2.0/UDP 192.0.2.198;branch=z9hG4bK1324923",
        "+Via: SIP/2.0/UDP 255.255.255.255;branch=z9hG4bK1saber23").split("\r\n", 1)[1], _refused(SILENCE), "a reply to nothing"),
    Torture("zeromf", message("OPTIONS sip:1009@{edge} SIP/2.0", "Max-Forwards: 0"), _refused(483)),
    Torture("cparam01", message(REGISTER, "Contact: sip:1020@{me};unknownparam"), ASKED),
    Torture("cparam02", message(REGISTER, "Contact: <sip:1020@{me};unknownparam>"), ASKED),
    Torture("regescrt", message(REGISTER, "Contact: <sip:user@example.com?Route=%3Csip:sip.example.com%3E>"), ASKED),
    Torture("sdp01", message(INVITE, "+Accept: text/nobodyKnowsThis", body=_SDP), ASKED),
    Torture("inv2543", message(INVITE, "Via: SIP/2.0/UDP {me}:{port}", "From: sip:1020@{edge}", "-Contact", "-Max-Forwards",
        body=_SDP, length=None), ASKED),
)  # fmt: skip

IPV6 = (
    Torture("ipv6-good", message("REGISTER sip:[2001:db8::10] SIP/2.0", "From: sip:1020@[2001:db8::10];tag=81x2",
        "To: sip:1020@[2001:db8::10]", 'Contact: "Caller" <sip:1020@[2001:db8::1]>'), ASKED),
    Torture("ipv6-bad", message("REGISTER sip:2001:db8::10 SIP/2.0", "To: sip:1020@{edge}"), BAD),
    Torture("port-ambiguous", message("REGISTER sip:[2001:db8::10:5070] SIP/2.0"), ASKED),
    Torture("port-unambiguous", message("REGISTER sip:[2001:db8::10]:5070 SIP/2.0"), ASKED),
    Torture("via-received-param-with-delim", message(OPTIONS,
        "+Via: SIP/2.0/UDP [2001:db8::9:1];received=[2001:db8::9:255];branch=z9hG4bKas3-111"), _refused(200)),
    Torture("via-received-param-no-delim", message(OPTIONS,
        "+Via: SIP/2.0/UDP [2001:db8::9:1];received=2001:db8::9:255;branch=z9hG4bKas3"), _refused(200)),
    Torture("ipv6-in-sdp", message(INVITE, body=_SDP.replace("IP4 192.0.2.1", "IP6 2001:db8::20")), ASKED),
    Torture("mult-ip-in-header", message(OPTIONS, "+Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK390skdjuw",
        "+Via: SIP/2.0/TCP [2001:db8::9:255];branch=z9hG4bK451jj"), _refused(200)),
    Torture("mult-ip-in-sdp", message(INVITE, body=_SDP + "m=video 6000 RTP/AVP 100\r\nc=IN IP6 2001:db8::20\r\n"), ASKED),
    Torture("ipv4-mapped-ipv6", message(INVITE, 'Contact: "I. User" <sip:1020@[::ffff:192.0.2.10]>',
        body=_SDP.replace("IP4 192.0.2.1", "IP6 ::ffff:192.0.2.10")), ASKED),
    Torture("ipv6-bug-abnf-3-colons", message("OPTIONS sip:user@[2001:db8:::192.0.2.1] SIP/2.0"),
            _refused(200), "three colons, by a slip of RFC 3261's own grammar, are to be borne"),
)  # fmt: skip

ALL = (*VALID, *INVALID, *IPV6)

_PARTS = "--7a9cbec02ceef655\r\n\r\nHello \u0430\u0431\r\n--7a9cbec02ceef655--\r\n"
# What is odd about the valid ones, in calls of somebody who may call: each is a call like any other.
_CALL = "INVITE sip:441632960100@{edge} SIP/2.0"
_CALLED = "To: <sip:441632960100@{edge}>"
CALLS = tuple(Torture(name, text, _refused(486)) for name, text in {
    "wsinv": "\r\n".join((  # noqa: FLY002 - it is read by its lines
        "INVITE sip:441632960100@{edge};unknownparam SIP/2.0", "TO :", " sip:441632960100@{edge} ;   other    = 1918181833n",
        'from   : "J Rosenberg \\\\\\""       <sip:2001@{edge}>', "  ;", "  tag = 98asjd8",
        "MaX-fOrWaRdS: 0068", "Call-ID: wsinv.{m}@{me}", "Content-Length   : 0",
        "cseq:", "  0009 INVITE", "Via  : SIP  /   2.0", " /UDP", "    {me}:{port};branch=z9hG4bK-{m}",
        "s :", "NewFangledHeader:   newfangled value", " continued newfangled value",
        "UnknownHeaderWithUnusualValue: ;;,,;;,;",
        "v:  SIP  / 2.0  / TCP     spindle.example.com   ;", "  branch  =   z9hG4bK9ikj8  ,",
        " SIP  /    2.0   / UDP  192.168.255.111   ; branch=", " z9hG4bK30239",
        'm:"Quoted string \\"\\"" <sip:2001@{me}:{port}> ; newparam =', "      newvalue ;",
        "  secondparam ; q = 0.33", "", "")),
    "lwsdisp": message(_CALL, "From: caller<sip:2001@{edge}>;tag=323", _CALLED),
    "dblreq": message(_CALL, _CALLED, body=_SDP) + message(INVITE, "Call-ID: dblreq2.{m}@{me}"),
    "dblreq-2": message(_CALL, _CALLED) + message(INVITE, "Call-ID: dblreq2.{m}@{me}"),
    "transports": message(_CALL, _CALLED, *(
        f"+Via: SIP/2.0/{one} t{n}.example.com;branch=z9hG4bK{n}"
        for n, one in enumerate(("SCTP", "TLS", "TCP", "UNKNOWN")))),
    "mpart01": message(_CALL, _CALLED, "+MIME-Version: 1.0", "+Content-Type: multipart/mixed;boundary=7a9cbec02ceef655", length=str(len(_PARTS.encode())))
    + _PARTS,
    "badbranch": message(_CALL, _CALLED, "Via: SIP/2.0/UDP {me}:{port};branch=z9hG4bK"),
    "inv2543": message(_CALL, "Via: SIP/2.0/UDP {me}:{port}", "From: <sip:+13035551111@ift.client.example.net;user=phone>",
        "To: sip:441632960100@{edge};user=phone", "CSeq: 56 INVITE", "+Record-Route: <sip:UserB@example.com;maddr=ss1.example.com>",
        "-Contact", "-Max-Forwards", body=_SDP, length=None),
    "escruri": message(_CALL.replace(" SIP", "?Route=%3Csip:sip.example.com%3E SIP"), _CALLED),
    "sdp01": message(_CALL, _CALLED, "+Accept: text/nobodyKnowsThis", body=_SDP),
    "invut": message(_CALL, _CALLED, "+Content-Type: application/unknownformat", length="4") + "<au>",
    "unknown-credentials": message(_CALL, _CALLED, "+Authorization: NoOneKnowsThisScheme opaque-data=here"),
    "baddate": message(_CALL, _CALLED, "+Date: Fri, 01 Jan 2010 16:00:00 EST"),
}.items())  # fmt: skip
# A carrier's refusals of a call: whole replies but for what they answer; and whom that leads to.
REFUSALS = {
    "unreason": ("486 = 2**3 * 5**2 \u043d\u043e \u0441\u0442\u043e", "", False),
    "noreason": ("503 ", "", True),
    "a phrase in Latin-1": ("486 Occup\udce9", "", False),
    "a text in Latin-1": ("480 x", 'Reason: Q.850;cause=17;text="Occup\udce9"', False),
    "a text in Latin-1 beside another line": (
        "480 x",
        'Reason: SIP;cause=480;text="\udcff"\r\nReason: Q.850;cause=34;text="Rien \udce0 faire"',
        True,
    ),
    "a quote that is never closed beside another line": (
        "480 x", 'Reason: SIP;cause=480;text="x\r\nReason: Q.850;cause=17', False,
    ),
    "a text with everything": ("480 x", 'Reason: X;text="a, Q.850;cause=34;\\"", Q.850 ;cause = 17 ;text="\\\\"', False),
    "scalarlg": ("503 x", 'Retry-After: 949302838503028349304023988\r\nWarning: 1812 overture "In Progress"', True),
    "a code that nobody knows": ("499 x", "Reason: Q.850;cause=17", False),
}  # fmt: skip
