"""Houses: an edge on a fake server of its own, for each test or for each example."""

import pytest
from kamailio_kemi.fake import FakeKSR, installed

from tests.unit.kemi.house import NORTH, PHONE, House
from tests.unit.kemi.server import API, MODULES


def pytest_configure():
    """The kemi package needs a KSR to be imported at all."""
    with installed(FakeKSR(MODULES, API)):
        import kemi.app  # noqa: F401, PLC0415


@pytest.fixture(autouse=True)
def nice(monkeypatch):
    """What is given way by, each time: the tests' own process gives none."""
    from kemi import beside  # noqa: PLC0415 - there is a KSR to import only now

    given: list[int] = []
    monkeypatch.setattr(beside.os, "nice", given.append)
    beside.give_way.cache_clear()
    return given


@pytest.fixture
def house(tmp_path):
    with installed(FakeKSR(MODULES, API)) as fake:
        made = House(fake, tmp_path)
        yield made
        made.app._ledger.close()  # noqa: SLF001 - the edge keeps it open for its life
        # The guard turns a defect into a 500, which may hide behind an answer that was given before.
        defects = [line for line in made.logged if "error=Traceback" in line]
        assert made.may_break or not defects, defects


@pytest.fixture
def make_house_of(tmp_path):
    """Make a house of a changed site file."""
    with installed(FakeKSR(MODULES, API)) as fake:
        yield lambda change: House(fake, tmp_path, change)


def built(folder, change=lambda text: text):
    """Return a house on a server of its own: not on the one before it, which may be broken."""
    fake = FakeKSR(MODULES, API)
    with installed(fake):
        return House(fake, folder, change)


@pytest.fixture
def make_house(tmp_path):
    """Make houses for property tests: a new server for each example."""
    return lambda: built(tmp_path)


@pytest.fixture
def make_house_changed(tmp_path):
    """The same, of a changed site file."""
    return lambda change: built(tmp_path, change)


@pytest.fixture
def within(house):
    """Send a request within the dialog; `mark` defaults to a good one."""
    from kemi import dialog  # noqa: PLC0415 - there is a KSR to import only now

    def go(method, *, to=NORTH, user="x", uri="", peers=("carrier:north",), mark=None, **said):
        good = dialog.mark(house.key, "call-1", "from-1", peers)
        said = {"fU": "1020", "tt": "to-1", "source": PHONE} | said
        uri = uri or f"sip:{user}@{to}"
        house.arrives(method, uri, mark=good if mark is None else mark, next_hop=to, **said)
        return house

    return go
