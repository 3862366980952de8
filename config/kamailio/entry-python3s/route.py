# ruff: noqa: INP001 - Kamailio loads it by its path
"""What Kamailio's app_python3s loads: the same app, its callbacks as functions of this module. Like
entry/route.py it stands alone in its folder.
"""

import sys

# A reload (`app_python3s.reload`) runs this file again, but not the modules that it imports.
for loaded in [m for m in sys.modules if m.partition(".")[0] in {"kemi", "bellhop"}]:
    del sys.modules[loaded]

from kemi.app import mod_init  # noqa: E402 - after the old ones are gone

edge = mod_init()
if edge is None:
    raise SystemExit("bellhop: the site cannot be used; the lines above say why")

# app_python3s gives no message to a callback; the app's take none.
globals().update({name: getattr(edge, name) for name in dir(edge) if name.startswith("ksr_")})
