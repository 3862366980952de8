"""Who is measured: each side is one Kamailio in a container of its own, all from one edge image, all
in the lab's network, known to the same caller and the same two carriers.
"""

import contextlib
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.chain.harness.stack import DOCKER, Stack, docker, until

NATIVE = Path(__file__).with_name("native")
# The lab's addresses (config/docker/lab/lab): a PBX that calls, a carrier that fails, one that answers.
CALLER, FAILS, ANSWERS = "40", "31", "32"
DOOR = 5070  # every side's listener for trunks
_CTL = "unix:/run/kamailio/kamailio_ctl"

DROUTING = """
    CREATE TABLE version (table_name, table_version INTEGER);
    INSERT INTO version VALUES ('dr_gateways', 3), ('dr_rules', 3), ('dr_gw_lists', 1);
    CREATE TABLE dr_gateways (gwid INTEGER, type INTEGER, address VARCHAR(128), strip INTEGER,
        pri_prefix VARCHAR(64), attrs VARCHAR(255));
    CREATE TABLE dr_gw_lists (id INTEGER, gwlist VARCHAR(255));
    CREATE TABLE dr_rules (ruleid INTEGER, groupid VARCHAR(255), prefix VARCHAR(64),
        timerec VARCHAR(255), priority INTEGER, routeid VARCHAR(64), gwlist VARCHAR(255));
    INSERT INTO dr_rules VALUES (1, '0', '4416', '', 0, '0', '1,2');
"""


@dataclass(frozen=True, slots=True)
class Side:
    """What is measured.

    cfg: a native cfg of ours; "" for Bellhop. defines: of Kamailio's preprocessor (-A).
    routes: how many routes the site has (Bellhop).
    """

    name: str
    what: str
    last: str
    cfg: str = ""
    defines: tuple[str, ...] = ()
    routes: int = 10


OURS = Side("ours", "Bellhop, app_python3s", "101")
SIDES = (
    OURS,
    Side("ours-10000", "Bellhop, 10,000 routes", "102", routes=10_000),
    Side("ours-python3", "Bellhop, app_python3", "103", defines=("BELLHOP_PYTHON3",)),
    Side("native", "native cfg, same decision and duties", "104", "native.cfg"),
    Side("native-blind", "the same, Reason not read", "105", "native.cfg", ("BLIND",)),
    Side("native-bare", "the same decision, no other duty", "106", "native.cfg", ("BARE",)),
    Side("drouting", "native drouting failover, by code", "107", "drouting.cfg"),
)


@dataclass(frozen=True, slots=True)
class Running:
    """A side that runs: its container and where calls for it go."""

    side: Side
    container: str
    host: str


@contextlib.contextmanager
def running(stack: Stack, sides: tuple[Side, ...], folder: Path) -> Iterator[list[Running]]:
    """Start the sides, and remove them in the end; their logs stay in the folder."""
    network = f"{stack.project}_outside"
    subnet = docker("network", "inspect", "-f", "{{(index .IPAM.Config 0).Subnet}}", network)
    prefix = subnet.strip().rpartition(".")[0]
    up: list[Running] = []
    try:
        for side in sides:
            one = Running(side, f"{stack.project}-bench-{side.name}", f"{prefix}.{side.last}")
            with contextlib.suppress(RuntimeError):  # one that an aborted run left
                docker("rm", "-f", one.container)
            up.append(one)
            docker("run", "-d", "--name", one.container, "--network", network, "--ip", one.host,
                   *_command(stack, side, folder / side.name, prefix))  # fmt: skip
        for one in up:
            until(f"{one.side.name} to answer", lambda name=one.container: _answers(name), 60)
        yield up
    finally:
        for one in up:
            with contextlib.suppress(
                RuntimeError, subprocess.CalledProcessError
            ):  # it never came to be
                (folder / f"{one.side.name}.log").write_text(said(one.container), "utf-8")
                docker("rm", "-f", one.container)


def _command(stack: Stack, side: Side, folder: Path, prefix: str) -> list[str]:
    """Return the rest of a side's `docker run`; its files are written into the folder."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    folder.chmod(0o755)
    defines = [part for define in side.defines for part in ("-A", define)]
    # No limit on a log that an operator's syslog would take; nothing is written to a disk of ours.
    common = [
        "--user",
        "5060:5060",
        "--tmpfs",
        "/run:uid=5060,gid=5060",
        "--log-opt",
        "max-size=50m",
    ]
    image = f"{stack.project}-edge:latest"
    if not side.cfg:
        (folder / "site.toml").write_text(
            site(f"{prefix}.{side.last}", prefix, side.routes), "utf-8"
        )
        (folder / "devices.htdigest").write_text("", "utf-8")
        return [*common, "-v", f"{folder}:/etc/bellhop:ro", image, *defines]
    for file in NATIVE.glob("*.cfg"):
        shutil.copy(file, folder)
    (folder / "here.cfg").write_text(here(f"{prefix}.{side.last}", prefix), "utf-8")
    _drouting(folder / "drouting.db", prefix)
    # stdbuf: ours writes a log line at once too (kemi/stderr.py).
    start = f"mkdir -p /run/kamailio && exec stdbuf -eL kamailio -DD -E -m 64 -M 16 -x tlsf -X tlsf -Y /run/kamailio -f /bench/{side.cfg} "
    return [*common, "-v", f"{folder}:/bench:ro", "--entrypoint", "sh", image, "-c",
            start + " ".join(defines)]  # fmt: skip


def site(host: str, prefix: str, routes: int) -> str:
    """Return the site file of a side of Bellhop's; the last of its routes is the one that is dialled."""
    lines = [
        "schema = 1",
        '[site]\nname = "bench"\nrealm = "bellhop.invalid"\nsecret_file = "devices.htdigest"',
        'state = "/var/lib/bellhop"',
        f'[edge]\ndevices = ["udp:{host}:5060"]\ntrunks = ["udp:{host}:{DOOR}"]',
        f'internal = "{host}:5080"\nattempts = 4\nbudget = "40s"',
        f'[pbx]\naddress = "{prefix}.20:5060"',
        f'[pager]\nagi = "{prefix}.21:4573"\nami = "{prefix}.20:5038"\nami_secret_file = "ami"',
        f'[trunks.caller]\ngateway = "{prefix}.{CALLER}:5060"\nmay = ["carriers"]',
    ]
    for name, last in (("fails", FAILS), ("answers", ANSWERS)):
        lines.append(f'[carriers.{name}]\ngateway = "{prefix}.{last}:5060"')
        lines.append('answer_timeout = "2s"\nring_timeout = "20s"')
        # On, but datagrams that are lost at saturation must not open it for what comes after.
        lines.append("breaker = 1000")
    lines += [
        f'[[routes]]\nprefix = "{100_000 + number}"\ncarriers = ["answers"]'
        for number in range(routes - 1)
    ]
    lines.append('[[routes]]\nprefix = "4416"\ncarriers = ["fails", "answers"]')
    return "\n".join(lines) + "\n"


def here(host: str, prefix: str) -> str:
    """Return what the native cfgs must know of their place."""
    return (
        f"listen=udp:{host}:{DOOR}\n"
        f'#!define TRUNK "{prefix}.{CALLER}"\n'
        f'#!define FAILS "{prefix}.{FAILS}:5060"\n'
        f'#!define ANSWERS "{prefix}.{ANSWERS}:5060"\n'
    )


def _drouting(path: Path, prefix: str) -> None:
    """Write drouting's database: one rule, two gateways (the columns that it asks for)."""
    with contextlib.closing(sqlite3.connect(path)) as db, db:
        db.executescript(DROUTING)
        gateways = [(1, f"{prefix}.{FAILS}:5060"), (2, f"{prefix}.{ANSWERS}:5060")]
        db.executemany("INSERT INTO dr_gateways VALUES (?, 0, ?, 0, '', '')", gateways)


def said(container: str) -> str:
    """Return what a container has logged; Kamailio writes to stderr."""
    ended = subprocess.run(
        [*DOCKER, "logs", container], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=True
    )
    return ended.stdout.decode("utf-8", "replace")


def _answers(container: str) -> bool:
    try:
        docker("exec", container, "kamcmd", "-s", _CTL, "core.uptime")
    except RuntimeError as error:
        if "is not running" in str(error):
            raise RuntimeError(
                f"{container} ended at its start: {said(container)[-2000:]}"
            ) from None
        return False
    return True
