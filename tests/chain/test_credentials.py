"""Carriers that want credentials: what they get, how often, and who else gets none. The carriers here
are strict: an INVITE after a challenge has a higher CSeq (RFC 3261 §22.2), or it is answered 500.
"""

import hashlib
import re
from collections.abc import Iterator

import pytest

from bellhop.settings import Site
from tests.chain.calling import assert_all_settled, dial, final, to, tried
from tests.chain.harness.another_edge import edge_beside, rows, scene_at
from tests.chain.harness.scene import Scene
from tests.chain.harness.sip import Message, Messages
from tests.chain.harness.stack import until

pytestmark = [pytest.mark.control, pytest.mark.timeout(120)]

OUTSIDE = "441632960100"
SECRETS = {name: f"{name}-password" for name in ("north", "south")}
ASKS, ASKS_THEN_RINGS = "carrier/asks-for-credentials", "carrier/asks-for-credentials-then-rings"


def user(name: str) -> str:
    return f"site-at-{name}"


def realm(name: str) -> str:
    return f"{name}.invalid"


def line(name: str) -> str:
    who = f"{user(name)}:{realm(name)}"
    return f"{who}:{md5(f'{who}:{SECRETS[name]}')}\n"


def files() -> dict[str, str]:
    return {f"{name}.htdigest": line(name) for name in SECRETS}


def with_credentials(text: str) -> str:
    for name in SECRETS:
        table = f"[carriers.{name}]\n"
        keys = f'auth_user = "{user(name)}"\nsecret_file = "{name}.htdigest"\n'
        text = text.replace(table, table + keys)
    return text


def challenge(of: str, header: str = "WWW") -> str:
    return f'{header}-Authenticate: Digest realm="{of}", nonce="abcdef", algorithm=MD5, qop="auth"'


def stronger(asked: str) -> str:
    """Return a challenge behind two that uac cannot answer, as RFC 8760 §2.3 has them."""
    better = [asked.replace("MD5", one) for one in ("SHA-512-256", '"SHA-256"')]
    return "\r\n".join((*better, asked))


def asking(name: str) -> dict[str, str]:
    return {"challenge": challenge(realm(name)), "user": user(name), "password": SECRETS[name]}


@pytest.fixture(scope="module")
def edge(stack, place, cast) -> Iterator[tuple[Site, str]]:
    with edge_beside(
        stack, place, cast, "credentials", last="16", change=with_credentials, secrets=files()
    ) as found:
        yield found


@pytest.fixture
def scene(edge, stack, place, cast, request) -> Iterator[Scene]:
    with scene_at(stack, place, cast, edge[0], request.node.name) as scene:
        yield scene


def cseqs(messages: Messages, who: str, *methods: str) -> list[tuple[str, int]]:
    """Return the requests of these methods that came to an address, with their CSeq."""
    found = (m for m in messages.where(target=who).once() if m.method in methods)
    return [(m.method, number(m)) for m in found]


def number(message: Message) -> int:
    return int(message.header("cseq").split()[0])


def attempts(edge, call_id: str, expected: int) -> list[list[object]]:
    """Return what the ledger has of a call, once it has so many attempts."""

    def found() -> list[list[object]]:
        query = "SELECT call_id, leg, code, challenged FROM attempts ORDER BY rowid"
        lines = rows(edge[1], "calls.db", query)
        return [row[1:] for row in lines if row[0] == call_id]

    until("the ledger", lambda: len(found()) >= expected, 15)
    return found()


def test_a_carrier_that_asks_gets_credentials_once_and_takes_the_call(scene: Scene, edge):
    carrier = scene.play(scene.cast.carrier("north"), ASKS, **asking("north"))
    caller = dial(scene, OUTSIDE, "caller/calls-and-reinvites")
    scene.finish(caller, carrier)

    messages = scene.messages()
    methods = ("INVITE", "ACK", "BYE")
    assert cseqs(messages, carrier.who.socket, *methods) == [
        ("INVITE", 2), ("ACK", 2), ("INVITE", 3), ("ACK", 3), ("INVITE", 4), ("ACK", 4), ("BYE", 5),
    ]  # fmt: skip
    # The caller counts as if nothing had been asked: 1 was for us.
    answers = messages.where(target=caller.who.socket, source=carrier.who.edge[0])
    assert {number(m) for m in answers if m.answers == "INVITE" and m.code} == {1, 2, 3}
    assert not messages.where(target=caller.who.socket, code=407).where(answers="BYE")
    assert_all_settled(messages)
    assert attempts(edge, messages[0].call_id, 1) == [["carrier:north", 200, 1]]


@pytest.mark.parametrize("tag", ["bookworm", "trixie"])
def test_a_carrier_that_knows_better_than_md5_gets_what_we_have(stack, place, cast, tag):
    """The uac module of 5.6 and 6.0 looks at the first challenge alone; that of 6.1.5 at all."""
    title = f"credentials-{tag}"
    with (
        edge_beside(
            stack, place, cast, title, tag=tag, last="18", change=with_credentials, secrets=files()
        ) as older,
        scene_at(stack, place, cast, older[0], title) as scene,
    ):
        asked = asking("north")
        asked["challenge"] = stronger(asked["challenge"])
        carrier = scene.play(scene.cast.carrier("north"), ASKS, **asked)
        scene.finish(dial(scene, OUTSIDE), carrier)

        messages = scene.messages()
        [came] = messages.where(code=401, source=carrier.who.socket).once()
        assert len(came.all("www-authenticate")) == 3  # the first two are not for us
        assert attempts(older, messages[0].call_id, 1) == [["carrier:north", 200, 1]]


def test_who_calls_is_no_callers_to_say_within_a_dialog_either(scene: Scene):
    """A carrier would believe it of the second INVITE as it does of the first."""
    carrier = scene.play(scene.cast.carrier("north"), ASKS, **asking("north"))
    forged = "P-Asserted-Identity: <sip:forged@192.0.2.1>\r\nAnswer-Mode : forged\r\nX-Other: stays"
    scene.finish(dial(scene, OUTSIDE, "caller/calls-and-reinvites", extra=forged), carrier)

    received = scene.messages().where(method="INVITE", target=carrier.who.socket).once()
    assert len(received) == 3
    assert {m.header("x-other") for m in received} == {"stays"}
    assert not [m for m in received if "forged" in m.raw]


def test_a_carrier_that_asks_again_is_a_failure_and_the_credentials_are_right(scene: Scene, edge):
    """Also where a proxy asks: 407, which SIPp cannot check by itself."""
    asked = stronger(challenge(realm("north"), "Proxy"))
    carrier = scene.play(scene.cast.carrier("north"), "carrier/asks-twice", challenge=asked)
    caller = dial(scene, OUTSIDE, "caller/calls-and-is-refused")
    scene.finish(caller, carrier)

    messages = scene.messages()
    first, second = to(messages, scene, "north")
    assert tried(messages, scene) == ["north", "north"]
    assert not first.header("proxy-authorization")
    assert number(second) == number(first) + 1
    said = dict(re.findall(r'(\w+)="?([^",]*)"?', second.header("proxy-authorization")))
    assert (said["username"], said["uri"]) == (user("north"), second.uri)
    assert said["response"] == response(said, line("north").split(":")[2].strip())
    answer = [m for m in messages.where(target=caller.who.socket, answers="INVITE") if m.code > 400]
    assert [m.code for m in Messages(answer).once()] == [407, 407]
    assert not answer[-1].header("proxy-authenticate")
    assert_all_settled(messages)
    assert attempts(edge, messages[0].call_id, 1) == [["carrier:north", 407, 1]]


def response(said: dict[str, str], ha1: str) -> str:
    """Return what RFC 2617 §3.2.2.1 makes of an HA1 for an INVITE."""
    asked = md5(f"INVITE:{said['uri']}")
    return md5(":".join((ha1, said["nonce"], said["nc"], said["cnonce"], said["qop"], asked)))


def md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def test_no_other_realm_gets_anything_and_no_other_peer(scene: Scene, subtests):
    stranger = challenge("elsewhere.invalid", "Proxy")
    [phone] = scene.register("1009")
    for name, who, dialled, reason in (
        ("another realm", scene.cast.carrier("north"), OUTSIDE, stranger),
        (
            "no credentials",
            scene.cast.carrier("west"),
            "4930901820",
            challenge("north.invalid", "Proxy"),
        ),
        ("a trunk", scene.cast.trunk("reception"), "2000", challenge("north.invalid", "Proxy")),
        ("a device", phone, "1009", challenge("north.invalid", "Proxy")),
    ):
        with subtests.test(name):
            peer = scene.play(who, "carrier/rejects-407", reason=reason)
            scene.finish(dial(scene, dialled, "caller/calls-and-is-refused"), peer)
    messages = scene.messages()
    there = [
        m for m in messages if m.source.startswith(f"{scene.site.edge.trunks[0].address.host}:")
    ]
    assert there
    assert not [m for m in there if m.header("proxy-authorization") or m.header("authorization")]
    assert len(to(messages, scene, "north")) == 1


def test_the_next_carrier_counts_on_from_where_the_first_one_asked(scene: Scene, edge):
    """The first carrier refuses after it asked; the second one asks too, and takes the call."""
    north = scene.play(
        scene.cast.carrier("north"), ASKS, **{**asking("north"), "password": "another"}
    )
    south = scene.play(scene.cast.carrier("south"), ASKS, **asking("south"))
    caller = dial(scene, OUTSIDE)
    scene.finish(caller, north, south)

    messages = scene.messages()
    assert cseqs(messages, north.who.socket, "INVITE", "ACK") == [
        ("INVITE", 2), ("ACK", 2), ("INVITE", 3), ("ACK", 3),
    ]  # fmt: skip
    assert cseqs(messages, south.who.socket, "INVITE", "ACK", "BYE") == [
        ("INVITE", 3), ("ACK", 3), ("INVITE", 4), ("ACK", 4), ("BYE", 5),
    ]  # fmt: skip
    assert_all_settled(messages)
    assert attempts(edge, messages[0].call_id, 2) == [
        ["carrier:north", 403, 1], ["carrier:south", 200, 1],
    ]  # fmt: skip


def test_a_carrier_that_never_asks_is_told_the_same_number_in_the_whole_dialog(scene: Scene):
    """It comes after one that asked."""
    north = scene.play(
        scene.cast.carrier("north"), ASKS, **{**asking("north"), "password": "another"}
    )
    south = scene.play(scene.cast.carrier("south"), "carrier/answers")
    caller = dial(scene, OUTSIDE)
    scene.finish(caller, north, south)

    messages = scene.messages()
    assert cseqs(messages, south.who.socket, "INVITE", "ACK", "BYE") == [
        ("INVITE", 3), ("ACK", 3), ("BYE", 4),
    ]  # fmt: skip
    assert_all_settled(messages)


def test_a_cancel_has_the_number_of_the_invite_with_credentials(scene: Scene):
    carrier = scene.play(scene.cast.carrier("north"), ASKS_THEN_RINGS, **asking("north"))
    caller = dial(scene, OUTSIDE, "caller/cancels-while-ringing")
    scene.finish(caller, carrier)

    messages = scene.messages()
    assert cseqs(messages, carrier.who.socket, "INVITE", "ACK", "CANCEL") == [
        ("INVITE", 2), ("ACK", 2), ("INVITE", 3), ("CANCEL", 3), ("ACK", 3),
    ]  # fmt: skip
    assert final(messages, caller).code == 487
    assert_all_settled(messages)


def test_a_caller_cannot_write_what_raises_the_number(scene: Scene):
    carrier = scene.play(scene.cast.carrier("north"), "carrier/answers")
    caller = dial(scene, OUTSIDE, extra="P-K-CSeq-Auth: 77\r\nP-K-CSeq-Refresh: 88")
    scene.finish(caller, carrier)

    messages = scene.messages()
    assert cseqs(messages, carrier.who.socket, "INVITE", "ACK", "BYE") == [
        ("INVITE", 2), ("ACK", 2), ("BYE", 3),
    ]  # fmt: skip
    assert not to(messages, scene, "north")[0].header("p-k-cseq-refresh")
