"""Telling how far a bench is; stdout is for its result alone."""

import sys


def tell(line: str) -> None:
    """Say a line."""
    print(line, file=sys.stderr, flush=True)
