"""KSR.debugger: the functions that the module exports to Python.

Generated from Kamailio 6.1.5 by ``python -m kamailio_kemi.generate``; do not edit.
"""

def dbg_pv_dump() -> int: ...
def dbg_pv_dump_ex(p1: int, p2: int, /) -> int: ...
