# ruff: noqa: E402 - the app's modules are loaded anew first, as in the real script
"""An entry script for Kamailio that loads the app as the real one does, and breaks it: in each callback
something raises for calls to a number of its own, and what answers HTTP or runs by a timer always
does. The edge's own code has no such switch: a test mounts this file in the script's place.
"""

import sys

for loaded in [m for m in sys.modules if m.partition(".")[0] in {"kemi", "bellhop"}]:
    del sys.modules[loaded]

from kemi import (
    app,
    attempt,
    failure,
    gateways,
    invite,
    live,
    names,
    registrations,
    rpc,
    sip,
    writer,
)
from kemi.app import mod_init  # noqa: F401 - what follows in the real script calls it


class FaultError(Exception):
    """What a test wants to go wrong."""


def breaks(where, name, number="", within="", times=sys.maxsize):
    """Have a function raise for calls to a number, or always; within: only if this calls it; times:
    only so often in a process.
    """
    real = getattr(where, name)
    left = times

    def broken(*args, **keys):
        nonlocal left
        caller = sys._getframe(1).f_code.co_name  # noqa: SLF001
        if left and within in ("", caller) and (not number or sip.text("$tU") == number):
            left -= 1
            raise FaultError(f"{name}\nsaid in two lines")
        return real(*args, **keys)

    setattr(where, name, broken)


breaks(invite, "legs_of", "441632960201")
breaks(attempt, "shaped_branch", "441632960202")
breaks(attempt, "progressed", "441632960203")
breaks(failure, "failed", "441632960204")
breaks(app.Edge, "_site", "441632960205", within="ksr_reply_dialog")
breaks(rpc, "serve")
breaks(writer.Writer, "_take", times=2)
breaks(live.Live, "reload")
breaks(names.Resolver, "run")
breaks(registrations.Registrar, "run")
breaks(gateways.Gateways, "renew")
