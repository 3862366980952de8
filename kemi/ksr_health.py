"""Kamailio's own means to know and to bound a carrier, with types: dispatcher's probes, the dialog
module's profiles (which calls are whose), pipelimit's counters of calls in a second.
"""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field

import KSR

from bellhop.render_kamailio import DEVICES, LEGS, SET
from kemi.results import done
from kemi.sip import number

_PROFILE = "bellhop"
_SIZE = "$var(bellhop_size)"


@dataclass(slots=True)
class _Leaving:
    """What leaves profiles in a request route: Kamailio takes no dialog out of one there (an error
    in its log, and it stays: measured, 5.6 to 6.1).
    """

    put_off: bool = False
    waiting: list[tuple[str, str]] = field(default_factory=list)


_leaving = _Leaving()


@contextlib.contextmanager
def request_route() -> Iterator[None]:
    """Have what leaves within leave when the next branch is made; if none is, the dialog ends."""
    _leaving.put_off = True
    try:
        yield
    finally:
        _leaving.put_off = False
        _leaving.waiting.clear()


def branch_made() -> None:
    """Take out what has left; asked in a branch route."""
    for profile, value in _leaving.waiting:
        done(KSR.dialog.unset_dlg_profile(profile, value), "unset_dlg_profile")
    _leaving.waiting.clear()


def _leave(profile: str, value: str) -> None:
    if _leaving.put_off:
        _leaving.waiting.append((profile, value))
    else:
        done(KSR.dialog.unset_dlg_profile(profile, value), "unset_dlg_profile")


def probed_down(uri: str, kind: int = SET) -> bool:
    """Whether the dispatcher has this address in a set, and holds it for dead."""
    if done(KSR.dispatcher.ds_is_active_uri(kind, uri), "ds_is_active_uri"):
        return False
    return done(KSR.dispatcher.ds_is_from_list_uri(kind, 0, uri), "ds_is_from_list_uri")


def hold_for_dead(uri: str, kind: int) -> None:
    """Have the dispatcher hold an address for dead until a probe is answered. A Kamailio that lacks
    the function (5.6, 6.0) does so when a probe was not.
    """
    if hasattr(KSR.dispatcher, "ds_mark_addr"):
        done(KSR.dispatcher.ds_mark_addr("ip", kind, uri), "ds_mark_addr")


def reload_gateways() -> bool:
    """Have the dispatcher read its list again."""
    return done(KSR.dispatcher.ds_reload(), "ds_reload")


def enter(carrier: str) -> None:
    """Count the dialog that begins here among the carrier's calls; it leaves when it ends."""
    done(KSR.dialog.set_dlg_profile(_PROFILE, carrier), "set_dlg_profile")


def leave(carrier: str) -> None:
    """Take the dialog out of the carrier's calls: it goes on without it."""
    _leave(_PROFILE, carrier)


def engage(device: str) -> None:
    """Count the dialog that begins here as the device's: a page that wants it asks (pager/)."""
    done(KSR.dialog.set_dlg_profile(DEVICES, device), "set_dlg_profile")


def disengage(device: str) -> None:
    """Take the dialog from the device's calls: it goes on without it."""
    _leave(DEVICES, device)


def asterisk_has(leg: str) -> None:
    """Count the dialog that begins here among an Asterisk's calls: they end when it is gone."""
    done(KSR.dialog.set_dlg_profile(LEGS, leg), "set_dlg_profile")


def asterisk_has_not(leg: str) -> None:
    """Take the dialog from the Asterisk's calls: it goes on elsewhere."""
    _leave(LEGS, leg)


def engagements(device: str) -> int:
    """Return in how many calls that are no pages a device is, those that only ring among them."""
    return _size(DEVICES, device)


def legs_of(leg: str) -> int:
    """Return how many calls an Asterisk has with a number."""
    return _size(LEGS, leg)


def calls(carrier: str) -> int:
    """Return how many calls a carrier has."""
    return _size(_PROFILE, carrier)


def _size(profile: str, value: str) -> int:
    done(KSR.dialog.get_profile_size(profile, value, _SIZE), "get_profile_size")
    return number(_SIZE) - _leaving.waiting.count((profile, value))


def within_rate(carrier: str, most: int) -> bool:
    """Count a call in this second; False when the carrier has got as many as it may."""
    # A pipe keeps the limit that it was made with, so another limit is another pipe.
    pipe = f"{carrier}:{most}"
    return done(KSR.pipelimit.pl_check_limit(pipe, "TAILDROP", most), "pl_check_limit")
