"""Kamailio's corex: a datagram of our own, where none of its senders would have one."""

import KSR

from bellhop.addresses import Address, Listener
from kemi.results import done


def send(text: str, to: Address, here: Listener) -> bool:
    """Send a text to an address from one of our sockets; False: it could not be sent."""
    return done(KSR.corex.sendx(f"sip:{to};transport={here.protocol}", str(here), text), "sendx")
