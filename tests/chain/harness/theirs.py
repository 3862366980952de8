"""Somebody else's edge: what the options must say, and whether anybody answers there. Asked once,
before any test waits in vain for each of its calls.
"""

import secrets
import socket
import time
from pathlib import Path

from bellhop.addresses import Address, ip
from bellhop.settings import SiteError, load
from bellhop.values import address
from tests.chain.harness.cast import read_passwords
from tests.chain.harness.stack import NotThereError

PATIENCE = 8.0  # s
_AGAIN = 1.0  # s


class WrongOptionError(Exception):
    """What is wrong with the options, in words for whoever gave them."""


def check(edge: str, site: str, passwords: str | None, local: str | None) -> None:
    """Raise WrongOptionError unless the suite can run so, and somebody answers at `edge`."""
    if not passwords or not local:
        raise WrongOptionError("--edge needs --passwords FILE and --local IP too")
    try:
        there = address(edge)
    except ValueError as error:
        raise WrongOptionError(f"--edge: {error}") from None
    if ip(local) is None:
        raise WrongOptionError(f'--local: expected an IP address like "192.0.2.1", got "{local}"')
    try:
        load(site)
        read_passwords(Path(passwords))
    except (SiteError, NotThereError, ValueError) as error:
        raise WrongOptionError(str(error)) from None
    answered(there, local)


def alone(local: str) -> socket.socket:
    """Hold this machine's address for one run until it is closed: its peers have fixed ports."""
    held = socket.socket(socket.AF_UNIX)
    try:
        held.bind(f"\0bellhop-suite-{local}")
    except OSError:
        held.close()
        raise WrongOptionError(f"--local {local}: another run of the suite uses it") from None
    return held


def answered(edge: Address, local: str, patience: float = PATIENCE) -> None:
    """Send OPTIONS from an address of this machine until something comes back, whatever it be."""
    family = socket.AF_INET6 if ":" in edge.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as asking:
        try:
            asking.bind((local, 0))
        except OSError as error:
            raise WrongOptionError(f"--local {local}: {error.strerror}") from None
        asking.settimeout(_AGAIN)
        end = time.monotonic() + patience
        while time.monotonic() < end:
            try:
                asking.connect((edge.host, edge.port))
                asking.send(_options(edge, Address(local, asking.getsockname()[1])))
                asking.recv(65_535)
            except TimeoutError:
                continue
            except OSError as error:
                raise WrongOptionError(f"--edge {edge}: {error.strerror}") from None
            return
    raise WrongOptionError(
        f"--edge {edge}: no answer to OPTIONS from {local} within {patience:g} s. Is it there, by "
        "UDP, and may this machine talk to it?"
    )


def _options(edge: Address, own: Address) -> bytes:
    token = secrets.token_hex(8)
    lines = (
        f"OPTIONS sip:{edge} SIP/2.0",
        f"Via: SIP/2.0/UDP {own};rport;branch=z9hG4bK{token}",
        f"From: <sip:suite@{own}>;tag={token}",
        f"To: <sip:{edge}>",
        f"Call-ID: {token}",
        "CSeq: 1 OPTIONS",
        "Max-Forwards: 70",
        "Content-Length: 0",
    )
    return "\r\n".join([*lines, "", ""]).encode()
