"""KSR.pike: the functions that the module exports to Python.

Generated from Kamailio 6.1.5 by ``python -m kamailio_kemi.generate``; do not edit.
"""

def pike_check_ip(p1: str, /) -> int: ...
def pike_check_req() -> int: ...
