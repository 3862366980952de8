"""Pseudo-variables as KSR.pv gives them (measured on 6.1.5).

* A null variable reads as None by get, "" by gete, "<null>" by getw, 0 by geti and getl; an unset
  ``$var`` is 0, not null. A name that is no variable logs an error and reads as null.
* An AVP is a stack: sets() pushes, ``$avp(x)`` is the top, ``$(avp(x)[1])`` the one below,
  ``$(avp(x)[*])`` all joined by ", ". unset() takes the top alone; ``$(avp(x)[*])`` names all, for
  sets() (which replaces them) and for unset().
* ``$xavp(a=>b)`` without an index pushes a new record at each set, so that the field set before is
  no longer seen; ``$xavp(a[0]=>b)`` writes into the top one.
* ``$_s(a format)`` is the text with its variables replaced, ``<null>`` where one is null; of more
  than 8,192 bytes, it is null on 5.6 and here.
* The key of ``$sht(table=>key)`` is such a format too.
* ``$shv(x)`` belongs to the whole server: 0 until it is set, "" when it was unset, or declared so.
* Text is decoded when it is read: bytes that are not UTF-8 raise UnicodeDecodeError.
* ``$(x{s.encode.hexa})`` is the bytes of ``$x``, two digits each; of other transformations a test
  says what they give.
* Setting what cannot be set (``$si``, ``$fU``, ``$hdr(X)``) returns True and does nothing.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from kamailio_kemi import values
from kamailio_kemi.arguments import cut
from kamailio_kemi.messages import Message, Stored
from kamailio_kemi.scripting import NotScripted, ScriptError

if TYPE_CHECKING:
    from collections.abc import Callable

    from kamailio_kemi.queues import Queues
    from kamailio_kemi.tables import Tables

_LONGEST = 8192
_PLAIN = re.compile(r"\$(\w+)(?:\(((?:[^()]|\((?:[^()]|\([^()]*\))*\))*)\))?")
_WRAPPED = re.compile(r"\$\((\w+)(?:\(((?:[^()]|\([^()]*\))*)\))?(?:\[(\*|-?\d+)\])?\)")
_FORMATTED = re.compile(r"\$\w+(?:\((?:[^()]|\([^()]*\))*\))?|\$\((?:[^()]|\([^()]*\))*\)")
_XAVP = re.compile(r"(\w+)(?:\[(\d+)\])?=>(\w+)")
_HEXA = re.compile(r"\$\((.+)\{s\.encode\.hexa\}\)", re.DOTALL)
_URI = re.compile(r"(sips?|tel):(?:([^@]*)@)?([^:;?>]*)(?::(\d+))?(.*)", re.DOTALL)
_READ_ONLY = frozenset({"si", "sp", "fU", "hdr", "hdrc", "T_reply_code", "T_rpl"})
_FREE = frozenset({"fs", "fn", "tn", "br", "mf", "sf", "bf", "xavi", "xavu", "dlg_var", "dlg_ctx"})


class Variables:
    """The store behind KSR.pv. A test writes and reads it like a dict: ``fake.pv["$avp(x)"]``."""

    def __init__(self, tables: Tables, queues: Queues, error: Callable[[str], None]) -> None:
        self.message = Message()
        self.reply: Message | None = None
        self.ruri: Stored = None
        self.destination: Stored = None
        self.marked_new = False
        self._avps: dict[str, list[Stored]] = {}
        self._vars: dict[str, Stored] = {}
        self._shared: dict[str, Stored] = {}
        self._xavps: dict[str, list[dict[str, Stored]]] = {}
        self._given: dict[str, Stored] = {}
        self._tables = tables
        self._queues = queues
        self._error = error

    def forget(self) -> None:
        """A new request: all is gone but ``$var``, which belongs to the process, and ``$shv``,
        which belongs to the server.
        """
        process, shared = self._vars, self._shared
        self.__init__(self._tables, self._queues, self._error)  # type: ignore[misc]
        self._vars, self._shared = process, shared

    # -- for the test ---------------------------------------------------------------------------

    def __getitem__(self, name: str) -> Stored:
        return self._read(name)

    def __setitem__(self, name: str, value: Stored | list[Stored]) -> None:
        if name.startswith("$(") and "{" in name and not isinstance(value, list):
            self._given[name] = value  # a transformation gives what the test says
            return
        kind, inner, index = self._parse(name) or (None, None, None)
        if kind is None:
            raise ScriptError(f"{name!r} is no pseudo-variable")
        if kind in {"hdr", "hdrc"}:
            raise ScriptError(f"{name}: say it in fake.headers")
        if kind == "avp" and inner and index is None:
            self._avps[_avp(inner)] = list(value) if isinstance(value, list) else [value]
        elif isinstance(value, list):
            raise ScriptError(f"{name} holds one value; only an AVP is a stack")
        elif kind in {"ru", "du", "avp", "var", "shv", "xavp", "sht"}:
            self._write(name, value)
        else:
            self._given[name] = value

    # -- for the script -------------------------------------------------------------------------

    def functions(self) -> dict[str, Callable[..., Any]]:
        """The model of each function, by its path."""
        return {
            "pv.get": self._value,
            "pv.gete": lambda name: values.either(self._value(name), ""),
            "pv.getw": lambda name: values.either(self._value(name), "<null>"),
            "pv.getvs": lambda name, default: values.either(self._value(name), default),
            "pv.getvn": lambda name, default: values.either(self._value(name), default),
            "pv.geti": lambda name: cut(values.number(self._read(name)), 32),
            "pv.getl": lambda name: values.number(self._read(name)),
            "pv.is_null": lambda name: self._read(name) is None,
            "pv.sets": self._write,
            "pv.seti": self._write,
            "pv.setl": self._write,
            "pv.unset": lambda name: self._write(name, None),
        }

    def _parse(self, name: str) -> tuple[str, str | None, str | None] | None:
        if match := _PLAIN.fullmatch(name):
            return match[1], match[2], None
        if match := _WRAPPED.fullmatch(name):
            return match[1], match[2], match[3]
        if "{" in name:
            raise NotScripted(f'{name}: transformations are not modelled; fake.pv["{name}"] = …')
        return None

    def _read(self, name: str) -> Stored:  # noqa: C901, PLR0912 - one case for each kind of variable
        if name in self._given:
            return self._given[name]
        if coded := _HEXA.fullmatch(name):
            return values.hexa(self._read("$" + coded[1]))
        parsed = self._parse(name)
        if parsed is None:
            self._error(f"invalid pv [{name}]")
            return None
        kind, inner, index = parsed
        match kind, inner:
            case "_s", str():
                said = self._formatted(inner)
                return said if len(said.encode()) <= _LONGEST else None
            case "avp", str():
                return values.picked(self._avps.get(_avp(inner), []), index, ", ")
            case "cnt", str() if counted := _PLAIN.fullmatch(inner):
                return len(self._avps.get(_avp(counted[2] or ""), []))
            case "var", str():
                return self._vars.get(inner, 0)
            case "shv", str():
                return self._shared.get(inner, 0)
            case "xavp", str() if match := _XAVP.fullmatch(inner):
                records = self._xavps.get(match[1], [])
                number = int(match[2] or 0)
                return records[number].get(match[3]) if number < len(records) else None
            case "sht", str() if "=>" in inner:
                table, key = inner.split("=>", 1)
                return self._tables.read(table, self._formatted(key))
            case (("mqk" | "mqv"), str()):
                return self._queues.read(inner, 0 if kind == "mqk" else 1)
            case "T_rpl", str():
                return self._of_reply(inner)
            case "du", None:
                return self.destination
            case (("ru" | "rU" | "rd" | "rp"), None):
                return self._of_uri(kind)
            case _:
                return self._of_message(self.message, name, kind, inner, index)

    def _value(self, name: str) -> str | int | None:
        return values.decoded(self._read(name))

    def _formatted(self, text: str) -> str:
        return _FORMATTED.sub(lambda found: self._written(found[0]), text)

    def _written(self, name: str) -> str:
        return str(values.either(self._value(name), "<null>"))

    def _of_message(
        self, message: Message, name: str, kind: str, inner: str | None, index: str | None
    ) -> Stored:
        if kind == "hdr" and inner:
            return values.picked(message.all(inner), index, ",")
        if kind == "hdrc" and inner:
            return len(message.all(inner))
        if name in message.fields:
            return message.fields[name]
        raise NotScripted(f'{name} was read: say what it holds, fake.pv["{name}"] = … (None: null)')

    def _of_reply(self, inner: str) -> Stored:
        if self.reply is None:
            return None
        parsed = self._parse(inner)
        if parsed is None:
            self._error(f"invalid pv [{inner}]")
            return None
        if self.reply.local:
            return None
        return self._of_message(self.reply, inner, *parsed)

    def _of_uri(self, kind: str) -> Stored:
        if self.ruri is None:
            raise NotScripted(f"${kind} was read, and there is no request: fake.request(…)")
        if kind == "ru":
            return self.ruri
        parts = _parts(self.ruri)
        return {"rU": _user(*parts), "rd": parts[2], "rp": parts[3] or "5060"}[kind]

    def _write(self, name: str, value: Stored) -> bool:  # noqa: C901, PLR0912 - as above
        parsed = self._parse(name)
        if parsed is None:
            self._error(f"invalid pv [{name}]")
            return False
        kind, inner, index = parsed
        match kind, inner:
            case "avp", str():
                self._write_avp(_avp(inner), value, index)
            case "var", str():
                self._vars[inner] = 0 if value is None else value
            case "shv", str():
                self._shared[inner] = "" if value is None else value
            case "xavp", str() if match := _XAVP.fullmatch(inner):
                self._write_xavp(match, value)
            case "sht", str() if "=>" in inner:
                table, key = inner.split("=>", 1)
                return self._tables.write(table, self._formatted(key), value)
            case (("du" | "ru" | "rU"), None) if isinstance(value, int):
                self._error(f"unable to set pv [{name}]")
                return False
            case (("ru" | "rd"), None) if value is None:
                self._error(f"unable to unset pv [{name}]")
                return False
            case "du", None:
                self.destination = value or None
                self.marked_new = True
            case (("ru" | "rU" | "rd" | "rp"), None):
                self._write_uri(kind, value)
            case _ if kind in _READ_ONLY:
                pass
            case _ if kind in _FREE:
                self._given[name] = value
            case _:
                raise NotScripted(f"{name} was set: that is not modelled")
        return True

    def _write_avp(self, name: str, value: Stored, index: str | None) -> None:
        stack = self._avps.setdefault(name, [])
        if index == "*":
            stack.clear()
        elif index is not None:
            raise NotScripted(f"$(avp({name})[{index}]) was set: that is not modelled")
        if value is not None:
            stack.insert(0, value)
        elif stack:
            stack.pop(0)

    def _write_xavp(self, match: re.Match[str], value: Stored) -> None:
        records = self._xavps.setdefault(match[1], [])
        if value is None or match[2] is not None:
            number = int(match[2] or 0)
            if number < len(records):
                records[number][match[3]] = value
        else:
            records.insert(0, {match[3]: value})

    def _write_uri(self, kind: str, value: Stored) -> None:
        if kind == "ru":
            self.ruri = value
        else:
            if self.ruri is None:
                raise NotScripted(f"${kind} was set, and there is no request: fake.request(…)")
            scheme, user, host, port, rest = _parts(self.ruri)
            text = None if value is None else str(value)
            user = (text or None) if kind == "rU" else user
            host = text or "" if kind == "rd" else host
            port = (text or None) if kind == "rp" else port
            self.ruri = (
                f"{scheme}:{f'{user}@' if user else ''}{host}{f':{port}' if port else ''}{rest}"
            )
        self.marked_new = True


def _user(scheme: str, user: str | None, host: str, _: str | None, rest: str) -> str | None:
    """Return what ``$rU`` is: no password, and of a number (``user=phone``, too) no parameters."""
    if scheme == "tel":
        return host
    user = user and user.partition(":")[0]
    return user and user.partition(";")[0] if ";user=phone" in rest.lower() else user


def _avp(name: str) -> str:
    return name.removeprefix("s:")


def _parts(uri: Stored) -> tuple[str, str | None, str, str | None, str]:
    match = _URI.fullmatch(str(uri))
    if match is None:
        raise NotScripted(f"a part of the request URI {uri!r} is needed, and it is no URI")
    return match[1], match[2], match[3], match[4], match[5]
