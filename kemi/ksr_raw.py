"""Kamailio's corex: a datagram of our own, where none of its senders would have one."""

import KSR

from bellhop.addresses import Address, Listener
from kemi.results import done


def send(text: str, to: Address, here: Listener) -> bool:
    """Send a text to an address from one of our sockets; False: it could not be sent."""
    try:
        sent = KSR.corex.sendx(f"sip:{to};transport={here.protocol}", str(here), text)
    except (SystemError, ValueError):  # app_python3 takes no NUL (on 5.6 it is a SystemError)
        return False
    return done(sent, "sendx")
