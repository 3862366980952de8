"""The committed types of KSR, and what the fake KSR is held to, against the edge's own Kamailio."""

import pytest
from kamailio_kemi import api, live

from tests.chain.harness.stack import PROJECT

IMAGE = f"{PROJECT}-edge:latest"
COMMAND = f"python -m kamailio_kemi.generate --image {IMAGE}"
STANDS_ON = frozenset({"", "pv", "hdr", "tm", "sl", "htable", "registrar", "auth", "nathelper"})

pytestmark = pytest.mark.control


@pytest.fixture(scope="module")
def edge():
    """What the edge's Kamailio lists, with every KEMI module that its image has."""
    return live.from_image(IMAGE)


def test_the_edge_has_the_modules_that_our_scripts_stand_on(edge):
    assert edge.modules >= STANDS_ON - {""}


def test_the_committed_functions_are_those_of_the_edge(edge):
    present = edge.modules | {""}
    committed = {f for f in api.load().functions if f.module in present}
    listed = set(edge.functions)
    stale = [f"gone: KSR.{f.path}{f.params}" for f in sorted(committed - listed)]
    stale += [f"new: KSR.{f.path}{f.params} -> {f.returns}" for f in sorted(listed - committed)]
    assert not stale, "\n".join([f"the stub is stale ({edge.kamailio}); run: {COMMAND}", *stale])


def test_app_python3_lists_the_same_functions_as_app_python3s(edge):
    """The whole list comes from app_python3s, for app_python3 has not room for all of it."""
    names = ("tm", "tmx", "sl", "htable", "textops", "siputils", "usrloc", "registrar", "auth")
    ours = live.from_image(IMAGE, engine="app_python3", modules=(*names, "pv", "nathelper"))
    others = {f.path for f in ours.functions if f not in edge.functions}
    assert {path.partition(".")[0] for path in others} == {"app_python3"}
    assert {function.module for function in ours.functions} >= STANDS_ON


def test_the_edge_answers_as_when_it_was_measured():
    committed = api.COMMITTED.with_name("measured.tsv").read_text(encoding="utf-8").splitlines()
    found = live.measure(IMAGE).splitlines()
    changed = [f"was {was!r}, is {now!r}" for was, now in zip(committed, found, strict=False)
               if was != now]  # fmt: skip
    assert not changed, "\n".join([f"KSR behaves otherwise; run: {COMMAND}", *changed])
    assert len(found) == len(committed)
