"""What is not for devices is not to be reached by them: AMI, AGI, the edge's own questions."""

import pytest

from bellhop.settings import Site
from tests.chain.harness.stack import Stack

pytestmark = [pytest.mark.timeout(60), pytest.mark.control]

# Says which of its arguments takes a TCP connection: `HOST:PORT open`, or `HOST:PORT shut`.
_KNOCK = """
for door; do
  ( if timeout 2 bash -c ": <>/dev/tcp/${door%:*}/${door##*:}" 2>/dev/null
    then echo "$door open"; else echo "$door shut"; fi ) &
done
wait
"""


def knocked(stack: Stack, service: str, doors: list[str]) -> dict[str, str]:
    """Return how each door is to a service's container."""
    said = stack.execute(service, "bash", "-c", _KNOCK, "knock", *doors)
    found = dict(line.split() for line in said.splitlines())
    assert set(found) == set(doors)
    return found


def inside(site: Site) -> list[str]:
    """Return the doors that the site's own parts have for one another."""
    return [str(site.pager.ami), str(site.pager.agi), str(site.edge.internal)]


def test_no_door_of_the_inside_is_open_to_a_device(stack: Stack, site: Site):
    outside = {site.pbx.media, site.edge.devices[0].address.host}
    ports = {int(door.rpartition(":")[2]) for door in inside(site)} | {8088}
    doors = inside(site) + [f"{host}:{port}" for host in outside for port in ports]
    assert set(knocked(stack, "lab", doors).values()) == {"shut"}
    # A door that is there is seen: the edge takes devices by TCP.
    known = f"{site.edge.devices[0].address.host}:{site.edge.devices[0].address.port}"
    assert knocked(stack, "lab", [known]) == {known: "open"}


def test_they_are_open_where_they_are_meant_to_be(stack: Stack, site: Site):
    ami, agi, questions = inside(site)
    assert knocked(stack, "pager", [ami, questions]) == {ami: "open", questions: "open"}
    assert knocked(stack, "pbx", [agi]) == {agi: "open"}
