"""KSR.ratelimit: the functions that the module exports to Python.

Generated from Kamailio 6.1.5 by ``python -m kamailio_kemi.generate``; do not edit.
"""

def rl_check() -> int: ...
def rl_check_pipe(p1: int, /) -> int: ...
