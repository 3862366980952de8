"""KSR.avpops: the functions that the module exports to Python.

Generated from Kamailio 6.1.5 by ``python -m kamailio_kemi.generate``; do not edit.
"""

def avp_check(p1: str, p2: str, /) -> int: ...
def avp_copy(p1: str, p2: str, /) -> int: ...
