"""Gateways by name: resolved beside the calls, never in them."""

import contextlib
import json
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from tests.chain.calling import assert_all_settled, dial, final
from tests.chain.harness import dns_double
from tests.chain.harness.another_edge import another_edge
from tests.chain.harness.places import bound
from tests.chain.harness.stack import docker, until

pytestmark = [pytest.mark.control, pytest.mark.timeout(120)]

TO_NORTH = "441632960100"  # north, south, west in this order
NAMED = "sip.north.test"


def by_name(text, site):
    return text.replace(f'gateway = "{site.carriers["north"].gateways[0]}"', f'gateway = "{NAMED}"')


@contextlib.contextmanager
def dns(place, host, book):
    """Run the double in the lab; it ends by itself, also when nobody ends it."""
    script = Path(dns_double.__file__).read_text("utf-8")
    argv = ["python3", "-c", script, host, json.dumps(book), "60"]
    with subprocess.Popen(place.command(argv)) as server:
        bound(place, [(host, 53)])
        yield
        server.kill()


def resolved(name):
    """Whether the edge in a container knows the address of a name."""
    said = docker(
        "exec",
        name,
        "kamcmd",
        "-s",
        "unix:/run/kamailio/kamailio_ctl",
        "pv.shvGet",
        "bellhop_names",
    )
    return NAMED in said


def test_srv_records_are_followed_in_their_order_at_one_carrier(stack, place, cast):
    """The first target is a port where nobody is: the carrier has not answered, so its next is tried."""
    north = cast.carrier("north")
    host, port = north.address
    lab = f"{host.rpartition('.')[0]}.30"
    book = {
        f"_sip._udp.{NAMED}": [[20, 0, port, "b.north.test"], [10, 0, port + 2, "a.north.test"]],
        "a.north.test": [host],
        "b.north.test": [host],
    }
    change = lambda text: by_name(text, cast.site)  # noqa: E731
    with (
        dns(place, lab, book),
        another_edge(
            stack, place, cast, "srv", last="119", change=change, options=(f"--dns={lab}",)
        ) as (scene, name),
    ):
        until("the name to be resolved", lambda: resolved(name), 10)
        carrier = scene.play(replace(north, edge=scene.cast.trunks_door), "carrier/answers")
        caller = dial(scene, TO_NORTH)
        scene.finish(caller, carrier)
        messages = scene.messages()
        sent = [
            m for m in messages.where(method="INVITE").once() if m.target.startswith(f"{host}:")
        ]
        assert [m.target for m in sent] == [f"{host}:{port + 2}", f"{host}:{port}"]
        assert {m.uri for m in sent} == {f"sip:{TO_NORTH}@{NAMED}"}
        assert final(messages, caller).code == 200
        assert_all_settled(messages)


@pytest.mark.parametrize("server", ["silent", "without the name"])
def test_a_name_that_nobody_resolves_costs_no_call_any_time(stack, place, cast, server: str):
    net = cast.edge.host.rpartition(".")[0]
    host = f"{net}.250" if server == "silent" else cast.carrier("north").address[0]
    change = lambda text: by_name(text, cast.site)  # noqa: E731
    with (
        contextlib.nullcontext() if server == "silent" else dns(place, host, {}),
        another_edge(
            stack, place, cast, "no-dns", last="120", change=change, options=(f"--dns={host}",)
        ) as (scene, name),
    ):
        many = 20
        south = scene.play(scene.cast.carrier("south"), "carrier/answers", calls=many)
        caller = dial(scene, TO_NORTH, calls=many, pause=100, options=("-r", "10"))
        scene.finish(caller, south)
        assert not resolved(name)

        messages = scene.messages()
        began = {m.call_id: m.at for m in messages.where(method="INVITE", source=caller.who.socket)}
        reached = [
            m.at - began[m.call_id]
            for m in messages.where(method="INVITE", target=south.who.socket).once()
        ]
        assert len(reached) == many
        assert max(reached) < 0.8  # a worker that asked DNS would wait for seconds
        assert_all_settled(messages)
