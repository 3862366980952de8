"""What is said to whoever wrote a value in another way than TOML, or Bellhop, has it."""

import tomllib

import pytest

from bellhop import gateways, profiles, routes, targets, values
from bellhop.schedules import Schedule
from bellhop.tables import Mistake, read_table


@pytest.mark.parametrize(
    ("read", "value", "end"),
    [
        (values.number, 1008, 'got 1008; write it in quotes: "1008"'),
        (values.number, 0, 'got 0; write it in quotes: "0"'),
        (values.number, 10**20 - 1, f'; write it in quotes: "{10**20 - 1}"'),
        (values.number, 10**20, f"got {10**20}"),  # a number has 20 digits at most
        (values.number, -1, "got -1"),
        (values.number, True, "got true"),
        (values.number, "+4420", 'got "+4420"; write it without the plus: "4420"'),
        (values.number, "+44 20", 'got "+44 20"'),
        (values.number, "-44", 'got "-44"'),
        (values.name, 5, "got 5"),  # in quotes it would be as wrong
        (values.name, "+44", 'got "+44"'),
        (values.integer(1, 9), "4", 'got "4"; write it without quotes: 4'),
        (values.integer(1, 9), "80%", 'got "80%"'),
        (values.flag, "true", 'got "true"; write it without quotes: true'),
        (values.flag, "yes", 'got "yes"'),
        (values.duration(1, 9), "20", 'got "20"'),
        (values.duration(1, 9), "1min", "; a duration is a whole number and ms, s, m or h"),
        (values.duration(1, 9), "40 sec", "; a duration is a whole number and ms, s, m or h"),
        (values.duration(1, 9), "1.5s", "; a duration is a whole number and ms, s, m or h"),
        (values.list_of(values.number), "1, 2", '; write it in brackets: ["1", "2"]'),
        (values.list_of(values.number), "1", '; write it in brackets: ["1"]'),
        (routes.choices, "north, south", '; write it in brackets: ["north", "south"]'),
        (values.list_of(values.number), "a\nb", 'got "a?b"'),
        (values.list_of(values.number), "", 'got ""'),
        (values.address, "2001:db8::1:5060", '; IPv6 is written like "[2001:db8::1]:5060"'),
        (values.address, "192.0.2.1", 'got "192.0.2.1"'),
        (gateways.gateways, "a:5060:x", 'got "a:5060:x"'),
        (gateways.gateways, "[2001:db8::1]:x", 'got "[2001:db8::1]:x"'),
        (gateways.gateways, "2001:db8::1", '; IPv6 is written like "[2001:db8::1]:5060"'),
        (targets.member, "239.1.2.3:5004", 'or "tel:NUMBER", got "239.1.2.3:5004"'),
    ],
)
def test_a_value_that_is_refused_is_told_how_it_was_probably_meant(read, value, end):
    with pytest.raises(ValueError, match="expected") as raised:
        read(value)
    assert str(raised.value).endswith(end)


def test_codes_dates_and_times_tell_of_their_quotes_too():
    text = 'zone = "8000"\ntimes = [08:00:00]\nnot_on = [2026-12-24]\n'
    mistakes: list[Mistake] = []
    read_table(Schedule, tomllib.loads(text), "schedules.noon", mistakes, name="noon")
    read_table(profiles.Table, {"stop": ["404"]}, "profiles.north", mistakes)
    assert [(one.path, one.what.rpartition("; ")[2]) for one in mistakes] == [
        ("schedules.noon.times", 'write it in quotes: "08:00:00"'),
        ("schedules.noon.not_on", 'write it in quotes: "2026-12-24"'),
        ("profiles.north.stop", "write it without quotes: 404"),
    ]
