"""What carriers learn of a caller and how they get his number, each its own way, on the wire."""

import pytest

from tests.chain.calling import assert_all_settled, cause, dial, to, tried
from tests.chain.harness.another_edge import edge_beside, scene_at

pytestmark = [pytest.mark.control, pytest.mark.timeout(120)]

# north first, then south, which is told nothing; then west, which may know those who want privacy.
NUMBERS = """
[numbering]
country = "44"
international = "00"
national = "0"

[[dids]]
number = "442071838751"
to = ["1020"]
"""
NATIONAL = "01632960100"
TO_NORTH = "441632960100"


def changed(text):
    text = text.replace(
        "[carriers.north]", '[carriers.north]\nformat = "+e164"\nidentity = "assert"'
    )
    text = text.replace(
        "[carriers.west]", '[carriers.west]\nidentity = "assert"\ntrust_privacy = true'
    )
    return text + NUMBERS


@pytest.fixture(scope="module")
def edge(stack, place, cast):
    with edge_beside(stack, place, cast, "identity-outside", last="121", change=changed) as found:
        yield found[0]


@pytest.fixture
def scene(stack, place, cast, edge, request):
    title = f"identity-outside-{request.node.name}"
    with scene_at(stack, place, cast, edge, title) as made:
        yield made


def refusing(scene, *names):
    return [
        scene.play(scene.cast.carrier(name), "carrier/rejects-503", reason=cause(34))
        for name in names
    ]


def test_each_carrier_gets_the_number_and_the_identity_in_its_own_way(scene):
    peers = refusing(scene, "north", "south", "west")
    caller = dial(scene, NATIONAL, "caller/calls-and-is-refused")
    scene.finish(caller, *peers)

    messages = scene.messages()
    assert tried(messages, scene) == ["north", "south", "west"]
    host = scene.site.edge.trunks[0].address.host
    found = {name: to(messages, scene, name).one() for name in ("north", "south", "west")}
    assert {name: m.uri.partition("@")[0] for name, m in found.items()} == {
        "north": "sip:+441632960100", "south": f"sip:{NATIONAL}", "west": f"sip:{NATIONAL}",
    }  # fmt: skip
    assert {name: m.all("p-asserted-identity") for name, m in found.items()} == {
        "north": [f"<sip:+442071838751@{host}>"], "south": [], "west": [f"<sip:442071838751@{host}>"],
    }  # fmt: skip
    assert all(not m.all("privacy") for m in found.values())
    assert_all_settled(messages)


def test_who_wants_privacy_is_told_only_to_the_carrier_that_may_know(scene):
    peers = refusing(scene, "north", "south", "west")
    caller = dial(scene, TO_NORTH, "caller/calls-and-is-refused", extra="Privacy: user")
    scene.finish(caller, *peers)

    messages = scene.messages()
    host = scene.site.edge.trunks[0].address.host
    found = {name: to(messages, scene, name).one() for name in ("north", "south", "west")}
    assert {name: m.all("p-asserted-identity") for name, m in found.items()} == {
        "north": [], "south": [], "west": [f"<sip:442071838751@{host}>"],
    }  # fmt: skip
    # One header, as RFC 3323 §4.2 has it, with what the caller asked in it.
    assert {name: m.all("privacy") for name, m in found.items()} == {
        "north": ["user"], "south": ["user"], "west": ["user;id"],
    }  # fmt: skip


def test_a_did_rings_in_whatever_spelling_the_carrier_has_it(scene):
    phone = scene.register("1020")[0]
    rings = scene.play(phone, "speaker/answers", pause=100)
    carrier = scene.play(
        scene.cast.carrier("south"),
        "carrier/calls-in",
        number="4411",
        dialled="+442071838751",
        pause=100,
    )
    scene.finish(carrier, rings)
    messages = scene.messages()
    assert messages.where(method="INVITE", target=phone.socket).once()
