"""What Kamailio's app_python3 loads. It stands alone in its folder: Kamailio puts the folder of the
script first on Python's path, so a neighbour called queue.py would replace the standard library's.
"""

import sys

# A reload (`app_python.reload`) runs this file again, but not the modules that it imports.
for loaded in [m for m in sys.modules if m.partition(".")[0] in {"kemi", "bellhop"}]:
    del sys.modules[loaded]

from kemi.app import mod_init  # noqa: E402, F401 - Kamailio calls it by this name
