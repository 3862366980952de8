"""The bench's own house: an edge, a pbx and a pager beside the stack's, with a site of 500 speakers."""

import contextlib
import secrets
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.bench import meter
from tests.bench.paging import site
from tests.bench.sides import said
from tests.chain.harness.stack import Stack, docker, until

# CLOCK_PROCESS_CPUTIME_ID of process 1, as the kernel makes it of a number (posix-timers.h): what all
# of its threads have run, those that have ended too, in nanoseconds.
_RAN = "import time; print(time.clock_gettime((~1 << 3) | 2))"
_CTL = "unix:/run/kamailio/kamailio_ctl"


@dataclass(frozen=True, slots=True)
class House:
    """The running house. prefix: of its network; folder: where its files are."""

    stack: Stack
    prefix: str
    folder: Path

    def name(self, part: str) -> str:
        """Return the container of `edge`, `pbx` or `pager`."""
        return f"{self.stack.project}-bench-{part}"

    def asterisk(self, command: str) -> str:
        """Run one command of Asterisk's command line."""
        return docker("exec", self.name("pbx"), "asterisk", "-rx", command)

    def channels(self) -> int:
        """Return how many channels Asterisk has."""
        return int(self.asterisk("core show channels count").split(maxsplit=1)[0])

    def cpu(self) -> dict[str, float]:
        """Return the seconds that each part's processes have run so far."""
        found = {"edge": meter.cpu(self.name("edge"))}
        for part in ("pbx", "pager"):
            found[part] = float(docker("exec", self.name(part), "python3", "-c", _RAN))
        return found

    def registered(self) -> int:
        """Return how many devices are registered."""
        text = docker("exec", self.name("edge"), "kamcmd", "-s", _CTL, "ul.dump", "brief")
        return text.count("AoR:")


@contextlib.contextmanager
def running(stack: Stack, folder: Path, sizes: tuple[int, ...], taken: int) -> Iterator[House]:
    """Start the house, and remove it in the end; its logs stay in the folder."""
    network = f"{stack.project}_outside"
    subnet = docker("network", "inspect", "-f", "{{(index .IPAM.Config 0).Subnet}}", network)
    house = House(stack, subnet.strip().rpartition(".")[0], folder)
    _files(house, sizes, taken)
    parts = {"edge": site.EDGE, "pbx": site.PBX, "pager": site.PAGER}
    try:
        for part, last in parts.items():
            with contextlib.suppress(RuntimeError):  # one that an aborted run left
                docker("rm", "-f", house.name(part))
            docker("run", "-d", "--name", house.name(part), "--user", "5060:5060",
                   "--network", network, "--ip", f"{house.prefix}.{last}",
                   *_options(house, part))  # fmt: skip
            until(f"the bench's {part} to answer", lambda one=part: _answers(house, one), 60)
        _native(house, sizes)
        yield house
    finally:
        for part in parts:
            with contextlib.suppress(
                RuntimeError, subprocess.CalledProcessError
            ):  # never came to be
                (folder / f"{part}.log").write_text(said(house.name(part)), "utf-8")
                docker("rm", "-f", house.name(part))


def _files(house: House, sizes: tuple[int, ...], taken: int) -> None:
    shutil.rmtree(house.folder, ignore_errors=True)
    # Hexadecimal: one that begins with "0x" SIPp takes for a number (measured).
    passwords = {number: secrets.token_hex(12) for number in site.devices()}
    files = {
        "site/site.toml": site.site(house.prefix, sizes, taken),
        "site/devices.htdigest": site.htdigest(passwords),
        "site/secrets/ami": f"{secrets.token_urlsafe(24)}\n",
        "asterisk/extensions.conf": site.extensions(sizes),
        "asterisk/pjsip.conf": site.pjsip(),
        "asterisk/rtp.conf": site.RTP,
        "asterisk/bench-agi": site.PROCESS_AGI,
        "registers.csv": site.accounts(passwords),
    }
    for name, text in files.items():
        path = house.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
        path.parent.chmod(0o755)
    (house.folder / "asterisk/bench-agi").chmod(0o755)


def _options(house: House, part: str) -> list[str]:
    """Return the rest of a part's `docker run`."""
    options = ["--tmpfs", "/run:uid=5060,gid=5060", "-v", f"{house.folder}/site:/etc/bellhop:ro",
               "--log-opt", "max-size=20m"]  # fmt: skip
    image = f"{house.stack.project}-{part}:latest"
    if part == "pager":
        return [*options, image]
    if part == "pbx":
        for name in ("lib", "log", "spool"):
            options += ["--tmpfs", f"/var/{name}/asterisk:uid=5060,gid=5060"]
        for name in ("extensions.conf", "pjsip.conf", "rtp.conf"):
            options += ["-v", f"{house.folder}/asterisk/{name}:/etc/asterisk/{name}:ro"]
        script = "/usr/share/asterisk/agi-bin/bench-agi"
        options += ["-v", f"{house.folder}/asterisk/bench-agi:{script}:ro"]
    return [*options, image]


def _answers(house: House, part: str) -> bool:
    ask = {
        "edge": ("kamcmd", "-s", _CTL, "core.uptime"),
        "pbx": ("asterisk", "-rx", "core waitfullybooted"),
        "pager": ("python", "/opt/bellhop/docker/listening.py", "/etc/bellhop/site.toml"),
    }
    try:
        docker("exec", house.name(part), *ask[part])
    except RuntimeError as error:
        if "is not running" in str(error):
            raise RuntimeError(
                f"the bench's {part} ended at its start: {said(house.name(part))[-2000:]}"
            ) from None
        return False
    return True


def _native(house: House, sizes: tuple[int, ...]) -> None:
    """Put Asterisk's own Page() in the place of our pages, for the zones that are its."""
    for module in ("app_page.so", "res_clioriginate.so", "func_global.so"):
        house.asterisk(f"module load {module}")
    for number in (side.number(size) for size in sizes for side in (site.NATIVE, site.BARE)):
        house.asterisk(f"dialplan remove extension {number}@bellhop-in")
        shown = house.asterisk(f"dialplan show {number}@bellhop-in")
        if "Page(" not in shown or "BELLHOP_ZONE" in shown:
            raise RuntimeError(f"{number} is not Page() in Asterisk: {shown[:300]}")
