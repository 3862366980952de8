"""Asks a live Kamailio for its list of KEMI functions, and how they behave."""

from __future__ import annotations

import io
import json
import os
import socket
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Any

from kamailio_kemi.api import Api, ApiListError, from_answer

FOLDER = Path(__file__).parent
COMMANDS = ("app_python.api_list", "app_python3s.api_list")
ANSWER = 4 << 20
"""Bytes that an answer may have; 1,228 functions take 100,000."""


class NoAnswerError(ApiListError):
    """The server did not give its list; the message says what to do."""


def from_socket(path: str, timeout: float = 5.0) -> Api:
    """Asks through jsonrpcs' datagram socket (its parameter ``dgram_socket``).

    The answer comes as one datagram, so a server with many modules needs
    ``modparam("jsonrpcs", "pretty_format", 0)`` to fit it into the socket's buffer.
    """
    with (
        tempfile.TemporaryDirectory() as folder,
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as here,
    ):
        here.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, ANSWER)
        here.bind(f"{folder}/answer")
        os.chmod(folder, 0o755)  # noqa: PTH101, S103 - the server may run as another user
        os.chmod(f"{folder}/answer", 0o666)  # noqa: PTH101, S103
        here.settimeout(timeout)
        version = _ask(here, path, "core.version")
        errors = []
        for command in COMMANDS:
            try:
                return from_answer(_ask(here, path, command), str(version).split()[1])
            except NoAnswerError as error:
                errors.append(str(error))
        raise NoAnswerError("; ".join(errors))


def _ask(here: socket.socket, path: str, method: str) -> Any:
    question = json.dumps({"jsonrpc": "2.0", "method": method, "id": method})
    try:
        here.sendto(question.encode(), path)
        answer = json.loads(here.recv(ANSWER))
    except TimeoutError as error:
        raise NoAnswerError(
            f"{path}: no answer to {method}; if the server's log says 'Message too long', "
            'set modparam("jsonrpcs", "pretty_format", 0)'
        ) from error
    except OSError as error:
        raise NoAnswerError(f"{path}: {error.strerror}") from error
    if "result" not in answer:
        raise NoAnswerError(f"{path}: {method}: {answer.get('error')}")
    return answer["result"]


def from_image(image: str, *, engine: str = "app_python3s", modules: tuple[str, ...] = ()) -> Api:
    """The list of a server in a container of the image, with every module that the image has.

    The image needs Kamailio with app_python3 and app_python3s, openssl and python3.
    """
    answer = json.loads(_inside(image, "list.sh", engine, *modules))
    return from_answer(answer["list"], answer["kamailio"])


def measure(image: str) -> str:
    """The answers of a server in a container of the image to ``questions.txt``, one a line:
    "QUESTION<tab>ANSWER".
    """
    return _inside(image, "measure.sh")


def _inside(image: str, script: str, *arguments: str) -> str:
    """Runs a script of this folder in a container without network.

    The files go in through standard input, so the Docker Engine may be on another machine.
    """
    bundle = io.BytesIO()
    with tarfile.open(fileobj=bundle, mode="w") as archive:
        for file in sorted(FOLDER.iterdir()):
            if file.is_file() and file.name != "__init__.py":
                archive.add(file, arcname=file.name)
    inside = 'd=$(mktemp -d) && tar -x -C "$d" && exec sh "$d/$0" "$@"'
    command = ["docker", "run", "--rm", "-i", "--network", "none", "--user", "0"]
    command += ["--entrypoint", "sh", image, "-c", inside, script, *arguments]
    try:
        done = subprocess.run(  # noqa: S603 - an image that the caller names
            command, input=bundle.getvalue(), capture_output=True, timeout=120, check=False
        )
    except FileNotFoundError as error:
        raise NoAnswerError("no docker here: use --socket or --list") from error
    except subprocess.TimeoutExpired as error:
        raise NoAnswerError(f"{image}: nothing within 120 s") from error
    sys.stderr.write(done.stderr.decode(errors="replace"))
    if done.returncode:
        raise NoAnswerError(f"{image}: {script} failed: see above")
    return done.stdout.decode()
