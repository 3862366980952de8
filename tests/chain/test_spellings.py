"""What is said in another way is what it is: compact names of headers, headers of 64 kB over TCP."""

import json

import pytest

from tests.chain.calling import dial
from tests.chain.harness.places import run
from tests.chain.harness.raw import credentials, raw, request
from tests.chain.harness.scene import Scene

pytestmark = [pytest.mark.control, pytest.mark.timeout(120)]

PHONE, SPEAKER, OUTSIDE = "1020", "1009", "441632960100"
COMPACT = {
    "Via": "v", "From": "f", "To": "t", "Call-Id": "i", "Contact": "m", "Content-Length": "l",
}  # fmt: skip
HIDDEN = (
    "P-Asserted-Identity: <sip:evil@192.0.2.1>\r\nv-x: evil\r\nANSWER-MODE :Auto;evil\r\n"
    "call-info: <sip:evil>;answer-after=0\r\nAlert-Info:\r\n info=evil\r\nk: evil"
)
# Over TCP, with a field of so many bytes: the method, the field and the size; what came, or "".
_OVER_TCP = r"""
import json, socket, sys
edge, port, me = sys.argv[1], int(sys.argv[2]), sys.argv[3]
fields = {
    "From": '"{x}" <sip:1020@x>;tag=1', "To": '"{x}" <sip:1009@x>', "Call-ID": "{x}",
    "Via": "SIP/2.0/TCP {me};branch=z9hG4bKa;x={x}", "CSeq": "1 {m}{x}", "Contact": "<sip:{x}@{me}>",
    "Authorization": 'Digest username="{x}", realm="r", nonce="n", uri="u", response="r"',
    "Proxy-Authorization": 'Digest username="{x}", realm="r", nonce="n", uri="u", response="r"',
    "Route": "<sip:{x}@x;lr>", "Record-Route": "<sip:{x}@x;lr>", "Require": "{x}",
    "Proxy-Require": "{x}", "Privacy": "{x}", "User-Agent": "{x}", "Reason": "{x}",
    "P-Asserted-Identity": "<sip:{x}@x>", "Subject": "{x}", "Max-Forwards": "{x}",
}
plain = {
    "Via": "SIP/2.0/TCP {me};branch=z9hG4bK{n}", "Max-Forwards": "70", "From": "<sip:1020@x>;tag=1",
    "To": "<sip:1009@x>", "Call-ID": "tcp-{n}", "CSeq": "1 {m}",
}
for size in (12_000, 64_000):
    for method in ("OPTIONS", "REGISTER", "INVITE"):
        for n, (field, value) in enumerate(fields.items()):
            lines = plain | {field: value}
            text = "\r\n".join([f"{method} sip:1009@{edge} SIP/2.0",
                                *(f"{k}: {v}" for k, v in lines.items()), "Content-Length: 0", "", ""])
            for key, by in {"x": "x" * size, "me": me, "m": method, "n": f"{size}{method}{n}"}.items():
                text = text.replace("{" + key + "}", by)
            with socket.create_connection((edge, port), 5, (me, 0)) as peer:
                peer.settimeout(3)
                came = b""
                try:
                    peer.sendall(text.encode())
                    came = peer.recv(65_536)
                    said = came[:11].decode() if came else "closed"
                except TimeoutError:
                    said = "silence"
                except OSError:
                    said = "closed"
            print(json.dumps([size, method, field, said]))
"""


def test_compact_names_hide_nothing(scene: Scene, place):
    """A call in compact names is a call; what only the edge may write is taken out however spelled."""
    who = scene.cast.device(PHONE)
    north = scene.cast.carrier("north")
    with (
        raw(place, who, scene.directory) as phone,
        raw(place, north, scene.directory) as carrier,
    ):
        mark = f"compact{scene.began:.0f}"
        challenge = phone.ask(compact(request(who, "INVITE", OUTSIDE, mark=mark)))
        assert challenge.code == 407
        proof = credentials(who, challenge, "INVITE", f"sip:{OUTSIDE}@{who.edge[0]}")
        invite = request(who, "INVITE", OUTSIDE, number=2, mark=mark, extra=f"{proof}\r\n{HIDDEN}")
        phone.send(compact(invite))
        came = carrier.receive()
    assert came is not None
    got = came.message
    assert got.method == "INVITE"
    assert "evil" in got.header("v-x"), "what is nobody's stays"
    forbidden = {"p-asserted-identity", "answer-mode", "call-info", "alert-info"}
    assert not forbidden & {name for name, _ in got.headers}
    # One for both names: whose compact form comes through twice could be read as either.
    for name in ("from", "to", "call-id", "cseq"):
        assert len(got.all(name)) == 1


def compact(message: str) -> str:
    """Return a message with the compact names of RFC 3261 §7.3.3, in either case."""
    for upper, (name, short) in enumerate(COMPACT.items()):
        message = message.replace(f"\r\n{name}:", f"\r\n{short.upper() if upper % 2 else short} :")
    return message


def test_a_registration_in_compact_names_is_stored_from_where_it_came(scene: Scene, place):
    """Its Contact is elsewhere: at a carrier's, where calls to the device would be dialled out."""
    who = scene.cast.device(SPEAKER)
    mark = f"compact{scene.began:.0f}"
    evil = f"<sip:{SPEAKER}@{scene.cast.carrier('north').socket}>"
    scene.edge.rpc("nathelper.enable_ping", 0)  # a SIPp would take one for its INVITE
    with raw(place, who, scene.directory) as device:
        challenge = device.ask(compact(request(who, "REGISTER", mark=mark, contact=evil)))
        proof = credentials(who, challenge, "REGISTER", f"sip:{who.edge[0]}")
        told = device.ask(
            compact(request(who, "REGISTER", number=2, mark=mark, contact=evil, extra=proof))
        )
    assert told.code == 200
    speaker = scene.play(who, "speaker/answers")
    scene.finish(dial(scene, SPEAKER), speaker)
    scene.register(SPEAKER)  # as it was: nobody behind NAT stays
    scene.edge.rpc("nathelper.enable_ping", 1)
    assert not scene.messages().where(target=scene.cast.carrier("north").socket)


def test_headers_of_64_kb_over_tcp_are_refused_and_the_edge_goes_on(scene: Scene, place, subtests):
    """12 kB are read, and answered; beyond 16 kB (tcp_rd_buf_size) Kamailio hangs up."""
    life = scene.edge.life()
    who = scene.cast.stranger(scene.cast.devices_door)
    argv = ["python3", "-c", _OVER_TCP, who.edge[0], str(who.edge[1]), who.address[0]]
    said = [json.loads(line) for line in run(place, *argv, timeout=60).splitlines()]
    assert len(said) == 2 * 3 * 18
    for size, method, field, answer in said:
        with subtests.test(size=size, method=method, field=field):
            assert answer != "silence"
            if size == 64_000:
                assert answer == "closed"
    assert scene.edge.life() == life, "Kamailio was started anew"
    [device] = scene.register(SPEAKER)
    speaker = scene.play(device, "speaker/answers")
    scene.finish(dial(scene, SPEAKER), speaker)
