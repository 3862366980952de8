"""KSR.nghttp2: the functions that the module exports to Python.

Generated from Kamailio 6.1.5 by ``python -m kamailio_kemi.generate``; do not edit.
"""

def nghttp2_reply(p1: str, p2: str, /) -> int: ...
def nghttp2_reply_header(p1: str, p2: str, /) -> int: ...
