"""What Asterisk is given of a site: exact extensions, whole comparisons, and no secret."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from ami.begun import wait
from bellhop.addresses import Address
from bellhop.answering import DIALECTS
from bellhop.callers import Caller, Kind
from bellhop.pages import Request
from bellhop.render_asterisk import asterisk_files
from bellhop.settings import load
from bellhop.targets import Outside
from bellhop.zones import may_page

CONFIG = Path(__file__).parents[2] / "config"
ASTERISK = CONFIG / "asterisk"
SITE = load(CONFIG / "site.toml")


def context(name, site=SITE):
    text = asterisk_files(site)["extensions.conf"]
    return text.partition(f"[{name}]\n")[2].partition("\n[")[0]


def test_each_zone_is_an_exact_extension_and_nothing_else_is():
    extensions = re.findall(r"^exten => ([^,]*),", context("bellhop-in"), re.MULTILINE)
    codes = [f"_{code}X!" for code in SITE.features.codes.values()]
    assert list(dict.fromkeys(extensions)) == [*SITE.zones, *codes]
    for text in asterisk_files(SITE).values():
        patterns = re.findall(r"^exten => (_[^,]*),", text, re.MULTILINE)
        assert patterns in ([], codes)


def test_what_a_feature_code_is_dialled_with_goes_to_the_pager_and_nowhere_else():
    for code in SITE.features.codes.values():
        steps = context("bellhop-in").partition(f"exten => _{code}X!,")[2].partition("\nexten")[0]
        assert (
            steps.strip()
            == "1,Set(BELLHOP_SAID_CODE=${EXTEN})\n same => n,Goto(bellhop-feature,s,1)"
        )


def test_no_line_is_longer_than_asterisk_reads():
    assert all(
        len(line) < 4096 for text in asterisk_files(SITE).values() for line in text.splitlines()
    )


def test_the_fallback_lets_in_whom_the_zone_names_and_refuses_the_rest():
    steps = context("bellhop-fallback").partition("exten => 8001,")[2].splitlines()
    before_refusal = steps[: steps.index(" same => n,Hangup(21)")]
    assert re.findall(r'"(<sip:[^"]*>)"', "\n".join(before_refusal)) == [
        "<sip:1020@device.bellhop.invalid>",
        "<sip:2001@reception.trunk.bellhop.invalid>",
    ]


def test_a_whole_trunk_is_matched_from_end_to_end():
    (pattern,) = set(re.findall(r'REGEX\("(.*?)"', context("bellhop-fallback")))
    good = ["<sip:reception.trunk.bellhop.invalid>", "<sip:4711@reception.trunk.bellhop.invalid>"]
    bad = [
        "<sip:receptionXtrunk.bellhop.invalid>",
        "x<sip:1@reception.trunk.bellhop.invalid>",
        "<sip:x@reception.trunk.bellhop.invalid>",
        "<sip:1@other.reception.trunk.bellhop.invalid>",
    ]
    assert [bool(re.search(pattern, one)) for one in good + bad] == [True] * 2 + [False] * 4


@pytest.mark.parametrize(
    "callers",
    [
        (),
        ("1020",),
        ("1021", "trunk:plain"),  # the list alone says who may: these two have no right to zones
        ("1016", "trunk:reception"),
        ("trunk:reception:2001",),
    ],
    ids=str,
)
def test_without_a_pager_a_zone_is_paged_by_those_alone_whom_the_pager_lets_page_it(callers):
    reception = SITE.trunks["reception"]
    trunks = {"reception": reception, "plain": replace(reception, name="plain", may=("devices",))}
    zone = replace(SITE.zones["8000"], callers=callers)
    site = replace(SITE, zones={"8000": zone}, trunks=trunks)
    steps = context("bellhop-fallback", site)
    whole = re.findall(r'"(<sip:[^"]*>)"\]\?go\)', steps)
    patterns = re.findall(r'REGEX\("(.*?)" ', steps)
    devices = [Caller(Kind.DEVICE, d.number, d.number, d.may) for d in site.devices.values()]
    behind = [
        Caller(Kind.TRUNK, t.name, n, t.may) for t in trunks.values() for n in ("", "2001", "7")
    ]
    may = {one.identity for one in (*devices, *behind) if may_page(zone, one)}
    let_in = {
        one.identity
        for one in (*devices, *behind)
        if one.identity in whole or any(re.search(p, one.identity) for p in patterns)
    }
    assert let_in == may
    assert 0 < len(may) < len(devices) + len(behind)


def test_without_a_pager_all_of_a_page_ends_in_its_own_time():
    zone = replace(SITE.zones["8000"], members=("1008",), max_length=90_000, ring_timeout=1_999)
    steps = context("bellhop-fallback", replace(SITE, zones={"8000": zone}))
    assert " same => n(go),MSet(TIMEOUT(absolute)=90,BELLHOP_MAX=90)\n" in steps
    assert ",exten,bellhop-member,s,1,1,a" in steps  # Originate() takes whole seconds
    assert "^BELLHOP_MAX=93^TIMEOUT(absolute)=93)c(8000)n(Warehouse))\n" in steps
    assert " same => n,Set(BELLHOP_TURNS=20)\n" in steps


def test_the_fallback_rings_each_member_once_with_its_dialect():
    lines = [
        line
        for line in context("bellhop-fallback")
        .partition("exten => 8001,")[2]
        .partition("\nexten")[0]
        .splitlines()
        if "Originate(" in line
    ]
    rung = [re.search(r"PJSIP/(\d+)@.*bellhop-headers\^(\w+)\^1", line).groups() for line in lines]
    assert rung == [("1008", "axis"), ("1009", "axis"), ("1010", "rfc5373"), ("1015", "axis")]


def test_without_a_pager_a_leader_waits_for_somebody_as_long_as_members_ring():
    steps = context("bellhop-fallback").partition("exten => 8000,")[2].partition("\nexten")[0]
    assert steps.splitlines()[-2:] == [
        " same => n,Set(BELLHOP_TURNS=70)",
        " same => n,Goto(bellhop-leader,hope,1)",
    ]


def test_a_zone_without_fallback_is_refused_while_there_is_no_pager():
    closed = replace(SITE, zones={"8000": replace(SITE.zones["8000"], fallback=False)})
    assert "Originate" not in context("bellhop-fallback", closed)
    assert "exten => 8000,1,Hangup(41)" in context("bellhop-fallback", closed)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_each_header_is_set_as_the_dialect_has_it(dialect):
    block = (
        context("bellhop-headers").partition(f"exten => {dialect},1,")[2].partition("\nexten")[0]
    )
    found = re.findall(r"PJSIP_HEADER\(add,([^)]*)\)=(.*)\)$", block, re.MULTILINE)
    assert [(n, v.replace("\\;", ";")) for n, v in found] == list(DIALECTS[dialect])
    assert not re.search(r"(?<!\\);", block)  # it would begin a comment


def test_asterisk_knows_the_edge_by_its_address_alone():
    text = asterisk_files(SITE)["pjsip.conf"]
    assert re.findall(r"^match = (.*)$", text, re.MULTILINE) == [SITE.edge.internal.host]
    assert "anonymous" not in text


@pytest.mark.parametrize(
    ("media", "outside", "template"),
    [
        ("", [], []),
        (
            "192.0.2.9",
            ["external_media_address = 192.0.2.9"],
            ["media_address = 192.0.2.9", "bind_rtp_to_media_address = yes"],
        ),
    ],
)
def test_audio_has_an_address_of_its_own_only_where_the_site_names_one(media, outside, template):
    site = replace(SITE, pbx=replace(SITE.pbx, media=media))
    text = asterisk_files(site)["pjsip.conf"]
    sections = [part.splitlines() for part in text.partition("\n")[2].split("\n\n")]
    assert sections[0][4:] == outside
    assert sections[1] == ["[bellhop-media](!)", *template]


def test_the_pagers_ami_user_has_least_rights_and_no_secret_is_rendered():
    text = asterisk_files(SITE)["manager.conf"]
    assert re.findall(r"^write = (.*)$", text, re.MULTILINE) == ["call,originate,reporting,user"]
    assert re.findall(r"^permit = (.*)$", text, re.MULTILINE) == [SITE.pager.agi.host]
    assert re.findall(r"^deny = (.*)$", text, re.MULTILINE) == ["0.0.0.0/0.0.0.0", "::/0"]
    assert not re.search(r"^secret", text, re.MULTILINE)


@pytest.mark.parametrize(
    ("ami", "asks"),
    [("127.0.0.1", "127.0.0.1"), ("::1", "::1"), ("2001:db8::5", SITE.pager.agi.host)],
)
def test_who_asks_an_ami_on_the_loopback_is_let_in_from_there(ami, asks):
    near = replace(SITE, pager=replace(SITE.pager, ami=Address(ami, 5038)))
    text = asterisk_files(near)["manager.conf"]
    assert re.findall(r"^permit = (.*)$", text, re.MULTILINE) == [asks]


def test_a_zone_of_nobody_but_outside_is_refused_while_there_is_no_pager():
    alone = replace(SITE.zones["8102"], members=("tel:442079460000",))
    steps = context("bellhop-fallback", replace(SITE, zones={"8102": alone}))
    assert steps.splitlines()[-1] == "exten => 8102,1,Hangup(41)"


def test_the_fallback_sends_to_groups_and_calls_nobody_outside():
    steps = context("bellhop-fallback")
    assert (
        "Originate(MulticastRTP/basic/239.1.2.3:5004//c(ulaw)t(1),exten,bellhop-member,s,1,6,av("
        in steps
    )
    assert "442079460000" not in steps


def test_a_zone_with_a_pin_is_paged_by_nobody_while_there_is_no_pager():
    assert "exten => 8104,1,Hangup(41)" in context("bellhop-fallback")


HEARD = re.compile(r'(?:case|kind ==|get\("Event"\) ==) "([A-Z]\w+)"|kind in \{"(\w+)", "(\w+)"\}')
LISTED = {"CoreShowChannel"}  # an answer's, and no event's: no filter is asked


def test_every_event_that_the_page_engine_hears_is_let_through():
    """Filters are whole names, and what is not let through is missed in silence."""
    modules = ("board", "leader", "running", "strangers")
    folder = Path(__file__).parents[2] / "ami"
    texts = [(folder / f"{name}.py").read_text("utf-8") for name in modules]
    heard = {word for text in texts for found in HEARD.findall(text) for word in found if word}
    assert {"Newchannel", "ConfbridgeJoin", "HangupRequest", "Hangup", "UserEvent"} <= heard
    passed = re.findall(r"name\((\w+)\)", asterisk_files(SITE)["manager.conf"])
    assert heard - LISTED <= set(passed)


def test_no_event_that_the_pager_listens_to_is_one_that_asterisk_makes_none_of():
    files = asterisk_files(SITE)
    passed = re.findall(r"name\((\w+)\)", files["manager.conf"])
    [unmade] = re.findall(r"^disabledevents = (.*)$", files["manager_events.conf"], re.MULTILINE)
    assert {"Newexten", "VarSet"} <= set(unmade.split(","))
    assert not {"FullyBooted", "CoreShowChannel", *passed} & set(unmade.split(","))
    # What our container's Asterisk does not even publish is one of these.
    declined = re.findall(
        r"^decline = (.*)$",
        (CONFIG / "docker/asterisk/stasis.conf").read_text("utf-8"),
        re.MULTILINE,
    )
    assert declined == ["ast_channel_varset_type"]


def test_an_announcement_waits_for_as_long_as_any_page_for_its_turn_and_its_members():
    zone = replace(
        SITE.zones["8000"], when_busy="queue", queue_wait=600_000, head_start=60_000,
        in_use="wait", in_use_wait=60_000, outside_timeout=120_000,
    )  # fmt: skip
    asked = Request(zone=zone, caller=None, channel="", members=[Outside("tel:44", "44")])
    text = (ASTERISK / "extensions.conf").read_text("utf-8")
    waits = r"\n\[bellhop-announcer\]\nexten => wait,1,Wait\((\d+)\)\n"
    [seconds] = re.findall(waits, text)
    assert int(seconds) > wait(asked, (), queued=True) / 1000 + 5


def test_no_zone_is_too_large_for_its_leader_who_is_the_last_to_come_in():
    assert "\nmax_members" not in (ASTERISK / "confbridge.conf").read_text("utf-8")
