"""`[edge] probe_devices`: Kamailio asks every device, and knows who has gone silent; on 5.6, 6.0 and 6.1."""

import time

import pytest

from pager.registrations import registered, silent
from tests.chain.harness.another_edge import another_edge
from tests.chain.harness.raw import Raw, raw
from tests.chain.harness.stack import until
from tests.chain.test_three_kamailios import KAMAILIOS, asking

pytestmark = [pytest.mark.control, pytest.mark.timeout(120)]

EVERY = 5  # s
COPIED = ("Via", "From", "To", "Call-ID", "CSeq")


def answers(horn: Raw) -> bool:
    """Have it answer what has come within a second; return whether that was an OPTIONS."""
    asked = horn.receive(1)
    if asked is None:
        return False
    assert asked.message.method == "OPTIONS"
    lines = [line for line in asked.data.decode().split("\r\n") if line.partition(":")[0] in COPIED]
    assert len(lines) == len(COPIED)
    horn.send("\r\n".join(["SIP/2.0 200 OK", *lines, "Content-Length: 0", "", ""]))
    return True


@pytest.mark.parametrize(
    ("tag", "last"), [(tag, f"15{n}") for n, (tag, *_) in enumerate(KAMAILIOS)]
)
def test_a_horn_that_was_switched_off_is_known_to_be_silent_and_stays_registered(
    stack, place, cast, tag, last
):
    def probing(text: str) -> str:
        changed = text.replace("\ninternal = ", f'\nprobe_devices = "{EVERY}s"\ninternal = ', 1)
        assert changed != text
        return changed

    with another_edge(stack, place, cast, f"probed-{tag}", tag=tag, last=last, change=probing) as (
        scene,
        name,
    ):
        ask = asking(scene, name)
        on, off = scene.register("1008", "1009")
        began = time.time()
        answered = 0

        def known() -> dict[str, int]:
            nonlocal answered
            answered += answers(horn)
            return silent(ask("ul.dump"), time.time() - 3 * EVERY)

        with raw(place, on, scene.directory) as horn, raw(place, off, scene.directory) as deaf:
            found = until("1009 to be silent", known, 6 * EVERY)
            assert deaf.receive(1) is not None
            assert set(found) == {"1009"}
            assert abs(found["1009"] - began) < EVERY  # when it registered
            assert time.time() - began > 3 * EVERY - 2  # both are Kamailio's whole seconds
            assert answered >= 2
            assert set(registered(ask("ul.dump"))) == {"1008", "1009"}
            # Switched on again it answers the next one, before it has registered anew.
            until("1009 to be heard", lambda: answers(deaf) and not known(), 3 * EVERY)
