# ruff: noqa: INP001 - a program of its own, in no package
"""Print the requirements of pyproject.toml: `requirements.py build`, or `requirements.py cli,agi`.

Python 3.11 has tomllib, and so have the images' Pythons. The build system is added to neither.
"""

import sys
import tomllib
from pathlib import Path

document = tomllib.loads(Path("pyproject.toml").read_text("utf-8"))
if sys.argv[1] == "build":
    wanted = document["build-system"]["requires"]
else:
    extras = document["project"]["optional-dependencies"]
    wanted = document["project"]["dependencies"] + [
        requirement for extra in sys.argv[1].split(",") for requirement in extras[extra]
    ]
sys.stdout.write("".join(f"{requirement}\n" for requirement in wanted))
