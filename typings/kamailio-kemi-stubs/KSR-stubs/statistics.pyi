"""KSR.statistics: the functions that the module exports to Python.

Generated from Kamailio 6.1.5 by ``python -m kamailio_kemi.generate``; do not edit.
"""

def reset_stat(p1: str, /) -> int: ...
def update_stat(p1: str, p2: int, /) -> int: ...
