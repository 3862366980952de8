"""What a request to ourselves may require: nothing; and it is told what we don't have."""

import pytest


@pytest.mark.parametrize("method", ["OPTIONS", "REGISTER"])
@pytest.mark.parametrize("wanted", ["path", "nothingSupportsThis, norThis", "100rel"])
def test_a_required_extension_is_420_with_its_name(house, method, wanted):
    house.arrives(method, "sip:edge", headers=[("Require", wanted)])
    assert house.answers == [420]
    assert house.fake.headers.to_reply == [f"Unsupported: {wanted}\r\n"]


@pytest.mark.parametrize("wanted", ["a\r\nX-Evil: yes", "a b", "", "a,,b", "(", "a;b", "á"])
def test_what_is_no_list_of_names_is_400_and_not_repeated(house, wanted):
    house.arrives("OPTIONS", "sip:edge", headers=[("Require", wanted)])
    assert house.answers == [400]
    assert house.fake.headers.to_reply == []


def test_a_call_may_require_what_its_callee_has(house):
    house.calls("1009", headers=[("Require", "100rel"), ("Contact", "<sip:x@192.0.2.77>")])
    assert house.answers == []
    assert len(house.relays) == 1
