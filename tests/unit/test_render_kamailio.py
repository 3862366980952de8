"""The lines of a site that stand in Kamailio's own configuration."""

from pathlib import Path

import pytest

from bellhop.reload import needs_restart
from bellhop.render_kamailio import gateways, listen_cfg
from bellhop.settings import load
from tests.unit.test_sides import TABLE


def test_every_listener_and_the_database_are_named_once():
    text = listen_cfg(load(Path(__file__).parent / "sites" / "good.toml"))
    assert text.splitlines()[1:] == [
        '#!define BELLHOP_USRLOC "sqlite:////var/lib/bellhop/usrloc.db"',
        "listen=udp:192.0.2.10:5060",
        "listen=tcp:192.0.2.10:5060",
        "listen=udp:192.0.2.10:5070",
        "listen=udp:198.51.100.10:5080",
        "listen=tcp:198.51.100.10:5080",
    ]
    assert text.startswith("# ")
    assert text.endswith("\n")


def test_an_ipv6_listener_keeps_its_brackets(tmp_path):
    good = (Path(__file__).parent / "sites" / "good.toml").read_text("utf-8")
    file = tmp_path / "site.toml"
    file.write_text(good.replace("udp:192.0.2.10:5060", "udp:[2001:DB8::10]:5060"))
    assert "listen=udp:[2001:db8::10]:5060\n" in listen_cfg(load(file))


def test_tls_is_switched_on_where_a_listener_is_of_it(tmp_path):
    """Without that Kamailio leaves the listener out, and says nothing."""
    good = (Path(__file__).parent / "sites" / "good.toml").read_text("utf-8")
    file = tmp_path / "site.toml"
    file.write_text(good.replace("tcp:192.0.2.10:5060", "tls:192.0.2.10:5061"))
    lines = listen_cfg(load(file)).splitlines()
    assert "#!define BELLHOP_TLS" in lines
    assert lines.index("enable_tls=yes") < lines.index("listen=tls:192.0.2.10:5061")


@pytest.mark.parametrize(
    ("keys", "seconds"), [("", None), ('probe_devices = "off"', None), ('probe_devices = "5s"', 5)]
)
def test_devices_are_probed_as_often_as_the_site_says(tmp_path, keys, seconds):
    good = (Path(__file__).parent / "sites" / "good.toml").read_text("utf-8")
    file = tmp_path / "site.toml"
    file.write_text(good.replace("[edge]", f"[edge]\n{keys}"))
    found = [line for line in listen_cfg(load(file)).splitlines() if "PROBE_DEVICES" in line]
    assert found == ([f"#!define BELLHOP_PROBE_DEVICES {seconds}"] if seconds else [])
    restart = needs_restart(load(Path(__file__).parent / "sites" / "good.toml"), load(file))
    assert restart == (("edge.probe_devices",) if seconds else ())


@pytest.mark.parametrize(
    ("keys", "standby", "seconds"),
    [
        ("", False, None),
        ('probe = "off"', False, None),
        ('probe = "1s"', False, 1),
        ('probe = "1h"', True, 3600),
        ("", True, 2),  # an Asterisk's death must not wait for the site's word
    ],
)
def test_the_dispatcher_probes_as_often_as_the_site_says_where_there_is_anybody_to_probe(
    tmp_path, keys, standby, seconds
):
    good = (Path(__file__).parent / "sites" / "good.toml").read_text("utf-8")
    file = tmp_path / "site.toml"
    text = good.replace("[edge]", f"[edge]\n{keys}")
    file.write_text(text + (TABLE if standby else ""))
    lines = [
        line for line in listen_cfg(load(file)).splitlines() if "PROBE" in line or "GATEW" in line
    ]
    assert lines == (
        []
        if seconds is None
        else [
            f"#!define BELLHOP_PROBE {seconds}",
            '#!define BELLHOP_GATEWAYS "/var/lib/bellhop/gateways.list"',
        ]
    )


def test_a_gateway_is_probed_from_the_listener_that_calls_leave_by(tmp_path):
    good = (Path(__file__).parent / "sites" / "good.toml").read_text("utf-8")
    file = tmp_path / "site.toml"
    trunks = 'trunks = ["tcp:192.0.2.10:5070", "udp:192.0.2.10:5070"]\nprobe = "10s"'
    file.write_text(good.replace('trunks = ["udp:192.0.2.10:5070"]', trunks))
    lines = gateways(load(file), lambda gateway: (gateway.address,))
    assert lines
    assert all(line.endswith(" socket=udp:192.0.2.10:5070") for line in lines)


def test_a_gateway_on_a_connection_is_probed_by_one(tmp_path):
    good = (Path(__file__).parent / "sites" / "good.toml").read_text("utf-8")
    file = tmp_path / "site.toml"
    trunks = 'trunks = ["tcp:192.0.2.10:5072", "udp:192.0.2.10:5070"]\nprobe = "10s"'
    good = good.replace('trunks = ["udp:192.0.2.10:5070"]', trunks)
    file.write_text(good.replace('"203.0.113.2:5060"', '"tcp:203.0.113.2:5060"'))
    lines = gateways(load(file), lambda gateway: (gateway.address,))
    [found] = [line for line in lines if "203.0.113.2:" in line]
    assert "sip:203.0.113.2:5060;transport=tcp 0 0 socket=tcp:192.0.2.10:5072" in found


@pytest.mark.parametrize(
    ("blocked", "flags"),
    [((), {"0"}), (("east",), {"0"}), (("south",), {"0"}), (("east", "south"), {"4"})],
)
def test_a_gateway_of_two_carriers_is_asked_until_both_are_blocked(tmp_path, blocked, flags):
    good = (Path(__file__).parent / "sites" / "good.toml").read_text("utf-8")
    file = tmp_path / "site.toml"
    good = good.replace('gateway = "203.0.113.4:5060"', 'gateway = "203.0.113.2:5060"')
    file.write_text(good.replace("[edge]", '[edge]\nprobe = "10s"'))
    lines = gateways(load(file), lambda gateway: (gateway.address,), blocked=blocked)
    [found] = [line.split() for line in lines if "203.0.113.2:" in line]
    assert {found[2]} == flags


def test_topology_is_hidden_only_where_the_site_says_so_and_from_a_restart_on(tmp_path):
    good = (Path(__file__).parent / "sites" / "good.toml").read_text("utf-8")
    file = tmp_path / "site.toml"
    file.write_text(good)
    shown = load(file)
    file.write_text(good.replace("[edge]", "[edge]\nhide_topology = true"))
    hidden = load(file)
    assert "TOPOS" not in listen_cfg(shown)
    assert "#!define BELLHOP_TOPOS\n" in listen_cfg(hidden)
    assert needs_restart(shown, hidden) == ("edge.hide_topology",)


def test_cseq_is_followed_only_where_a_carrier_gets_credentials(tmp_path):
    """It costs a look at each message, and needs a restart."""
    good = (Path(__file__).parent / "sites" / "good.toml").read_text("utf-8")
    file = tmp_path / "site.toml"
    keys = '[carriers.north]\nauth_user = "site"\nsecret_file = "north.htdigest"'
    file.write_text(good)
    without = load(file)
    file.write_text(good.replace("[carriers.north]", keys))
    proving = load(file)
    assert "BELLHOP_DIGEST" not in listen_cfg(without)
    assert "#!define BELLHOP_DIGEST\n" in listen_cfg(proving)
    assert needs_restart(without, proving) == ("carriers: the first auth_user, or the last",)
    assert needs_restart(proving, without) == ("carriers: the first auth_user, or the last",)
    assert needs_restart(proving, proving) == ()
