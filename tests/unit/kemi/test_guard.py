"""No exception leaves a callback; who waits for an answer gets one, once; an ACK never."""

import sqlite3

import pytest

from bellhop.ledger import Ledger

CALLBACKS = {
    "ksr_request_route": "kemi.app._request",
    "ksr_branch_call": "kemi.attempt.branch",
    "ksr_reply_call": "kemi.attempt.progressed",
    "ksr_reply_dialog": "kemi.who.door",
    "ksr_failure_call": "kemi.failure.failed",
    "ksr_failure_dialog": "kemi.challenges.within",
    "ksr_xhttp_event": "kemi.rpc.serve",
    "ksr_ledger_write": "kemi.writer.Writer.flush",
    "ksr_site_reload": "kemi.live.Live.reload",
    "ksr_names_resolve": "kemi.names.Resolver.run",
    "ksr_carriers_register": "kemi.registrations.Registrar.run",
    "ksr_gateways_load": "kemi.gateways.Gateways.renew",
}
TOLD = {"ksr_request_route", "ksr_failure_call"}  # by SIP
BY_HTTP = "ksr_xhttp_event"


@pytest.fixture(autouse=True)
def defects_are_meant(house):
    house.may_break = True


def breaks(monkeypatch, target, error):
    def broken(*_, **__):
        raise error

    monkeypatch.setattr(target, broken)


@pytest.mark.parametrize("name", CALLBACKS)
@pytest.mark.parametrize(
    "error",
    [RuntimeError("with\nlines \udcff \x1b"), RecursionError(), MemoryError(), KeyError("x"),
     UnicodeDecodeError("utf-8", b"\xff", 0, 1, "x"), AssertionError()],
    ids=lambda error: type(error).__name__,
)  # fmt: skip
def test_a_defect_in_any_callback_is_logged_and_the_caller_gets_a_500(
    house, monkeypatch, name, error
):
    house.arrives("INVITE", "sip:7777@edge", user="1020")
    house.fake.transaction.replies.clear()
    breaks(monkeypatch, CALLBACKS[name], error)
    assert getattr(house.app, name)(None) == 1
    assert house.answers == ([500] if name in TOLD else [])
    http = [args[0] for args in house.fake.called("xhttp.xhttp_reply")]
    assert http == ([500] if name == BY_HTTP else [])
    (line,) = house.logged
    told = 500 if name in TOLD or name == BY_HTTP else "nobody"
    assert line.startswith(f"callback={name} answered={told} error=")
    assert line.isascii()
    assert line.count("\n") == 1


def test_events_are_called_with_their_name(house):
    house.arrives("GET", "/x")
    assert house.app.ksr_xhttp_event(None, "xhttp:request") == 1
    assert house.logged == []


@pytest.mark.parametrize(
    "said", [{"rm": b"\xff"}, {"ci": b"\xff"}, {"fU": b"\xff"}, {"ft": b"\xff"}], ids=str
)
def test_what_is_not_utf8_is_400(house, said):
    house.arrives("INVITE", "sip:1009@edge", user="1020", **said)
    assert house.answers == [400]
    assert house.relays == []


@pytest.mark.parametrize("break_", ["kemi.app._request", "kemi.ksr_sanity.sane", "kemi.who.door"])
def test_an_ack_is_not_answered_whatever_breaks(house, monkeypatch, break_):
    breaks(monkeypatch, break_, RuntimeError())
    house.arrives("ACK", "sip:1009@edge")
    house.arrives("ACK", "sip:1009@edge", tt="x")
    assert house.answers == []


@pytest.mark.parametrize("method", ["ACK", "INVITE", "BYE", "OPTIONS"])
def test_a_request_without_hops_is_483_and_an_ack_nothing(house, method):
    house.fake.returns["maxfwd.process_maxfwd"] = -1
    house.arrives(method, "sip:1009@edge", user="1020")
    assert house.answers == ([] if method == "ACK" else [483])
    assert house.relays == []


def test_what_sanity_answered_is_not_answered_again(house):
    house.fake.returns["sanity.sanity_check"] = -1
    house.arrives("INVITE", "sip:1009@edge", user="1020")
    assert house.answers == []
    assert house.relays == []


@pytest.mark.parametrize("path", ["maxfwd.process_maxfwd", "sanity.sanity_check", "tmx.t_precheck_trans", "tm.t_check_trans",
                                  "auth.pv_auth_check", "registrar.lookup_uri", "siputils.has_totag",
                                  "nathelper.nat_uac_test"])  # fmt: skip
def test_bad_arguments_are_neither_yes_nor_no(house, path):
    module, _, name = path.rpartition(".")
    setattr(getattr(house.fake.KSR, module), name, lambda *_: False)
    house.arrives("INVITE", "sip:1009@edge", user="1020")
    assert house.answers == [500]
    assert house.relays == []
    assert f"BadCall: {name.removesuffix('_uri')}" in house.logged[-1]


def test_an_answer_that_cannot_be_given_is_logged_too(house, monkeypatch):
    breaks(monkeypatch, "kemi.app._request", RuntimeError("first"))
    house.fake.KSR.sl.send_reply = lambda *_: False
    house.arrives("INVITE", "sip:1009@edge")
    (line,) = house.logged
    assert "first" in line
    assert "the answer failed" in line


@pytest.mark.parametrize("method", ["OPTIONS"])
def test_options_are_answered_with_what_we_do(house, method):
    house.arrives(method, "sip:edge", door="strange")
    assert house.answers == [200]
    assert "REFER" not in house.fake.headers.to_reply[0]


@pytest.mark.parametrize("method", ["MESSAGE", "PUBLISH", "REFER", "FOO", "KDMQ"])
def test_any_other_method_is_405_with_what_we_do(house, method):
    house.arrives(method, "sip:1009@edge", user="1020")
    assert house.answers == [405]
    (allow,) = house.fake.headers.to_reply
    assert allow.startswith("Allow: ")
    assert method not in allow


@pytest.mark.parametrize("method", ["BYE", "UPDATE", "PRACK", "INFO", "NOTIFY"])
def test_what_belongs_into_a_dialog_is_of_none_without_a_to_tag(house, method):
    house.arrives(method, "sip:1009@edge", user="1020")
    assert house.answers == [481]
    assert house.relays == []


RPC, METRICS = "jsonrpcs.dispatch", "xhttp_prom.dispatch"


@pytest.mark.parametrize(
    ("door", "source", "path", "expected"),
    [
        ("internal", "198.51.100.30", "/RPC", RPC),
        ("internal", "198.51.100.10", "/RPC", RPC),
        ("internal", "198.51.100.30", "/", 404),
        ("internal", "198.51.100.30", None, 404),
        ("internal", "198.51.100.20", "/RPC", 403),
        ("internal", "192.0.2.77", "/RPC", 403),
        ("devices", "198.51.100.30", "/RPC", 403),
        ("strange", "198.51.100.30", "/RPC", 403),
        ("internal", "198.51.100.30", "/metrics", METRICS),
        ("internal", "198.51.100.99", "/metrics", METRICS),
        ("internal", "198.51.100.99", "/RPC", 403),
        ("internal", "198.51.100.98", "/metrics", 403),
        ("devices", "198.51.100.99", "/metrics", 403),
        ("trunks", "198.51.100.30", "/metrics", 403),
    ],
)
def test_http_is_for_the_sites_own_daemons_and_the_metrics_for_whom_it_names(
    make_house_of, door, source, path, expected
):
    house = make_house_of(
        lambda text: text.replace("[edge]", '[edge]\nmetrics_from = ["198.51.100.99"]')
    )
    house.arrives("GET", "sip:edge", door=door, source=source)
    house.fake.calls.clear()
    house.says({"$hu": path})
    house.app.ksr_xhttp_event(None, "xhttp:request")
    done = [args[0] for args in house.fake.called("xhttp.xhttp_reply")]
    done += [name for name in (RPC, METRICS) if house.fake.called(name)]
    assert done == [expected]


def test_a_question_without_json_is_refused(house):
    house.arrives("POST", "sip:edge", door="internal", source="198.51.100.30")
    house.fake.returns[RPC] = -1
    house.says({"$hu": "/RPC"})
    house.app.ksr_xhttp_event(None, "xhttp:request")
    assert [args[0] for args in house.fake.called("xhttp.xhttp_reply")] == [400]


def test_the_metrics_are_read_with_get(house):
    house.arrives("POST", "sip:edge", door="internal", source="198.51.100.30")
    house.fake.calls.clear()
    house.says({"$hu": "/metrics"})
    house.app.ksr_xhttp_event(None, "xhttp:request")
    assert [args[0] for args in house.fake.called("xhttp.xhttp_reply")] == [405]


def test_what_could_not_be_written_is_written_the_next_time(house, monkeypatch):
    house.may_break = True
    house.calls("4412")
    house.replies(200)
    house.fake.returns["mqueue.mq_fetch"] = [1, -1, -1]
    house.says({"$mqv(bellhop)": house.fake.called("mqueue.mq_add")[0][2]})
    locked = Ledger.add

    def add(*_):
        raise sqlite3.OperationalError("database is locked")

    monkeypatch.setattr(Ledger, "add", add)
    house.app.ksr_ledger_write(None)
    monkeypatch.setattr(Ledger, "add", locked)
    house.app.ksr_ledger_write(None)

    ledger = Ledger.reading(house.folder / "calls.db")
    (call,) = ledger.calls()
    ledger.close()
    assert [entry.verdict for entry in call.attempts] == ["answered"]


def test_a_failure_of_what_is_no_call_lets_its_reply_go_on(house, within):
    """A request within a dialog has had our route armed for it (measured); its sender is owed the
    other side's answer.
    """
    within("INVITE")
    house.fails(488)
    assert house.answers == []
    assert any("a failure route without a call" in line for line in house.logged)
