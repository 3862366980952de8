"""A changed site file in a running edge: no call is dropped for it, and a wrong file changes nothing."""

import json
from dataclasses import replace

import pytest

from tests.chain.calling import assert_all_settled, dial, final, tried
from tests.chain.harness.another_edge import another_edge
from tests.chain.harness.stack import docker, until

pytestmark = [pytest.mark.control, pytest.mark.timeout(120)]

NUMBER = "441632960100"
NORTH_FIRST = 'carriers = ["north", "south", "west"]'
SOUTH_FIRST = 'carriers = ["south", "north"]\n# '
# The chain's many calls, and how many of them begin in a second.
CALLS, RATE = 120, 20


class Reloading:
    """An edge of its own, and its site file, which each test leaves as it was."""

    def __init__(self, stack, place, cast, scene, name):
        self.stack, self.place, self.cast, self.scene, self.name = stack, place, cast, scene, name
        self.file = scene.site.path
        self.good = self.file.read_text("utf-8")

    def reload(self, text=None):
        """Write the file in place (the container sees the file, not its name) and have it taken."""
        if text is not None:
            self.file.write_text(text, "utf-8")
        said = docker("exec", self.name, "sh", "-c", "bellhop reload --json; echo $?")
        *lines, code = said.splitlines()
        return json.loads(lines[-1]), int(code)

    def rpc(self, *command):
        return docker(
            "exec", self.name, "kamcmd", "-s", "unix:/run/kamailio/kamailio_ctl", *command
        )


def taken(*differences):
    """Return what `bellhop reload --json` says of a good file."""
    changed = [line.partition(":")[0] for line in differences]
    return {"mistakes": [], "changed": changed, "differences": list(differences)}


@pytest.fixture
def edge(stack, place, cast, request):
    title = request.node.name.strip("_")
    with another_edge(stack, place, cast, title, last="118") as (scene, name):
        yield Reloading(stack, place, cast, scene, name)


def test_a_reload_under_load_moves_the_calls_and_drops_none(edge):
    scene = edge.scene
    peers = [
        scene.play(scene.cast.carrier(name), "carrier/answers", calls=CALLS)
        for name in ("north", "south")
    ]
    caller = dial(scene, NUMBER, calls=CALLS, pause=300, options=("-r", str(RATE)))
    said, code = edge.reload(edge.good.replace(NORTH_FIRST, SOUTH_FIRST))
    assert (said, code) == (taken('routes: 1 changed: "44" (carriers)'), 0)
    scene.finish(caller)  # each of its calls was answered, talked and was ended
    for peer in peers:
        peer.end()

    messages = scene.messages()
    order = tried(messages, scene)
    assert len(order) == CALLS  # nobody needed a second carrier
    assert order[0] == "north"
    assert order[-1] == "south"
    moved = order.index("south")
    # Each worker goes over at its next message, so they mix for some messages, and no longer.
    assert set(order[moved + 10 :]) == {"south"}
    assert_all_settled(messages)


def test_a_wrong_file_is_refused_with_its_lines_and_changes_nothing(edge):
    wrong = edge.good.replace(NORTH_FIRST, 'carriers = ["sout"]')
    line = 1 + wrong[: wrong.index('carriers = ["sout"]')].count("\n")
    assert edge.reload(wrong)[1] == 1
    # The command checks the file first; the edge must refuse it by itself, too.
    edge.rpc("pv.shvSet", "bellhop_wanted", "int", "2000000000")
    until_said(edge, f'site.toml:{line}: routes[1].carriers: no carrier \\"sout\\"')

    # KEMI's own reload runs the scripts again, whose start would read the file: in each worker, for
    # the tenths of a second that the one with the ACK then needs longer than the one with the BYE.
    edge.rpc("app_python3s.reload")
    scene = edge.scene
    north = scene.play(scene.cast.carrier("north"), "carrier/answers")
    caller = dial(scene, NUMBER, pause=2000)
    scene.finish(caller, north)
    messages = scene.messages()
    assert tried(messages, scene) == ["north"]
    assert final(messages, caller).code == 200


def until_said(edge, text):
    until(f"the edge to say {text}", lambda: text in edge.rpc("pv.shvGet", "bellhop_said"), 15)


def test_a_listener_is_kamailios_own_and_needs_a_restart(edge):
    said, code = edge.reload(edge.good.replace(":5070", ":5071"))
    assert code == 1
    assert said["mistakes"] == ["edge.trunks: only a restart of Kamailio changes it"]


def test_a_device_that_is_new_in_the_file_may_register_without_a_restart(edge):
    """1009 has been given another number; its Authentication ID and secret are the old ones."""
    scene = edge.scene
    renamed = edge.good.replace('"1009"', '"1099"')
    said, code = edge.reload(
        renamed.replace("[devices.1009]", '[devices.1099]\nauth_user = "1009"')
    )
    assert (said, code) == (
        taken(
            "devices: 1 new: 1099; 1 gone: 1009",
            "zones: 4 changed: 8000 (members), 8105 (members), 8011 (members), 8012 (members)",
        ),
        0,
    )
    old = scene.cast.device("1009")
    new = replace(old, name="1099", keys={**old.keys, "number": "1099"})
    scene.finish(scene.play(new, "speaker/registers", expires="60"))
    assert "1099" in edge.rpc("ul.dump")
