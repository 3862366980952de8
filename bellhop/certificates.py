"""TLS certificates of PEM files: until when they are good, and whether a key is theirs. The
standard library tells no end of a certificate that it has not proved itself, so that field is read
here (RFC 5280 §4.1).
"""

import re
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

_PEM = re.compile(r"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)
_SEQUENCE, _VERSION, _UTC_TIME, _GENERALIZED_TIME = 0x30, 0xA0, 0x17, 0x18
_NO_CERTIFICATE = "expected a certificate, as PEM or DER"
# What OpenSSL calls these is for programmers.
_WORDS = {
    "KEY_VALUES_MISMATCH": "it is another certificate's key",
    "KEY_TYPE_MISMATCH": "it is another certificate's key",
    "NO_CERTIFICATE_ASSIGNED": "it is another certificate's key",  # and of another kind
}


@dataclass(frozen=True, slots=True)
class Certificate:
    """One of a chain: when it begins and ends to be good, and itself as DER."""

    begins: datetime
    ends: datetime
    der: bytes


def read(data: bytes) -> tuple[Certificate, ...]:
    """Return a PEM file's certificates, the server's own first. Raises ValueError."""
    found = _PEM.findall(data.decode("ascii", "replace"))
    if not found:
        raise ValueError("expected a certificate as PEM")
    return tuple(one(ssl.PEM_cert_to_DER_cert(pem)) for pem in found)


def one(der: bytes) -> Certificate:
    """Return a certificate. Raises ValueError."""
    try:
        begins, ends = _validity(der)
    except IndexError:
        raise ValueError(_NO_CERTIFICATE) from None
    return Certificate(begins, ends, der)


def prove_key(certificates: Path, key: Path) -> None:
    """See that a server can begin with these. Raises ValueError, or OSError."""
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificates, key, _no_password)
    except ssl.SSLError as error:  # an OSError, too
        raise ValueError(_said(error.reason)) from None


def _said(reason: str | None) -> str:
    if not reason:
        return "expected a private key as PEM"
    return _WORDS.get(reason, reason.replace("_", " ").lower())


def _no_password() -> str:
    raise ValueError("it wants a password, and nobody types one when Kamailio starts")


def _validity(der: bytes) -> tuple[datetime, datetime]:
    _, certificate, _ = _field(der, 0, _SEQUENCE)
    _, at, _ = _field(der, certificate, _SEQUENCE)
    if der[at] == _VERSION:
        at = _field(der, at)[2]
    for _ in ("serial number", "signature", "issuer"):
        at = _field(der, at)[2]
    _, at, _ = _field(der, at, _SEQUENCE)
    begins, ends = (_time(*one) for one in _fields(der, at, 2))
    return begins, ends


def _fields(der: bytes, at: int, count: int) -> Iterator[tuple[int, bytes]]:
    for _ in range(count):
        tag, begin, at = _field(der, at)
        yield tag, der[begin:at]


def _field(der: bytes, at: int, tag: int | None = None) -> tuple[int, int, int]:
    """Return the tag at this place, and where its content begins and ends (X.690 §8.1)."""
    found, length, begin = der[at], der[at + 1], at + 2
    if length & 0x80:
        size = length & 0x7F
        length = int.from_bytes(der[begin : begin + size])
        begin += size
    if tag not in {None, found} or begin + length > len(der):
        raise ValueError(_NO_CERTIFICATE)
    return found, begin, begin + length


def _time(tag: int, content: bytes) -> datetime:
    text = content.decode("ascii", "replace")
    if tag == _UTC_TIME:  # RFC 5280 §4.1.2.5.1: 50 is 1950, and 49 is 2049
        text = ("19" if text >= "50" else "20") + text
    elif tag != _GENERALIZED_TIME:
        raise ValueError(_NO_CERTIFICATE)
    return datetime.strptime(text, "%Y%m%d%H%M%SZ").replace(tzinfo=UTC)
