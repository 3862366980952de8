"""KSR.alias_db: the functions that the module exports to Python.

Generated from Kamailio 6.1.5 by ``python -m kamailio_kemi.generate``; do not edit.
"""

def lookup(p1: str, /) -> int: ...
def lookup_ex(p1: str, p2: str, /) -> int: ...
