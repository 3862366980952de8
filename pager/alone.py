"""One pager for a state folder: a second one would take the socket of the first, ring its bells a
second time, and close the reports of its pages.

The lock is the kernel's, on a file: it goes with the process that has it, however that ends.
"""

import contextlib
import fcntl
import logging
import os
from pathlib import Path

from bellhop.places import DISK
from bellhop.settings import SiteError

NAME = "pager.lock"  # in site.state
_log = logging.getLogger("bellhop.pager")


def alone(state: Path) -> int | None:
    """Have a state folder for this process alone, until it ends; return the file that is locked,
    None where the folder's disk takes nothing: that is no reason not to start. Raises SiteError
    when another pager has it, or it is not ours.
    """
    path = state / NAME
    try:
        file = _opened(path)
    except OSError as error:
        said = f"{path}: {error.strerror or error}"
        if error.errno not in DISK:
            raise SiteError((said,)) from None
        _log.error("alone=not-known why=%s", said)
        return None
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        pid = os.pread(file, 20, 0).decode("ascii", "replace").strip()
        os.close(file)
        who = f" (process {pid})" if pid.isdigit() else ""
        raise SiteError((f"{state}: another pager has this folder{who}",)) from None
    except OSError as error:  # a file system that has no locks
        _log.error("alone=not-known why=%s: %s", path, error.strerror or error)
        return file
    with contextlib.suppress(OSError):  # who reads it is a person
        os.ftruncate(file, 0)
        os.pwrite(file, f"{os.getpid()}\n".encode(), 0)
    return file


def _opened(path: Path) -> int:
    """Open the file; one that is there, on a disk that takes nothing, as well."""
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT, 0o660)
    except OSError as error:
        if error.errno not in DISK:
            raise
        with contextlib.suppress(FileNotFoundError):
            return os.open(path, os.O_RDONLY)
        raise
