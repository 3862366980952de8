"""How a page is said to a device, by each dialect; and that nobody else says anything of the kind."""

import re

import pytest

from bellhop import answering
from tests.chain.calling import assert_all_settled, dial
from tests.chain.harness.places import Place
from tests.chain.harness.raw import credentials, raw, request
from tests.chain.harness.scene import Scene
from tests.chain.hostile import acknowledge, call_with
from tests.chain.pager import told, with_rules
from tests.chain.paging import AUTO_ANSWER, heard, outcomes, page, registered, report

pytestmark = [pytest.mark.timeout(120), pytest.mark.control]

ZONE = "8100"
VOICE = 0x35
EVERYBODYS = {
    "call-info": ["<sip:page.bellhop.invalid>;answer-after=0"],
    "alert-info": ["<sip:page.bellhop.invalid>;info=alert-autoanswer"],
}
SAID = {
    "1016": ("PolycomVVX-VVX_411-UA/5.9.5", {"alert-info": ["info=Auto Answer"]}),
    "1017": ("Yealink SIP-T48S 66.85.0.5", {"alert-info": ["info=alert-autoanswer;delay=0"]}),
    "1018": ("x\tSnom;${SHELL(id)}&Originate,PJSIP/1", EVERYBODYS),
}


def test_a_device_is_called_by_the_dialect_of_its_user_agent(scene: Scene):
    registered(scene)
    for number, (said, _) in SAID.items():
        scene.register(number, extra=f"User-Agent: {said}")
    speakers = [scene.play(scene.cast.device(n), "speaker/answers") for n in SAID]
    scene.finish(page(scene, VOICE, ZONE, talk=2500), *speakers)

    messages = scene.messages()
    for number, (_, expected) in SAID.items():
        invite = messages.where(method="INVITE", target=scene.cast.device(number).socket).one()
        assert {name: invite.all(name) for name in AUTO_ANSWER if invite.all(name)} == expected
        assert heard(scene, number, VOICE) >= 0.3
    assert outcomes(report(scene)) == dict.fromkeys(SAID, "played")
    assert_all_settled(messages)


def test_a_caller_makes_no_device_answer_by_an_address(scene: Scene):
    """Some take ;intercom=true in the request's own address for it; headers: test_identity.py."""
    [horn] = scene.register("1008")
    busy = scene.play(horn, "speaker/is-busy-486")
    uri = f"sip:1008@{scene.cast.edge};intercom=true"
    scene.finish(scene.play(scene.cast.device("1020"), "caller/dials-raw", uri=uri), busy)

    received = scene.messages().where(method="INVITE", target=horn.socket).one()
    assert "intercom" not in received.uri


def test_a_caller_makes_no_device_answer_by_to(scene: Scene, place: Place):
    """As phones' own firmware has it: it looks for ;intercom=true there."""
    phone, [horn] = scene.cast.device("1021"), scene.register("1008")
    edge = phone.edge[0]
    to = f'"1008" <sip:1008@{edge};Intercom=true>;answer-after=0'
    with raw(place, phone, scene.directory) as caller, raw(place, horn, scene.directory) as speaker:
        plain = request(phone, "INVITE", "1008", mark="to", to=to)
        challenge = caller.ask(plain)
        acknowledge(caller, challenge, plain)
        proof = credentials(phone, challenge, "INVITE", f"sip:1008@{edge}")
        invite = request(phone, "INVITE", "1008", number=2, mark="to", extra=proof, to=to)
        assert call_with(caller, speaker, invite, "to-2")[-1] == 486

    received = scene.messages().where(method="INVITE", target=horn.socket).one()
    assert received.header("to") == f'"1008" <sip:1008@{edge}>'


OURS = "<sip:page.bellhop.invalid>;"
# As docs/paging.md has them, and the vendors' documents: not what the product's table says.
DIALECTS = {
    "common": [f"call-info: {OURS}answer-after=0", f"alert-info: {OURS}info=alert-autoanswer"],
    "axis": [f"call-info: {OURS}answer-after=0"],
    "cisco": [f"call-info: {OURS}answer-after=0"],
    "mitel": ["call-info: <sip:broadworks.net>;answer-after=0"],
    "snom": [f"call-info: {OURS}answer-after=0", f"alert-info: {OURS}info=alert-autoanswer"],
    "gigaset": [
        f"call-info: {OURS}answer-after=0",
        f"alert-info: {OURS}info=alert-autoanswer;delay=0",
    ],
    "grandstream": [
        f"call-info: {OURS}answer-after=0",
        f"alert-info: {OURS}info=alert-autoanswer;delay=0",
    ],
    "audiocodes": [
        f"call-info: {OURS}answer-after=0",
        "alert-info: info=alert-autoanswer;delay=0",
    ],
    "obihai": [f"call-info: {OURS}answer-after=0", "alert-info: info=alert-autoanswer;delay=0"],
    "yealink": ["alert-info: info=alert-autoanswer;delay=0"],
    "aastra": ["alert-info: info=alert-autoanswer;delay=0"],
    "polycom": ["alert-info: info=Auto Answer"],
    "polycom-ring-answer": ["alert-info: Ring Answer"],
    "panasonic": ["alert-info: Intercom"],
    "unify": ["alert-info: <http://example.com>;info=alert-autoanswer"],
    "sangoma": ["alert-info: ring-answer"],
    "sangoma-s": ["alert-info: <http://www.sangoma.com>;info=external"],
    "rfc5373": ["answer-mode: Auto"],
    "rfc5373-priv": ["priv-answer-mode: Auto"],
    "none": [],
}
SPEAKERS = ("1008", "1009", "1010", "1015", "1016", "1017", "1018")


def speaking(text: str, spoken: dict[str, str]) -> str:
    """Return a site file in which these devices have these dialects, and a zone has them all."""
    text = text.replace('dialect = "rfc5373"\n', "")
    for number, dialect in spoken.items():
        table = rf"(\[devices\.{number}\][^\n]*\n)"
        text = re.sub(table, rf'\1dialect = "{dialect}"\n', text)
    members = ", ".join(f'"{number}"' for number in spoken)
    return with_rules(text, ZONE, {'"1016", "1017", "1018"': members})


def test_each_dialect_of_the_closed_set_is_on_the_wire_as_its_vendor_has_it(scene: Scene):
    """What the speakers do with it is theirs: these are busy, which ends a page at once."""
    assert DIALECTS.keys() == answering.DIALECTS.keys()
    good = scene.site.path.read_text("utf-8")
    sockets = {one.name: one.socket for one in scene.register(*SPEAKERS)}
    left = list(DIALECTS)
    rounds = [dict(zip(SPEAKERS, left[n : n + 7], strict=False)) for n in range(0, len(left), 7)]
    try:
        for spoken in rounds:
            told(scene, lambda _, spoken=spoken: speaking(good, spoken), "reload=taken")
            busy = [scene.play(scene.cast.device(n), "speaker/is-busy-486") for n in spoken]
            scene.finish(dial(scene, ZONE, "caller/calls-until-it-ends"), *busy)
    finally:
        told(scene, lambda _: good, "reload=taken")

    for number, socket in sockets.items():
        invites = scene.messages().where(method="INVITE", target=socket).once()
        dialects = [spoken[number] for spoken in rounds if number in spoken]
        for dialect, invite in zip(dialects, invites, strict=True):
            said = [f"{name}: {v}" for name in AUTO_ANSWER for v in invite.all(name)]
            assert sorted(said) == sorted(DIALECTS[dialect]), dialect


# What makes somebody's phone answer, as its vendor's documents have it, besides what is in AUTO_ANSWER.
VENDORS = (
    "X-AUTOANSWER: TRUE",  # MicroSIP
    "X-Auto-Answer: 0",
    "P-Answer-State: Confirmed",
    "P-Alerting-Mode: Auto",
    "X-Cisco-Intercom: yes",
    "Auto_Answer: yes",
    "X-Alert-Info: Ring Answer",
    "x-answer-after : 0",
    "Alert-Info: Intercom, <http://example.com>;info=alert-autoanswer, ring-answer",
    "ALERT-INFO:\r\n <http://127.0.0.1>;info=Auto Answer",
    "call-info\t: <sip:broadworks.net>;answer-after=0\r\nCall-Info: Auto Answer",
    "Priv-Answer-Mode: Auto;require",
)


def test_no_vendors_header_makes_a_device_answer_for_an_outsider(scene: Scene):
    """For a phone that may not page, and for a PBX."""
    [intercom] = scene.register("1015")
    extra = "\r\n".join([*VENDORS, "Subject: stays"])
    for who, scenario, number in (
        (scene.cast.device("1021"), "caller/calls-and-is-refused", "1021"),
        (scene.cast.trunk("reception"), "pbx/calls-and-is-refused", "2001"),
    ):
        busy = scene.play(intercom, "speaker/is-busy-486")
        caller = scene.play(who, scenario, number=number, dialled="1015", extra=extra)
        scene.finish(caller, busy)

    received = scene.messages().where(method="INVITE", target=intercom.socket)
    assert len(received) == 2
    for one in received:
        assert one.header("subject") == "stays"
        head = one.raw.partition("\r\n\r\n")[0].lower()
        assert not re.search("answer|alert|intercom|call-info", head), head


@pytest.mark.parametrize("event", ["Event: talk", "o: hold"])
def test_nobody_picks_up_for_another(scene: Scene, event: str):
    """As BroadSoft's servers do: a NOTIFY in the call that rings, and a phone takes it by itself."""
    [intercom] = scene.register("1015")
    rings = scene.play(intercom, "speaker/rings-only")
    scene.finish(dial(scene, "1015", "caller/picks-up-for-another", event=event), rings)

    messages = scene.messages()
    assert not messages.where(method="NOTIFY", target=intercom.socket)
    assert_all_settled(messages)
