"""What Kamailio cannot read, and so cannot answer, is answered all the same: from its text."""

from bellhop import unreadable
from bellhop.settings import Site
from kemi import floods, ksr_raw, sip
from kemi.results import Unreadable


def arrived(site: Site) -> None:
    """Answer a request that the parser gave up; it has been counted by nobody yet."""
    if floods.admitted(site):
        answer()


def answer() -> None:
    """Answer the request in hand from its text. Over UDP alone: on a connection nobody knows where
    a message ends that cannot be read.
    """
    here = sip.received_on()
    if here.protocol != "udp":
        return
    made = unreadable.answer(_message(), sip.source())
    if made is not None:
        ksr_raw.send(made.text, made.to, here)


def _message() -> str:
    try:
        return sip.text("$mb") or ""
    except Unreadable:
        return bytes.fromhex(sip.text("$(mb{s.encode.hexa})") or "").decode("utf-8", "replace")
