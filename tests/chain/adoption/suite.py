"""Somebody's own test machine, on which the suite runs as docs/suite.md says."""

import io
import re
import subprocess
import tarfile
import tempfile
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from bellhop.carriers import Carrier, Trunk
from bellhop.settings import Site
from tests.chain.adoption.machine import ROOT, Machine, build, clean
from tests.chain.harness.stack import DOCKER, PROJECT, Stack

IMAGE = f"{PROJECT}-adoption-suite:latest"
LAST = "103"
_INPUTS = (
    "pyproject.toml",
    "typings",
    "agi",
    "ami",
    "bellhop",
    "kemi",
    "pager",
    "tests",
    "sipp-scenarios",
)


@dataclass(frozen=True, slots=True)
class Ran:
    """One run: its exit code, what it said, each test's outcome with the reason for a skip or
    failure.
    """

    code: int
    said: str = field(repr=False)
    tests: Mapping[str, tuple[str, str]] = field(repr=False)

    def count(self) -> Counter[str]:
        """Return how many tests passed, failed or were skipped."""
        return Counter(outcome for outcome, _ in self.tests.values())


def address(site: Site) -> str:
    """Return the machine's address, in the edge's network."""
    return f"{site.edge.devices[0].address.host.rpartition('.')[0]}.{LAST}"


def gateways(site: Site) -> list[tuple[str, str]]:
    """Return what differs in the stack's site file: every carrier and trunk is at this machine, each
    at an address of its own, as the guide says.
    """
    return [
        (f'gateway = "{peer.gateways[0]}"', f'gateway = "{host}:5060"')
        for peer, host in zip(_peers(site), _others(site), strict=True)
    ]


def _peers(site: Site) -> list[Carrier | Trunk]:
    return [*site.carriers.values(), *site.trunks.values()]


def _others(site: Site) -> list[str]:
    network = address(site).rpartition(".")[0]
    return [f"{network}.{int(LAST) + place}" for place, _ in enumerate(_peers(site), 1)]


def guide() -> str:
    """Return the guide's command."""
    text = (ROOT / "docs" / "suite.md").read_text("utf-8")
    [found] = re.findall(r"^    (\S*python -m pytest tests/chain --edge .*)$", text, re.MULTILINE)
    return str(found)


class Bench:
    """The test machine. Leave it by `remove`."""

    def __init__(self, stack: Stack, site: Site) -> None:
        build(IMAGE, Path(__file__).with_name("Dockerfile.suite"),
              "pyproject.toml", "README.md", "LICENSE", "typings", "config/docker/ca")  # fmt: skip
        self.local = address(site)
        self._said: list[str] = []
        networks = {f"{stack.project}_outside": self.local}
        self.machine = Machine(f"{PROJECT}-adopt-suite", IMAGE, networks, "--cap-add=NET_ADMIN")
        self.remove = self.machine.remove
        for other in _others(site):
            self.machine.run("ip", "address", "add", f"{other}/24", "dev", "eth0")
        with tempfile.TemporaryFile() as checkout:
            with tarfile.open(fileobj=checkout, mode="w") as tar:
                for path in _INPUTS:
                    tar.add(ROOT / path, path, filter=clean)
            checkout.seek(0)
            subprocess.run([*DOCKER, "cp", "-", f"{self.machine.name}:/src"], stdin=checkout,
                           check=True, timeout=60)  # fmt: skip

    def run(self, site: str, passwords: Mapping[str, tuple[str, str]], *more: str) -> Ran:
        """Run the guide's command at an edge. Raises RuntimeError when there is no result."""
        lines = "".join(f"{n} {user} {word}\n" for n, (user, word) in passwords.items())
        self.machine.put("/src/site.toml", site)
        self.machine.put("/src/passwords", lines, 0o600)
        edge = re.search(r'devices = \["udp:([0-9.:]+)"', site)
        assert edge, "the site's first listener for devices is UDP"
        values = {"HOST:PORT": edge[1], "FILE": "passwords", "IP": self.local}
        command = " ".join(values.get(word, word) for word in guide().split())
        script = f"rm -f junit.xml; {command} --junitxml junit.xml {' '.join(more)}; echo exit=$?"
        said = self.machine.run("sh", "-c", script, timeout=500)
        self._said.append(said)
        code = int(said.rsplit("exit=", 1)[1])
        try:
            report = ET.fromstring(self.machine.read("/src/junit.xml"))  # noqa: S314 - our own
        except RuntimeError:
            raise RuntimeError(f"the suite gave no report:\n{said}") from None
        return Ran(code, said, dict(_outcome(case) for case in report.iter("testcase")))

    def keep(self, directory: Path) -> None:
        """Copy what the suite left, and what each run said."""
        self.machine.run("mkdir", "-p", "/src/build/artifacts")
        copied = subprocess.run([*DOCKER, "cp", f"{self.machine.name}:/src/build/artifacts", "-"],
                                capture_output=True, check=True, timeout=60)  # fmt: skip
        # Unpacked here: what docker itself writes may be root's.
        with tarfile.open(fileobj=io.BytesIO(copied.stdout)) as tar:
            # Python 3.11.2 (Debian 12) has no filter yet, 3.14 wants one named.
            safe = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}
            tar.extractall(directory, **safe)  # noqa: S202 - our own container's files
        for number, said in enumerate(self._said, 1):
            (directory / f"run-{number}.log").write_text(said, "utf-8")


def _outcome(case: ET.Element) -> tuple[str, tuple[str, str]]:
    for child in case:
        if child.tag in {"failure", "error", "skipped"}:
            return case.get("name", ""), (child.tag, child.get("message", ""))
    return case.get("name", ""), ("passed", "")
