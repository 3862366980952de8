"""The tree is the import map: read from the sources, so that no import can slip in unseen.

tests -> pager -> {agi, ami}; {kemi, agi, ami, pager} -> bellhop -> the standard library and msgspec.
"""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
OURS = ("bellhop", "kemi", "agi", "ami", "pager")
# What a package may import besides the standard library and itself.
MAY = {
    "bellhop": {"msgspec"},
    "kemi": {"msgspec", "bellhop"},
    "agi": {"msgspec", "bellhop"},
    "ami": {"msgspec", "bellhop"},
    "pager": {"msgspec", "bellhop", "agi", "ami"},
}
# KSR's adapters: sip.py, and one more for each theme.
KSR_ADAPTERS = {
    f"kemi/{name}.py"
    for name in (
        "sip",
        "ksr_auth",
        "ksr_contact",
        "ksr_dialog",
        "ksr_dns",
        "ksr_health",
        "ksr_metrics",
        "ksr_queue",
        "ksr_raw",
        "ksr_registrar",
        "ksr_replies",
        "ksr_sanity",
        "ksr_tables",
        "ksr_transactions",
        "ksr_uac",
    )
}
# What one file, or the files of one folder, may import besides.
BESIDES = {
    **{place: {"KSR"} for place in KSR_ADAPTERS},
    "agi/channel.py": {"asterisk"},
    "ami/library.py": {"panoramisk"},
    "bellhop/postgresql.py": {"psycopg"},
    "bellhop/cli.py": {"click"},
    "bellhop/commands": {"click"},
}
# Kamailio's workers may not block, and have no use for these; threads make no progress there.
NEVER_IN_KEMI = {
    "asyncio", "threading", "socket", "sqlite3", "subprocess", "multiprocessing", "concurrent",
    "http", "urllib", "ssl", "logging", "queue", "selectors", "signal",
}  # fmt: skip


def imports(source):
    """Yield the whole names of the modules that a source imports, wherever in it."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Import(names):
                yield from (name.name for name in names)
            case ast.ImportFrom(module=module, level=0):
                yield module
            case ast.ImportFrom(level=level):
                yield "." * level
            case ast.Call(func=ast.Name("__import__") | ast.Attribute(attr="import_module")):
                found = node.args[0] if node.args else None
                yield found.value if isinstance(found, ast.Constant) else "?"


def wrong(place, source):
    """Return what the file at this place (from the root) imports and may not."""
    package = place.split("/")[0]
    may = {package} | MAY[package]
    for where, more in BESIDES.items():
        if place == where or place.startswith(f"{where}/"):
            may |= more
    found = []
    for module in imports(source):
        top = module.partition(".")[0]
        if module.startswith("."):
            found.append(f"{place}: a relative import")
        elif package == "kemi" and top in NEVER_IN_KEMI:
            found.append(f"{place}: {module}, which kemi never needs")
        elif top not in may and top not in sys.stdlib_module_names:
            found.append(f"{place}: {module}")
    return found


def sources():
    for package in OURS:
        for path in sorted((ROOT / package).rglob("*.py")):
            yield path.relative_to(ROOT).as_posix(), path.read_text("utf-8")


def test_imports_run_in_one_direction():
    # The one name that is computed: a verb of the command line, out of a closed table.
    computed = {"bellhop/commands/__init__.py: ?"}
    assert [
        one for place, source in sources() for one in wrong(place, source) if one not in computed
    ] == []


@pytest.mark.parametrize(
    ("place", "source"),
    [
        ("bellhop/zones.py", "import kemi.sip"),
        ("bellhop/zones.py", "from agi import page"),
        ("bellhop/zones.py", "import click"),
        ("bellhop/zones.py", "def f():\n    import click.core"),
        ("bellhop/commands/check.py", "import panoramisk"),
        ("bellhop/commands/check.py", "from kemi import app"),
        ("kemi/app.py", "import KSR"),
        ("kemi/app.py", "from agi.page import Pages"),
        ("kemi/app.py", "import asyncio"),
        ("kemi/app.py", "def f():\n    import sqlite3"),
        ("kemi/app.py", "import urllib.request"),
        ("kemi/sip.py", "import threading"),
        ("kemi/app.py", "from . import sip"),
        ("kemi/app.py", "__import__('ami')"),
        ("agi/page.py", "import ami"),
        ("agi/page.py", "import asterisk.agi"),
        ("agi/channel.py", "import panoramisk"),
        ("ami/engine.py", "import panoramisk"),
        ("ami/engine.py", "from agi.server import Server"),
        ("ami/engine.py", "import pager"),
        ("pager/daemon.py", "import kemi"),
        ("pager/daemon.py", "import importlib\nimportlib.import_module('kemi.app')"),
        ("pager/daemon.py", "import KSR"),
        ("bellhop/reason.py", "import requests"),
    ],
)
def test_an_import_the_wrong_way_is_seen(place, source):
    assert len(wrong(place, source)) == 1


def test_imports_the_right_way_are_not_complained_of():
    for place, source in [
        ("kemi/sip.py", "import KSR\nfrom bellhop.values import Address"),
        ("agi/channel.py", "from asterisk.agi import AGI"),
        ("ami/library.py", "import panoramisk, asyncio"),
        ("pager/daemon.py", "from agi.server import Server\nfrom ami.engine import Engine"),
        ("bellhop/cli.py", "def run():\n    import click"),
        ("bellhop/commands/check.py", "import click\nfrom bellhop import cli"),
    ]:
        assert wrong(place, source) == []


def test_each_adapter_is_there_and_is_the_one():
    for module, places in [
        ("KSR", KSR_ADAPTERS),
        ("psycopg", {"bellhop/postgresql.py"}),
        ("asterisk", {"agi/channel.py"}),
        ("panoramisk", {"ami/library.py"}),
    ]:
        users = {p for p, s in sources() if module in {i.partition(".")[0] for i in imports(s)}}
        assert users == places


def test_no_module_is_longer_than_300_lines():
    tests = (ROOT / "tests").rglob("*.py")
    texts = [*sources(), *((str(p.relative_to(ROOT)), p.read_text("utf-8")) for p in tests)]
    assert len(texts) > 300
    assert {place: n for place, text in texts if (n := text.count("\n")) > 300} == {}


def test_no_wait_swallows_a_cancellation():
    """On Python 3.11 asyncio.wait_for does, when what it waits for comes at the same time."""
    assert any("asyncio.timeout(" in text for _, text in sources())
    assert [place for place, text in sources() if "asyncio.wait_for(" in text] == []


def test_no_name_hides_a_module_of_another():
    """Kamailio's own module would be found as kemi.py, pyst2 lives in a package called asterisk."""
    names = [place for place, _ in sources()]
    assert not [place for place in names if place.split("/")[-1] == "kemi.py"]
    assert not [place for place in names if "asterisk" in place.split("/")[:-1]]
    for taken in ("asterisk", "KSR", "panoramisk", "kemi.py", "asterisk.py", "KSR.py"):
        assert not (ROOT / taken).exists()


def test_the_entry_stands_alone_in_its_folder():
    """Its folder comes first on Python's path: a neighbour would replace a module of the library."""
    entry = ROOT / "config" / "kamailio" / "entry"
    assert [path.name for path in entry.iterdir() if path.name != "__pycache__"] == ["route.py"]


def loaded_by(statement):
    """Return the names of the modules that a statement loads in a fresh Python with a bare KSR."""
    code = (
        "import sys, types; sys.modules['KSR'] = types.ModuleType('KSR'); before = {*sys.modules}\n"
        f"{statement}\nprint(*sorted({{*sys.modules}} - before))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return set(done.stdout.split())


HEAVY = {
    "asyncio", "ssl", "urllib.request", "http.client", "logging", "logging.handlers", "email",
    "click", "panoramisk", "asterisk", "agi", "ami", "pager", "multiprocessing",
    "subprocess", "unittest", "hypothesis", "kamailio_kemi", "psycopg",
}  # fmt: skip


def test_what_kamailio_loads_of_us_is_light():
    loaded = loaded_by("import kemi.app")
    assert {"kemi.sip", "bellhop.recursion", "msgspec"} <= loaded
    assert loaded & HEAVY == set()


def test_what_is_heavy_would_be_seen():
    assert {"click", "logging.handlers"} <= loaded_by("import click, logging.handlers") & HEAVY


def test_the_entry_gives_kamailio_its_mod_init():
    loaded = loaded_by(
        "import runpy; assert callable(runpy.run_path('config/kamailio/entry/route.py')['mod_init'])"
    )
    assert "kemi.app" in loaded
