"""The KEMI app loaded into Debian's own kamailio.cfg, by the commands of docs/kamailio.md."""

import difflib
from collections.abc import Iterator

import pytest

from bellhop.settings import Site
from tests.chain.adoption.kamailio import CONFIG, GUIDE, PRISTINE, Own, own_kamailio, scene_of
from tests.chain.adoption.machine import ROOT, commands
from tests.chain.calling import assert_all_settled, cause, dial, final, tried
from tests.chain.harness.places import Lab, run
from tests.chain.harness.scene import Scene
from tests.chain.harness.stack import Stack, until

pytestmark = [pytest.mark.control, pytest.mark.timeout(180)]

TO_NORTH = "441632960100"
ENGINES = [("app_python3s", ""), ("app_python3", 'loadmodule "app_python3.so"')]
_ASK = """
import socket, sys
host, port, method, call = sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4]
wire = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
wire.connect((host, port))
wire.settimeout(5)
us = "%s:%d" % wire.getsockname()
lines = [
    f"{method} sip:{host} SIP/2.0",
    f"Via: SIP/2.0/UDP {us};branch=z9hG4bK-{call}",
    "Max-Forwards: 70",
    f"From: <sip:nobody@{host}>;tag=a",
    f"To: <sip:nobody@{host}>",
    f"Call-ID: {call}",
    f"CSeq: 1 {method}",
    f"Contact: <sip:nobody@{us}>",
    "Content-Length: 0",
]
wire.send(("\\r\\n".join(lines) + "\\r\\n\\r\\n").encode())
print(wire.recv(65535).decode())
"""


def ask(place: Lab, own: Own, method: str) -> str:
    """Return what the edge's devices' listener answers to a request of nobody's."""
    host, port = own.cast.devices_door
    return run(
        place,
        "python3",
        "-c",
        _ASK,
        host,
        str(port),
        method,
        f"ask-{method}-{own.site.path.parent.name}",
    )


@pytest.fixture(scope="module", params=ENGINES, ids=[name for name, _ in ENGINES])
def own(
    request: pytest.FixtureRequest, stack: Stack, site: Site, place: Lab
) -> Iterator[tuple[str, Own]]:
    """Debian's Kamailio with Bellhop in it; the engine's name, and it."""
    engine, line = request.param
    directory = place.artifacts / f"adoption-{engine}"
    with own_kamailio(stack, site, directory, before=line) as own:
        yield engine, own


@pytest.fixture
def scene(request: pytest.FixtureRequest, own: tuple[str, Own], place: Lab) -> Iterator[Scene]:
    directory = place.artifacts / request.node.name.replace("[", "-").strip("]")
    with scene_of(own[1], place, directory) as scene:
        yield scene


def test_one_word_of_the_packages_own_file_changes_and_lines_are_added_at_its_end(own):
    engine, own = own
    added = dict(ENGINES)[engine]
    assert (
        own.machine.run("dpkg-query", "-W", "-f=${Conffiles}", "kamailio").find(
            own.machine.run("md5sum", PRISTINE).split()[0]
        )
        > 0
    ), "the image's kamailio.cfg is not the package's"

    before, after = own.machine.read(PRISTINE), own.machine.read(CONFIG)
    changes = [
        line
        for line in difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=0)
        if line[0] in "+-" and line[:3] not in {"+++", "---"}
    ]
    assert changes == [
        "-request_route {",
        "+route[NATIVE] {",
        "-reply_route {",
        "+route[NATIVE_REPLY] {",
        '+include_file "/etc/kamailio/bellhop-site.cfg"',
        *([f"+{added}"] if added else []),
        '+include_file "/etc/kamailio/bellhop/bellhop.cfg"',
    ]


def test_the_engine_is_the_one_that_was_chosen(own):
    engine, own = own
    modules = own.machine.run("kamcmd", "core.modules").split()
    assert [name for name in modules if name.startswith("app_")] == [engine]


def test_python_answers_an_options(own, place: Lab):
    answer = ask(place, own[1], "OPTIONS")
    assert answer.startswith("SIP/2.0 200 OK")
    assert "Allow: INVITE, ACK, CANCEL" in answer


def test_python_challenges_a_register(own, place: Lab):
    assert ask(place, own[1], "REGISTER").startswith("SIP/2.0 401 ")


def test_a_device_registers_and_its_registration_is_in_the_database(scene: Scene):
    [device] = scene.register("1008")

    answers = scene.messages().where(answers="REGISTER", target=device.socket)
    assert [m.code for m in answers.once()] == [401, 200]
    assert scene.edge.contacts("1008") == [f"sip:1008@{device.socket}"]
    until("the registration in the database", lambda: scene.edge.stored_contacts("1008"), 10)


def test_a_device_that_takes_anothers_name_gets_the_apps_own_answer(scene: Scene):
    thief = scene.cast.device("1008")
    scene.finish(scene.play(thief, "speaker/registers-and-is-refused", number="1009"))

    answers = scene.messages().where(answers="REGISTER", target=thief.socket).once()
    assert [m.code for m in answers] == [401, 403]
    assert scene.edge.contacts("1009") == []


def test_a_call_goes_past_a_failing_carrier_and_the_ledger_says_why(scene: Scene):
    north = scene.play(scene.cast.carrier("north"), "carrier/rejects-503", reason=cause(34))
    south = scene.play(scene.cast.carrier("south"), "carrier/answers")
    caller = dial(scene, TO_NORTH)
    scene.finish(caller, north, south)

    messages = scene.messages()
    assert tried(messages, scene) == ["north", "south"]
    assert final(messages, caller).code == 200
    assert_all_settled(messages)
    [invite] = messages.where(method="INVITE", target=south.who.socket).once()
    rows = scene.edge.attempts(invite.call_id, 2)
    assert [(r["leg"], r["code"], r["cause"], r["verdict"]) for r in rows] == [
        ("carrier:north", 503, 34, "advance"),
        ("carrier:south", 200, None, "answered"),
    ]
    assert scene.stack is not None
    told = scene.stack.execute("edge", "/opt/bellhop/venv/bin/bellhop", "calls")
    assert TO_NORTH in told


def test_our_parameters_win_over_those_of_the_file(own, scene: Scene):
    """The file sets rr enable_full_lr and append_fromtag to 0, and leaves tm's remap_503_500 at 1."""
    config = own[1].machine.read(PRISTINE)
    assert 'modparam("rr", "enable_full_lr", 0)' in config
    assert 'modparam("rr", "append_fromtag", 0)' in config
    north = scene.play(scene.cast.carrier("north"), "carrier/rejects-503")
    south = scene.play(scene.cast.carrier("south"), "carrier/rejects-503")
    west = scene.play(scene.cast.carrier("west"), "carrier/rejects-503")
    caller = dial(scene, TO_NORTH, "caller/calls-and-is-refused")
    scene.finish(caller, north, south, west)

    messages = scene.messages()
    [invite] = messages.where(method="INVITE", target=north.who.socket).once()
    assert ";lr=on" in invite.header("record-route")
    assert ";ftag=" in invite.header("record-route")
    assert final(messages, caller).code == 503
    assert own[1].machine.run("kamcmd", "cfg.get", "tm", "restart_fr_on_each_reply").strip() == "0"


def test_while_the_native_request_route_is_left_it_answers_and_python_never_does(
    stack: Stack, site: Site, place: Lab
):
    """The guide's warning: nothing in the start tells, and anybody is registered."""
    directory = place.artifacts / "adoption-native"
    with own_kamailio(stack, site, directory, native=True) as own:
        assert "app_python3s" in own.machine.run("kamcmd", "core.modules").split()
        registered = ask(place, own, "REGISTER")
        options = ask(place, own, "OPTIONS")
        said = own.service.said()
    assert registered.startswith("SIP/2.0 200 OK")
    assert "Allow:" not in options
    assert "ERROR" not in said
    assert "CRITICAL" not in said


@pytest.mark.parametrize(
    "native",
    ["request_route {", "request_route\n{", "  route{", "route[0] # all\n{", "reply_route{"],
)
def test_the_guides_last_command_finds_a_native_route_however_it_is_written(own, native: str):
    script = commands(GUIDE, "3.")
    [look] = [line for line in script.splitlines() if line.startswith("grep ")]
    machine = own[1].machine
    machine.put("/root/native.cfg", f"route[NATIVE] {{\n}}\n{native}\n  exit;\n}}\n")
    found = machine.sh(look.replace(CONFIG, "/root/native.cfg"))
    assert found == f"3:{native.splitlines()[0]}\n"


def test_the_guide_names_each_package_that_the_app_needs(own):
    """Its modules come from the packages of the guide's first section, or from one that these need."""
    machine = own[1].machine
    guide = (ROOT / "docs" / "kamailio.md").read_text("utf-8")
    modules = machine.run("kamcmd", "core.modules").split()
    paths = [f"*/kamailio/modules/{name}.so" for name in modules]
    owners = {line.split(":")[0] for line in machine.run("dpkg", "-S", *paths).splitlines()}
    [install] = [line for line in guide.splitlines() if "apt-get install" in line]
    assert owners <= set(install.split())
