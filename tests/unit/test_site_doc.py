"""docs/site.md: every key of a site file, with the default that it has in the code."""

import re
import tomllib
from dataclasses import MISSING, fields
from pathlib import Path

import pytest

from bellhop.profiles import Table
from bellhop.settings import _TABLES, SiteError, load

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "site.md").read_text("utf-8")
MUST = "*must*"


def declared():
    """Yield each key with its table and its field."""
    for table, cls in _TABLES.items():
        for one in fields(cls):
            if "read" in one.metadata:
                yield table, one.metadata["name"] or one.name, one


def told():
    """Return what the page has: (table, key) and the default beside it."""
    found = {}
    for heading, body in re.findall(r"^## (.*)\n((?:(?!## ).*\n)*)", PAGE, re.MULTILINE):
        tables = re.findall(r"`\[+([a-z]+)", heading)
        for keys, default in re.findall(r"^\| (`[^|]*`) \| ?([^|]*?) ?\|", body, re.MULTILINE):
            for name in re.findall(r"`([a-z0-9_]+)`", keys):
                for table in tables:
                    assert (table, name) not in found, f"{table}.{name} stands there twice"
                    found[table, name] = default
    return found


def test_every_key_has_its_line_and_no_line_is_of_another():
    keys = {(table, name) for table, name, one in declared() if _TABLES[table] is not Table}
    only_of_the_standby = {("pbx", "agi"), ("pbx", "ami")}
    assert set(told()) - only_of_the_standby == keys


@pytest.mark.parametrize(
    ("table", "name", "one"),
    [
        pytest.param(*each, id=f"{each[0]}.{each[1]}")
        for each in declared()
        if each[0] != "profiles"
    ],
)
def test_a_default_is_the_codes(table, name, one):
    said = told()[table, name]
    if said == MUST:
        assert one.default is MISSING
    elif said:
        written = tomllib.loads(f"x = {said.strip('`')}")["x"]
        assert one.metadata["read"](written) == one.default
    else:
        assert one.default in {"", None, 0, ()}


def test_every_key_of_a_profile_is_told_where_profiles_are():
    page = (DOCS / "recursion.md").read_text("utf-8")
    named = set(
        re.findall(r"`([a-z0-9_]+)`", "".join(re.findall(r"^\| (`.*?) \|", page, re.MULTILINE)))
    )
    assert {name for _, name, one in declared() if _ == "profiles"} <= named


def test_its_links_lead_somewhere():
    links = re.findall(r"\]\(([a-z]+\.md)#([^)]*)\)", PAGE)
    assert links
    for file, anchor in links:
        heads = re.findall(r"^#+ (.*)$", (DOCS / file).read_text("utf-8"), re.MULTILINE)
        assert anchor in {re.sub(r"[^\w\- ]", "", h.lower()).replace(" ", "-") for h in heads}


def least():
    """Return the page's smallest site."""
    [text] = re.findall(r"^```toml\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    return text


def test_the_smallest_site_is_one(tmp_path):
    file = tmp_path / "site.toml"
    file.write_text(least())
    assert load(file).site.name == "hq"


def test_the_smallest_site_has_no_line_too_many(tmp_path):
    file = tmp_path / "site.toml"
    for line in least().splitlines():
        file.write_text(least().replace(f"{line}\n", "", 1))
        with pytest.raises(SiteError):
            load(file)


def test_all_may_share_one_address(tmp_path):
    file = tmp_path / "site.toml"
    file.write_text(least().replace("192.0.2.20:5060", "192.0.2.10:5062").replace(".2.20", ".2.10"))
    site = load(file)
    assert site.pbx.address.host == site.edge.internal.host == site.pager.agi.host
