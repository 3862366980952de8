"""Benchmarks: `./run bench` lists them, `./run bench NAME` runs one."""

import argparse
import json
import sys
from pathlib import Path

from tests.bench import recursion
from tests.bench.figures import summary
from tests.bench.table import report
from tests.chain.harness.stack import NotThereError

ROOT = Path(__file__).resolve().parents[2]


def main() -> int:
    """Run what the command line asks for; returns the exit code."""
    parser = argparse.ArgumentParser(prog="./run bench", description=__doc__)
    benches = parser.add_subparsers(dest="bench", metavar="NAME")
    one = benches.add_parser(
        "recursion", help="a call whose first carrier fails: CPU, delay, memory"
    )
    one.add_argument("--json", action="store_true", help="print six figures and nothing else")
    size = one.add_mutually_exclusive_group()
    size.add_argument("--soak", action="store_true", help="watch memory over a million messages")
    size.add_argument("--quick", action="store_true", help="a few calls: does it work at all?")
    asked = parser.parse_args()
    if asked.bench is None:
        parser.print_help()
        return 0
    how_much = recursion.DEFAULT
    if asked.soak:
        how_much = recursion.SOAK
    elif asked.quick:
        how_much = recursion.QUICK
    try:
        found, seconds = recursion.run(how_much)
    except (NotThereError, RuntimeError, TimeoutError) as error:
        sys.stderr.write(f"bellhop: bench: {error}\n")
        return 1
    if asked.json:
        print(json.dumps(summary(found)))
        return 0
    table = report(found, how_much, seconds)
    print(table)
    from tests.bench.plot import draw  # noqa: PLC0415 - matplotlib is there for this alone

    written = ROOT / "build/artifacts/bench/recursion.md"
    written.write_text(f"{table}\n", "utf-8")
    draw(found, written.with_suffix(".svg"))
    sys.stderr.write(f"· the table and its picture: {written.relative_to(ROOT)}, .svg\n")
    return 0


sys.exit(main())
