"""A listener of TLS: its certificate is of Kamailio's own tls.cfg."""

import contextlib
import ssl
import subprocess
from collections.abc import Iterator

import pytest

from tests.chain.harness.another_edge import another_edge
from tests.chain.harness.places import Lab, run
from tests.chain.harness.stack import DOCKER, Stack

pytestmark = [pytest.mark.control, pytest.mark.timeout(120)]

LAST = "143"
PAIR_FILE = "/etc/kamailio/pair.pem"
KAMCMD = ("kamcmd", "-s", "unix:/run/kamailio/kamailio_ctl")
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


_SEE = "import ssl, sys; print(ssl.get_server_certificate((sys.argv[1], 5061)))"


@contextlib.contextmanager
def by_tls(stack: Stack, place: Lab, cast, title: str, pair: str) -> Iterator[tuple[str, str]]:
    """Start an edge with a listener of TLS; its address, and its container's name."""

    def listening(text: str) -> str:
        host = cast.edge.host.rpartition(".")[0] + f".{LAST}"
        return text.replace('devices = ["udp', f'devices = ["tls:{host}:5061", "udp', 1)

    files = {"/etc/kamailio/tls.cfg": TLS, PAIR_FILE: pair}
    edge = another_edge(stack, place, cast, title, last=LAST, change=listening, files=files)
    with edge as (scene, name):
        yield scene.cast.edge.host, name


def test_a_device_that_registers_by_tls_is_asked_who_it_is(stack: Stack, place: Lab, cast):
    pair = stack.execute("edge", *PAIR)
    with by_tls(stack, place, cast, "tls", pair) as (host, _):
        answer = run(place, "python3", "-c", _ASK, host)
    assert answer.startswith("SIP/2.0 401 ")


def test_a_renewed_certificate_is_served_once_kamailio_has_read_it(stack: Stack, place: Lab, cast):
    """Until then, and while the new one is wrong, the old one is; and check says so."""
    old, new = (stack.execute("edge", *PAIR) for _ in "on")
    mixed = old[: old.index("-----BEGIN CERTIFICATE")] + new[new.index("-----BEGIN CERTIFICATE") :]
    served = place.artifacts / "tls-renewed" / PAIR_FILE.lstrip("/")
    with by_tls(stack, place, cast, "tls-renewed", old) as (host, name):

        def sees() -> bytes:
            return ssl.PEM_cert_to_DER_cert(run(place, "python3", "-c", _SEE, host).strip())

        def check() -> tuple[int, str]:
            words = (*DOCKER, "exec", name, "bellhop", "check", "/etc/bellhop/site.toml")
            done = subprocess.run(words, capture_output=True, text=True, timeout=30, check=False)
            return done.returncode, done.stdout + done.stderr

        def reload() -> None:
            words = (*DOCKER, "exec", name, *KAMCMD, "tls.reload")
            subprocess.run(words, capture_output=True, timeout=30, check=False)

        code, said = check()
        assert (code, sees()) == (0, der(old)), said
        assert f"{PAIR_FILE}: the certificate ends on " in said
        assert "has another certificate" not in said
        served.write_text(mixed)
        reload()
        code, said = check()
        assert (code, sees()) == (1, der(old)), said
        assert f"{PAIR_FILE}: it is another certificate's key" in said
        served.write_text(new)
        code, said = check()
        assert (code, sees()) == (0, der(old)), said
        assert f"tls:{host}:5061 has another certificate than the file, one that ends" in said
        reload()
        code, said = check()
        assert (code, sees()) == (0, der(new)), said
        assert "has another certificate" not in said


def der(pair: str) -> bytes:
    return ssl.PEM_cert_to_DER_cert(pair[pair.index("-----BEGIN CERTIFICATE") :].strip())
