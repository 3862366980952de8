"""The traps of KSR, met without a server; and the fake's promise that no test with it can lie."""

import sys
from types import ModuleType

import pytest
from kamailio_kemi.fake import FakeKSR, NotScripted, ScriptError, Table, installed

# --- it has what the server has, and nothing else ---


@pytest.mark.parametrize("path", ["x.exit", "x.drop", "tm.t_relai", "no_such", "no_such.f"])
def test_a_name_that_the_server_has_not_is_an_attribute_error(fake, path):
    module, _, name = path.rpartition(".")
    with pytest.raises(AttributeError, match=r"module 'KSR.*' has no attribute"):
        getattr(getattr(fake.KSR, module) if module else fake.KSR, name)


def test_a_module_that_is_not_loaded_is_not_there():
    fake = FakeKSR(modules={"tm", "sl"})
    assert hasattr(fake.KSR, "tm")
    assert hasattr(fake.KSR, "pv")
    assert not hasattr(fake.KSR, "dialog")


def test_a_module_that_no_server_has_is_refused():
    with pytest.raises(ScriptError, match="tmm"):
        FakeKSR(modules={"tmm"})


def test_the_module_async_is_reached_by_getattr(fake):
    fake.returns["async.task_route"] = 1
    assert getattr(fake.KSR, "async").task_route("x") == 1


# --- wrong arguments ---


def test_wrong_types_give_false_which_passes_for_success_where_minus_one_would_not(fake):
    result = fake.KSR.sl.sl_send_reply("200", "OK")
    assert result is False
    assert not result < 0
    assert fake.transaction.replies == []
    assert fake.errors == ["non-number parameter - func: sl_send_reply idx: 0 argc: 2"]


def test_a_scripted_answer_is_not_used_up_by_a_call_with_wrong_arguments(fake):
    fake.returns["tm.t_check_status"] = [1]
    assert fake.KSR.tm.t_check_status(486) is False
    assert fake.KSR.tm.t_check_status("486") == 1


def test_a_call_records_what_reached_the_server(fake):
    fake.KSR.tm.t_set_fr(2**31, 500, "surplus")
    assert fake.called("tm.t_set_fr") == [(-(2**31), 500)]
    assert fake.calls[-1].given == (2**31, 500, "surplus")
    assert fake.calls[-1].result == 1


def test_a_number_beyond_64_bits_is_carried_out_as_minus_one_and_then_raises(fake):
    with pytest.raises(SystemError):
        fake.KSR.tm.t_set_fr(2**65, 500)
    assert fake.called("tm.t_set_fr") == [(-1, 500)]


# --- nothing is invented ---


def test_an_answer_that_the_test_has_not_given_stops_the_test(fake):
    with pytest.raises(NotScripted, match=r"KSR\.registrar\.save\('location', 0\)"):
        fake.KSR.registrar.save("location", 0)


def test_a_guard_in_the_script_cannot_swallow_it(fake):
    def guarded():
        try:
            fake.KSR.registrar.save("location", 0)
        except Exception:  # noqa: BLE001 - as a guard does
            return "swallowed"

    with pytest.raises(NotScripted):
        guarded()


def test_even_a_bare_except_is_found_out_when_the_fake_is_taken_away(fake):
    def script():
        try:
            fake.KSR.registrar.save("location", 0)
        except BaseException:  # noqa: BLE001 - the worst of guards
            fake.KSR.err("lost")

    def run():
        with installed(fake):
            script()

    with pytest.raises(NotScripted, match="registrar"):
        run()


def test_a_list_of_answers_is_used_up(fake):
    fake.returns["registrar.lookup"] = [-1, 1]
    assert [fake.KSR.registrar.lookup("location") for _ in range(2)] == [-1, 1]
    with pytest.raises(NotScripted, match="used up"):
        fake.KSR.registrar.lookup("location")


def test_an_answer_may_depend_on_the_arguments(fake):
    fake.returns["registrar.lookup"] = lambda table: 1 if table == "location" else -1
    assert fake.KSR.registrar.lookup("location") == 1
    assert fake.KSR.registrar.lookup("other") == -1


@pytest.mark.parametrize(
    ("path", "answer"),
    [
        ("tm.t_relay", "1"),
        ("tm.t_relay", True),
        ("tm.t_relay", [1, None]),
        ("is_myself", 1),
        ("pv.get", 1.5),
        ("tm.t_relai", 1),
    ],
)
def test_an_answer_that_the_server_cannot_give_is_refused(fake, path, answer):
    with pytest.raises(ScriptError):
        fake.returns[path] = answer


def test_a_variable_that_the_test_has_not_given_stops_the_test(fake):
    with pytest.raises(NotScripted, match=r'fake\.pv\["\$au"\]'):
        fake.KSR.pv.get("$au")
    fake.pv["$au"] = None
    assert fake.KSR.pv.get("$au") is None


def test_a_transformation_stops_the_test_until_it_is_given(fake):
    with pytest.raises(NotScripted, match="transformations"):
        fake.KSR.pv.get("$(ru{uri.user})")
    fake.pv["$(ru{uri.user})"] = "100"
    assert fake.KSR.pv.get("$(ru{uri.user})") == "100"


def test_headers_are_removed_by_a_pattern_in_any_case(fake):
    assert fake.KSR.textops.remove_hf_re("^(x-|alert-info)") == 1
    assert fake.KSR.textops.remove_hf_re("^alert-info") == -1
    assert fake.headers.removed == ["X-Bad"]


# --- variables and headers ---


@pytest.mark.parametrize("read", ["get", "gete", "getw"])
def test_bytes_that_are_not_utf_8_raise_from_every_read(fake, read):
    fake.pv["$fn"] = b"\xe9"
    for name in ("$fn", "$hdr(X-Bad)"):
        with pytest.raises(UnicodeDecodeError):
            getattr(fake.KSR.pv, read)(name)


def test_null_reads_as_none_as_nothing_and_as_a_word(fake):
    pv = fake.KSR.pv
    name = "$avp(none)"
    assert (pv.get(name), pv.gete(name), pv.getw(name)) == (None, "", "<null>")


def test_setting_a_variable_that_cannot_be_set_says_true_and_does_nothing(fake):
    assert fake.KSR.pv.sets("$si", "10.0.0.1") is True
    assert fake.KSR.pv.get("$si") == "192.0.2.1"


def test_an_appended_header_is_not_seen_by_a_read(fake):
    assert fake.KSR.hdr.append("X-New: 1\r\n") == 1
    assert fake.KSR.hdr.get("X-New") is None
    assert fake.headers.appended == ["X-New: 1\r\n"]


def test_a_new_request_finds_nothing_of_the_one_before(fake):
    fake.KSR.pv.sets("$avp(x)", "1")
    fake.KSR.setflag(1)
    fake.KSR.hdr.append("X: 1\r\n")
    fake.KSR.pv.sets("$var(x)", "stays with the process")
    fake.request("OPTIONS", "sip:edge.example")
    assert fake.KSR.pv.get("$avp(x)") is None
    assert fake.KSR.isflagset(1) is False
    assert fake.headers.appended == []
    assert fake.KSR.pv.get("$var(x)") == "stays with the process"


def test_a_counter_begins_only_where_the_table_has_an_initial_value(fake):
    fake.tables["a"] = Table()
    fake.tables["b"] = Table(initval=0)
    assert fake.KSR.htable.sht_inc("a", "k") == -255
    assert fake.KSR.htable.sht_inc("b", "k") == 1


# --- in place of the module ---


def test_installed_the_fake_is_what_import_gives_and_afterwards_it_is_gone(fake):
    before = sys.modules.get("KSR")
    with installed(fake):
        import KSR  # noqa: PLC0415

        assert KSR is fake.KSR
    assert sys.modules.get("KSR") is before


def test_a_module_that_imported_an_earlier_fake_gets_the_new_one(fake, monkeypatch):
    user = ModuleType("user_of_ksr")
    monkeypatch.setitem(sys.modules, "user_of_ksr", user)
    with installed(FakeKSR()):
        exec("import KSR", user.__dict__)  # noqa: S102
    with installed(fake):
        assert user.KSR is fake.KSR
