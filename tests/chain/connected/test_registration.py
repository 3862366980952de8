"""A carrier that is reached by TCP or TLS: our registration with it, and the OPTIONS that ask whether it
is there.
"""

import contextlib
import json
from collections.abc import Callable

import pytest

from tests.chain.connected.edges import DID, LAST, TLS, connected
from tests.chain.faulty import reply
from tests.chain.harness.another_edge import edge_beside
from tests.chain.harness.raw import Raw, listening
from tests.chain.harness.sip import Message
from tests.chain.harness.stack import docker, until
from tests.chain.test_credentials import line, user

pytestmark = [pytest.mark.control, pytest.mark.timeout(120)]

OTHER = "156"
TAGS = ("latest", "trixie", "bookworm")


def registering(text: str, cast, kind: str) -> str:
    keys = (
        f'auth_user = "{user("north")}"\nsecret_file = "north.htdigest"\nregister_user = "site-7"\n'
        f'register_contact = "{DID}"\n'
    )
    text = connected(text, cast).replace(f".{LAST}", f".{OTHER}")
    there = cast.site.carriers["north"].gateways[0]
    text = text.replace(f'gateway = "tcp:{there}"', f'gateway = "{kind}:{there}"')
    text = text.replace("[edge]", '[edge]\nprobe = "2s"', 1)
    return text.replace("[carriers.north]\n", f"[carriers.north]\n{keys}")


@pytest.mark.parametrize(
    "way", [(kind, tag) for kind in ("tcp", "tls") for tag in TAGS], ids="-".join
)
def test_a_carrier_by_a_connection_is_registered_with_and_probed_by_it(
    stack, place, cast, pair, way
):
    kind, tag = way
    north, directory = cast.carrier("north"), place.artifacts / f"connected-{kind}-{tag}"
    directory.mkdir(exist_ok=True)
    file = directory / "pair.pem"
    file.write_text(pair)
    files = {f"/etc/kamailio/{name}.pem": pair for name in ("pair", "carriers")}
    with (
        contextlib.ExitStack() as there,
        edge_beside(
            stack, place, cast, f"registers-{kind}-{tag}", tag=tag, last=OTHER,
            change=lambda text: registering(text, cast, kind),
            files={"/etc/kamailio/tls.cfg": TLS, **files},
            secrets={"north.htdigest": line("north")},
        ) as (site, name),
    ):  # fmt: skip
        carrier = there.enter_context(listening(place, north, directory, kind, place.there(file)))
        registers, probes = said_ok(carrier, "REGISTER"), said_ok(carrier, "OPTIONS")
        door = site.edge.way_to(kind).address
        contact = f"<sip:{DID}@{door};transport={kind}>"
        assert registers.header("contact").replace(" ", "").startswith(contact)
        assert f" SIP/2.0/{kind.upper()} " in f" {probes.header('via')}"

        def stands() -> tuple[str, str]:
            said = json.loads(docker("exec", name, "bellhop", "carriers", "--json"))
            [one] = [one for one in said["carriers"] if one["carrier"] == "north"]
            return one["registration"], one["gateways"][0]["probe"]

        until("the verb", lambda: stands() == ("registered", "alive"), 15)
        there.close()
        until("the probes to find nobody", lambda: stands()[1] == "dead", 30)
        with listening(place, north, directory, kind, place.there(file)) as carrier:
            until("the probes to find it again", lambda: is_back(carrier, stands), 30)


def is_back(carrier: Raw, stands: Callable[[], tuple[str, str]]) -> bool:
    """Answer what asks whether the carrier is there; whether that is known."""
    said_ok(carrier, "OPTIONS")
    return stands()[1] == "alive"


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
