"""A listener of TLS: its certificate is of Kamailio's own tls.cfg."""

import pytest

from tests.chain.harness.another_edge import another_edge
from tests.chain.harness.places import Lab, run
from tests.chain.harness.stack import Stack

pytestmark = [pytest.mark.control, pytest.mark.timeout(120)]

LAST = "143"
PAIR = (
    *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "-", "-out", "-"),
    *("-days", "2", "-subj", "/CN=edge.bellhop.invalid"),
)
TLS = """
[server:default]
method = TLSv1.2+
private_key = /etc/kamailio/pair.pem
certificate = /etc/kamailio/pair.pem
"""
_ASK = """
import socket, ssl, sys
context = ssl.create_default_context()
context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
with context.wrap_socket(socket.create_connection((sys.argv[1], 5061), 10)) as wire:
    us = "%s:%d" % wire.getsockname()
    lines = [
        "REGISTER sip:bellhop.invalid SIP/2.0",
        f"Via: SIP/2.0/TLS {us};branch=z9hG4bK-tls",
        "Max-Forwards: 70",
        "From: <sip:1020@bellhop.invalid>;tag=a",
        "To: <sip:1020@bellhop.invalid>",
        "Call-ID: tls",
        "CSeq: 1 REGISTER",
        f"Contact: <sip:1020@{us};transport=tls>",
        "Content-Length: 0",
    ]
    wire.sendall(("\\r\\n".join(lines) + "\\r\\n\\r\\n").encode())
    print(wire.recv(65535).decode())
"""


def test_a_device_that_registers_by_tls_is_asked_who_it_is(stack: Stack, place: Lab, cast):
    pair = stack.execute("edge", *PAIR)

    def by_tls(text: str) -> str:
        host = cast.edge.host.rpartition(".")[0] + f".{LAST}"
        return text.replace('devices = ["udp', f'devices = ["tls:{host}:5061", "udp', 1)

    files = {"/etc/kamailio/tls.cfg": TLS, "/etc/kamailio/pair.pem": pair}
    with another_edge(stack, place, cast, "tls", last=LAST, change=by_tls, files=files) as (
        scene,
        _,
    ):
        answer = run(place, "python3", "-c", _ASK, scene.cast.edge.host)
    assert answer.startswith("SIP/2.0 401 ")
