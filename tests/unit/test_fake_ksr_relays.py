"""Relays and failure routes on the fake: the ghost branch, the lost destination, the reply's facts."""

import pytest
from kamailio_kemi.fake import Relay, Reply


def test_a_relay_that_fails_answers_the_caller_by_itself_and_the_next_is_a_ghost(fake):
    fake.returns["tm.t_relay"] = [-478, 1]
    for address in ("sip:192.0.2.7", "sip:192.0.2.8"):
        fake.KSR.pv.sets("$du", address)
        fake.KSR.tm.t_relay()
    assert fake.transaction.replies == [Reply(478, "", by_itself=True)]
    assert fake.transaction.relays == [
        Relay("sip:100@edge.example", "sip:192.0.2.7", -478, ghost=False),
        Relay("sip:100@edge.example", "sip:192.0.2.8", 1, ghost=True),
    ]


def test_with_internal_replies_disabled_the_next_relay_is_clean(fake):
    fake.returns["tm.t_relay"] = [-7, 1]
    fake.KSR.tm.t_set_disable_internal_reply(1)
    fake.KSR.tm.t_relay()
    fake.KSR.tm.t_relay()
    assert fake.transaction.replies == []
    assert [relay.ghost for relay in fake.transaction.relays] == [False, False]


def fail_once(fake, **failure):
    fake.returns["tm.t_relay"] = 1
    fake.KSR.pv.sets("$du", "sip:192.0.2.7")
    fake.KSR.tm.t_relay()
    fake.failure(503, "Down", **failure)


def test_in_a_failure_route_the_destination_is_again_the_first(fake):
    fail_once(fake)
    fake.KSR.pv.sets("$du", "sip:192.0.2.8")
    fake.KSR.tm.t_relay()
    fake.failure(503)
    assert fake.KSR.pv.get("$du") == "sip:192.0.2.7"


def test_in_a_failure_route_setdsturi_alone_makes_no_branch(fake):
    fail_once(fake)
    fake.KSR.setdsturi("sip:192.0.2.8")
    assert fake.KSR.tm.t_relay() == -1
    assert fake.errors == ["t_forward_nonack(): no branches for forwarding"]


@pytest.mark.parametrize("name", ["$du", "$ru"])
def test_in_a_failure_route_setting_the_variable_makes_a_branch(fake, name):
    fail_once(fake)
    fake.KSR.pv.sets(name, "sip:192.0.2.8")
    assert fake.KSR.tm.t_relay() == 1


def test_in_a_failure_route_an_appended_branch_makes_setdsturi_good(fake):
    fail_once(fake)
    fake.returns["corex.append_branch"] = 1
    fake.KSR.setdsturi("sip:192.0.2.8")
    fake.KSR.corex.append_branch()
    assert fake.KSR.tm.t_relay() == 1


def test_the_failure_route_reads_the_reply_and_still_the_request(fake):
    fail_once(fake, headers=[("Reason", "SIP;cause=503"), ("Reason", "Q.850;cause=34")])
    pv = fake.KSR.pv
    assert fake.KSR.tm.t_get_status_code() == pv.get("$T_reply_code") == 503
    assert pv.get("$T_rpl($hdr(Reason))") == "SIP;cause=503"
    assert pv.get("$T_rpl($(hdr(Reason)[1]))") == "Q.850;cause=34"
    assert pv.get("$T_rpl($(hdr(Reason)[*]))") == "SIP;cause=503,Q.850;cause=34"
    assert pv.get("$T_rpl($hdrc(Reason))") == 2
    assert pv.get("$T_rpl($si)") == "192.0.2.9"
    assert pv.get("$hdr(Reason)") is None
    assert pv.get("$si") == "192.0.2.1"


def test_after_our_own_timer_everything_of_the_reply_is_null(fake):
    fail_once(fake)
    fake.failure(408, local=True)
    assert fake.KSR.pv.get("$T_reply_code") == 408
    assert fake.KSR.pv.get("$T_rpl($hdr(Reason))") is None
    assert fake.KSR.pv.get("$T_rpl($si)") is None


def test_avps_survive_into_the_failure_route(fake):
    fake.KSR.pv.sets("$avp(x)", "kept")
    fail_once(fake)
    assert fake.KSR.pv.get("$avp(x)") == "kept"


def test_only_the_first_final_reply_of_a_transaction_goes_out(fake):
    assert fake.KSR.tm.t_reply(180, "Ringing") == 1
    assert fake.KSR.tm.t_reply(486, "Busy") == 1
    assert fake.KSR.tm.t_reply(487, "Cancelled") == -1
    assert fake.transaction.replies == [Reply(180, "Ringing"), Reply(486, "Busy")]
