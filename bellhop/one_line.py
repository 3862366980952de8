"""Secrets that stand alone in a file: AMI's password, a database's URL, the webhook's key. Whoever
uses one and `bellhop check` read it here, so that the second says what the first would.
"""


def text(data: bytes) -> str:
    """Return the file's one line. Raises ValueError, in whose words nothing of it is."""
    try:
        said = data.decode().strip()
    except UnicodeDecodeError:
        said = ""
    if not said or not said.isprintable():
        raise ValueError("expected one line of printable text")
    return said


def key(data: bytes) -> bytes:
    """Return what is signed with, which may be any bytes. Raises ValueError."""
    if not (found := data.strip()):
        raise ValueError("it is empty")
    return found
