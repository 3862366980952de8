"""Calls by carriers that are reached by TCP and TLS, and what they leave."""

import re

from bellhop.settings import Site
from tests.chain.calling import dial, final
from tests.chain.faulty import KAMCMD
from tests.chain.harness.another_edge import rows
from tests.chain.harness.peer import Who
from tests.chain.harness.raw import Raw, request
from tests.chain.harness.scene import Scene
from tests.chain.harness.sip import Message
from tests.chain.harness.stack import docker, until
from tests.chain.test_dialog_targets import answers, within
from tests.chain.test_sender import comes, uri


def call(scene: Scene, caller: Raw, callee: Raw, dialled: str, contact: str) -> tuple[Message, str]:
    """Have the PBX call, and the carrier take it; returns the answer, and where the next requests go."""
    caller.send(request(caller.who, "INVITE", dialled, mark=f"{scene.began}"))
    answer = answers(caller, callee, contact)
    assert answer.code == 200
    there = uri(answer.header("contact"))
    caller.send(within(answer, caller.who, there, 1, "ACK"))
    comes(callee, "ACK")
    return answer, there


def connections(edge: tuple[Site, str], who: Who) -> list[str]:
    """Return the edge's connections with somebody."""
    said = docker("exec", edge[1], *KAMCMD, "core.tcp_list")
    host, port = who.address
    ends = re.findall(r"dst_ip: (\S+)\s+dst_port: (\S+)", said) + re.findall(
        r"src_ip: (\S+)\s+src_port: (\S+)", said
    )
    return [f"{a}:{p}" for a, p in ends if (a, p) == (host, str(port))]


def counted(edge: tuple[Site, str], carrier: str) -> int:
    """Return how many calls the edge counts at a carrier."""
    return int(docker("exec", edge[1], *KAMCMD, "dlg.profile_get_size", "bellhop", carrier))


def contact_of(who: Who, kind: str) -> str:
    """Return a Contact of somebody's by TCP or TLS."""
    return f"<sip:111@{who.socket};transport={kind}>"


def wrote(edge: tuple[Site, str], call_id: str, count: int) -> list[list[object]]:
    """Return what the ledger has of a call, once it has so many attempts."""

    def found() -> list[list[object]]:
        query = "SELECT call_id, gateway, code, verdict, rule FROM attempts ORDER BY rowid"
        return [row[1:] for row in rows(edge[1], "calls.db", query) if row[0] == call_id]

    until("the ledger", lambda: len(found()) >= count, 15)
    return found()


def refused_then_taken(scene: Scene, edge: tuple[Site, str], dialled: str) -> list[object]:
    """Have the phone call by a carrier that cannot be reached, and south take it; returns the first
    attempt, its milliseconds last.
    """
    south = scene.play(scene.cast.carrier("south"), "carrier/answers")
    caller = dial(scene, dialled)
    scene.finish(caller, south)
    messages = scene.messages()
    answer = final(messages, caller)
    assert answer.code == 200
    first, second = wrote(edge, answer.call_id, 2)
    assert second == [south.who.socket, 200, "answered", "answered"]
    asked = messages.where(method="INVITE", source=caller.who.socket)[-1]
    took = messages.where(method="INVITE", target=south.who.socket)[0]
    return [*first, (took.at - asked.at) * 1000]
