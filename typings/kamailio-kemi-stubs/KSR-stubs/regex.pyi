"""KSR.regex: the functions that the module exports to Python.

Generated from Kamailio 6.1.5 by ``python -m kamailio_kemi.generate``; do not edit.
"""

def pcre_match(p1: str, p2: str, /) -> int: ...
def pcre_match_group(p1: str, p2: int, /) -> int: ...
