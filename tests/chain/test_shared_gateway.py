"""Two carriers at one address: a softswitch with which there are two contracts."""

import re

import pytest

from tests.chain.calling import TO_NORTH, TO_WEST, cause, dial, final, tried
from tests.chain.harness.another_edge import another_edge, attempts

pytestmark = [pytest.mark.control, pytest.mark.timeout(120)]


def shared(text: str) -> str:
    """Put the second carrier where the first one is, for calls with 9 before their number."""
    [host] = re.findall(r'\[carriers\.north\]\ngateway = "(.*):5060"', text)
    old = r'(\[carriers\.south\]\n)gateway = ".*"'
    text, changed = re.subn(old, rf'\1gateway = "{host}:5070"\nprefix = "9"', text)
    assert changed == 1
    return text


def test_a_call_goes_on_to_another_carrier_at_the_same_address(stack, place, cast):
    with another_edge(stack, place, cast, "shared", last="125", change=shared) as (scene, name):
        north = scene.play(scene.cast.carrier("north"), "carrier/rejects-503", reason=cause(34))
        south = scene.play(scene.cast.carrier("south"), "carrier/answers")
        caller = dial(scene, TO_NORTH)
        scene.finish(caller, north, south)

        messages = scene.messages()
        assert tried(messages, scene) == ["north", "south"]
        assert final(messages, caller).code == 200
        [invite] = messages.where(
            method="INVITE", target=str(scene.site.carriers["south"].gateways[0])
        )
        assert invite.uri.startswith(f"sip:9{TO_NORTH}@")
        written = attempts(name, "leg, code", 2)
        assert written == [["carrier:north", 503], ["carrier:south", 200]]


def test_a_call_with_the_second_of_them_alone_is_acknowledged_and_ended(stack, place, cast):
    """Whoever is at the address would be taken for the first, who has no part in this call."""
    with another_edge(stack, place, cast, "second", last="125", change=shared) as (scene, _):
        west = scene.play(scene.cast.carrier("west"), "carrier/rejects-503", reason=cause(34))
        south = scene.play(scene.cast.carrier("south"), "carrier/answers")
        caller = dial(scene, TO_WEST)
        scene.finish(caller, west, south)  # SIPp waits for its ACK, and for the BYE

        messages = scene.messages()
        assert tried(messages, scene) == ["west", "south"]
        assert final(messages, caller).code == 200
