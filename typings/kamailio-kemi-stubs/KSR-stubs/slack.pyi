"""KSR.slack: the functions that the module exports to Python.

Generated from Kamailio 6.1.5 by ``python -m kamailio_kemi.generate``; do not edit.
"""

def slack_send(p1: str, /) -> int: ...
