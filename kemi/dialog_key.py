"""The key of the dialogs' marks (kemi/dialog.py), kept in a file of the state folder, so that a
dialog can be ended after a restart.
"""

import os
import secrets
from pathlib import Path

from bellhop.settings import SiteError

_BYTES = 32


def kept(path: Path) -> bytes:
    """Return the key; it is made when there is none. Raises SiteError: with a key that is cut
    short, anybody could make the marks.
    """
    try:
        key = _stored(path)
    except FileNotFoundError:
        return _made(path)
    except OSError as error:
        raise SiteError((f"{path}: {error.strerror}",)) from None
    if len(key) != _BYTES:
        raise SiteError((f"{path}: not a key of ours; without the file a new one is made",))
    return key


def _stored(path: Path) -> bytes:
    try:
        return bytes.fromhex(path.read_text(encoding="ascii").strip())
    except ValueError:
        return b""


def _made(path: Path) -> bytes:
    """Make a key, for nobody else to read; on a full disk there is none then, and not half of one,
    which would stop each start to come. Raises SiteError.
    """
    key = secrets.token_bytes(_BYTES)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(handle, "w", encoding="ascii") as file:
                file.write(key.hex())
        except OSError:
            path.unlink()
            raise
    except OSError as error:
        raise SiteError((f"{path}: {error.strerror}",)) from None
    return key
