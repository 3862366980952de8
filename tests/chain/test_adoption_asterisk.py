"""The handlers hooked into Debian's own Asterisk configuration, by the commands of docs/asterisk.md;
and our systemd units.
"""

import re
from collections.abc import Iterator

import pytest

from bellhop.settings import Site
from tests.chain.adoption.asterisk import OwnAsterisk, changes
from tests.chain.adoption.kamailio import Own, own_kamailio, scene_of
from tests.chain.calling import assert_all_settled, final
from tests.chain.harness.places import Lab
from tests.chain.harness.scene import Scene
from tests.chain.harness.stack import Stack, until
from tests.chain.paging import SPEAKERS, ZONE, answering, heard, outcomes, page, report

pytestmark = [pytest.mark.control, pytest.mark.timeout(600)]

VOICE = 0x35
# What is asked of Asterisk before and after; and what is Bellhop's own in the answers.
SHOWN = ("dialplan show", "pjsip show endpoints", "confbridge show profile users",
         "confbridge show profile bridges", "manager show users")  # fmt: skip


@pytest.fixture(scope="module")
def asterisk(
    stack: Stack, site: Site, place: Lab
) -> Iterator[tuple[OwnAsterisk, Own, dict[str, str]]]:
    """Debian's Asterisk with Bellhop in it, at an edge of its own; and what it showed before."""
    own = OwnAsterisk(stack, site)
    try:
        before = {command: own.command(command) for command in SHOWN}
        directory = place.artifacts / "adoption-asterisk"
        with own_kamailio(stack, site, directory, others=changes(site)) as edge:
            own.install(edge.site.path.read_text("utf-8"))
            yield own, edge, before
    finally:
        own.keep(place.artifacts / "adoption-pbx")


@pytest.fixture
def scene(request: pytest.FixtureRequest, asterisk, place: Lab) -> Iterator[Scene]:
    own, edge, _ = asterisk
    name = own.machine.name
    directory = place.artifacts / request.node.name
    with scene_of(edge, place, directory, pbx=name, pager=name) as scene:
        yield scene
        scene.pbx.settled()


def test_a_phone_pages_a_zone_through_it_and_the_pager_reports(scene: Scene):
    speakers = answering(scene, *SPEAKERS)
    leader = page(scene, VOICE)
    scene.finish(leader, *speakers)

    messages = scene.messages()
    assert final(messages, leader).code == 200
    for speaker in speakers:
        assert heard(scene, speaker.who.name, VOICE) >= 1
    found = report(scene)
    assert (found["zone"], outcomes(found)) == (ZONE, dict.fromkeys(SPEAKERS, "played"))
    assert_all_settled(messages)


def test_one_line_is_added_to_each_of_three_files_and_nothing_else_is_touched(asterisk):
    own, _, _ = asterisk
    changed = own.changed_files()
    ours = {name for name in changed if name.startswith("bellhop/")}
    assert {n: lines for n, lines in changed.items() if n not in ours} == {
        "confbridge.conf": ["+", "+#include bellhop/confbridge.conf"],
        "extensions.conf": ["+", "+#include bellhop/extensions.conf"],
        "manager.d/bellhop.conf": ["+#include bellhop/site/manager.conf"],
        "pjsip.conf": ["+", "+#include bellhop/pjsip.conf"],
    }
    altered = own.machine.sh("dpkg --verify asterisk-config || true")
    # A slim base image leaves the documentation out, which dpkg misses too.
    assert {line.split("/")[-1] for line in altered.splitlines() if "/etc/" in line} == {
        "confbridge.conf", "extensions.conf", "pjsip.conf",
    }  # fmt: skip


def contexts(shown: str) -> dict[str, str]:
    """Return each context of `dialplan show`, by its name."""
    parts = re.split(r"^\[ Context '([^']+)'", shown, flags=re.MULTILINE)
    counted = re.compile(r"^-= [0-9]+ extensions.*", re.MULTILINE)
    return {n: counted.sub("", t).strip() for n, t in zip(parts[1::2], parts[2::2], strict=True)}


def test_the_users_own_dialplan_is_what_it_was(asterisk):
    own, _, before = asterisk
    then, now = contexts(before["dialplan show"]), contexts(own.command("dialplan show"))
    assert "demo" in then, "Debian's extensions.conf has its demo"
    assert {name: text for name, text in now.items() if not name.startswith("bellhop-")} == then
    assert "bellhop-in" in now
    for name, text in then.items():
        assert "bellhop" not in text, f"the context {name} leads to Bellhop"


@pytest.mark.parametrize("command", SHOWN[1:])
def test_what_asterisk_had_before_it_still_has(asterisk, command: str):
    own, _, before = asterisk

    def others(text: str) -> list[str]:
        """Return the lines that name something: neither ours nor counts."""
        return [line.rstrip() for line in text.splitlines()
                if line.strip() and not re.search(r"bellhop|found|[Uu]sers? configured", line)]  # fmt: skip

    now = own.command(command)
    assert "bellhop" in now
    if "confbridge" in command:
        assert others(now) == others(before[command])
    else:  # of these Debian has none, and says so in other words
        assert "No objects" in before[command] or "no manager users" in before[command]


def test_without_the_pager_the_zone_is_paged_all_the_same(asterisk, scene: Scene):
    own, _, _ = asterisk
    own.machine.sh("kill $(pidof -x bellhop-pager)")
    until("the pager to leave AMI", lambda: "bellhop" not in own.command("manager show connected"))
    try:
        speakers = answering(scene, *SPEAKERS)
        leader = page(scene, VOICE)
        scene.finish(leader, *speakers)
        assert heard(scene, SPEAKERS[0], VOICE) >= 1
    finally:
        own.pager.start()
        until("the pager in AMI", lambda: "bellhop" in own.command("manager show connected"), 20)


def test_the_pager_is_an_ordinary_user(asterisk):
    own, _, _ = asterisk
    assert own.machine.sh("stat -c %U /proc/$(pidof -x bellhop-pager)").split() == ["bellhop"]


def test_systemd_finds_nothing_wrong_with_our_units(asterisk):
    own, edge, _ = asterisk
    # The other machine's unit and our drop-in for it, read on this one, which has systemd.
    unit = edge.machine.read("/usr/lib/systemd/system/kamailio.service")
    dropin = "/etc/systemd/system/kamailio.service.d/10-bellhop.conf"
    own.machine.sh(f"install -d {dropin.rpartition('/')[0]} /etc/kamailio/bellhop")
    unit = unit.replace("/usr/sbin/kamailio", "/bin/true")
    own.machine.put("/etc/systemd/system/kamailio.service", unit)
    own.machine.put(dropin, edge.machine.read(dropin))
    units = "bellhop-pager.service kamailio.service"
    said = own.machine.sh(f"systemd-analyze verify --man=no {units} 2>&1 || echo exit $?")
    assert said.strip() == ""
    ask = "systemd-analyze security --offline=true bellhop-pager.service | tail -1"
    exposure = own.machine.sh(ask)
    found = re.search(r"([0-9.]+) OK", exposure)
    assert found, exposure
    assert float(found[1]) <= 2.5
