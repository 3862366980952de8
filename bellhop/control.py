"""The pager's local socket, as its clients see it: one line of JSON there, one back.

Who may write to the socket may page: its file's permissions say who that is (owner and group).
"""

import contextlib
import json
import socket
from pathlib import Path
from typing import Any

NAME = "pager.sock"  # in site.state
LONGEST_LINE = 16_000_000  # bytes: ten minutes of sound


class ControlError(Exception):
    """The pager could not be asked, or would not; its text says why."""


def ask(state: str, question: dict[str, Any], patience: float = 45.0) -> Any:
    """Return the pager's answer to a question. Raises ControlError."""
    path = Path(state) / NAME
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as asking:
            asking.settimeout(patience)
            asking.connect(str(path))
            with contextlib.suppress(BrokenPipeError):  # who refuses at once has said so
                asking.sendall(json.dumps(question).encode() + b"\n")
            with asking.makefile("rb") as answers:
                answer = json.loads(answers.readline(LONGEST_LINE))
    except OSError as error:
        why = error.strerror or str(error)
        raise ControlError(f"{path}: {why} (does the pager run? may you write to it?)") from None
    except ValueError:
        raise ControlError(f"{path}: the pager hung up") from None
    if "error" in answer:
        raise ControlError(str(answer["error"]))
    return answer["result"]
