"""A carrier that is reached by TCP: our registration with it, and the OPTIONS that ask whether it is there."""

import json

import pytest

from tests.chain.faulty import reply
from tests.chain.harness.another_edge import edge_beside
from tests.chain.harness.raw import Raw, listening
from tests.chain.harness.sip import Message
from tests.chain.harness.stack import docker, until
from tests.chain.test_connected_carriers import DID, LAST, connected
from tests.chain.test_credentials import line, user

pytestmark = [pytest.mark.control, pytest.mark.timeout(120)]

OTHER = "156"


def registering(text: str, cast) -> str:
    keys = (
        f'auth_user = "{user("north")}"\nsecret_file = "north.htdigest"\nregister_user = "site-7"\n'
        f'register_contact = "{DID}"\n'
    )
    text = connected(text, cast).replace("tls:", "tcp:").replace(f".{LAST}", f".{OTHER}")
    text = text.replace("[edge]", '[edge]\nprobe = "2s"', 1)
    return text.replace("[carriers.north]\n", f"[carriers.north]\n{keys}")


@pytest.mark.parametrize("tag", ["latest", "trixie", "bookworm"])
def test_a_carrier_by_tcp_is_registered_with_and_probed_by_it(stack, place, cast, tag):
    north, directory = cast.carrier("north"), place.artifacts / f"connected-{tag}"
    directory.mkdir(exist_ok=True)
    with (
        listening(place, north, directory, "tcp") as carrier,
        edge_beside(
            stack, place, cast, f"registers-{tag}", tag=tag, last=OTHER,
            change=lambda text: registering(text, cast), secrets={"north.htdigest": line("north")},
        ) as (site, name),
    ):  # fmt: skip
        registers, probes = said_ok(carrier, "REGISTER"), said_ok(carrier, "OPTIONS")
        door = site.edge.way_to("tcp").address
        contact = f"<sip:{DID}@{door};transport=tcp>"
        assert registers.header("contact").replace(" ", "").startswith(contact)
        assert " SIP/2.0/TCP " in f" {probes.header('via')}"

        def stands() -> tuple[str, str]:
            said = json.loads(docker("exec", name, "bellhop", "carriers", "--json"))
            [one] = [one for one in said["carriers"] if one["carrier"] == "north"]
            return one["registration"], one["gateways"][0]["probe"]

        until("the verb", lambda: stands() == ("registered", "alive"), 15)


def said_ok(carrier: Raw, method: str) -> Message:
    """Say 200 to what comes until a request of this method did; returns that."""
    while (came := carrier.receive(20)) is not None:
        asked = came.message
        lines = (
            [f"Contact: {asked.header('contact')};expires=600"]
            if asked.method == "REGISTER"
            else []
        )
        carrier.send(reply(asked, "200 OK", *lines))
        if asked.method == method:
            return asked
    raise AssertionError(f"no {method} came")
