"""Two carriers at one address: a softswitch with which there are two contracts."""

import re

import pytest

from tests.chain.calling import cause, dial, final, tried
from tests.chain.harness.another_edge import another_edge, rows
from tests.chain.harness.stack import until

pytestmark = [pytest.mark.control, pytest.mark.timeout(120)]

TO_BOTH = "441632960100"


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
        caller = dial(scene, TO_BOTH)
        scene.finish(caller, north, south)

        messages = scene.messages()
        assert tried(messages, scene) == ["north", "south"]
        assert final(messages, caller).code == 200
        [invite] = messages.where(
            method="INVITE", target=str(scene.site.carriers["south"].gateways[0])
        )
        assert invite.uri.startswith(f"sip:9{TO_BOTH}@")
        query = "SELECT leg, code FROM attempts"
        found = until("the ledger", lambda: both(rows(name, "calls.db", query)), 5)
        assert found == [["carrier:north", 503], ["carrier:south", 200]]


def both(found: list[list[object]]) -> list[list[object]]:
    return found if len(found) == 2 else []
