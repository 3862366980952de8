"""The AGI server against bad peers, on real sockets: it outlives them all and hurts nobody else."""

import contextlib
import logging
import socket
import threading
import time

import pytest

from agi.server import Server
from bellhop.addresses import Address

HEADER = b"agi_network: yes\nagi_request: agi://127.0.0.1/page?dialplan=2\nagi_channel: PJSIP/x-1\n"


@pytest.fixture
def calls():
    return []


@pytest.fixture
def serving(calls):
    def page(channel):
        calls.append(channel.env)
        channel.put("BELLHOP_RESULT", "room")

    made = Server(Address("127.0.0.1", 0), {"page": page}, patience=0.5)
    thread = threading.Thread(target=made.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield made
    made.shutdown()
    made.server_close()
    thread.join()


def connect(serving):
    peer = socket.create_connection(serving.server_address, timeout=5)
    peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return peer


def everything(peer):
    """What the server says until it closes, and how long that took."""
    began = time.monotonic()
    got = b""
    with contextlib.suppress(ConnectionResetError):
        while part := peer.recv(4096):
            got += part
    return got, time.monotonic() - began


def served(serving):
    """A good peer is served, now."""
    with connect(serving) as peer:
        peer.sendall(HEADER + b"\n200 result=1\n")
        got, took = everything(peer)
    assert got == b'SET VARIABLE "BELLHOP_RESULT" "room"\n'
    assert took < 0.4


def test_a_request_reaches_the_verb_of_its_path(serving, calls):
    served(serving)
    assert calls[0]["channel"] == "PJSIP/x-1"


def test_a_verbs_time_is_counted_from_the_connection(serving):
    """A header that comes slowly takes of it: the dialplan's own time limit runs already."""
    left = []
    serving.verbs = {"page": lambda channel: left.append(channel.left())}
    with connect(serving) as peer:
        time.sleep(0.3)
        peer.sendall(HEADER + b"\n")
        everything(peer)
    assert 0 < left[0] <= 1.4  # 1.2, and what the machine took to have it accepted


def test_a_port_scan_ends_nothing(serving, calls):
    for _ in range(50):
        connect(serving).close()
    served(serving)
    assert len(calls) == 1


@pytest.mark.parametrize("said", [b"", b"agi_network: yes\n", b"agi_network: y", HEADER])
def test_a_half_open_peer_is_closed_after_a_while(serving, calls, said):
    with connect(serving) as peer:
        peer.sendall(said)
        served(serving)
        got, took = everything(peer)
    assert got == b""
    assert took < 1.5
    assert len(calls) == 1


def test_a_header_may_be_as_long_as_that(serving, calls):
    with connect(serving) as peer:
        peer.sendall(
            HEADER + b"agi_x: " + b"a" * (16_384 - len(HEADER) - 9) + b"\n\n200 result=1\n"
        )
        everything(peer)
    assert len(calls) == 1


@pytest.mark.parametrize("said", [HEADER, HEADER + b"agi_x: y"])
def test_a_peer_that_leaves_before_the_headers_end_has_asked_for_nothing(serving, calls, said):
    with connect(serving) as peer:
        peer.sendall(said)
        peer.shutdown(socket.SHUT_WR)
        assert everything(peer)[0] == b""
    assert calls == []


@pytest.mark.parametrize(
    "said",
    [
        HEADER + b"agi_x: " + b"a" * 100_000 + b"\n\n",
        HEADER + b"agi_x: y\n" * 10_000 + b"\n",
        HEADER + b"agi_x: " + b"a" * (16_384 - len(HEADER) - 8) + b"\n\n",  # a byte too many
        HEADER + b"Host: x\n\n",
        HEADER + b"agi_x\n\n",
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\n\n",
        b"agi_request: agi://x/nothing\n\n",
        b"agi_request: agi://x/page/../..\n\n",
        b"agi_request: agi://[\n\n",
        b"\n",
    ],
)
def test_what_is_no_request_for_a_verb_is_closed_at_once(serving, calls, said):
    with connect(serving) as peer:
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            peer.sendall(said)
        got, took = everything(peer)
    assert got == b""
    assert took < 0.4
    assert calls == []
    served(serving)


def test_a_peer_that_sends_a_byte_now_and_then_is_closed_all_the_same(serving):
    serving.longest = 0.6
    with connect(serving) as peer:
        began = time.monotonic()
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            while time.monotonic() < began + 3:
                peer.sendall(b"a")
                peer.settimeout(0.1)
                with contextlib.suppress(TimeoutError):
                    if not peer.recv(1):
                        break
        took = time.monotonic() - began
    assert 0.5 < took < 1.5
    served(serving)


def test_a_mute_peer_in_the_middle_of_a_command_costs_its_own_session_only(serving):
    with connect(serving) as peer:
        peer.sendall(HEADER + b"\n")
        assert peer.recv(100).startswith(b"SET VARIABLE")
        served(serving)
        _, took = everything(peer)
    assert took < 1.5


@pytest.mark.parametrize("answer", [b"", b"200 resu", b"HANGUP\n", b"511 Command Not Permitted\n"])
def test_a_peer_that_leaves_in_the_middle_of_a_command_leaves_no_traceback(serving, answer, caplog):
    caplog.set_level(logging.INFO)
    with connect(serving) as peer:
        peer.sendall(HEADER + b"\n")
        assert peer.recv(100).startswith(b"SET VARIABLE")
        peer.sendall(answer)
        peer.shutdown(socket.SHUT_WR)
        everything(peer)
    served(serving)
    assert any("agi=gone" in record.getMessage() for record in caplog.records)
    assert not any(record.exc_info for record in caplog.records)


def test_a_verb_that_fails_costs_its_own_session_only(serving, caplog):
    def broken(_channel):
        raise ZeroDivisionError

    serving.verbs = {**serving.verbs, "broken": broken}
    with connect(serving) as peer:
        peer.sendall(b"agi_request: agi://x/broken\n\n")
        everything(peer)
    served(serving)
    assert any(record.exc_info for record in caplog.records)


def test_the_last_word_ends_the_session_for_asterisk_before_it_is_answered(serving):
    """Asterisk goes on at the end of the session: it waits for nothing that comes after."""
    heard = []

    def page(channel):
        channel.part({"BELLHOP_RESULT": "refused"})
        heard.append("answered")

    serving.verbs = {"page": page}
    with connect(serving) as peer:
        peer.sendall(HEADER + b"\n")
        assert everything(peer)[0] == b'EXEC MSet "BELLHOP_RESULT=refused"\n'
        assert heard == []
        peer.sendall(b"200 result=0\n")
        until_places(serving, 200)
    assert heard == ["answered"]


def threads(serving):
    """The threads that a server has."""
    return {one for one in threading.enumerate() if one.name == f"agi-{serving.server_address[1]}"}


def test_requests_one_after_the_other_start_no_thread(serving):
    until_threads(serving, 4)  # all that wait from the start on
    before = threads(serving)
    for _ in range(20):
        served(serving)
    assert len(threads(serving) - before) <= 1  # one that a busy machine did not let end


def until_threads(serving, number):
    """Wait until the server has so many threads."""
    deadline = time.monotonic() + 5
    while len(threads(serving)) != number:
        assert time.monotonic() < deadline, f"{len(threads(serving))} threads"
        time.sleep(0.005)


def test_threads_come_for_many_requests_at_once_and_go_with_them(serving):
    serving.patience = 10
    until_threads(serving, 4)
    peers = [connect(serving) for _ in range(20)]
    until_places(serving, 180)
    served(serving)
    assert len(threads(serving)) > 20
    for peer in peers:
        peer.close()
    until_threads(serving, 4)
    served(serving)


def until_places(serving, number):
    """Wait until so many sessions could begin."""
    deadline = time.monotonic() + 2
    while True:
        taken = 0
        while serving.places.acquire(blocking=False):
            taken += 1
        for _ in range(taken):
            serving.places.release()
        if taken == number:
            return
        assert time.monotonic() < deadline, f"{taken} places"
        time.sleep(0.005)


def test_there_are_never_more_sessions_than_places(serving):
    serving.places = threading.BoundedSemaphore(3)
    serving.patience = 10
    serving.longest = 20
    peers = [connect(serving) for _ in range(3)]
    until_places(serving, 0)
    with connect(serving) as one_too_many:
        got, took = everything(one_too_many)
    assert (got, took < 3) == (b"", True)
    for peer in peers:
        peer.close()
    until_places(serving, 3)
    served(serving)


def test_the_port_is_bound_on_the_given_address_alone(serving):
    assert serving.server_address[0] == "127.0.0.1"
