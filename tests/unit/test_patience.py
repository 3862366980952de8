"""The time that an HTTP answer may take, over TLS too: an answer that comes, and one that never does."""

import contextlib
import http.client
import socket
import ssl
import threading
import time
import urllib.request
from pathlib import Path

import pytest

from pager.patience import Patience

# Of nobody's: made for this test alone, for localhost, a hundred years.
CERTIFICATE = Path(__file__).parent / "data" / "localhost.pem"
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"
PATIENCE, DRIP = 0.5, 0.05  # s


@contextlib.contextmanager
def serving(*, drips=b"", tls=True):
    """A server of one connection. drips: what it says bit by bit, without an end; before TLS where
    it begins as a TLS record does.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE)
    gone = threading.Event()

    def serve(peer):
        if tls and not drips.startswith(b"\x16"):
            peer = context.wrap_socket(peer, server_side=True)
        with peer:
            if peer.recv(4096) and not drips:
                peer.sendall(ANSWER + b"heard")
            while drips and not gone.wait(DRIP):
                peer.sendall(drips)

    def wait():
        with contextlib.suppress(OSError):  # the client has gone
            serve(listening.accept()[0])

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=wait, daemon=True)
        thread.start()
        yield f"http{'s' if tls else ''}://localhost:{listening.getsockname()[1]}/"
        gone.set()
        thread.join(5)


def asks(url, seconds):
    """Ask; return the answer, and whether the time was up."""
    context = ssl.create_default_context(cafile=str(CERTIFICATE)) if url[4] == "s" else None
    opener = urllib.request.OpenerDirector()
    with Patience(seconds) as patience:
        opener.add_handler(patience.handler(context))
        try:
            with opener.open(url, timeout=5) as answer:
                return answer.read(), patience.over
        except (OSError, http.client.HTTPException):
            return None, patience.over


@pytest.mark.parametrize("tls", [True, False])
def test_an_answer_in_time_is_read_whole(tls):
    with serving(tls=tls) as url:
        assert asks(url, 30) == (b"heard", False)


@pytest.mark.parametrize(
    ("drips", "tls"),
    [
        pytest.param(b"\x16\x03\x03\x3f\xff", True, id="tls-never-begins"),
        pytest.param(b"HTTP/1.1 200 OK\r\nX-More: yes\r\n", True, id="head"),
        pytest.param(ANSWER.replace(b"5", b"99999"), True, id="body"),
        pytest.param(b"x", False, id="no-tls"),
    ],
)
def test_who_says_a_little_now_and_then_is_waited_for_no_longer(drips, tls):
    began = time.monotonic()
    with serving(drips=drips, tls=tls) as url:
        _, over = asks(url, PATIENCE)
    assert over
    assert time.monotonic() - began < 5  # the socket's own limit would not have come at all


def test_no_descriptor_is_kept():
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(3):
        with serving() as url:
            asks(url, 30)
    assert len(list(Path("/proc/self/fd").iterdir())) == before
