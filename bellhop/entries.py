"""What the ledger keeps: an entry for each attempt of a call, and one ending for the call."""

import re
from collections.abc import Mapping

import msgspec

# Printable ASCII but space, quotes, `%` and `=`.
_PLAIN = re.compile(r"[!#-$&(-<>-~]+")


LATE = "late"  # the verdict of an answer that came when its attempt was over (kemi/late.py)


class Entry(msgspec.Struct, frozen=True, kw_only=True, tag_field="record", tag="attempt"):
    """One attempt, when it has ended.

    at: Unix time of its end; after_ms: how long after the call's INVITE it began; ms: how long it
    took; ring_ms: how long until its first 18x, None without one.
    leg: kind:name of who was tried; gateway: the address that the INVITE went to; number: what was
    dialled there.
    code: 200 means answered, None that nothing came. cause, location, conflicting, replied,
    trusted: as in recursion.Failure. challenged: it asked for credentials first, and got them.
    verdict: advance, stop, redirect or answered; or late, of an answer whose attempt was over.
    believed: whether its cause counted: trusted, and the profile's trust_reason.
    conflict: the code decided it, and the cause alone would have decided otherwise.
    """

    call: str
    call_id: str
    caller: str
    dialled: str
    profile: str
    attempt: int
    leg: str
    at: float
    after_ms: int
    ms: int
    code: int | None
    cause: int | None
    rang: bool
    verdict: str
    rule: str
    why: str
    gateway: str = ""
    number: str = ""
    location: str | None = None
    conflicting: bool = False
    replied: bool = True
    trusted: bool = True
    challenged: bool = False
    ring_ms: int | None = None
    conflict: bool = False
    believed: bool = True

    def line(self) -> str:
        """Return it as one log line of key=value."""
        return _line(
            "call=%s call-id=%s caller=%s dialled=%s profile=%s attempt=%s leg=%s gateway=%s"
            " number=%s after-ms=%s ms=%s ring-ms=%s sip=%s q850=%s location=%s conflicting=%s"
            " trusted=%s challenged=%s rang=%s verdict=%s rule=%s conflict=%s",
            self.call,
            self.call_id,
            self.caller,
            self.dialled,
            self.profile,
            self.attempt,
            self.leg,
            self.gateway,
            self.number,
            self.after_ms,
            self.ms,
            self.ring_ms,
            self.code,
            self.cause,
            self.location,
            self.conflicting,
            self.trusted,
            self.challenged,
            self.rang,
            self.verdict,
            self.rule,
            self.conflict,
        )


class Ending(msgspec.Struct, frozen=True, kw_only=True, tag_field="record", tag="ending"):
    """What became of a call, and what its caller got.

    at: Unix time of the final answer; ms: how long after the INVITE that was.
    attempts: how many there were. leg: who answered, "" when nobody did.
    code, cause: of the final answer to the caller; cause None where it had none. of: the attempt
    whose answer that is, from 1; 0 when it is none's.
    why: what ended the search: answered, cancelled, a rule, or what was used up.
    prefix: of the route that the call went by; "" when it went by none, None of a call
    that an earlier version wrote down.
    """

    call: str
    call_id: str
    caller: str
    dialled: str
    at: float
    ms: int
    attempts: int
    leg: str = ""
    code: int
    cause: int | None = None
    of: int = 0
    why: str
    prefix: str | None = None

    def line(self) -> str:
        """Return it as one log line of key=value."""
        return _line(
            "call=%s call-id=%s caller=%s dialled=%s attempts=%s ended=%s answered-by=%s told=%s"
            " told-q850=%s of=%s ms=%s prefix=%s",
            self.call,
            self.call_id,
            self.caller,
            self.dialled,
            self.attempts,
            self.why,
            self.leg,
            self.code,
            self.cause,
            self.of,
            self.ms,
            self.prefix,
        )


_WORDS: Mapping[str | int | None, str] = {None: "none", "": "none", True: "true", False: "false"}


def _line(form: str, *values: str | int | bool | None) -> str:
    # A number says itself; and most texts are plain, which one look at all of them tells.
    texts = [v for v in values if type(v) is str]
    if "none" in texts or not _PLAIN.fullmatch("".join(texts)):
        return form % tuple(map(_value, values))
    return form % tuple(
        [v if type(v) is int or (v and type(v) is str) else _WORDS[v] for v in values]
    )


def _value(value: str | int | bool | None) -> str:
    """Return a value of a log line: no space, no line's end, and another text for another value
    (what could be taken for something else is percent-encoded, as in RFC 3986 §2.1).
    """
    if value is None or value is True or value is False or value == "":
        return _WORDS[value]
    text = str(value)
    if _PLAIN.fullmatch(text) and text != "none":
        return text
    return "".join(
        c if _PLAIN.fullmatch(c) and text != "none" else "".join(f"%{b:02X}" for b in c.encode())
        for c in text
    )


encode_json = msgspec.json.Encoder().encode
_decoder: msgspec.json.Decoder[Entry | Ending] = msgspec.json.Decoder(Entry | Ending)


def encode(*records: Entry | Ending) -> str:
    """Return the records as an item for the queue: a line each."""
    return "\n".join([encode_json(record).decode() for record in records])


def decode(item: str) -> list[Entry | Ending]:
    """Read an item of the queue."""
    return _decoder.decode_lines(item)
