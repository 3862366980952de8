"""What is wrong between the tables of a site, one change of the good site at a time."""

import pytest

from tests.unit.conftest import GOOD


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            'carriers = ["south", "north"]',
            'carriers = ["south", "nort"]',
            'routes[2].carriers: no carrier "nort"; did you mean "north"?',
        ),
        (
            'prefix = "4420"',
            'prefix = "+44"',
            'routes[2].prefix: "+44" is the prefix of routes[1] already',
        ),
        (
            'profile = "carrier"',
            'profile = "carriers"',
            'dids[2].profile: no profile "carriers"; did you mean "carrier"?',
        ),
        (
            'prefix = "00"',
            'profile = "broadworks"',
            'carriers.south.profile: no profile "broadworks"; did you mean "broadworks-inbound"?',
        ),
        (
            'members = ["8000", "1015", "1008"]',
            'members = ["8000", "1099"]',
            'zones.8001.members: no device or zone "1099"; did you mean "1009"?',
        ),
        (
            'callers = ["1020", "trunk:reception"]',
            'callers = ["1077"]',
            'zones.8000.callers: no device "1077"; ',
        ),
        (
            'callers = ["1020", "trunk:reception"]',
            'callers = ["1021"]',
            'zones.8000.callers: devices.1021.may does not have "zones"',
        ),
        (
            'callers = ["1020", "trunk:reception"]',
            'callers = ["trunk:recption:2001"]',
            'zones.8000.callers: no trunk "recption"; did you mean "reception"?',
        ),
        (
            'may = ["zones", "devices", "carriers"]',
            'may = ["devices", "carriers"]',
            'zones.8000.callers: trunks.reception.may does not have "zones"',
        ),
        (
            'number = "442071838751"',
            'number = "442071838750"',
            'dids[2].number: "442071838750" stands in the file twice',
        ),
        (
            'to = ["1015"]',
            'to = ["8000"]',
            'dids[2].to: "8000" is no device, and no number of a trunk',
        ),
        (
            'numbers = ["2"]',
            'numbers = ["2", "1"]',
            'trunks.reception.numbers: "1" also begins devices.1008 and 4 more',
        ),
        (
            'numbers = ["3", "22"]',
            'numbers = ["+8001"]',
            'trunks.annex.numbers: "+8001" also begins zones.8001',
        ),
        (
            'numbers = ["3", "22"]',
            'numbers = ["3", "+2"]',
            'trunks.annex.numbers: "+2" is a prefix of trunks.reception too',
        ),
        (
            'numbers = ["3", "22"]',
            'numbers = ["+"]',
            "trunks.annex.numbers: an empty prefix would take every number",
        ),
        (
            'numbers = ["3", "22"]',
            'numbers = [""]',
            "trunks.annex.numbers: an empty prefix would take every number",
        ),
        (
            'auth_user = "horn-1008"',
            'auth_user = "1009"',
            'devices.1009.auth_user: "1009" is the Authentication ID of 1008 too',
        ),
        (
            'gateway = "203.0.113.4:5060"',
            'gateway = "203.0.113.4:5060"\nsources = ["203.0.113.22"]',
            "carriers.east: 203.0.113.22 is an address of carriers.south too",
        ),
        (
            'gateway = "192.0.2.41:5060"',
            'gateway = "192.0.2.40:5062"',
            "trunks.annex: 192.0.2.40 is an address of trunks.reception too",
        ),
        (
            'gateway = "192.0.2.41:5060"',
            'gateway = "203.0.113.1:5060"\nsources = ["192.0.2.41"]',
            "trunks.annex: 203.0.113.1 is an address of carriers.north too",
        ),
        (
            'gateway = "192.0.2.41:5060"',
            'gateway = "198.51.100.20:5062"',
            "trunks.annex: 198.51.100.20 is an address of pbx too",
        ),
        (
            'trunks = ["udp:192.0.2.10:5070"]',
            'trunks = ["udp:192.0.2.10:5060"]',
            "edge.trunks: udp:192.0.2.10:5060 is a listener of edge.devices too",
        ),
        (
            'trunks = ["udp:192.0.2.10:5070"]',
            'trunks = ["udp:192.0.2.10:5070", "tls:192.0.2.10:5060"]',
            "edge.trunks: tls:192.0.2.10:5060 is a listener of edge.devices too",
        ),
        (
            'trunks = ["udp:192.0.2.10:5070"]',
            'trunks = ["udp:192.0.2.10:5070", "tcp:198.51.100.10:5080"]',
            "edge.trunks: tcp:198.51.100.10:5080 is a listener of edge.internal too",
        ),
    ],
)
def test_what_is_wrong_between_tables_is_told(told_changed, old, new, said):
    (one,) = told_changed(old, new)
    assert one.startswith(said)


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        (
            'gateway = "203.0.113.2:5060"',
            'gateway = ["203.0.113.2:5060", "192.0.2.10:5070"]',
            "carriers.south.gateway: 192.0.2.10:5070 is a listener of the edge itself",
        ),
        (
            'gateway = "192.0.2.41:5060"',
            'gateway = "198.51.100.10:5080"',
            "trunks.annex.gateway: 198.51.100.10:5080 is a listener of the edge itself",
        ),
        (
            'gateway = "203.0.113.2:5060"',
            'gateway = "224.0.1.75:5060"',
            "carriers.south.gateway: 224.0.1.75:5060 is a multicast address: nobody takes calls there",
        ),
        (
            'gateway = "203.0.113.2:5060"',
            'gateway = "[2001:db8::2]:5060"',
            "carriers.south.gateway: [2001:db8::2]:5060 is IPv6; calls leave by udp:192.0.2.10:5070",
        ),
        (
            'address = "198.51.100.20:5060"',
            'address = "[2001:db8::2]:5060"',
            "pbx.address: [2001:db8::2]:5060 is IPv6; calls leave by udp:198.51.100.10:5080",
        ),
        (
            'trunks = ["udp:192.0.2.10:5070"]',
            'trunks = ["tcp:192.0.2.10:5070"]',
            "edge.trunks: expected one of udp among them: by it leave calls to carriers and trunks",
        ),
    ],
)
def test_what_could_never_be_called_is_told(told_changed, old, new, what):
    assert told_changed(old, new) == [what]


def test_nothing_follows_from_a_broken_table_that_others_name(told_changed):
    (said,) = told_changed('name = "Warehouse"\n', "")
    assert said == "zones.8000.name: is missing"
    (said,) = told_changed('gateway = "203.0.113.2:5060"', "gateway = 2")
    assert said.startswith("carriers.south.gateway: ")


@pytest.mark.parametrize(
    ("given", "missing"), [("auth_user", "secret_file"), ("secret_file", "auth_user")]
)
def test_credentials_are_whole(told_changed, given, missing):
    assert told_changed("[carriers.north]", f'[carriers.north]\n{given} = "site"') == [
        f"carriers.north: auth_user and secret_file go together: no {missing}"
    ]
    both = '[carriers.north]\nauth_user = "site"\nsecret_file = "north.htdigest"'
    assert told_changed("[carriers.north]", both) == []


@pytest.mark.parametrize(
    ("keys", "what"),
    [
        ('register_contact = "1"', "carriers.north.register_contact: there is no register_user"),
        ('register_user = "x"', "carriers.north.register_user: needs auth_user and secret_file"),
        (
            'auth_user = "x"\nsecret_file = "s"\nregister_user = "x"\nregister_contact = "77"',
            'carriers.north.register_contact: expected the number of one of [[dids]], got "77"',
        ),
    ],
)
def test_a_registration_is_whole(told_changed, keys, what):
    said = told_changed("[carriers.north]", f"[carriers.north]\n{keys}")
    assert any(line.startswith(what) for line in said), said


def test_a_contact_is_of_one_carrier(told_changed):
    did = GOOD.partition("[[dids]]")[2].partition('number = "')[2].partition('"')[0]
    keys = f'auth_user = "x"\nsecret_file = "s"\nregister_user = "x"\nregister_contact = "{did}"'
    north = f"[carriers.north]\n{keys}"
    assert told_changed("[carriers.north]", north) == []
    twice = told_changed(
        "[carriers.north]", f'{north}\ngateway = "203.0.113.91:5060"\n[carriers.x]\n{keys}'
    )
    assert f'carriers.x.register_contact: "{did}" is the contact at carriers.north too' in twice


def test_what_is_in_postgresql_needs_to_know_where_and_nothing_else_does(told_changed):
    assert told_changed("[edge]", '[edge]\nledger = "postgresql"\nledger_dsn_file = "dsn"') == []
    assert told_changed("[edge]", '[edge]\nledger = "postgresql"') == [
        'edge.ledger: "postgresql" needs ledger_dsn_file, which says where it is'
    ]
    assert told_changed("[edge]", '[edge]\nledger_dsn_file = "dsn"') == [
        'edge.ledger_dsn_file: expected with ledger = "postgresql" only'
    ]
    assert told_changed("[edge]", '[edge]\nledger = "mysql"') == [
        'edge.ledger: expected one of "sqlite", "postgresql", got "mysql"'
    ]
    assert (
        told_changed("[pager]", '[pager]\nreports = "postgresql"\nreports_dsn_file = "dsn"') == []
    )
    assert told_changed("[pager]", '[pager]\nreports = "postgresql"') == [
        'pager.reports: "postgresql" needs reports_dsn_file, which says where it is'
    ]
    horn = '[devices.1777]\nkind = "speaker"\nvapix = "http://192.0.2.8"\n'
    assert told_changed("[pager]", f'{horn}[pager]\nvapix_file = "users"') == []
    assert told_changed("[pager]", f"{horn}[pager]") == [
        "devices.1777.vapix: needs pager.vapix_file, which says who may set its volume"
    ]
    assert told_changed("[edge]", '[edge]\nmetrics_from = ["prometheus"]') == [
        'edge.metrics_from: item 1: expected an IP address like "192.0.2.1", got "prometheus"'
    ]


@pytest.mark.parametrize(
    ("command", "wrong"), [("", True), ('say_command = ["/s", "{file}", "{text}"]\n', False)]
)
def test_a_bell_that_speaks_needs_a_command_that_does(told_changed, command, wrong):
    bell = '[schedules.late]\nzone = "8000"\nsay = "x"\ntimes = ["08:00"]\n'
    found = told_changed("[pager]\n", f"[pager]\n{command}", more=bell)
    said = "schedules.late.say: needs pager.say_command, which speaks it"
    assert found == ([said] if wrong else [])


@pytest.mark.parametrize("name", ["pbx.example", "pbx.example:5060"])
@pytest.mark.parametrize("kind", ["carriers", "trunks"])
def test_the_name_of_a_trunks_gateway_is_nobody_elses(told_changed, kind, name):
    """As its address is: whose calls come from there would be a guess, and with it what they may."""
    more = f'\n[{kind}.another]\ngateway = "{name}"\n'
    found = told_changed('gateway = "192.0.2.41:5060"', 'gateway = "pbx.example"', more)
    one, other = (
        ("annex", "carriers.another") if kind == "carriers" else ("another", "trunks.annex")
    )
    assert found == [f"trunks.{one}: pbx.example is an address of {other} too"]


@pytest.mark.parametrize("gateway", ["203.0.113.2:5060", "203.0.113.2:5062", "203.0.113.22:5060"])
def test_two_carriers_may_have_one_gateway(told_changed, gateway):
    """One softswitch, and two contracts: told apart by what is put before the number, say."""
    assert told_changed('gateway = "203.0.113.4:5060"', f'gateway = "{gateway}"') == []


@pytest.mark.parametrize(("gateway", "wrong"), [("203.0.113.2:5062", 0), ("203.0.113.4:5060", 1)])
def test_beside_one_gateway_two_carriers_may_have_the_same_sources(told_changed, gateway, wrong):
    """As they have who copied one contract's table for the other."""
    new = f'gateway = "{gateway}"\nsources = ["203.0.113.2", "203.0.113.22"]'
    found = told_changed('gateway = "203.0.113.4:5060"', new)
    said = "carriers.east: 203.0.113.2 is an address of carriers.south too, and 1 more"
    assert found == [said] * wrong


def test_networks_that_share_addresses_with_several_are_one_mistake_for_each(told_changed):
    new = 'gateway = "203.0.113.4:5060"\nsources = ["203.0.113.0/30", "192.0.2.0/24"]'
    assert told_changed('gateway = "203.0.113.4:5060"', new) == [
        "carriers.east: 203.0.113.1 is an address of carriers.north too",
        "carriers.east: 203.0.113.2 is an address of carriers.south too",
        "carriers.east: 203.0.113.3 is an address of carriers.west too",
        "trunks.reception: 192.0.2.40 is an address of carriers.east too",
        "trunks.annex: 192.0.2.41 is an address of carriers.east too",
    ]
