"""From the list of functions to the text of the stub files, deterministically."""

from __future__ import annotations

import keyword
from itertools import groupby
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kamailio_kemi.api import Api, Function

PARAMETER = {"int": "int", "str": "str", "long": "int"}
RETURN = {"int": "int", "bool": "bool", "none": "None", "xval": "str | int | None", "str": "str"}

HEADER = '''\
"""{title}

Generated from Kamailio {kamailio} by ``python -m kamailio_kemi.generate``; do not edit.
"""
'''

RULES = """\
Kamailio's module KSR, as its app_python3 and app_python3s engines give it to Python.

A module that the server has not loaded is not there (AttributeError): ``hasattr(KSR, "dialog")``.
KSR is one built-in module and its parts are attributes: ``import KSR as KSR``; ``import KSR.tm``
finds nothing at run time.

What the types cannot say:

* a wrong type or a missing argument does not raise: it logs an error and returns False, whatever
  the function returns otherwise; False < 0 is false. A surplus argument is ignored.
* int results are Kamailio's: > 0 is yes, < 0 is no, 0 ends the script's work; -1 is true in Python.
* reading a header that is not UTF-8 raises UnicodeDecodeError; giving a str with surrogates raises
  UnicodeEncodeError; an int beyond 32 bits is cut, beyond 64 bits raises SystemError.
* KSR.x has modf alone (no exit, no drop), and modf is left out here: it does not do its work.\
"""

ASYNC = """\
The module ``async``, whose name is a keyword, so that no ``KSR.async`` can be written.

    if TYPE_CHECKING:
        from KSR._async import Async
    tasks: "Async" = getattr(KSR, "async")

This file exists for type checkers only.\
"""


def files(api: Api) -> dict[str, str]:
    """{"__init__.pyi": text, "tm.pyi": text, …} for the package ``KSR-stubs``."""
    texts: dict[str, str] = {}
    core: list[Function] = []
    for module, group in groupby(api.functions, key=lambda function: function.module):
        functions = list(group)
        if not module:
            core = functions
        elif keyword.iskeyword(module):
            head = HEADER.format(title=ASYNC, kamailio=api.kamailio)
            body = "\n".join(f"    @staticmethod\n    {_signature(f)}" for f in functions)
            name = module.capitalize()
            texts[f"_{module}.pyi"] = (
                f"{head}\nfrom typing import Protocol\n\nclass {name}(Protocol):\n{body}\n"
            )
        else:
            title = f"KSR.{module}: the functions that the module exports to Python."
            head = HEADER.format(title=title, kamailio=api.kamailio)
            texts[f"{module}.pyi"] = head + "\n" + "\n".join(map(_signature, functions)) + "\n"
    modules = sorted(name for name in api.modules if not keyword.iskeyword(name))
    imports = "\n".join(f"from . import {name} as {name}" for name in modules)
    head = HEADER.format(title=RULES, kamailio=api.kamailio)
    texts["__init__.pyi"] = f"{head}\n{imports}\n\n" + "\n".join(map(_signature, core)) + "\n"
    return texts


def _signature(function: Function) -> str:
    """One def. The parameters have no names in Kamailio, so they are positional only."""
    params = [f"p{number}: {PARAMETER[kind]}" for number, kind in enumerate(function.params, 1)]
    text = ", ".join([*params, "/"]) if params else ""
    if keyword.iskeyword(function.name):
        return f"# {function.name}: a keyword; getattr() reaches it"
    return f"def {function.name}({text}) -> {RETURN[function.returns]}: ..."
