"""A container that stands for somebody's own server: the distribution's package with its own files,
on which the guides' commands are run.
"""

import contextlib
import os
import re
import shlex
import subprocess
import tarfile
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.chain.harness.stack import DOCKER, PROJECT, docker

ROOT = Path(__file__).resolve().parents[3]
# What our images have, and somebody's own server has not.
BARE = "userdel bellhop; rm -rf /etc/bellhop /var/lib/bellhop"
PROXIES = ("http_proxy", "https_proxy", "no_proxy")


class Machine:
    """A container that does nothing by itself. Leave it by `remove`."""

    def __init__(self, name: str, image: str, networks: Mapping[str, str], *options: str) -> None:
        """`networks` has an address for each network's name; `options` are docker's."""
        self.name = name
        self.remove()  # one that an aborted run left
        (first, address), *others = networks.items()
        docker(
            "create", "--name", name, "--init", "--user", "0:0", "--network", first, "--ip", address,
            "--entrypoint", "sleep", *options, image, "infinity",
        )  # fmt: skip
        try:
            for network, other in others:
                docker("network", "connect", "--ip", other, network, name)
            docker("start", name)
        except RuntimeError:
            self.remove()
            raise

    def sh(self, script: str, user: str = "root", timeout: float = 60.0) -> str:
        """Run a script as a person would who stops at the first error. Raises RuntimeError."""
        return self.run("sh", "-e", "-c", script, user=user, timeout=timeout)

    def run(self, *argv: str, user: str = "root", timeout: float = 60.0) -> str:
        """Run a program and return its output. Raises RuntimeError with its own words."""
        return docker("exec", "--user", user, self.name, *argv, timeout=timeout)

    def put(self, path: str, text: str, mode: int = 0o644, owner: str = "root:root") -> None:
        """Write a file."""
        script = 'install -m "$1" -o "${2%:*}" -g "${2#*:}" /dev/stdin "$3"'
        argv = [
            *DOCKER,
            "exec",
            "-i",
            self.name,
            "sh",
            "-c",
            script,
            "sh",
            f"{mode:o}",
            owner,
            path,
        ]
        ended = subprocess.run(argv, input=text, capture_output=True, text=True, timeout=30,
                               check=False)  # fmt: skip
        if ended.returncode:
            raise RuntimeError(f"{self.name}: {path}: {ended.stderr.strip()}")

    def start(self, script: str, log: str) -> None:
        """Start a script that goes on by itself; what it says is added to a file."""
        docker("exec", "-d", self.name, "sh", "-c", f"exec >>{shlex.quote(log)} 2>&1\n{script}")

    def read(self, path: str) -> str:
        """Return a file."""
        return self.run("cat", path)

    def remove(self) -> None:
        """Remove the container, with its anonymous volumes; there may be none."""
        with contextlib.suppress(RuntimeError):
            docker("rm", "-f", "-v", self.name)


def build(tag: str, dockerfile: Path, *inputs: str) -> None:
    """Build an image from a Dockerfile and paths of the checkout; docker's cache says what is up to
    date. Raises RuntimeError with the end of its log.
    """
    arguments = [f"--build-arg={name}" for name in PROXIES if os.environ.get(name)]
    arguments.append(f"--build-arg=PROJECT={PROJECT}")
    with tempfile.TemporaryFile() as context:
        with tarfile.open(fileobj=context, mode="w") as tar:
            tar.add(dockerfile, "Dockerfile", filter=clean)
            for path in inputs:
                tar.add(ROOT / path, path, filter=clean)
        context.seek(0)
        ended = subprocess.run(
            [*DOCKER, "build", "--tag", tag, *arguments, "-"],
            stdin=context, capture_output=True, text=True, timeout=900, check=False,
        )  # fmt: skip
    if ended.returncode:
        lines = (ended.stdout + ended.stderr).strip().splitlines()
        raise RuntimeError("\n".join([f"{tag} could not be built:", *lines[-15:]]))


def clean(info: tarfile.TarInfo) -> tarfile.TarInfo | None:
    """Nothing that changes by itself, so that docker's cache holds."""
    if "__pycache__" in info.name:
        return None
    info.uid = info.gid = info.mtime = 0
    info.uname = info.gname = ""
    info.mode = 0o755 if info.isdir() or info.mode & 0o100 else 0o644
    return info


def commands(guide: str, heading: str) -> str:
    """Return the commands of a guide's section: its blocks of sh. Raises LookupError."""
    text = (ROOT / "docs" / guide).read_text("utf-8")
    for section in re.split(r"^## ", text, flags=re.MULTILINE)[1:]:
        if section.startswith(heading):
            blocks: Sequence[str] = re.findall(
                r"^```sh\n(.*?)^```", section, re.MULTILINE | re.DOTALL
            )
            if blocks:
                return "\n".join(blocks)
    raise LookupError(f"docs/{guide} has no commands under {heading!r}")
