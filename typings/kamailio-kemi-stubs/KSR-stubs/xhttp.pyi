"""KSR.xhttp: the functions that the module exports to Python.

Generated from Kamailio 6.1.5 by ``python -m kamailio_kemi.generate``; do not edit.
"""

def get_hu() -> str | int | None: ...
def xhttp_reply(p1: int, p2: str, p3: str, p4: str, /) -> int: ...
