"""A peer whose Contact names its host. A request within the dialog would make a worker wait for
DNS, and what a stranger's name resolves to might be anybody, so it would be refused: no ACK, no
BYE. It goes where the Contact came from, by the alias that a device behind a NAT has.
"""

import re

from bellhop.values import ip
from kemi import questions, sip
from kemi.results import Unreadable

_HOST = re.compile(r"sips?:(?:[^@>]*@)?(\[[^]]*\]|[^:;>]*)", re.IGNORECASE)
_OURS = ";bh="  # the mark that is in our own Record-Route (kemi/dialog.py)


def remember_source() -> None:
    """Put the source into a carrier's or PBX's Contact, where the next hop within the dialog would
    be a name: the Contact's host, or that of a proxy of the peer's that stays in the path.
    """
    try:
        host, routes = questions.texts("$(ct{nameaddr.uri}{uri.host})", "$hdr(Record-Route)")
    except Unreadable:
        return  # nobody can follow such a Contact, and the message is worth as much without
    nearest = routes.partition(",")[0]
    if nearest and _OURS not in nearest and (proxy := _HOST.search(nearest)):
        host = proxy[1]
    if host and ip(host.strip("[]")) is None:
        sip.mark_contact()
