"""A strict fake of KSR for unit tests of KEMI scripts, without a server.

    fake = FakeKSR()
    fake.request("INVITE", "sip:100@edge.example", source=("192.0.2.1", 5060))
    fake.returns["tm.t_relay"] = [-478, 1]
    with installed(fake):
        my_script.ksr_request_route(None)
    assert fake.transaction.relays[1].destination == "sip:192.0.2.9:5060"

What it promises:

* It has the functions that a live Kamailio listed (``api_list.json``), of the modules that the test
  names, and nothing else: any other name is the AttributeError that the server gives.
* Wrong arguments do what they do there (see ``kamailio_kemi.arguments``): mostly, an error line in
  ``fake.errors``, and False.
* It never invents an answer. What was measured is modelled: pv, hdr, htable, mqueue, replies,
  flags, logs and the functions of tm that only note something (t_on_failure: 1). Everything else
  has to be said in ``fake.returns``; what is not said raises NotScripted, a BaseException, so that
  no guard in the script under test swallows it, and ``installed`` raises it again at its end.
"""

from __future__ import annotations

import sys
from contextlib import contextmanager
from dataclasses import dataclass
from types import ModuleType
from typing import TYPE_CHECKING, Any

from kamailio_kemi import api, core
from kamailio_kemi.arguments import RefusedError, take
from kamailio_kemi.messages import Headers, Message, Stored
from kamailio_kemi.queues import Queue, Queues
from kamailio_kemi.replies import Relay, Reply, Transaction
from kamailio_kemi.scripting import NotScripted, Returns, ScriptError
from kamailio_kemi.tables import Table, Tables
from kamailio_kemi.variables import Variables

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

__all__ = [
    "Call",
    "FakeKSR",
    "Message",
    "NotScripted",
    "Queue",
    "Relay",
    "Reply",
    "ScriptError",
    "Table",
    "installed",
]

_ALWAYS = frozenset({"", "pv", "hdr"})


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a KEMI function, by its path after ``KSR.``: "tm.t_relay".

    ``args`` are the values that reached the server (a surplus argument does not, an int is cut);
    ``given`` what the script wrote; ``result`` what it got, or the exception that it got.
    """

    path: str
    args: tuple[Any, ...]
    given: tuple[Any, ...]
    result: Any


class FakeModule(ModuleType):
    """KSR, or one of its parts, as a script sees it."""


class FakeFunction:
    """One function of a FakeModule."""

    def __init__(self, fake: FakeKSR, function: api.Function) -> None:
        self._fake = fake
        self._function = function
        self.__name__ = function.name

    def __call__(self, *given: Any, **named: Any) -> Any:
        if named:
            raise TypeError(f"{self._function.name}() takes no keyword arguments")
        return self._fake.call(self._function, given)

    def __repr__(self) -> str:
        return f"<built-in function {self._function.name}>"


class FakeKSR:
    """The server behind ``fake.KSR``: the test tells it what is there, and reads what was done.

    ``modules``: the KEMI modules that the server has loaded; by default all of the list. The core,
    pv and hdr are always there.

    For the test: ``request``, ``reply``, ``failure`` begin a route; ``pv``, ``tables``, ``queues``,
    ``flags`` and ``returns`` say what is there; ``calls``, ``errors``, ``log``, ``headers``,
    ``transaction`` and ``unscripted`` say what was done.
    """

    def __init__(self, modules: Iterable[str] | None = None, kemi: api.Api | None = None) -> None:
        kemi = kemi or api.load()
        loaded = kemi.modules if modules is None else frozenset(modules)
        if unknown := loaded - kemi.modules:
            raise ScriptError(f"no such KEMI module: {', '.join(sorted(unknown))}")
        loaded |= _ALWAYS
        self.calls: list[Call] = []
        self.errors: list[str] = []
        self.log: list[tuple[str, str]] = []
        self.flags: set[int] = set()
        self.branch_flags: set[int] = set()
        self.unscripted: list[str] = []
        self.returns = Returns(kemi, loaded)
        self.tables = Tables(self.errors.append)
        self.queues = Queues()
        self.pv = Variables(self.tables, self.queues, self.errors.append)
        self.headers = Headers(self.pv)
        self.transaction = Transaction(self.pv, self.errors.append)
        self.KSR: Any = FakeModule("KSR")
        self._models: dict[str, Callable[..., Any]] = {}
        self._model()
        self._build(kemi, loaded)

    # -- for the test ---------------------------------------------------------------------------

    def request(
        self,
        method: str,
        ruri: str,
        *,
        source: tuple[str, int] = ("192.0.2.1", 5060),
        headers: Iterable[tuple[str, str | bytes]] = (),
        **variables: Stored,
    ) -> None:
        """A request comes in; variables by name without "$": ``fU="alice", ci="call-1"``.

        Lumps, AVPs, flags, replies and relays of the request before are forgotten; tables, scripted
        answers, and the records of calls, errors and logs stay.
        """
        self.pv.forget()
        self.headers = Headers(self.pv)
        self.transaction = Transaction(self.pv, self.errors.append)
        self.flags.clear()
        self.branch_flags.clear()
        fields: dict[str, Stored] = {"$rm": method, "$rs": None, "$tt": None}
        fields |= {"$si": source[0], "$sp": source[1]}
        fields |= {f"${name}": value for name, value in variables.items()}
        self.pv.message = Message(list(headers), fields)
        self.pv.ruri = ruri
        self._model()

    def reply(
        self,
        code: int,
        reason: str = "",
        *,
        source: tuple[str, int] = ("192.0.2.9", 5060),
        headers: Iterable[tuple[str, str | bytes]] = (),
        **variables: Stored,
    ) -> None:
        """A reply comes in, for a reply route: $rs, $rr, $si, $sp and $hdr are its own."""
        fields: dict[str, Stored] = {"$rs": code, "$rr": reason, "$si": source[0], "$sp": source[1]}
        fields["$T_reply_code"] = code
        fields |= {f"${name}": value for name, value in variables.items()}
        self.pv.message = Message(list(headers), fields)

    def failure(
        self,
        code: int,
        reason: str = "",
        *,
        source: tuple[str, int] = ("192.0.2.9", 5060),
        headers: Iterable[tuple[str, str | bytes]] = (),
        local: bool = False,
    ) -> None:
        """A failure route begins: $T_reply_code, $T_rpl(…) and t_get_status_code() tell why.

        The message in hand stays the request. ``local``: no reply came, our timer ended the branch
        (code 408); then every $T_rpl(…) is null.
        """
        fields: dict[str, Stored] = {"$si": source[0], "$sp": source[1], "$rs": code, "$rr": reason}
        fields["$ct"] = next((v for k, v in headers if k.lower() == "contact"), None)
        self.pv.reply = Message(list(headers), fields, local=local)
        self.pv.message.fields |= {"$T_reply_code": code, "$T_reply_reason": reason}
        self.headers = Headers(self.pv)
        self.transaction.fail()
        self._model()
        self._models["tm.t_get_status_code"] = lambda: code

    def called(self, path: str) -> list[tuple[Any, ...]]:
        """The arguments of each call of that function, in their order."""
        return [call.args for call in self.calls if call.path == path]

    # -- for the script -------------------------------------------------------------------------

    def call(self, function: api.Function, given: tuple[Any, ...]) -> Any:
        """Does one call as the server would, and records it."""
        values: tuple[Any, ...] = ()
        late: SystemError | None = None
        try:
            taken = take(function, given)
            values = taken.values
            result = self._answer(function, values)
            late = taken.late
        except RefusedError as refused:
            self.errors.append(str(refused))
            result = False
        except NotScripted as missing:
            self.unscripted.append(str(missing))
            raise
        except Exception as error:
            self.calls.append(Call(function.path, values, given, error))
            raise
        self.calls.append(Call(function.path, values, given, late or result))
        if late:
            raise late
        return result

    def _answer(self, function: api.Function, values: tuple[Any, ...]) -> Any:
        path = function.path
        if path == "tm.t_relay" and path in self.returns:
            return self.transaction.relay(lambda: self.returns.take(function, values))
        if path in self.returns:
            result = self.returns.take(function, values)
        elif path in self._models:
            result = self._models[path](*values)
        else:
            shown = ", ".join(map(repr, values))
            raise NotScripted(
                f'KSR.{path}({shown}) was called: say what it returns, fake.returns["{path}"] = …'
            )
        if path.startswith("corex.append_branch") and result > 0:
            self.transaction.marked()
        return result

    def _build(self, kemi: api.Api, loaded: frozenset[str]) -> None:
        parts = {name: FakeModule(f"KSR.{name}") for name in sorted(loaded - {""})}
        for name, part in parts.items():
            setattr(self.KSR, name, part)
        for function in kemi.functions:
            if function.module in loaded:
                owner = parts.get(function.module, self.KSR)
                setattr(owner, function.name, FakeFunction(self, function))
        # KSR.x has modf alone; it did not do its work on 6.1.5, so a call of it has no answer here.
        x: Any = FakeModule("KSR.x")
        x.modf = FakeFunction(self, api.Function("x", "modf", (), "int"))
        self.KSR.x = x

    def _model(self) -> None:
        """The functions whose behaviour was measured, bound to the message in hand."""
        self._models = {
            **self.pv.functions(),
            **self.headers.functions(),
            **self.tables.functions(),
            **self.queues.functions(),
            **self.transaction.functions(),
            **core.flags("flag", self.flags),
            **core.flags("bflag", self.branch_flags),
            **core.logs(self.log),
            **core.methods(lambda: self.pv["$rm"]),
            **core.NOTES,
            "set_drop": lambda: 0,
            "force_rport": lambda: True,
            "siputils.has_totag": lambda: -1 if self.pv["$tt"] is None else 1,
        }


@contextmanager
def installed(fake: FakeKSR) -> Iterator[FakeKSR]:
    """``import KSR`` gives the fake's module, also in modules that imported an earlier fake.

    At the end, what was not scripted is raised if the code under test has swallowed it.
    """
    before = sys.modules.get("KSR")
    sys.modules["KSR"] = fake.KSR
    for module in [*sys.modules.values()]:
        if isinstance(getattr(module, "__dict__", {}).get("KSR"), FakeModule):
            module.KSR = fake.KSR  # type: ignore[attr-defined]
    try:
        yield fake
    finally:
        if before is None:
            del sys.modules["KSR"]
        else:
            sys.modules["KSR"] = before
    if fake.unscripted:
        raise NotScripted("; ".join(fake.unscripted))
