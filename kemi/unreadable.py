"""What Kamailio cannot read, and so cannot answer, is answered all the same: from its text."""

from bellhop import unreadable
from bellhop.settings import Site
from kemi import floods, ksr_raw, sip
from kemi.sip import Way


def arrived(site: Site) -> None:
    """Answer a request that the parser gave up; it has been counted by nobody yet. Kamailio's own
    answer is no way out: where it has not read the Via, making one ends it (signal 11: measured).
    """
    way = sip.way()
    if floods.admitted(site, way):
        answer(way)


def answer(way: Way) -> bool:
    """Answer the request in hand from its text. On a connection Kamailio has found its end, by its
    length, before it gave it up. False: there is an answer, and it could not be sent.
    """
    made = unreadable.answer(sip.raw_text("$mb", "utf-8"), way.source, protocol=way.here.protocol)
    return made is None or ksr_raw.send(made.text, made.to, way.here)
