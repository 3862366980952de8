"""The `bellhop` command: runs a verb, and tells an error in one line, never in a traceback."""

import errno
import io
import os
import sys
from collections.abc import Sequence

from bellhop.values import printable

NOT_WRITTEN = 1
WRONG_USAGE = 2
INTERRUPTED = 130
DEFECT = 70
_FULL = {errno.ENOSPC, errno.EDQUOT}


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit: 0 good; 1 the input is wrong, nothing was found, or nobody
    answered; 2 the command line is wrong.

    70 is a defect of Bellhop itself; BELLHOP_DEBUG=1 then shows where.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # no terminal's encoding is an error
    code = run(sys.argv[1:] if arguments is None else arguments)
    try:
        if sys.stdout:  # None when it was closed before us
            sys.stdout.flush()
    except OSError:  # it was told; and Python would tell it again, as it ends
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    sys.exit(code)


def run(arguments: Sequence[str]) -> int:
    """Run one command line; return its exit code."""
    try:
        import click  # noqa: PLC0415  the edge has bellhop without click

        from bellhop.commands import bellhop  # noqa: PLC0415
    except ModuleNotFoundError as error:
        return _say(f"the command line needs {error.name}: install bellhop[cli]", WRONG_USAGE)
    try:
        code = bellhop.main(list(arguments), prog_name="bellhop", standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:
        sys.stderr.write(f"{error.message}\n")
        return WRONG_USAGE
    except click.ClickException as error:
        context = getattr(error, "ctx", None)
        verb = context.command_path.removeprefix("bellhop").strip() if context else ""
        said = " ".join(error.format_message().split())
        return _say(f"{verb}: {said}" if verb else said, error.exit_code)
    except (KeyboardInterrupt, click.Abort):
        return INTERRUPTED
    except Exception as error:
        if isinstance(error, OSError) and error.errno in _FULL:
            return _say(f"the output cannot be written: {error.strerror}", NOT_WRITTEN)
        if os.environ.get("BELLHOP_DEBUG"):
            raise
        what = " ".join(f"{type(error).__name__}: {error}".split())
        return _say(f"a defect of Bellhop's own: {what} (BELLHOP_DEBUG=1 shows where)", DEFECT)
    return code if isinstance(code, int) else 0


def _say(what: str, code: int) -> int:
    sys.stderr.write(f"bellhop: {printable(what)}\n")  # a database's words may be in it
    return code


if __name__ == "__main__":
    main()
