"""KSR.call_obj: the functions that the module exports to Python.

Generated from Kamailio 6.1.5 by ``python -m kamailio_kemi.generate``; do not edit.
"""

def free(p1: int, /) -> int: ...
def get() -> int: ...
