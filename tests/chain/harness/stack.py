"""The servers under test as containers: found by their compose labels, used by `docker`.

`BELLHOP_PROJECT` names another compose project than `bellhop`, `BELLHOP_DOCKER` another command
than `docker` (`sudo docker`).
"""

import json
import os
import shlex
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

DOCKER = tuple(shlex.split(os.environ.get("BELLHOP_DOCKER", "docker")))
PROJECT = os.environ.get("BELLHOP_PROJECT", "bellhop")
_LABEL = "com.docker.compose"


class NotThereError(Exception):
    """The stack, or a part of it, is not up; says which and what to do."""


def until(what: str, done: Callable[[], Any], seconds: float = 10.0) -> Any:
    """Ask `done` until what it returns is true, and return that. Raises TimeoutError with `what`."""
    end = time.monotonic() + seconds
    while not (found := done()):
        if time.monotonic() > end:
            raise TimeoutError(f"waited {seconds:g} s for {what}")
        # The pace of asking, not a wait for something to be over.
        time.sleep(0.05)
    return found


def docker(*argv: str, timeout: float = 60.0, given: bytes | None = None) -> str:
    """Run a docker command, on what it is given, and return what it said. Raises RuntimeError with
    its own words.
    """
    try:
        ended = subprocess.run(
            [*DOCKER, *argv], capture_output=True, input=given, timeout=timeout, check=False
        )
    except FileNotFoundError:
        raise NotThereError(
            f"there is no `{DOCKER[0]}` on this machine: start with ./run test"
        ) from None
    if ended.returncode:
        said = (ended.stderr or ended.stdout).decode(errors="replace").strip()
        raise RuntimeError(f"docker {shlex.join(argv)}: {said}")
    return ended.stdout.decode()


@dataclass(slots=True)
class Stack:
    """One compose project's containers."""

    project: str = PROJECT
    _names: dict[str, str] = field(default_factory=dict)

    def container(self, service: str) -> str:
        """Return the running container of a service. Raises NotThereError."""
        if service not in self._names:
            try:
                found = docker(
                    "ps",
                    f"--filter=label={_LABEL}.project={self.project}",
                    f"--filter=label={_LABEL}.service={service}",
                    "--format={{.Names}}",
                ).split()
            except RuntimeError as error:
                raise NotThereError(
                    f"no Docker Engine answers ({error}): start with ./run test"
                ) from None
            if not found:
                raise NotThereError(
                    f"the stack is not up: project {self.project!r} has no running {service!r}"
                    " (./run up starts it, ./run test starts it and runs these tests)"
                )
            self._names[service] = found[0]
        return self._names[service]

    def execute(self, service: str, *argv: str, timeout: float = 30.0, user: str = "") -> str:
        """Run a program in a service's container and return its output."""
        as_user = ("-u", user) if user else ()
        return docker("exec", *as_user, self.container(service), *argv, timeout=timeout)

    def command(self, service: str, *argv: str, stdin: bool = False) -> list[str]:
        """Return the command line that runs a program in a service's container, with our standard
        input if so told.
        """
        return [*DOCKER, "exec", *(("-i",) if stdin else ()), self.container(service), *argv]

    def restart(self, service: str) -> None:
        """Restart a service as `docker compose restart` does: SIGTERM, its grace, start."""
        docker("restart", self.container(service), timeout=90)

    def log(self, service: str, since: float) -> str:
        """Return what a service logged from a Unix time on; why there is nothing, if so."""
        try:
            name = self.container(service)
        except NotThereError as error:
            return f"{error}\n"
        ended = subprocess.run(
            [*DOCKER, "logs", "--timestamps", f"--since={since:.3f}", name],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=30,
            check=False,
        )
        return ended.stdout

    def mount(self, service: str, inside: str) -> Path:
        """Return the directory of this machine that a container has at `inside`."""
        mounts = json.loads(docker("inspect", "--format={{json .Mounts}}", self.container(service)))
        for mount in mounts:
            if mount["Destination"] == inside:
                return Path(mount["Source"])
        raise NotThereError(f"the container of {service!r} has nothing mounted at {inside}")

    def bridges(self) -> list[str]:
        """Return the names of the interfaces of this machine that the stack's networks are."""
        ids = docker(
            "network", "ls", "-q", f"--filter=label={_LABEL}.project={self.project}"
        ).split()
        found = json.loads(docker("network", "inspect", *ids)) if ids else []
        names = [n["Options"].get("com.docker.network.bridge.name", "") for n in found]
        return sorted(name for name in names if name)
