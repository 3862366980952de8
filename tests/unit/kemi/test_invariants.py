"""Whatever comes in: it ends in one answer, in one relay, or (an ACK alone) in silence."""

from dataclasses import replace

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from kamailio_kemi.fake import installed

from kemi import dialog
from tests.unit.test_search import profiles

METHODS = ["INVITE", "ACK", "CANCEL", "BYE", "REGISTER", "OPTIONS", "REFER", "MESSAGE", "INFO", "X"]
HOSTS = ["192.0.2.77", "203.0.113.1", "203.0.113.2", "192.0.2.40", "198.51.100.20", "198.51.100.30",
         "198.51.100.10", "name.example", "2001:db8::1", "", None]  # fmt: skip
NUMBERS = [
    "1008",
    "1009",
    "8000",
    "2001",
    "4412",
    "442071838750",
    "999",
    "1&2",
    "",
    "%00",
    "9" * 400,
]
NAMES = [
    "1020",
    "1021",
    "1008",
    "horn-1008",
    "2001",
    "anonymous",
    "nobody",
    None,
    "",
    b"\xff",
    "\u0661",
]
YES_NO = st.sampled_from([1, -1])
quiet = settings(
    deadline=None,
    derandomize=True,
    max_examples=250,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

REQUESTS = st.fixed_dictionaries(
    {
        "method": st.sampled_from([*["INVITE"] * 8, *["ACK"] * 4, *METHODS, b"\xfe"]),
        "number": st.sampled_from(NUMBERS),
        "door": st.sampled_from(["devices", "trunks", "internal", "strange"]),
        "source": st.sampled_from(HOSTS[:7]),
        "user": st.sampled_from(["1020", "1021", "1009", "horn-1008", "nobody", None]),
        "knows": st.booleans(),
        "fU": st.sampled_from(NAMES),
        "tU": st.sampled_from(NAMES),
        "tt": st.sampled_from([None, None, None, "to-1", "to-1", b"\xff"]),
        "ci": st.sampled_from([*["call-1"] * 9, b"\xff"]),
        "peers": st.sets(st.sampled_from(["carrier:north", "trunk:reception", "pbx"])),
        "mark": st.sampled_from(["good", "good", "", "0123456789", "\u00e9", None, b"\xff"]),
        "next_hop": st.sampled_from(HOSTS),
        "transaction": st.booleans(),
        "registered": st.booleans(),
    }
)
SERVER = st.fixed_dictionaries(
    {
        "maxfwd.process_maxfwd": st.sampled_from([*[1] * 9, -1]),
        "nathelper.nat_uac_test": YES_NO,
        "tm.t_check_trans": st.sampled_from([*[-1] * 6, 1, 0]),
        "tm.t_is_canceled": st.sampled_from([*[-1] * 6, 1]),
        "rr.loose_route": YES_NO,
        "mqueue.mq_add": YES_NO,
        "tm.t_relay": st.lists(st.sampled_from([1, -1, -478, -7]), min_size=5, max_size=5),
    }
)
BREAKS = st.none() | st.sampled_from(
    ["tm.t_relay", "sl.send_reply", "pv.get", "rr.record_route", "auth.pv_auth_check",
     "registrar.lookup_uri", "tm.t_set_fr", "mqueue.mq_add", "siputils.has_totag", "notice"]
)  # fmt: skip


def breaks(house, path, how):
    """Make one function of the server refuse (False), or raise."""

    def broken(*_):
        if isinstance(how, Exception):
            raise how
        return how

    module, _, name = path.rpartition(".")
    setattr(getattr(house.fake.KSR, module) if module else house.fake.KSR, name, broken)


def arrives(house, request, server):
    for path, answer in server.items():
        if answer is not None:
            house.fake.returns[path] = answer
    if not request["registered"]:
        house.contacts.clear()
    mark = request["mark"]
    if mark == "good":
        mark = dialog.mark(house.key, "call-1", "from-1", tuple(sorted(request["peers"])))
    method = request["method"]
    house.arrives(
        "INVITE" if isinstance(method, bytes) else method,
        f"sip:{request['number']}@edge",
        **{k: request[k] for k in ("door", "source", "user", "fU", "tU", "tt", "ci", "transaction")},
        **({"rm": method} if isinstance(method, bytes) else {}),
        password_of=request["user"] if request["knows"] else None,
        mark=mark,
        next_hop=request["next_hop"],
    )  # fmt: skip


@quiet
@given(request=REQUESTS, server=SERVER)
def test_every_request_ends_in_one_answer_or_one_relay_and_an_ack_never_in_an_answer(
    make_house, request, server
):
    house = make_house()
    with installed(house.fake):
        arrives(house, request, server)
        if request["method"] == "CANCEL" and not house.answers and not house.relays:
            arrives(house, request, server)  # its INVITE may have been late
    method = request["method"]
    went = len(house.sent_to)
    assert not any(relay.ghost for relay in house.relays), "nothing is sent after an answer"
    assert went <= 1
    if method == "ACK":  # (the fake's tm answers a relay that failed whatever it was)
        assert [r.code for r in house.fake.transaction.replies if not r.by_itself] == []
    elif server["tm.t_check_trans"] >= 0 and method in {"INVITE", "CANCEL"} and not house.answers:
        assert went == 0 or method == "CANCEL" or request["tt"] is not None  # tm's own
    elif server["tm.t_check_trans"] >= 0 and method not in {"ACK", "CANCEL"}:
        assert went == 0  # a copy: tm has answered it
    elif method != "ACK" and house.relays and not went and not house.answers:
        # in a dialog or of a transaction: tm answers what it could not send
        assert request["tt"] is not None or method == "CANCEL"
    else:
        assert went + len(house.answers) == 1
    if went and method == "INVITE" and request["tt"] is None:
        assert request["door"] != "devices" or request["knows"], "nobody unproved reaches anybody"
        assert request["door"] != "strange"
    for line in house.logged:
        assert "error=Traceback" not in line, line


@quiet
@given(request=REQUESTS, server=SERVER, broken=BREAKS, how=st.sampled_from([False, OSError("x")]))
def test_nothing_that_breaks_leaves_a_callback(make_house, request, server, broken, how):
    house = make_house()
    with installed(house.fake):
        if broken:
            breaks(house, broken, how)
        arrives(house, request, server)
        assert house.app.ksr_failure_call(None) == 1
        assert house.app.ksr_branch_call(None) == 1
        assert house.app.ksr_branch_shaped(None) == 1
        house.says({"$rs": 180})
        assert house.app.ksr_reply_call(None) == 1
    assert len([a for a in house.answers if a >= 200]) <= 2


def decides(house, profile):
    """Have a profile decide on every call."""
    live = house.app._live  # noqa: SLF001 - as a reload would
    site = replace(house.site, profiles=dict.fromkeys(house.site.profiles, profile))
    live.last = msgspec.structs.replace(live.last, site=site)


OUTCOMES = st.lists(
    st.tuples(
        st.none() | st.integers(300, 699),
        st.sampled_from([(), (180,), (183, 180), (100,)]),
        st.sampled_from([(), ("Q.850;cause=34",), ("Q.850;cause=17",), ("SIP;cause=200",), ("x",)]),
    ),
    min_size=1,
    max_size=6,
)


@quiet
@given(
    number=st.sampled_from(["4412", "4420", "1009", "8000", "2001"]),
    outcomes=OUTCOMES,
    cancelled_at=st.none() | st.integers(0, 4),
    relays=st.lists(st.sampled_from([1, 1, 1, -7]), min_size=8, max_size=8),
    profile=profiles(),
)
def test_every_call_tries_each_leg_once_and_ends_whatever_the_profile(
    make_house, *, number, outcomes, cancelled_at, relays, profile
):
    house = make_house()
    decides(house, profile)
    with installed(house.fake):
        house.fake.returns["tm.t_relay"] = [1, *relays]
        house.calls(number)
        for branch, (code, rings, reason) in enumerate(outcomes):
            if len(house.sent_to) <= branch or house.answers:
                break
            if branch == cancelled_at:
                house.fake.returns["tm.t_is_canceled"] = 1
            for ring in rings:
                house.replies(ring, branch=branch)
            house.fails(code, branch=branch, reason=reason)
    assert house.logged == []
    assert len(house.answers) <= 1
    assert not any(relay.ghost for relay in house.relays)
    targets = [str(relay.destination) for relay in house.relays if relay.destination]
    assert len(targets) == len(set(targets)), "no leg twice"
    assert len(house.relays) <= house.site.edge.attempts
    rows = [(row.attempt, row.leg) for row in house.rows]
    assert rows == sorted(set(rows)), "one row an attempt, in order"
    if cancelled_at is not None and house.answers == [487]:
        assert len(house.sent_to) <= cancelled_at + 1


@pytest.mark.parametrize("number", ["1008", "8000", "4412", "442071838750"])
@pytest.mark.parametrize("user", ["1009", "1020", "1021", "nobody", None])
def test_no_forged_from_and_no_missing_password_reaches_anything(make_house, number, user):
    for fu in ("1020", "8000", "anonymous", None):
        house = make_house()
        with installed(house.fake):
            house.arrives("INVITE", f"sip:{number}@edge", user=user, password_of=None, fU=fu)
        assert house.answers == [407]
        assert house.relays == []
        assert house.fake.called("hdr.append") == []
