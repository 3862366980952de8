"""A device's bindings in Kamailio's registrar, with types."""

from collections.abc import Iterator

import KSR

from kemi.results import Unreadable, done
from kemi.sip import number, text

_KEPT = "bellhop"  # under this name Kamailio keeps what was fetched last


def bindings(device: str) -> Iterator[tuple[int, str]]:
    """Yield each binding of a number: when it ends (Unix time, 0 for never) and its User-Agent, ""
    for one that nobody can read. One that has ended is in the table for some seconds yet.
    """
    uri = f"sip:{device}@registered.invalid"
    if not done(KSR.registrar.reg_fetch_contacts("location", uri, _KEPT), "reg_fetch_contacts"):
        return
    for place in range(number(f"$ulc({_KEPT}=>count)")):
        ends = number(f"$(ulc({_KEPT}=>expires)[{place}])")
        try:
            user_agent = text(f"$(ulc({_KEPT}=>user_agent)[{place}])") or ""
        except Unreadable:
            user_agent = ""
        yield ends, user_agent


def save() -> bool:
    """Store the REGISTER's binding in the place of the device's old one (flag 4: it may come back
    with another address). Returns whether it has been answered: 0 means refused and answered.
    """
    result = KSR.registrar.save("location", 4)
    return done(result, "save") or result == 0


def find(number: str) -> bool:
    """Point the request at the registered contact of a number; False when it has none."""
    return done(KSR.registrar.lookup_uri("location", f"sip:{number}@registered.invalid"), "lookup")
