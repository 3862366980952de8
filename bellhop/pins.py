"""PINs of zones: kept as hashes, compared whole, and not to be guessed. Pure: the clock comes in.

A PIN file has a line for each PIN: `scrypt:SALT:HASH` (hexadecimal), as `bellhop pin` prints it;
what follows a `#` is a remark. A PIN has few digits, so the hash only keeps it from who glances at
the file; what keeps it from who guesses is the lockout.
"""

import hashlib
import hmac
import re
from collections.abc import Collection
from dataclasses import dataclass, field

_PIN = re.compile(r"[0-9]{4,12}", re.ASCII)
_LINE = re.compile(r"scrypt:(?P<salt>[0-9a-f]{32}):(?P<hash>[0-9a-f]{64})", re.ASCII)
_MOST = 20  # PINs of a zone: each wrong one costs as many hashes
_REMEMBERED = 10_000  # callers


def hashed(pin: str, salt: bytes) -> str:
    """Return the line of a PIN. Raises ValueError for what is no PIN; salt: 16 random bytes."""
    if not _PIN.fullmatch(pin):
        raise ValueError("expected a PIN of 4 to 12 digits")
    return f"scrypt:{salt.hex()}:{_hash(pin, salt).hex()}"


def read(text: str) -> tuple[str, ...]:
    """Return the lines of a PIN file. Raises ValueError with the line's number."""
    found: list[str] = []
    for place, line in enumerate(text.splitlines(), 1):
        content = line.partition("#")[0].strip()
        if not content:
            continue
        if not _LINE.fullmatch(content):
            raise ValueError(f'line {place}: expected "scrypt:SALT:HASH", as `bellhop pin` has it')
        found.append(content)
    if not 1 <= len(found) <= _MOST:
        raise ValueError(f"expected from 1 to {_MOST} PINs, got {len(found)}")
    return tuple(found)


def matches(said: str, lines: Collection[str]) -> bool:
    """Whether these digits are one of the PINs. Takes as long whichever it is."""
    if not _PIN.fullmatch(said):
        return False
    good = False
    for line in lines:
        _, salt, known = line.split(":")
        good |= hmac.compare_digest(_hash(said, bytes.fromhex(salt)), bytes.fromhex(known))
    return good


def _hash(pin: str, salt: bytes) -> bytes:
    return hashlib.scrypt(pin.encode(), salt=salt, n=4096, r=8, p=1, dklen=32)


@dataclass(slots=True)
class _Tries:
    wrong: int = 0
    last: float = 0.0


@dataclass(slots=True)
class Lockout:
    """Wrong PINs, by caller and zone. `now` is in seconds on any clock that does not go back."""

    _tries: dict[tuple[str, str], _Tries] = field(default_factory=dict)

    def locked(self, caller: str, zone: str, most: int, seconds: float, now: float) -> bool:
        """Whether this caller has said `most` wrong PINs, the last one within `seconds`."""
        tries = self._tries.get((caller, zone))
        return tries is not None and tries.wrong >= most and now - tries.last < seconds

    def wrong(self, caller: str, zone: str, seconds: float, now: float) -> int:
        """Count a wrong PIN; return how many there are, those longer ago than `seconds` forgotten.

        The oldest caller is forgotten when there are too many to remember.
        """
        tries = self._tries.pop((caller, zone), _Tries())
        if now - tries.last >= seconds:
            tries.wrong = 0
        tries.wrong += 1
        tries.last = now
        self._tries[caller, zone] = tries  # the newest is last
        while len(self._tries) > _REMEMBERED:
            del self._tries[next(iter(self._tries))]
        return tries.wrong

    def right(self, caller: str, zone: str) -> None:
        """Forget what this caller said before."""
        self._tries.pop((caller, zone), None)
