"""Benchmarks: `./run bench` lists them, `./run bench NAME` runs one."""

import argparse
import json
import signal
import sys
from collections.abc import Callable
from pathlib import Path

from tests.bench import figures, recursion, table
from tests.bench.paging import bench as paging
from tests.bench.paging import figures as paging_figures
from tests.bench.paging import table as paging_table
from tests.chain.harness.stack import NotThereError

ROOT = Path(__file__).resolve().parents[2]


def main() -> int:
    """Run what the command line asks for; returns the exit code."""
    # Who ends us has all containers and programs ended, too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    asked, parser = _asked()
    if asked.bench is None:
        parser.print_help()
        return 0
    if asked.check:
        return 0
    try:
        result = {"recursion": _recursion, "paging": _paging}[asked.bench](asked)
    except (NotThereError, RuntimeError, TimeoutError) as error:
        sys.stderr.write(f"bellhop: bench: {error}\n")
        return 1
    figures_, text, draw = result
    if asked.json:
        print(json.dumps(figures_))
        return 0
    print(text)
    written = ROOT / f"build/artifacts/bench/{asked.bench}.md"
    written.write_text(f"{text}\n", "utf-8")
    draw(written.with_suffix(".svg"))
    sys.stderr.write(f"· the table and its picture: {written.relative_to(ROOT)}, .svg\n")
    return 0


# The figures of --json, the table, and what draws the picture.
Result = tuple[dict[str, object], str, Callable[[Path], None]]


def _asked() -> tuple[argparse.Namespace, argparse.ArgumentParser]:
    parser = argparse.ArgumentParser(prog="./run bench", description=__doc__, allow_abbrev=False)
    # For ./run, which sets up much before a bench can begin: only whether the words are good.
    parser.add_argument("--check", action="store_true", help=argparse.SUPPRESS)
    benches = parser.add_subparsers(dest="bench", metavar="NAME")
    calls = benches.add_parser(
        "recursion",
        help="a call whose first carrier fails: CPU, delay, memory",
        allow_abbrev=False,
    )
    pages = benches.add_parser(
        "paging",
        help="a page beside Asterisk's Page(): joining, audio, CPU; taking, AGI, multicast",
        allow_abbrev=False,
    )
    calls_size = calls.add_mutually_exclusive_group()
    calls_size.add_argument(
        "--soak", action="store_true", help="watch memory over a million messages"
    )
    for one, size in ((calls, calls_size), (pages, pages)):
        one.add_argument("--json", action="store_true", help="print six figures and nothing else")
        size.add_argument("--quick", action="store_true", help="a few: does it work at all?")
    return parser.parse_args(), parser


def _recursion(asked: argparse.Namespace) -> Result:
    size = recursion.DEFAULT
    if asked.soak:
        size = recursion.SOAK
    elif asked.quick:
        size = recursion.QUICK
    found, seconds = recursion.run(size)

    def draw(path: Path) -> None:
        from tests.bench import plot  # noqa: PLC0415 - matplotlib is there for this alone

        plot.draw(found, path)

    return dict(figures.summary(found)), table.report(found, size, seconds), draw


def _paging(asked: argparse.Namespace) -> Result:
    found, seconds = paging.run(paging.QUICK if asked.quick else paging.DEFAULT)

    def draw(path: Path) -> None:
        from tests.bench.paging import plot  # noqa: PLC0415 - matplotlib is there for this alone

        plot.draw(found, path)

    return paging_figures.summary(found), paging_table.report(found, seconds), draw


sys.exit(main())
