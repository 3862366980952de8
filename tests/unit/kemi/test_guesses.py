"""Wrong passwords are counted by address and user; who has too many is refused, and nobody else."""

import pytest

HERE, THERE = "192.0.2.66", "192.0.2.77"


def tries(house, user="1009", source=HERE, *, right=False):
    """Somebody registers with a nonce of ours, and a password; returns the answer."""
    house.arrives(
        "REGISTER", user=user, password_of=user if right else None, source=source, fU=user, tU=user
    )
    (answer,) = house.answers
    return answer


@pytest.fixture(params=["1009", "nobody", "no name\r\n'--", "x" * 200])
def user(request):
    return request.param


def test_the_sixth_guess_is_refused_whoever_the_user_is(house, user):
    assert [tries(house, user) for _ in range(7)] == [401] * 5 + [403] * 2
    (line,) = house.logged
    assert line.startswith("locked=")
    assert line.count("\n") == 1
    (first,) = (text for _, text in house.fake.log if "wrong-password" in text)
    assert first.startswith(f"wrong-password='{HERE} ")
    assert first.count("\n") == 1


def test_of_who_tries_many_names_ten_are_told_and_of_his_neighbour_his_own(house):
    for n in range(30):
        tries(house, f"user-{n}")
    assert sum("wrong-password" in text for _, text in house.fake.log) == 10
    tries(house, source=THERE)
    assert f"wrong-password='{THERE} 1009'" in house.fake.log[-1][1]


def test_names_that_no_site_has_are_one_however_many_are_made_up(house):
    """They would fill the table in which the guesses are counted."""
    made_up = [f"no name {n}" for n in range(7)]
    assert [tries(house, name) for name in made_up] == [401] * 5 + [403] * 2


def test_who_is_refused_is_refused_with_the_right_password_too(house):
    for _ in range(5):
        tries(house)
    assert tries(house, right=True) == 403


def test_the_device_itself_elsewhere_is_not_refused(house):
    for _ in range(20):
        tries(house)
    assert tries(house, source=THERE, right=True) == 200


def test_another_user_at_the_same_address_is_not_refused(house):
    for _ in range(20):
        tries(house)
    assert tries(house, "1020", right=True) == 200


def test_the_lock_has_an_end_and_a_key_to_lift_it_by(house):
    for _ in range(5):
        tries(house)
    locked = house.fake.tables["bellhop_locked"]
    assert locked.expires == {f"{HERE} 1009": house.site.edge.lockout // 1000}
    del locked.values[f"{HERE} 1009"]  # htable.delete, or its time
    assert tries(house, right=True) == 200


def test_guesses_from_everywhere_lock_the_user_to_where_he_was_last_right(house):
    assert tries(house, source=THERE, right=True) == 200
    for last in range(10):
        for _ in range(5):
            tries(house, source=f"198.51.100.{last}")
    assert tries(house, source="198.51.100.200", right=True) == 403
    assert tries(house, source=THERE, right=True) == 200


def test_what_is_no_guess_does_not_count(house):
    """No credentials, an old nonce, one that was used: pv_auth_check's -5, -4, -6, -1."""
    for result in (-5, -4, -6, -1):
        house.fake.returns["auth.pv_auth_check"] = result
        for _ in range(10):
            assert tries(house) == 401
    assert house.fake.tables["bellhop_guesses"].values == {}


@pytest.mark.parametrize(("result", "flags"), [(-5, 1), (-2, 1), (-4, 17), (-6, 17), (-1, 17)])
def test_only_a_nonce_that_was_the_trouble_is_called_stale(house, result, flags):
    house.fake.returns["auth.pv_auth_check"] = result
    tries(house)
    assert house.fake.called("auth.auth_challenge") == [("unit.invalid", flags)]


def test_a_call_is_refused_like_a_registration(house):
    for _ in range(5):
        tries(house, "1020")
    house.arrives("INVITE", "sip:1009@edge", user="1020", source=HERE)
    assert house.answers == [403]
    assert house.relays == []
