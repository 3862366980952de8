"""The pager's socket: who may ask, and what comes of it."""

import asyncio
import base64
import json
import os
import socket
import stat
from dataclasses import replace

import pytest

from ami.manager import NotConnected
from bellhop.callers import Kind
from bellhop.control import NAME, ControlError, ask
from bellhop.devices import RIGHTS
from bellhop.features import NotDone
from bellhop.pages import Refusal
from pager.control import Control
from pager.programs import Programs
from pager.takeouts import Keeper
from tests.unit.test_announcements import SITE, announcements, speaking
from tests.unit.test_sounds import wav


class Asterisk:
    """A manager: keeps what is originated, and asks for the page as the dialplan would."""

    def __init__(self, made="1-a"):
        self.made = made
        self.sent, self.stopped = [], []

    async def send(self, action, fields, patience):
        del patience
        self.sent.append((action, fields))
        if self.made == "down":
            raise NotConnected("Originate: AMI is down")
        if self.made == "nobody":
            return [{"Response": "Failure", "Reason": "0"}]
        if isinstance(self.made, Refusal):  # it is told after Asterisk's channel has ended
            token = next(v for v in fields["Variable"] if v.startswith("BELLHOP_TOKEN="))
            program = self.programs.take(token.removeprefix("BELLHOP_TOKEN="))
            program.loop.call_later(0.05, program.tell, self.made)
            return [{"Response": "Failure", "Reason": "0"}]
        if self.made is not None:
            token = next(v for v in fields["Variable"] if v.startswith("BELLHOP_TOKEN="))
            program = self.programs.take(token.removeprefix("BELLHOP_TOKEN="))
            assert self.programs.take(token.removeprefix("BELLHOP_TOKEN=")) is None
            self.caller = program.caller
            program.tell(self.made)
        return [{"Response": "Success"}]


def _umask():
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


def asked(tmp_path, *questions, made="1-a", first=lambda: None, says=None):
    """Ask a control socket; return its answers, and Asterisk. first: done before it is served."""
    asterisk = Asterisk(made)

    async def zones():
        return [{"zone": "8000"}]

    def one(question):
        try:
            return ask(str(tmp_path), question, 5)
        except ControlError as error:
            return error

    def stop(zone, by):
        assert by.startswith("program:")
        asterisk.stopped.append(zone)
        raise NotDone(f"no page of {zone} runs")

    async def main():
        programs = asterisk.programs = Programs(SITE, asterisk)
        control = Control(
            tmp_path / NAME,
            programs,
            says or speaking(tmp_path),
            zones=zones,
            takeouts=Keeper(replace(SITE, site=replace(SITE.site, state=str(tmp_path)))),
            stop=stop,
        )
        mask = _umask()
        await control.open()
        assert _umask() == mask
        asterisk.mode = stat.S_IMODE((tmp_path / NAME).stat().st_mode)
        try:
            first()
            told = [await asyncio.to_thread(one, question) for question in questions]
            async with asyncio.timeout(30):
                while len(asyncio.all_tasks()) > 1:  # noqa: ASYNC110 - what others have asked
                    await asyncio.sleep(0.01)
            return told
        finally:
            await control.close()

    return asyncio.run(main()), asterisk


def goes(tmp_path, question, *, half=False):
    """Ask a control socket, and wait for no answer; half: go on listening."""
    asking = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    asking.connect(str(tmp_path / NAME))
    asking.sendall(json.dumps({"zone": "8000", **question}).encode() + b"\n")
    if half:
        asking.shutdown(socket.SHUT_WR)
    else:
        asking.close()
    return asking


@pytest.mark.parametrize("half", [False, True])
@pytest.mark.parametrize(
    "what", [{"do": "page", "say": "x"}, {"do": "page", "from": "1020"}, {"do": "stop"}]
)
def test_nothing_is_done_for_who_has_gone(tmp_path, what, half):
    """A pager that stood still finds what was asked of it when it goes on: never spoken late."""
    with_all_said = []

    def stands_still():
        with_all_said.append(goes(tmp_path, what, half=half))

    _, asterisk = asked(tmp_path, {"do": "zones"}, first=stands_still)
    with_all_said[0].close()
    assert bool(asterisk.sent or asterisk.stopped) is half


def test_nothing_is_said_for_who_has_gone_while_it_was_made(tmp_path):
    """Whoever presses Ctrl-C has thought better of it."""
    says = announcements(
        tmp_path, "/bin/sh", "-c", f'cp "{tmp_path}/x.wav" "$0"', "{file}", "{text}"
    )
    (tmp_path / "x.wav").write_bytes(wav([1] * 80))

    async def spoken(text):
        asking[0].close()
        return await real(text)

    real, says.spoken, asking = says.spoken, spoken, []

    def listens():
        asking.append(goes(tmp_path, {"do": "page", "say": "x"}, half=True))

    _, asterisk = asked(tmp_path, {"do": "zones"}, {"do": "zones"}, first=listens, says=says)
    assert asterisk.sent == []


def test_a_phone_that_does_not_answer_is_told_by_its_number(tmp_path):
    (phone, text), _ = asked(
        tmp_path,
        {"do": "page", "zone": "8000", "from": "1020"},
        {"do": "page", "zone": "8000", "say": "x"},
        made="nobody",
    )
    assert str(phone) == "1020 did not answer: is it registered, and free?"
    assert str(text) == "Asterisk did not begin it"


def test_why_a_page_is_refused_is_told_though_its_channel_ends_first(tmp_path):
    refused = Refusal(20, "nobody of zone 8100 is registered")
    [said], _ = asked(tmp_path, {"do": "page", "zone": "8100", "say": "x"}, made=refused)
    assert str(said) == refused.why


def test_an_asterisk_out_of_reach_is_told(tmp_path):
    [said], _ = asked(tmp_path, {"do": "page", "zone": "8000", "say": "x"}, made="down")
    assert str(said) == "the pager does not reach Asterisk (Originate: AMI is down)"


def test_what_a_pager_that_was_killed_has_left_is_in_nobodys_way(tmp_path):
    (tmp_path / NAME).write_text("")
    [zones], _ = asked(tmp_path, {"do": "zones"})
    assert zones == [{"zone": "8000"}]


def test_no_more_are_answered_at_once_than_fit(tmp_path, monkeypatch):
    monkeypatch.setattr("pager.control._CLIENTS", 0)
    for question in ({"do": "zones"}, {"do": "page", "zone": "8000", "play": "x" * 3_000_000}):
        [refused], _ = asked(tmp_path, question)
        assert str(refused) == "too many ask at once"


def test_its_owner_and_group_may_ask_and_nobody_else(tmp_path):
    [zones], asterisk = asked(tmp_path, {"do": "zones"})
    assert zones == [{"zone": "8000"}]
    assert asterisk.mode == 0o660
    assert not (tmp_path / NAME).exists()
    with pytest.raises(ControlError, match="does the pager run"):
        ask(str(tmp_path), {"do": "zones"})


def test_a_text_becomes_a_page_whose_leader_is_a_channel_of_ours(tmp_path):
    [made], asterisk = asked(tmp_path, {"do": "page", "zone": "8000", "say": "hello"})
    assert made == {"page": "1-a"}
    [(action, fields)] = asterisk.sent
    assert (action, fields["Channel"]) == ("Originate", "Local/s@bellhop-program/n")
    assert (fields["Context"], fields["Exten"]) == ("bellhop-announcer", "wait")
    assert any(v.startswith(f"BELLHOP_FILE={tmp_path}/sounds/page-") for v in fields["Variable"])
    assert (asterisk.caller.kind, asterisk.caller.name) == (Kind.PBX, f"program:{os.getuid()}")
    # Nobody would listen to a microphone that a two-way zone opens.
    assert set(asterisk.caller.may) == set(RIGHTS) - {"two-way"}


def test_a_phone_that_is_rung_is_the_leader_with_its_own_rights(tmp_path):
    [made], asterisk = asked(tmp_path, {"do": "page", "zone": "8000", "from": "1021"})
    assert made == {"page": "1-a"}
    [(_, fields)] = asterisk.sent
    assert (fields["Channel"], fields["Timeout"]) == ("PJSIP/1021@bellhop-member", "25000")
    assert (fields["Context"], fields["Exten"]) == ("bellhop-program", "s")
    assert asterisk.caller.may == SITE.devices["1021"].may


@pytest.mark.parametrize(
    ("question", "why"),
    [
        ({"do": "page", "zone": "9999", "say": "x"}, "no zone"),
        ({"do": "page", "zone": "8000\r\nAction: X", "say": "x"}, "no zone"),
        ({"do": "page", "zone": "8000", "from": "1020&PJSIP/1"}, "no device"),
        ({"do": "page", "zone": "8000", "from": "9999"}, "no device"),
        ({"do": "page", "zone": "8000", "sound": "!!"}, "base64"),
        (
            {"do": "page", "zone": "8000", "sound": base64.b64encode(b"x").decode()},
            "expected a WAV",
        ),
        ({"do": "page", "zone": 8000, "say": "x"}, "expected a question"),
        ({"do": "page", "zone": "8000"}, "expected a question"),
        ({"do": "halt"}, "expected a question"),
        ([], "expected a question"),
        (json.loads("7"), "expected a question"),
    ],
)
def test_what_cannot_be_done_is_told_and_nothing_is_sent(tmp_path, question, why):
    [answer], asterisk = asked(tmp_path, question)
    assert why in str(answer)
    assert asterisk.sent == []


@pytest.mark.parametrize("said", [b"", b"x\n", b"[" * 100_000 + b"\n"])
def test_what_is_no_line_of_json_is_told(tmp_path, said, caplog):
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as asking:

        def says_it():
            asking.connect(str(tmp_path / NAME))
            asking.sendall(said)
            asking.shutdown(socket.SHUT_WR)

        asked(tmp_path, {"do": "zones"}, first=says_it)
        assert "that is no question" in json.loads(asking.recv(1000))["error"]
    assert "control=error" not in caplog.text


def test_a_defect_of_the_pagers_own_is_told_as_one_and_logged(tmp_path, caplog):
    says = speaking(tmp_path)

    async def spoken(text):
        raise KeyError(text)

    says.spoken = spoken
    [answer], _ = asked(tmp_path, {"do": "page", "zone": "8000", "say": "hello"}, says=says)
    assert "a defect" in str(answer)
    assert "KeyError: 'hello'" in caplog.text


def test_a_page_that_is_refused_is_told_with_its_reason(tmp_path):
    refusal = Refusal(20, "nobody of zone 8000 is registered")
    [answer], _ = asked(tmp_path, {"do": "page", "zone": "8000", "say": "x"}, made=refusal)
    assert str(answer) == "nobody of zone 8000 is registered"


def test_an_asterisk_that_never_asks_is_not_waited_for_long(tmp_path, monkeypatch):
    monkeypatch.setattr("pager.programs._PATIENCE", 0.1)
    [answer], asterisk = asked(tmp_path, {"do": "page", "zone": "8000", "say": "x"}, made=None)
    assert "did not ask" in str(answer)
    assert asterisk.programs._asked == {}  # noqa: SLF001 - a token that nobody took is good no more


def test_a_device_is_taken_out_and_put_back_and_a_page_that_is_not_there_is_not_stopped(tmp_path):
    answers, _ = asked(
        tmp_path,
        {"do": "out", "device": "1008", "zone": "8000"},
        {"do": "out", "device": "1008&1009", "zone": ""},
        {"do": "in", "device": "1008", "zone": "8011"},
        {"do": "stop", "zone": "8000"},
    )
    assert answers[0] == {}
    assert [str(one) for one in answers[1:]] == [
        "no device 1008&1009", "1008 is no member of 8011", "no page of 8000 runs"
    ]  # fmt: skip
    assert '"8000"' in (tmp_path / "takeouts.json").read_text()
