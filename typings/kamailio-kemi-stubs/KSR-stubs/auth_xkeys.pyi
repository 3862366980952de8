"""KSR.auth_xkeys: the functions that the module exports to Python.

Generated from Kamailio 6.1.5 by ``python -m kamailio_kemi.generate``; do not edit.
"""

def auth_xkeys_add(p1: str, p2: str, p3: str, p4: str, /) -> int: ...
def auth_xkeys_check(p1: str, p2: str, p3: str, p4: str, /) -> int: ...
