"""KSR.jansson: the functions that the module exports to Python.

Generated from Kamailio 6.1.5 by ``python -m kamailio_kemi.generate``; do not edit.
"""

def get(p1: str, p2: str, p3: str, /) -> int: ...
