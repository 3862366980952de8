"""What the chain tests' harness makes of SIPp's words and of messages on the wire."""

import base64
import io
import json
import os
import re
import signal
import subprocess
import threading
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.chain.faulty import reply
from tests.chain.harness.capture import logged
from tests.chain.harness.peer import Peer, PeerError, Who, complaint, expected, start
from tests.chain.harness.raw import Raw, request
from tests.chain.harness.scene import Scene
from tests.chain.harness.sip import Messages, parse

UNEXPECTED = """The following events occurred:
2026-11-21T03:14:08.396815Z: Aborting call on unexpected message for Call-Id '1-6@h': while \
expecting '180' (index 6), received 'SIP/2.0 486 Busy Here
Via: SIP/2.0/UDP 192.0.2.58:5060;branch=z9hG4bK-6196-1-4
Reason: Q.850;cause=17
Content-Length: 0

'
2026-11-21T03:14:08.397164Z: Dead call 1-6@h (aborted at index 6), received 'SIP/2.0 481 No
Reason: Q.850;cause=1

'
"""
LATE = """The following events occurred:
2026-11-21T03:14:08.396815Z: Call-Id: 1-6@h, receive timeout on message caller/calls:8 without \
label to jump to (ontimeout attribute): aborting call
"""


def test_a_failure_tells_all_that_might_have_come_and_what_came():
    said = complaint(UNEXPECTED, "caller/calls")
    assert said.splitlines() == [
        "expected: 180 or 183 or 200",
        "  got:      SIP/2.0 486 Busy Here (Reason: Q.850;cause=17)",
    ]


def test_a_message_that_did_not_come_is_told_so():
    assert complaint(LATE, "caller/calls") == "expected: 200\n  got:      nothing in time"


def test_a_step_that_waits_for_no_message_says_so():
    assert expected("carrier/silent", 1) == "no message at this step"


def test_other_words_of_sipp_are_passed_on():
    said = complaint("2026-11-21T03:14:08.396815Z: Unable to bind\n", "caller/calls")
    assert said == "Unable to bind"


def _message(first: str, via: str, source: str, target: str, cseq: str = "1 INVITE"):
    raw = f"{first}\r\nv: SIP/2.0/UDP a;branch={via}\r\nCSeq: {cseq}\r\nReason :\r\n x\r\n\r\nbody"
    message = parse(raw, 1.0, source, target)
    assert message
    return message


def test_a_message_is_read_with_compact_and_folded_headers():
    message = _message("INVITE sip:1@b SIP/2.0", "z1", "a:1", "b:1")
    assert (message.method, message.uri, message.branch) == ("INVITE", "sip:1@b", "z1")
    assert (message.header("via"), message.header("reason")) == ("SIP/2.0/UDP a;branch=z1", "x")
    assert message.body == "body"


def test_what_is_no_sip_is_no_message():
    assert parse("\x80\x00 RTP") is None
    assert parse("bellhop begin 192.0.2.1") is None
    assert parse("INVITE sip:1@b HTTP/1.1\r\n\r\n") is None


def test_a_failure_without_an_ack_of_its_own_branch_is_found():
    failure = _message("SIP/2.0 486 Busy", "z1", "b:1", "a:1")
    ack = _message("ACK sip:1@b SIP/2.0", "z1", "a:1", "b:1", "1 ACK")
    other = _message("ACK sip:1@b SIP/2.0", "z2", "a:1", "b:1", "1 ACK")
    assert not Messages([failure, ack]).unacknowledged()
    assert Messages([failure, other]).unacknowledged() == (failure,)


def test_a_failure_that_an_earlier_tests_caller_never_acknowledged_is_none_of_this_tests():
    invite = _message("INVITE sip:1@b SIP/2.0", "z1", "a:1", "b:1")
    failure = _message("SIP/2.0 486 Busy", "z1", "b:1", "a:1")
    answer = _message("SIP/2.0 200 OK", "z1", "b:1", "a:1")
    assert not Messages([failure, failure]).begun_here()
    assert Messages([invite, failure]).begun_here() == (invite, failure)
    assert Messages([answer, answer]).begun_here() == (answer, answer)


def test_retransmissions_count_once():
    invite = _message("INVITE sip:1@b SIP/2.0", "z1", "a:1", "b:1")
    assert Messages([invite, invite]).one() is invite


LOG = """----------------------------------------------- 2026-11-21T03:22:22.099907Z
UDP message received [785] bytes:

INVITE sip:1@b SIP/2.0
Via: SIP/2.0/UDP b;branch=z1
CSeq: 1 INVITE

v=0

----------------------------------------------- 2026-11-21T03:22:22.100000Z
UDP message sent [100] bytes:

SIP/2.0 200 OK
Via: SIP/2.0/UDP b;branch=z1
CSeq: 1 INVITE

"""


def test_a_message_log_is_read_as_both_ends_saw_it():
    invite, answer = logged(LOG, "a:1", "b:1")
    assert (invite.source, invite.target, invite.method) == ("b:1", "a:1", "INVITE")
    assert (answer.source, answer.target, answer.code) == ("a:1", "b:1", 200)
    assert invite.body.startswith("v=0")
    assert invite.at < answer.at


def test_a_peer_that_got_nothing_has_an_empty_log():
    assert list(logged("", "a:1", "b:1")) == []


class Recorded:
    """A place that starts nothing, and keeps what it was asked to start."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def command(self, argv: Sequence[str]) -> list[str]:
        self.asked.append(" ".join(argv))
        return ["true"]

    def __getattr__(self, _name: str) -> Any:
        return str


def test_call_ids_are_new_even_where_process_ids_come_again(tmp_path: Path):
    place: Any = Recorded()
    caller = Who("1020", "caller", ("192.0.2.20", 5060), ("192.0.2.10", 5060))
    for _ in range(2):
        start(caller, "caller/calls", place, tmp_path, 1, keys={}).wait()
    first, second = (re.findall(r"-cid_str (\S+)", one) for one in place.asked)
    assert first != second
    assert all(re.fullmatch(r"%u-%p-[0-9a-f]{16}@%s", one) for one in first + second)


def test_a_peer_that_has_hardly_begun_is_ended_as_any_other(tmp_path: Path):
    """Its process is started by way of a container, and says its number some time later."""

    class Begins(Recorded):
        def signal(self, pid: int, name: str) -> None:
            os.kill(pid, signal.Signals[f"SIG{name}"])

    place: Any = Begins()
    with subprocess.Popen(["sleep", "60"]) as process:
        who = Who("1020", "caller", ("192.0.2.20", 5060), ("192.0.2.10", 5060))
        peer = Peer(who, "caller/calls", place, tmp_path, 1, process)
        says = threading.Timer(0.2, peer.file("pid").write_text, [f"{process.pid}\n"])
        says.start()
        try:
            peer.end()
        finally:
            says.join()
            process.kill()
        assert process.wait() == -signal.SIGTERM


def test_a_peer_that_cannot_be_ended_is_told_when_all_others_are(tmp_path: Path):
    ended = []

    def peer(name: str, trouble: Exception | None) -> Any:
        def end() -> None:
            ended.append(name)
            if trouble:
                raise trouble

        who = SimpleNamespace(socket="192.0.2.20:5060")
        return SimpleNamespace(name=name, who=who, end=end, file=lambda kind: tmp_path / kind)

    nothing: Any = SimpleNamespace(messages=lambda: Messages([]))
    troubles = (PeerError("no end"), TimeoutError("waited 10 s"), None, RuntimeError("docker"))
    peers = [peer(str(number), trouble) for number, trouble in enumerate(troubles)]
    scene = Scene(nothing, nothing, nothing, tmp_path, nothing, peers=peers)
    with pytest.raises(PeerError) as told:
        scene.end()
    assert ended == ["0", "1", "2", "3"]
    assert [line[0] for line in str(told.value).splitlines()] == ["0", "1", "3"]
    assert (tmp_path / "ladder.txt").exists()


def test_a_question_is_not_answered_by_the_refusal_of_the_one_before_that_comes_again():
    who = Who("1020", "caller", ("192.0.2.20", 5060), ("192.0.2.10", 5060))
    first, second = (request(who, "INVITE", "1009", mark=mark) for mark in "ab")
    refusals = (reply(parse(first), "486 Busy Here"), reply(parse(second), "407 x"))
    said = [{"data": base64.b64encode(one.encode()).decode(), "from": who.edge} for one in refusals]
    lines = [json.dumps({"at": 1.0, **one}) + "\n" for one in ({}, *said)]
    program: Any = SimpleNamespace(stdin=io.StringIO(), stdout=io.StringIO("".join(lines)))
    peer = Raw(program, who)
    assert peer.ask(second).code == 407
    peer.close()
