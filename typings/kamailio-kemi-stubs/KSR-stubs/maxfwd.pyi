"""KSR.maxfwd: the functions that the module exports to Python.

Generated from Kamailio 6.1.5 by ``python -m kamailio_kemi.generate``; do not edit.
"""

def is_maxfwd_lt(p1: int, /) -> int: ...
def process_maxfwd(p1: int, /) -> int: ...
