"""A systemd unit, started without systemd: what of it makes a difference to the program, done by
setpriv and env. The container has no init; the unit's own words are what is run.
"""

import re
import shlex
from collections import defaultdict

from tests.chain.adoption.machine import Machine
from tests.chain.harness.stack import until

# What systemd does for Type=notify: it listens, and the service is up when it says READY=1.
_LISTEN = """
import os, socket, sys
heard = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
heard.bind(sys.argv[1])
os.chmod(sys.argv[1], 0o666)
print("listening", flush=True)
while True:
    print(heard.recv(4096).decode(), flush=True)
"""
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin"  # systemd's own default


class Service:
    """One unit of a machine, with its drop-ins."""

    def __init__(self, machine: Machine, name: str) -> None:
        self._machine = machine
        self.log = f"/var/log/{name}.service.log"
        self._name = name
        self._starts = 0

    def settings(self) -> dict[str, list[str]]:
        """Return the [Service] settings, each with its values in order."""
        text = self._machine.sh(
            f"for f in /usr/lib/systemd/system/{self._name}.service"
            f" /etc/systemd/system/{self._name}.service"
            f' /etc/systemd/system/{self._name}.service.d/*.conf; do [ ! -e "$f" ] || cat "$f"; done'
        )
        found = defaultdict(list)
        section = ""
        for line in re.sub(r"\\\n\s*", " ", text).splitlines():
            if line.startswith("["):
                section = line
            elif section == "[Service]" and "=" in line and not line.startswith("#"):
                key, _, value = line.partition("=")
                found[key.strip()].append(value.strip())
        if not found["ExecStart"]:
            raise LookupError(f"{self._machine.name} has no {self._name}.service")
        return found

    def start(self, *more: str) -> None:
        """Run ExecStartPre to its end, then start ExecStart, with arguments added; with Type=notify
        this returns when the service says that it is ready. Raises TimeoutError.
        """
        settings = self.settings()
        user = settings["User"][-1] if settings["User"] else "root"
        group = settings["Group"][-1] if settings["Group"] else user
        environment = {"PATH": _PATH}
        for line in settings["Environment"]:
            environment |= dict(one.split("=", 1) for one in shlex.split(line))
        notify = settings["Type"] == ["notify"]
        if notify:
            environment["NOTIFY_SOCKET"] = self._listen()
        self._folders(settings, user, group)
        groups = ",".join([group, *" ".join(settings["SupplementaryGroups"]).split()])
        umask = settings["UMask"][-1] if settings["UMask"] else "0022"
        runner = ["setpriv", f"--reuid={user}", f"--regid={group}"]
        runner += ["--clear-groups"] if user == "root" else [f"--groups={self._ids(groups)}"]
        runner += ["env", "-i", *(f"{key}={value}" for key, value in environment.items())]
        for line in settings["ExecStartPre"]:
            self._machine.sh(f"umask {umask}\n{shlex.join([*runner, *shlex.split(line)])}")
        [line] = settings["ExecStart"]
        argv = [*runner, *(_expanded(word, environment) for word in shlex.split(line)), *more]
        self._machine.start(f"umask {umask}\nexec {shlex.join(argv)}", self.log)
        if notify:
            self._heard(environment["NOTIFY_SOCKET"], "READY=1", 40)

    def _listen(self) -> str:
        self._starts += 1
        path = f"/run/notify-{self._name}-{self._starts}"
        self._machine.start(f"exec python3 -c {shlex.quote(_LISTEN)} {path}", f"{path}.log")
        self._heard(path, "listening", 10)
        return path

    def _heard(self, path: str, word: str, seconds: float) -> None:
        heard = f"grep -qsx {word} {path}.log && echo yes || true"
        try:
            until(f"{self._name} to say {word}", lambda: self._machine.sh(heard), seconds)
        except TimeoutError as error:
            raise TimeoutError(f"{error}; it said:\n{self.said()}") from None

    def _folders(self, settings: dict[str, list[str]], user: str, group: str) -> None:
        for kind, place in (("RuntimeDirectory", "/run"), ("StateDirectory", "/var/lib")):
            mode = settings[f"{kind}Mode"][-1] if settings[f"{kind}Mode"] else "0755"
            for name in " ".join(settings[kind]).split():
                self._machine.run(
                    "install", "-d", "-o", user, "-g", group, "-m", mode, f"{place}/{name}"
                )

    def _ids(self, groups: str) -> str:
        names = groups.split(",")
        return ",".join(self._machine.run("getent", "group", name).split(":")[2] for name in names)

    def said(self) -> str:
        """Return what it has said so far."""
        return self._machine.sh(f"cat {self.log} 2>/dev/null || true")


def _expanded(word: str, environment: dict[str, str]) -> str:
    return re.sub(r"\$\{?([A-Z_]+)\}?", lambda found: environment.get(found[1], ""), word)
