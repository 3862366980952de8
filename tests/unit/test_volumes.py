"""A page's volume on AXIS devices, against a double of their API (fake_vapix.py)."""

import asyncio
import json
import threading
import time
from types import SimpleNamespace

import pytest

from bellhop import vapix
from bellhop.devices import Device
from bellhop.report import report
from bellhop.settings import SiteError
from bellhop.vapix import VapixError
from pager.vapix import Api, apis
from pager.volumes import Volumes
from tests.unit import fake_vapix
from tests.unit.fake_asterisk import until
from tests.unit.fake_vapix import PASSWORD, SETTINGS, USER
from tests.unit.stories import play
from tests.unit.test_report import BEGAN, page

BEFORE = [-6, -9, 3, 1]


@pytest.fixture
def horn():
    with fake_vapix.device() as house:
        yield house


def volumes(horn, story, **options):
    """Run a story with the volumes of one device, 1008."""

    async def told():
        made = Volumes({"1008": Api(horn.url, USER, PASSWORD, **options)})
        try:
            await story(made)
        finally:
            await made.close()

    asyncio.run(told())


def test_what_sounds_gets_the_gain_and_nothing_else_changes(horn):
    api = Api(horn.url, USER, PASSWORD)
    found = vapix.channels(api.ask("getDevicesSettings"))
    api.ask("setDevicesSettings", vapix.settings(vapix.at(-20, found)))
    assert horn.gains == [-20, -20, 3, 1]
    api.ask("setDevicesSettings", vapix.settings(found))
    assert horn.settings == SETTINGS


def test_a_wrong_password_is_said_once(horn):
    with pytest.raises(VapixError, match="HTTP 401: its user or password is wrong"):
        Api(horn.url, USER, "guess").ask("getDevicesSettings")
    assert horn.challenged == 2  # the challenge, and the refusal


@pytest.mark.parametrize("where", ["head", "body"])
def test_a_device_that_drips_its_answer_has_no_longer_than_one_that_says_nothing(horn, where):
    horn.drips = where
    began = time.monotonic()
    with pytest.raises(VapixError, match=r"no answer within 0\.4 s"):
        Api(horn.url, USER, PASSWORD, patience=0.4).ask("getDevicesSettings")
    assert 0.3 < time.monotonic() - began < 3
    assert horn.asked == ["getDevicesSettings"]


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"<html>", b"[]", b'{"error": 1}', b'{"data": 7}', b'{"error": {"code": 2101}}'),
        b'{"data":' * 100_000,
    ],
    ids=map(str, range(7)),
)
def test_what_is_no_answer_is_an_error(body):
    with pytest.raises(VapixError):
        vapix.channels(vapix.answer(body))


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"devices": []},
        {"devices": 7},
        {"devices": [{"id": "0", "outputs": [{"id": "0"}]}]},
        {"devices": [{"id": "0", "outputs": ["x"]}]},
    ],
)
def test_settings_that_are_none_are_an_error(data):
    with pytest.raises(VapixError):
        vapix.channels(data)


def test_a_page_is_as_loud_as_its_zone_says_and_then_all_is_as_before(horn):
    async def story(made):
        made.set("1-a", -2, ["1008", "1009"])
        await until(lambda: horn.gains[:2] == [-2, -2])
        made.put_back("1-a")
        await until(lambda: horn.settings == SETTINGS)

    volumes(horn, story)
    assert horn.asked == ["getDevicesSettings", "setDevicesSettings", "setDevicesSettings"]


def test_of_two_pages_the_newest_counts_and_the_last_puts_back(horn):
    async def story(made):
        made.set("low", -20, ["1008"])
        await until(lambda: horn.gains[0] == -20)
        made.set("high", 0, ["1008"])
        await until(lambda: horn.gains[0] == 0)
        made.put_back("high")
        await until(lambda: horn.gains[0] == -20)
        made.set("high", 0, ["1008"])
        await until(lambda: horn.gains[0] == 0)
        made.put_back("low")
        made.put_back("high")
        await until(lambda: horn.gains == BEFORE)

    volumes(horn, story)


def test_what_a_stopped_pager_had_set_is_put_back(horn):
    async def story(made):
        made.set("1-a", -2, ["1008"])
        await until(lambda: horn.gains[0] == -2)

    volumes(horn, story)
    assert horn.settings == SETTINGS


def test_a_device_that_refuses_is_told_in_the_report(horn):
    horn.fails["setDevicesSettings"] = 2104

    async def story(made):
        made.set("1-a", 30, ["1008"])
        await until(lambda: "setDevicesSettings" in horn.asked)
        said = "volume: not set: error 2104: it will not"
        await until(lambda: made.noted(report(page(1))).members[0].why == said)
        ended = made.noted(report(page(1, ended=BEGAN)))
        assert [m.outcome for m in ended.members] == ["played", "failed"]
        assert ended.members[1].why == "no answer"
        assert made.noted(report(page(1))) == report(page(1)), "it is forgotten"

    volumes(horn, story)


def refusal(ask, *arguments):
    try:
        ask(*arguments)
    except VapixError as error:
        return str(error)
    return None


def test_a_devices_own_words_are_one_short_printable_line(horn):
    """In a report, in a log's line, and in an AMI event, which would not be sent otherwise."""
    words = "\x1b[2J\r\nAction: Originate " + "m" * 5_000
    error = json.dumps({"error": {"code": 7, "message": words}}).encode()
    horn.phrase = "Not\x1b[2J Today" + "m" * 5_000
    api = Api(horn.url, USER, PASSWORD)
    for said, begin in (
        (refusal(vapix.answer, error), "error 7: ?[2J??Action"),
        (refusal(api.ask, "getDevicesSettings"), "HTTP 500: Not?[2J Today"),
    ):
        assert said.startswith(begin)
        assert said.isprintable()
        assert len(said) <= 100


def test_nobody_waits_for_a_silent_device_and_the_report_says_so(horn):
    horn.hold = threading.Event()

    async def story(made):
        made.set("1-a", -2, ["1008"])
        await until(
            lambda: (
                made.noted(report(page(1))).members[0].why
                == "volume: not set: no answer within 0.2 s"
            )
        )
        made.put_back("1-a")
        horn.hold.set()

    volumes(horn, story, patience=0.2)
    assert horn.gains == BEFORE


class Told(list):
    """What the engine says of volumes."""

    def set(self, _page, gain, devices):
        self.append((gain, {*devices}))

    def put_back(self, _page):
        self.append("back")


def test_the_engine_sets_the_volume_of_those_that_it_rings_and_has_it_put_back():
    told = Told()

    async def story(site, house):
        low = await site.begun("81", ["1", "2"], 5, volume=-3)
        quiet = await site.begun("82", ["3"])
        busy = await site.begun("83", ["2", "4"], 5, volume=-4)
        assert told == [(-3, {"1", "2"}), (-4, {"4"})]
        house.leader_goes(low)
        await site.ended("81")
        assert told[2:] == ["back"]
        for leader in (quiet, busy):
            house.leader_goes(leader)
        await site.ended("82")
        await site.ended("83")

    play(story, volumes=told)
    assert told[2:] == ["back"] * 3


def site(tmp_path, lines, number="1008"):
    (tmp_path / "users").write_text(lines)
    device = Device(number=number, kind="speaker", vapix="http://192.0.2.8")
    return SimpleNamespace(
        devices={number: device, "1009": Device(number="1009", kind="speaker")},
        pager=SimpleNamespace(vapix_file="users"),
        file=lambda name: tmp_path / name,
    )


@pytest.mark.parametrize("lines", ["1008 pager word\n", "\n* pager word\n", "* a b\n1008 c d\n"])
def test_each_device_with_an_api_has_its_user(tmp_path, lines):
    assert list(apis(site(tmp_path, lines))) == ["1008"]


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("1009 a b\n", "no line for 1008"),
        ("1008 a\n", 'line 1: expected "NUMBER USER PASSWORD"'),
        ("1008 a b\n\n1009 a b c\n", "line 3: expected"),
        (None, "No such file"),
    ],
)
def test_a_file_without_its_user_is_an_error(tmp_path, lines, said):
    found = site(tmp_path, lines or "")
    if lines is None:
        (tmp_path / "users").unlink()
    with pytest.raises(SiteError, match=said):
        apis(found)
