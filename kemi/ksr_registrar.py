"""A device's bindings in Kamailio's registrar, with types."""

from collections.abc import Iterator

import KSR

from bellhop.present import is_elsewhere
from kemi.results import Unreadable, done
from kemi.sip import number, text

_KEPT = "bellhop"  # under this name Kamailio keeps what was fetched last


def bindings(device: str) -> Iterator[tuple[int, str, bool]]:
    """Yield each binding of a number: when it ends (Unix time, 0 for never), its User-Agent, "" for
    one that nobody can read, and whether its Contact names another address than it came from. One
    that has ended is in the table for some seconds yet.
    """
    if not done(
        KSR.registrar.reg_fetch_contacts("location", _of(device), _KEPT), "reg_fetch_contacts"
    ):
        return
    for place in range(number(f"$ulc({_KEPT}=>count)")):
        ends = number(f"$(ulc({_KEPT}=>expires)[{place}])")
        user_agent, contact, received = (
            _said(f"$(ulc({_KEPT}=>{name})[{place}])")
            for name in ("user_agent", "addr", "received")
        )
        yield ends, user_agent, is_elsewhere(contact, received)


def _said(variable: str) -> str:
    try:
        return text(variable) or ""
    except Unreadable:
        return ""


def save(number: str) -> bool:
    """Store the REGISTER's binding in the place of the number's old one (flag 4: it may come back
    with another address), and answer it; False when it was refused.

    It answers what it refuses, too (measured: a second answer of ours followed), unless it finds no
    number, or no table: so it is told the number, and bellhop.cfg has the table made.
    """
    return done(KSR.registrar.save_uri("location", 4, _of(number)), "save")


def find(number: str) -> bool:
    """Point the request at the registered contact of a number; False when it has none."""
    return done(KSR.registrar.lookup_uri("location", _of(number)), "lookup")


def _of(number: str) -> str:
    return f"sip:{number}@registered.invalid"
