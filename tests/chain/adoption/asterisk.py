"""Somebody's own Asterisk: Debian's package with its own configuration, and what docs/asterisk.md
says done to it; the pager beside it, as its unit starts it.
"""

from pathlib import Path

from bellhop.settings import Site
from tests.chain.adoption.machine import BARE, Machine, build, commands
from tests.chain.adoption.service import Service
from tests.chain.harness.stack import PROJECT, Stack, until

GUIDE = "asterisk.md"
IMAGE = f"{PROJECT}-adoption-asterisk:latest"
LAST = "102"  # of its addresses in the stack's two networks
_PRISTINE = "/root/asterisk"


def addresses(site: Site) -> tuple[str, str]:
    """Return the machine's addresses outside and inside."""
    hosts = site.edge.devices[0].address.host, site.edge.internal.host
    outside, inside = (f"{host.rpartition('.')[0]}.{LAST}" for host in hosts)
    return outside, inside


def changes(site: Site) -> list[tuple[str, str]]:
    """Return what differs in the stack's site file: Asterisk and the pager are this machine's."""
    outside, inside = addresses(site)
    return [
        (f'address = "{site.pbx.address}"', f'address = "{inside}:5060"'),
        (f'media = "{site.pbx.media}"', f'media = "{outside}"'),
        (f'agi = "{site.pager.agi}"', f'agi = "{inside}:4573"'),
        (f'ami = "{site.pager.ami}"', 'ami = "127.0.0.1:5038"'),
    ]


class OwnAsterisk:
    """The machine, from its bare state on."""

    def __init__(self, stack: Stack, site: Site) -> None:
        """Start it as it was before Bellhop: Debian's files, and Asterisk running on them."""
        build(IMAGE, Path(__file__).with_name("Dockerfile.asterisk"))
        outside, inside = addresses(site)
        networks = {f"{stack.project}_outside": outside, f"{stack.project}_inside": inside}
        # Asterisk's own unit asks for real-time priority (-p).
        self.machine = Machine(f"{PROJECT}-adopt-pbx", IMAGE, networks, "--cap-add=SYS_NICE")
        self.asterisk = Service(self.machine, "asterisk")
        self.pager = Service(self.machine, "bellhop-pager")
        self.machine.sh(f"{BARE}\ncp -a /etc/asterisk {_PRISTINE}")
        self._start()

    def _start(self) -> None:
        self.asterisk.start()
        until("Asterisk to be fully booted", self._booted, 40)

    def _booted(self) -> bool:
        try:
            return "fully booted" in self.command("core waitfullybooted")
        except RuntimeError:  # it does not listen yet
            return False

    def command(self, text: str) -> str:
        """Run one command of Asterisk's command line."""
        return self.machine.run("asterisk", "-rx", text)

    def install(self, site: str) -> None:
        """Do what the guide says: Asterisk is restarted, the pager is started."""
        self.machine.sh(commands(GUIDE, "2."))
        self.machine.put("/etc/bellhop/site.toml", site, 0o640, "root:bellhop")
        self.machine.sh(commands(GUIDE, "3."))
        self.command("core stop now")
        until("Asterisk to end", lambda: not self._runs("asterisk"), 10)
        self._start()
        self.pager.start()
        until("the pager in AMI", lambda: "bellhop" in self.command("manager show connected"), 20)

    def _runs(self, program: str) -> bool:
        return bool(self.machine.sh(f"pidof {program} || true").strip())

    def changed_files(self) -> dict[str, list[str]]:
        """Return which files differ from the package's, and their lines that do."""
        text = self.machine.sh(f"diff -rNU0 {_PRISTINE} /etc/asterisk || [ $? = 1 ]")
        found: dict[str, list[str]] = {}
        lines: list[str] = []
        for line in text.splitlines():
            if line.startswith("+++ "):
                lines = found.setdefault(line.split()[1].removeprefix("/etc/asterisk/"), [])
            elif line[:1] in {"+", "-"} and not line.startswith("--- "):
                lines.append(line)
        return found

    def keep(self, directory: Path) -> None:
        """Put its logs away, and remove it."""
        directory.mkdir(parents=True, exist_ok=True)
        for name, path in (
            ("asterisk.log", self.asterisk.log),
            ("asterisk-messages.log", "/var/log/asterisk/messages.log"),
            ("pager.log", self.pager.log),
        ):
            text = self.machine.sh(f"cat {path} 2>&1 || true")
            (directory / name).write_text(text, "utf-8")
        self.machine.remove()
