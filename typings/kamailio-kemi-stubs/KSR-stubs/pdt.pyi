"""KSR.pdt: the functions that the module exports to Python.

Generated from Kamailio 6.1.5 by ``python -m kamailio_kemi.generate``; do not edit.
"""

def pd_translate(p1: str, p2: int, /) -> int: ...
def pprefix2domain(p1: int, p2: int, /) -> int: ...
