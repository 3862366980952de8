"""The SIPp scenarios as files: readable, documented, used, and of a form that SIPp takes."""

import importlib.util
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from tests.chain.matrix import CODES

ROOT = Path(__file__).resolve().parents[2]
SCENARIOS = ROOT / "sipp-scenarios"
FILES = sorted(SCENARIOS.glob("*/*.xml"))
NAMES = [str(path.relative_to(SCENARIOS).with_suffix("")) for path in FILES]
ROLES = {"caller", "carrier", "speaker", "pbx"}

# SIPp's own keywords that we use; every other is set by -key.
BUILT_IN = {
    "authentication", "branch", "call_id", "call_number", "len", "local_ip", "local_ip_type",
    "local_port", "media_ip", "media_ip_type", "next_url", "pid", "remote_ip", "remote_port",
    "routes", "rtpstream_audio_port", "transport",
}  # fmt: skip

every = pytest.mark.parametrize("path", FILES, ids=NAMES)


def tree(path: Path) -> ET.ElementTree:
    return ET.parse(path)  # noqa: S314 - our own files


def head(path: Path) -> dict[str, str]:
    """Return the lines `name: value` of a scenario's head comment."""
    comment = re.search(r"<!--\n(.*?)-->", path.read_text("utf-8"), re.DOTALL)
    assert comment, "no head comment"
    pairs = re.findall(r"^  (\w+):\s+(.*)$", comment[1], re.MULTILINE)
    return dict(pairs)


def sent(path: Path) -> list[str]:
    """Return the messages that a scenario sends."""
    return [(element.text or "").strip() for element in tree(path).iter("send")]


def keys(path: Path) -> set[str]:
    """Return the keywords that a scenario needs a -key for."""
    root = tree(path).getroot()
    texts = [*sent(path), *(value for e in root.iter() for value in e.attrib.values())]
    found = {key for text in texts for key in re.findall(r"\[([a-z_]+)(?:[-+][0-9]+)?\]", text)}
    return found - BUILT_IN


def test_there_are_scenarios_of_every_role():
    assert {name.partition("/")[0] for name in NAMES} == ROLES


@every
def test_a_scenario_is_named_as_its_file(path: Path):
    assert tree(path).getroot().get("name") == str(path.relative_to(SCENARIOS).with_suffix(""))


@every
def test_a_scenario_says_its_role_its_keys_and_what_it_expects(path: Path):
    assert set(head(path)) >= {"role", "keys", "expects"}


@every
def test_every_key_is_documented_and_every_documented_key_is_used(path: Path):
    said = re.sub(r"\([^)]*\)", "", head(path)["keys"])
    words = {word.strip() for word in re.split("[,;]", said)} - {"none", ""}
    documented = {word for word in words if not word.startswith("-")}
    assert documented == keys(path)


@every
def test_a_status_line_is_literal(path: Path):
    """SIPp refuses a keyword in it."""
    for message in sent(path):
        first = message.splitlines()[0].strip()
        if first.startswith("SIP/2.0"):
            assert re.fullmatch(r"SIP/2\.0 [1-6][0-9]{2} [A-Za-z/ -]+", first)


@every
def test_a_reason_comes_by_key_alone(path: Path):
    assert not [line for text in sent(path) for line in text.splitlines() if "Reason:" in line]


@every
def test_a_request_that_is_sent_over_udp_is_retransmitted(path: Path):
    """Else one lost datagram is a failed call: ACK apart, which has no answer, and the second of two
    copies.
    """
    if path.stem.endswith("-twice"):
        return
    for element in tree(path).iter("send"):
        first = (element.text or "").strip().split(" ")[0]
        if first not in {"ACK", "SIP/2.0"}:
            assert element.get("retrans"), first


def uses(text: str, name: str) -> bool:
    """Whether a module's text says that it plays a scenario."""
    role, _, what = name.partition("/")
    if rejects := re.fullmatch(r"carrier/rejects-([0-9]{3}|STATUS)", name):
        # The codes stand in tables there.
        return "carrier/rejects-" in text and bool(
            rejects[1] == "STATUS" or re.search(rf"\b{rejects[1]}\b", text)
        )
    return f'"{name}"' in text or (f'f"{role}/{{' in text and f'"{what}"' in text)


@every
def test_a_scenario_is_used_by_a_test_or_the_demo(path: Path):
    name = str(path.relative_to(SCENARIOS).with_suffix(""))
    texts = [p.read_text("utf-8") for p in (ROOT / "tests/chain").rglob("*.py")]
    assert any(uses(text, name) for text in texts), f"nothing uses {name}"


def test_who_the_readme_says_uses_a_scenario_does():
    rows = re.findall(
        r"^\| `([a-z]+/[A-Za-z0-9-]+)` .*\| ([^|]*) \|$",
        (SCENARIOS / "README.md").read_text("utf-8"),
        re.MULTILINE,
    )
    named = [(name, who) for name, told in rows for who in re.findall(r"`([a-z_/]+\.py)`", told)]
    assert len({name for name, _ in named}) == len(rows)
    chain = ROOT / "tests/chain"
    assert [
        (name, who) for name, who in named if not uses((chain / who).read_text("utf-8"), name)
    ] == []


def test_the_readme_lists_every_scenario_and_no_other():
    text = (SCENARIOS / "README.md").read_text("utf-8")
    listed = re.findall(r"^\| `([a-z]+/[a-z0-9-]+)`", text, re.MULTILINE)
    generated = [name for name in NAMES if re.fullmatch(r"carrier/rejects-[0-9]{3}", name)]
    assert sorted(listed) == sorted(set(NAMES) - set(generated))
    row = next(line for line in text.splitlines() if line.startswith("| `carrier/rejects-STATUS`"))
    for name in generated:
        assert name[-3:] in row


def test_the_readme_has_the_keys_of_each_scenario():
    text = (SCENARIOS / "README.md").read_text("utf-8")
    rows = dict(re.findall(r"^\| `([a-z]+/[a-z0-9-]+)` \| [^|]* \| ([^|]*) \|", text, re.MULTILINE))
    for name, path in zip(NAMES, FILES, strict=True):
        if name in rows:
            assert rows[name] == head(path)["keys"], name


def test_the_readmes_commands_give_every_key_that_their_scenario_wants():
    text = (SCENARIOS / "README.md").read_text("utf-8")
    commands = re.findall(r"^    (sipp (?:.*\\\n)*.*)$", text, re.MULTILINE)
    assert commands
    for command in commands:
        [name] = re.findall(r"-sf (\S+)", command)
        assert keys(SCENARIOS / name) <= set(re.findall(r"-key (\S+)", command)), name


def writer(name: str) -> Any:
    """Return a program that writes scenarios, as a module."""
    spec = importlib.util.spec_from_file_location(name, SCENARIOS / f"{name}.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_files_that_are_written_are_what_their_writers_write():
    rejects, as_dialled = writer("rejects"), writer("as_dialled")
    written = {f"carrier/rejects-{status}": rejects.scenario(status) for status in rejects.PHRASES}
    written["carrier/does-as-dialled"] = as_dialled.scenario()
    files = dict(zip(NAMES, (p.read_text("utf-8") for p in FILES), strict=True))
    assert written == {n: t for n, t in files.items() if "Written by sipp-scenarios/" in t}


def test_a_carrier_can_do_all_that_the_matrix_dials():
    assert writer("as_dialled").CODES == CODES
