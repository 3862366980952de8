"""What the bench's house is told: its site file, and what Asterisk has besides."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from agi.dialplan import DIALPLAN

EDGE, PBX, PAGER = "111", "112", "113"
CALLER, SPEAKERS = "40", "50"  # addresses that the lab has
DIALECT = "axis"
TRUNK, REALM = "caller", "bellhop.invalid"
CALLED_AS = "3000"  # who calls behind the trunk
LARGEST = 500
LOWER, EMERGENCY, YARD, NOBODY, BARRED = "8951", "8950", "8901", "8990", "8991"
GROUP = ("239.7.7.7", 6000)
_FIRST = 2001
_ABSENT = "2999"  # a device that never registers

# Two ports a member; what Asterisk's container has by default is for some hundred.
RTP = "[general]\nrtpstart = 10000\nrtpend = 19999\nstrictrtp = yes\nicesupport = no\n"

# The least that a script per call can do: what it is told, who asks, a refusal. No import but one.
PROCESS_AGI = """#!/usr/bin/python3 -ISE
import sys
while sys.stdin.readline().strip():
    pass
def ask(line):
    print(line, flush=True)
    return sys.stdin.readline()
ask("GET VARIABLE BELLHOP_CALLER")
ask("GET VARIABLE BELLHOP_ZONE")
ask('SET VARIABLE "BELLHOP_CAUSE" "20"')
ask('SET VARIABLE "BELLHOP_RESULT" "refused"')
"""

# What a request costs when nothing is asked and nothing is looked up: Asterisk's own part, and the way.
AGI_PORT, FLOOR_PORT = 4573, 4575
FLOOR_AGI = f"""
import socket, sys, threading
def serve():
    with socket.create_server(("", {FLOOR_PORT})) as listening:
        print("listening", flush=True)
        while True:
            peer, _ = listening.accept()
            with peer:
                said = b""
                while not said.endswith(b"\\n\\n"):
                    said += peer.recv(65536)
                peer.sendall(b'EXEC MSet "BELLHOP_CAUSE=21,BELLHOP_RESULT=refused"\\n')
                peer.shutdown(socket.SHUT_WR)
                peer.recv(65536)
threading.Thread(target=serve, daemon=True).start()
sys.stdin.read()
"""


def devices(count: int = LARGEST) -> list[str]:
    """Return the numbers of the first so many speakers."""
    return [str(_FIRST + n) for n in range(count)]


@dataclass(frozen=True, slots=True)
class Side:
    """Who pages: Bellhop, or Page() with `options`. first: what the numbers that it pages begin with."""

    name: str
    what: str
    first: str
    options: str = ""

    def number(self, size: int) -> str:
        """Return the number of so many members, the same at each side."""
        return f"{self.first}{size:03}"


OURS = Side("ours", "Bellhop", "8")
# A speaker answers by itself when it is told to; ours are told the same.
NATIVE = Side("native", "Page()", "7", f"b(bellhop-headers^{DIALECT}^1)")
BARE = Side("bare", "Page(), tells nobody to answer", "6")
SIDES = (OURS, NATIVE, BARE)


def site(prefix: str, sizes: Iterable[int], taken: int) -> str:
    """Return site.toml. taken: members that an emergency takes, all but one of a lower zone's."""
    lines = [
        "schema = 1",
        f'[site]\nname = "bench"\nrealm = "{REALM}"\nsecret_file = "devices.htdigest"',
        'state = "/var/lib/bellhop"',
        f'[edge]\ndevices = ["udp:{prefix}.{EDGE}:5060"]\ntrunks = ["udp:{prefix}.{EDGE}:5070"]',
        f'internal = "{prefix}.{EDGE}:5080"',
        f'[pbx]\naddress = "{prefix}.{PBX}:5060"',
        f'[pager]\nagi = "{prefix}.{PAGER}:{AGI_PORT}"\nami = "{prefix}.{PBX}:5038"',
        'ami_secret_file = "secrets/ami"',
        f'[trunks.{TRUNK}]\ngateway = "{prefix}.{CALLER}:5060"\nmay = ["zones"]',
    ]
    lines += [
        f'[devices.{number}]\nkind = "speaker"\ndialect = "{DIALECT}"'
        for number in (*devices(), _ABSENT)
    ]
    for size in sizes:
        lines += [_zone(side.number(size), devices(size)) for side in SIDES]
    lines += [
        _zone(LOWER, devices(taken + 1)),
        _zone(EMERGENCY, devices(taken)) + "\nemergency = true",
        _zone(YARD, [f"multicast:{GROUP[0]}:{GROUP[1]}"]),
        _zone(NOBODY, [_ABSENT]),
        _zone(BARRED, [_ABSENT], f"trunk:{TRUNK}:3999"),
    ]
    return "\n".join(lines) + "\n"


def _zone(number: str, members: Iterable[str], caller: str = f"trunk:{TRUNK}") -> str:
    listed = ", ".join(f'"{one}"' for one in members)
    return (
        f'[zones.{number}]\nname = "{number}"\nmembers = [{listed}]\ncallers = ["{caller}"]\n'
        # The microphone opens when everybody is there, however long that takes.
        'quorum = 100\nhead_start = "20s"\nring_timeout = "15s"\nmax_length = "1m"\nchime = "none"'
    )


def htdigest(passwords: Mapping[str, str]) -> str:
    """Return the edge's secret file (RFC 2617 §3.2.2.2)."""
    lines = []
    for number, password in passwords.items():
        text = f"{number}:{REALM}:{password}".encode()
        lines.append(f"{number}:{REALM}:{hashlib.md5(text, usedforsecurity=False).hexdigest()}\n")
    return "".join(lines)


def accounts(passwords: Mapping[str, str]) -> str:
    """Return SIPp's injection file: a number and what answers the edge's challenge a line."""
    lines = (f"{n};[authentication username={n} password={p}];\n" for n, p in passwords.items())
    return "SEQUENTIAL\n" + "".join(lines)


def extensions(sizes: Iterable[int]) -> str:
    """Return extensions.conf: ours as it is installed; Page() of the same members; AGI in two kinds.

    A line of a file and an application's argument have at most 8,192 characters in Asterisk, so
    500 members need an endpoint with a short name.
    """
    lines = [
        "[general]\nstatic = yes\nwriteprotect = yes\nclearglobalvars = yes\n[globals]",
        "#include bellhop/extensions.conf",
        "[bellhop-in](+)\ninclude => bench-page\n[bench-page]",
    ]
    for size in sizes:
        members = "&".join(f"PJSIP/{number}@m" for number in devices(size))
        # It answers when it has made all channels, and the edge waits 4 s for a sign of life: of 500
        # members, on a slow machine, that is sooner.
        lines += [
            f"exten => {side.number(size)},1,Ringing()\n same => n,Page({members},{side.options})"
            for side in (NATIVE, BARE)
        ]
    # As [bellhop-ask] does it.
    asked = f"agi://${{BELLHOP_AGI}}/page?dialplan={DIALPLAN}&site=${{BELLHOP_SITE}}"
    daemon = f"AGI({asked},${{CHANNEL}},${{BELLHOP_ZONE}},${{BELLHOP_CALLER}})"
    asks = {
        "daemon": (BARRED, daemon),
        "edge": (NOBODY, daemon),
        "floor": (BARRED, f"AGI(agi://${{CUT(BELLHOP_AGI,:,1)}}:{FLOOR_PORT}/page)"),
        "process": (BARRED, "AGI(bench-agi)"),
    }
    for kind, (zone, ask) in asks.items():
        lines.append(
            f"[bench-{kind}]\nexten => _X!,1,Set(BELLHOP_ZONE={zone})\n"
            f" same => n,Set(BELLHOP_CALLER=<sip:{CALLED_AS}@{TRUNK}.trunk.bellhop.invalid>)\n"
            " same => n,Set(LEFT=${EXTEN})\n"
            " same => n(more),Set(BELLHOP_RESULT=)\n"
            " same => n,Set(BEGAN=${STRFTIME(,,%s%6q)})\n"
            f" same => n,{ask}\n"
            " same => n,Set(ENDED=${STRFTIME(,,%s%6q)})\n"
            f" same => n,UserEvent(BenchAgi,Kind: {kind},Began: ${{BEGAN}},Ended: ${{ENDED}},"
            "Result: ${BELLHOP_RESULT})\n"
            " same => n,Set(LEFT=$[${LEFT} - 1])\n"
            " same => n,GotoIf($[${LEFT} > 0]?more)\n"
            f" same => n,Set(GLOBAL(BENCH_DONE)={kind})\n"
            " same => n,Hangup()"
        )
    return "\n".join(lines) + "\n"


def pjsip() -> str:
    """Return pjsip.conf: ours as it is installed, and the endpoint that Page() dials."""
    return (
        "[global]\ntype = global\nuser_agent = bellhop\nendpoint_identifier_order = ip\n"
        "#include bellhop/pjsip.conf\n"
        "[m](bellhop-endpoint)\ncontext = bellhop-nowhere\naors = bellhop-edge\n"
    )
