"""KSR, for Contact, with types: an alias of where a message came from, which the next requests of
the dialog follow.
"""

import KSR

from bellhop.addresses import bracketed
from kemi import sip
from kemi.results import BadCall, done

_LONGEST_URI = 1_000  # bytes
_THEIRS = "bh-alias"  # what somebody else's alias is called while Kamailio's own modules look


def mark(*, always: bool) -> None:
    """Put the real source into Contact as an alias, for requests within the dialog: always, and
    before one that there is already, or where Contact is elsewhere.
    """
    if not always:
        if sip.contact_is_elsewhere():
            KSR.nathelper.set_contact_alias()  # tells the dialog module, too
        return
    # The dialog module follows the last one (measured: its own BYE went to any host that a device
    # wrote), so it is shown ours alone: theirs has another name until the message is sent.
    sip.rewrite_header("Contact", f"/;alias=/;{_THEIRS}=/gi")
    _apply()
    came = sip.way()
    # IPv6 in brackets: without them it mars the Contact (measured on 5.6.3, 6.0.1 and 6.1.5).
    host, port = bracketed(came.source.host), str(came.source.port)
    KSR.nathelper.add_contact_alias_addr(host, port, came.here.protocol)
    _apply()
    sip.rewrite_header("Contact", f"/;{_THEIRS}=/;alias=/g")


def rewrite(value: str) -> None:
    """Have the request say this in Contact, also to Kamailio's own modules."""
    sip.remove_headers("Contact")
    sip.append_header(f"Contact: {value}")
    _apply()


def _apply() -> None:
    if not done(KSR.textopsx.msg_apply_changes(), "msg_apply_changes"):
        raise BadCall("a Contact that could not be rewritten")


def follow() -> bool:
    """Send to the source that the first alias of a Contact names; False for a Request-URI that is
    too long to be looked at: nathelper as of before May 2026, so Debian 12's and 13's, writes past
    the end of its 1,024 bytes, whoever sent it.
    """
    if sip.number("$(ru{s.len})") > _LONGEST_URI:
        return False
    KSR.nathelper.handle_ruri_alias()
    return True
