"""KSR.diversion: the functions that the module exports to Python.

Generated from Kamailio 6.1.5 by ``python -m kamailio_kemi.generate``; do not edit.
"""

def add_diversion(p1: str, /) -> int: ...
def add_diversion_uri(p1: str, p2: str, /) -> int: ...
