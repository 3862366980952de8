"""`bellhop-pager SITE`: starts the daemon."""

import asyncio
import gc
import logging
import sys
from pathlib import Path

from ami.manager import BadSecret
from bellhop import one_line
from bellhop.settings import Site, SiteError, load
from bellhop.sides import FIRST, STANDBY, beside
from pager.alone import alone
from pager.daemon import serve
from pager.reload import read_pins

# Seconds that a thread may keep the others waiting while it computes. Python's own 5 ms are what a
# caller waits for when another thread writes a report down just then.
_TURN = 0.0005

_USAGE = "usage: bellhop-pager [--standby] SITE.TOML\n"


def main() -> None:
    """Run the daemon; exits 0 when it was told to stop, 1 when it cannot run, 2 on wrong usage."""
    match sys.argv[1:]:
        case [path] if not path.startswith("-"):
            sys.exit(_run(path))
        case ["--standby", path] if not path.startswith("-"):
            sys.exit(_run(path, STANDBY))
        case ["-h" | "--help"]:
            sys.stdout.write(_USAGE)
        case _:
            sys.stderr.write(_USAGE)
            sys.exit(2)


def _run(path: str, side: str = FIRST) -> int:
    logging.basicConfig(
        level=logging.INFO, format="level=%(levelname)s %(message)s", stream=sys.stderr
    )
    # The library logs every action, the login's secret among them, at lower levels.
    logging.getLogger("panoramisk").setLevel(logging.ERROR)
    sys.setswitchinterval(_TURN)
    try:
        whole = load(path)
        site = beside(whole, side)
        secret = _secret(site)
        alone(Path(site.site.state))
        gc.freeze()  # what there is by now stays, and need not be looked through again and again
        asyncio.run(serve(whole, secret, read_pins(whole), side))
    except SiteError as error:
        return _say(*error.lines)
    except BadSecret as error:
        return _say(str(error))
    except OSError as error:
        return _say(f"{site.pager.agi}: {error.strerror or error}")
    return 0


def _secret(site: Site) -> str:
    path = site.file(site.pager.ami_secret_file)
    try:
        return one_line.text(path.read_bytes())
    except OSError as error:
        raise SiteError((f"pager.ami_secret_file: {path}: {error.strerror}",)) from None
    except ValueError as error:
        raise SiteError((f"pager.ami_secret_file: {path}: {error}",)) from None


def _say(*lines: str) -> int:
    for line in lines:
        sys.stderr.write(f"bellhop-pager: {line}\n")
    return 1


if __name__ == "__main__":
    main()
