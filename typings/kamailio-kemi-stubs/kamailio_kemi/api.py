"""The list of KEMI functions that a live Kamailio gave, as values.

``api_list.json`` beside this file holds the rows of ``app_python3s.api_list`` (and, for its own
module, ``app_python.api_list``) of one server: sorted by module and name, one a line, so that a
new Kamailio shows as a readable difference.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

COMMITTED = Path(__file__).with_name("api_list.json")

PARAMETERS = frozenset({"int", "str", "long"})
RETURNS = frozenset({"int", "bool", "none", "xval", "str"})

# The server lists parameters of C type long as null: its table of names has no entry for them.
# Measured on 6.1.5: a str is refused, 2**40 comes back from getl() whole.
UNNAMED: dict[str, tuple[str, ...]] = {"pv.setl": ("str", "long")}


class ApiListError(ValueError):
    """The list is not what a Kamailio answers; the message says which row, and why."""


@dataclass(frozen=True, slots=True, order=True)
class Function:
    """One exported function.

    ``module`` is "" for the core's own (``KSR.info``); ``params`` holds "int", "str" or "long";
    ``returns`` is "int" (a Kamailio code: > 0 yes, < 0 no), "bool", "none" or "xval"
    (str, int or None).
    """

    module: str
    name: str
    params: tuple[str, ...]
    returns: str

    @property
    def path(self) -> str:
        """How a script writes it after ``KSR.``: "info", "tm.t_relay"."""
        return f"{self.module}.{self.name}" if self.module else self.name


@dataclass(frozen=True, slots=True)
class Api:
    """All functions of one server, sorted, and its version ("6.1.5")."""

    kamailio: str
    functions: tuple[Function, ...]

    @property
    def modules(self) -> frozenset[str]:
        """The names of the modules, without the core's ""."""
        return frozenset(function.module for function in self.functions) - {""}

    def merged(self, other: Api) -> Api:
        """Both lists as one; they must come from the same version and agree."""
        if self.kamailio != other.kamailio:
            raise ApiListError(f"two versions: {self.kamailio} and {other.kamailio}")
        rows = {function.path: function for function in self.functions}
        for function in other.functions:
            if rows.setdefault(function.path, function) != function:
                raise ApiListError(f"two signatures of KSR.{function.path}")
        return Api(self.kamailio, tuple(sorted(rows.values())))


def from_answer(answer: Any, kamailio: str) -> Api:
    """The result of the RPC command: {"msize": N, "methods": [{"func": {…}}, …]}."""
    try:
        rows = [row["func"] for row in answer["methods"]]
        expected = answer["msize"]
    except (TypeError, KeyError) as error:
        raise ApiListError(f"not an answer of api_list: {error!r} is missing") from error
    if len(rows) != expected:
        raise ApiListError(f"the answer was cut: it says {expected} functions and has {len(rows)}")
    return Api(kamailio, tuple(sorted(_function(row) for row in rows)))


def load(path: Path = COMMITTED) -> Api:
    """The list that is written in a file; without a path, the committed one."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        return Api(data["kamailio"], tuple(sorted(_function(row) for row in data["functions"])))
    except (TypeError, KeyError, json.JSONDecodeError) as error:
        raise ApiListError(f"{path}: not an api_list.json: {error!r}") from error


def dump(api: Api) -> str:
    """The text of ``api_list.json``: deterministic, one function a line."""
    lines = [
        json.dumps(
            {"module": f.module, "name": f.name, "params": ", ".join(f.params), "ret": f.returns}
        )
        for f in sorted(api.functions)
    ]
    body = ",\n".join(lines)
    return f'{{"kamailio": {json.dumps(api.kamailio)}, "functions": [\n{body}\n]}}\n'


def _function(row: Any) -> Function:
    module, name, returns = row["module"], row["name"], row["ret"]
    path = f"{module}.{name}" if module else name
    text = row["params"]
    if text is None:
        if path not in UNNAMED:
            raise ApiListError(
                f"the server does not name the parameters of KSR.{path}: "
                "find them out and add them to kamailio_kemi.api.UNNAMED"
            )
        params = UNNAMED[path]
    else:
        params = () if text in {"none", ""} else tuple(text.split(", "))
    if unknown := {*params} - PARAMETERS:
        raise ApiListError(f"KSR.{path} has a parameter of an unknown type: {sorted(unknown)}")
    if returns not in RETURNS:
        raise ApiListError(f"KSR.{path} returns an unknown type: {returns!r}")
    if not (name.isidentifier() and (module.isidentifier() or not module)):
        raise ApiListError(f"KSR.{path} is no name in Python")
    return Function(module, name, params, returns)
