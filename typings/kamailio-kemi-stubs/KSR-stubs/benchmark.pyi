"""KSR.benchmark: the functions that the module exports to Python.

Generated from Kamailio 6.1.5 by ``python -m kamailio_kemi.generate``; do not edit.
"""

def bm_log_timer(p1: str, /) -> int: ...
def bm_start_timer(p1: str, /) -> int: ...
