"""Writes ``KSR-stubs``, ``api_list.json`` and ``measured.tsv`` anew, or checks that they are fresh.

python -m kamailio_kemi.generate --image IMAGE      from a container that has Kamailio;
                                                        measured.tsv is made by this one alone
python -m kamailio_kemi.generate --socket PATH      from a running server's jsonrpcs socket
python -m kamailio_kemi.generate                    the stubs alone, from the committed list
… --check                                           change nothing; exit 1 if anything differs
… --out FOLDER                                      the distribution's folder (default: here)
"""

from __future__ import annotations

import argparse
import difflib
import sys
from pathlib import Path

from kamailio_kemi import api, live, stubs

HERE = Path(__file__).resolve().parents[1]


def main(arguments: list[str] | None = None) -> int:
    """The command; 0 done or fresh, 1 stale or no list, 2 usage."""
    parser = argparse.ArgumentParser(prog="python -m kamailio_kemi.generate")
    source = parser.add_mutually_exclusive_group()
    source.add_argument("--image", help="a container image with Kamailio")
    source.add_argument("--socket", help="the dgram_socket of a running server's jsonrpcs")
    source.add_argument("--list", type=Path, help="an api_list.json (default: the committed one)")
    parser.add_argument("--out", type=Path, default=HERE, help="the distribution's folder")
    parser.add_argument("--check", action="store_true", help="write nothing, exit 1 if stale")
    options = parser.parse_args(arguments)
    try:
        found = _list(options)
        wanted = (
            {"kamailio_kemi/measured.tsv": live.measure(options.image)} if options.image else {}
        )
    except (api.ApiListError, OSError) as error:
        print(f"no list of functions: {error}", file=sys.stderr)
        return 1
    wanted |= {f"KSR-stubs/{name}": text for name, text in stubs.files(found).items()}
    wanted["kamailio_kemi/api_list.json"] = api.dump(found)
    changed = differences(options.out, wanted)
    if not options.check:
        write(options.out, wanted)
        functions = len(found.functions)
        print(f"Kamailio {found.kamailio}: {functions} functions, {len(changed)} files changed")
        return 0
    for line in changed.values():
        print(line)
    return 1 if changed else 0


def differences(folder: Path, wanted: dict[str, str]) -> dict[str, str]:
    """For each file that is not as wanted: its name, and a unified difference."""
    found = {
        str(file.relative_to(folder)): file.read_text(encoding="utf-8")
        for file in folder.glob("KSR-stubs/*.pyi")
    }
    for name in wanted:
        if (folder / name).exists():
            found[name] = (folder / name).read_text(encoding="utf-8")
    return {
        name: "\n".join(
            difflib.unified_diff(
                found.get(name, "").splitlines(),
                wanted.get(name, "").splitlines(),
                f"{name} (committed)",
                f"{name} (of the server)",
                lineterm="",
                n=0,
            )
        )
        for name in sorted(found.keys() | wanted.keys())
        if found.get(name) != wanted.get(name)
    }


def write(folder: Path, wanted: dict[str, str]) -> None:
    """Writes what is wanted, and removes stub files of modules that are no more."""
    for name, text in wanted.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    for file in folder.glob("KSR-stubs/*.pyi"):
        if str(file.relative_to(folder)) not in wanted:
            file.unlink()


def _list(options: argparse.Namespace) -> api.Api:
    if options.image:
        # app_python3 has no room for all; its own module is all that it has more.
        everything = live.from_image(options.image)
        return everything.merged(
            live.from_image(options.image, engine="app_python3", modules=("pv",))
        )
    if options.socket:
        return live.from_socket(options.socket)
    return api.load(options.list or api.COMMITTED)


if __name__ == "__main__":
    sys.exit(main())
