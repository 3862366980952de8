"""The decision alone, asked by somebody's own routes, as docs/kamailio.md has it: a native
kamailio.cfg, and a KEMI script of another's making.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from bellhop.settings import Site, load
from tests.chain.adoption.kamailio import LAST, moved
from tests.chain.adoption.machine import ROOT, Machine
from tests.chain.calling import cause, final, tried
from tests.chain.harness.capture import Capture
from tests.chain.harness.cast import Cast, device_listener
from tests.chain.harness.places import Lab
from tests.chain.harness.scene import Scene
from tests.chain.harness.stack import PROJECT, Stack, until

pytestmark = [pytest.mark.control, pytest.mark.timeout(120)]

TO_NORTH = "441632960100"
_PATH = "PATH=/opt/bellhop/venv/bin:/usr/sbin:/usr/bin"
_COMMON = """
debug=2
log_stderror=yes
children=2
listen=udp:%s
mpath="/usr/lib/x86_64-linux-gnu/kamailio/modules/:/usr/lib/aarch64-linux-gnu/kamailio/modules/"
loadmodule "ctl.so"
loadmodule "kex.so"
loadmodule "tm.so"
loadmodule "tmx.so"
loadmodule "sl.so"
loadmodule "rr.so"
loadmodule "pv.so"
loadmodule "textops.so"
loadmodule "siputils.so"
loadmodule "xlog.so"
modparam("ctl", "binrpc", "unix:/run/kamailio/kamailio_ctl")
"""
_NATIVE = """
request_route {
  if (has_totag()) { loose_route(); t_relay(); exit; }
  if (!is_method("INVITE")) { if (t_check_trans()) t_relay(); exit; }
  record_route();
  $avp(attempt) = 0;
  route(NEXT);
}
route[NEXT] {
  $avp(attempt) = $avp(attempt) + 1;
  if ($avp(attempt) == 1) $du = "sip:%s";
  else $du = "sip:%s";
  $avp(rang) = 0;
  t_on_failure("CALL");
  t_on_reply("CALL");
  t_relay();
  exit;
}
"""
_KEMI = """
class kamailio:
    def child_init(self, rank):
        return 0

    def ksr_request_route(self, msg):
        if KSR.siputils.has_totag() > 0:
            KSR.rr.loose_route()
            KSR.tm.t_relay()
        elif KSR.pv.get("$rm") != "INVITE":
            if KSR.tm.t_check_trans() > 0:
                KSR.tm.t_relay()
        else:
            KSR.rr.record_route()
            self.next("sip:%s")
        return 1

    def next(self, carrier):
        KSR.pv.sets("$du", carrier)
        KSR.pv.seti("$avp(rang)", 0)
        KSR.tm.t_on_failure("ksr_failed")
        KSR.tm.t_on_reply("ksr_replied")
        KSR.tm.t_relay()

    def ksr_replied(self, msg):
        if 180 <= KSR.pv.get("$rs") <= 183:
            KSR.pv.seti("$avp(rang)", 1)
        return 1

    def ksr_failed(self, msg):
        verdict()
        if KSR.pv.get("$var(verdict)") == "advance" and KSR.pv.get("$T_branch_idx") < 2:
            self.next("sip:%s")
        return 1


def mod_init():
    return kamailio()
"""


def blocks(language: str) -> str:
    """Return the guide's one block of a language in the section."""
    guide = (ROOT / "docs" / "kamailio.md").read_text("utf-8")
    section = guide.split("## The decision alone", 1)[1].split("\n## ", 1)[0]
    [block] = re.findall(rf"^```{language}\n(.*?)^```", section, re.MULTILINE | re.DOTALL)
    return str(block)


def _native(machine: Machine, here: str, carriers: list[str]) -> None:
    machine.put("/etc/kamailio/verdict.py", blocks("python"))
    config = _COMMON % here + blocks("cfg") + _NATIVE % tuple(carriers)
    machine.put("/root/own.cfg", config)


def _kemi(machine: Machine, here: str, carriers: list[str]) -> None:
    machine.put("/root/own.py", blocks("python") + _KEMI % tuple(carriers))
    engine = 'loadmodule "app_python3.so"\nmodparam("app_python3", "load", "/root/own.py")\n'
    modes = "\n".join(one for one in blocks("cfg").splitlines() if '"tm"' in one)
    machine.put("/root/own.cfg", f'{_COMMON % here}{engine}{modes}\ncfgengine "python"\n')


@pytest.fixture(scope="module", params=[_native, _kemi], ids=["native", "kemi"])
def own(request: pytest.FixtureRequest, stack: Stack, site: Site, place: Lab) -> Iterator[Site]:
    """Somebody's own Kamailio, which knows of two carriers; a site file that says where it is."""
    directory = place.artifacts / f"adoption-decision-{request.param.__name__}"
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / "site.toml"
    path.write_text(moved(site.path.read_text("utf-8"), site), "utf-8")
    ours = load(path)
    trunks = ours.edge.trunks[0].address
    network = {f"{stack.project}_outside": trunks.host}
    assert trunks.host.endswith(f".{LAST}")
    machine = Machine(f"{PROJECT}-adopt-decision", f"{PROJECT}-edge:latest", network)
    try:
        carriers = [str(ours.carriers[name].gateways[0]) for name in ("north", "south")]
        request.param(machine, str(trunks), carriers)
        machine.start(f"exec env {_PATH} kamailio -DD -E -f /root/own.cfg", "/root/own.log")
        answers = "kamcmd core.uptime >/dev/null 2>&1 && echo yes || true"
        until("Kamailio to answer", lambda: machine.sh(answers), 20)
        yield ours
    finally:
        log = machine.sh("cat /root/own.log || true")
        (directory / "kamailio.log").write_text(log, "utf-8")
        machine.remove()


@pytest.fixture
def scene(request: pytest.FixtureRequest, own: Site, stack: Stack, place: Lab) -> Iterator[Scene]:
    directory: Path = place.artifacts / re.sub(r"\W+", "-", request.node.name)
    directory.mkdir(parents=True, exist_ok=True)
    wire = Capture(stack, place, directory, (own.edge.trunks[0].address.host,))
    wire.start()
    scene = Scene(own, Cast(own, {}, device_listener(own)), place, directory, wire, stack)
    try:
        yield scene
    finally:
        scene.end()


def call(scene: Scene, scenario: str) -> object:
    reception = scene.cast.trunk("reception")
    return scene.play(reception, scenario, number="2001", dialled=TO_NORTH, pause=100)


def test_a_cause_that_another_carrier_can_help_with_is_taken_to_it(scene: Scene):
    """The code alone would end it, for it rang."""
    north = scene.play(
        scene.cast.carrier("north"), "carrier/rings-then-rejects-480", reason=cause(34), pause=100
    )
    south = scene.play(scene.cast.carrier("south"), "carrier/answers")
    caller = call(scene, "pbx/calls")
    scene.finish(caller, north, south)
    assert tried(scene.messages(), scene) == ["north", "south"]


def test_a_cause_that_is_the_users_own_ends_it(scene: Scene):
    north = scene.play(scene.cast.carrier("north"), "carrier/rejects-480", reason=cause(20))
    caller = call(scene, "pbx/calls-and-is-refused")
    scene.finish(caller, north)
    messages = scene.messages()
    assert tried(messages, scene) == ["north"]
    assert final(messages, caller).code == 480


def test_what_rang_is_not_rung_again_where_the_cause_says_nothing(scene: Scene):
    north = scene.play(
        scene.cast.carrier("north"), "carrier/rings-then-rejects-480", reason=cause(16), pause=100
    )
    caller = call(scene, "pbx/calls-and-is-refused")
    scene.finish(caller, north)
    assert tried(scene.messages(), scene) == ["north"]


def test_a_code_that_a_second_carrier_repeats_ends_it(scene: Scene):
    """Only who remembers the attempts before knows."""
    north = scene.play(scene.cast.carrier("north"), "carrier/rejects-488", reason=cause(127))
    south = scene.play(scene.cast.carrier("south"), "carrier/rejects-488", reason=cause(127))
    caller = call(scene, "pbx/calls-and-is-refused")
    scene.finish(caller, north, south)
    messages = scene.messages()
    assert tried(messages, scene) == ["north", "south"]
    assert final(messages, caller).code == 488
