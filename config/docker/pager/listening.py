# ruff: noqa: INP001 - a program of its own, in no package
"""Is the pager's AGI server listening? Asked of the kernel: a connection would be a call to it.

Usage: listening.py site.toml; exit 0 when the port of `pager.agi` is in state LISTEN.
"""

import sys
import tomllib
from pathlib import Path

LISTEN = "0A"

site = tomllib.loads(Path(sys.argv[1]).read_text("utf-8"))
port = f"{int(site['pager']['agi'].rpartition(':')[2]):04X}"
rows = [line.split() for line in Path("/proc/net/tcp").read_text("ascii").splitlines()[1:]]
sys.exit(0 if any(row[1].endswith(f":{port}") and row[3] == LISTEN for row in rows) else 1)
