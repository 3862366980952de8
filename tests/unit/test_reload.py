"""What of a changed site file a running Kamailio can take."""

from dataclasses import replace
from pathlib import Path

from bellhop.addresses import Address
from bellhop.reload import changed, needs_restart
from bellhop.settings import load

SITE = load(Path(__file__).with_name("sites") / "good.toml")


def test_the_same_site_changes_nothing():
    assert changed(SITE, load(SITE.path)) == ()
    assert needs_restart(SITE, load(SITE.path)) == ()


def test_what_differs_is_named_in_the_order_of_the_file():
    other = replace(SITE, zones={}, routes=(), site=replace(SITE.site, name="another"))
    assert changed(SITE, other) == ("site", "routes", "zones")
    assert needs_restart(SITE, other) == ()


def test_what_kamailio_was_started_with_needs_a_restart():
    edge = replace(SITE.edge, internal=Address("198.51.100.99", 5080), attempts=2)
    other = replace(SITE, edge=edge, site=replace(SITE.site, state="/elsewhere"))
    assert needs_restart(SITE, other) == ("edge.internal", "site.state")


def test_every_table_of_a_site_is_looked_at():
    parts = [name for name in SITE.__dataclass_fields__ if name != "path"]
    different = replace(SITE, **dict.fromkeys(parts, "another"))
    assert changed(SITE, different) == tuple(parts)
