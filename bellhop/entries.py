"""What the ledger keeps: an entry for each attempt of a call, and one ending for the call."""

import msgspec


class Entry(msgspec.Struct, frozen=True, kw_only=True, tag_field="record", tag="attempt"):
    """One attempt, when it has ended.

    at: Unix time of its end; after_ms: how long after the call's INVITE it began; ms: how long it
    took; ring_ms: how long until its first 18x, None without one.
    leg: kind:name of who was tried; gateway: the address that the INVITE went to; number: what was
    dialled there.
    code: 200 means answered, None that nothing came. cause, location, conflicting, replied,
    trusted: as in recursion.Failure. challenged: it asked for credentials first, and got them.
    verdict: advance, stop, redirect or answered. conflict: the code decided it, and the cause alone
    would have decided otherwise.
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

    def line(self) -> str:
        """Return it as one log line of key=value."""
        pairs = {
            "call": self.call,
            "caller": self.caller,
            "dialled": self.dialled,
            "attempt": self.attempt,
            "leg": self.leg,
            "sip": self.code or "none",
            "q850": self.cause or "none",
            "rang": str(self.rang).lower(),
            "verdict": self.verdict,
            "rule": self.rule or "none",
            "ms": self.ms,
        }
        return " ".join(f"{key}={value}" for key, value in pairs.items())


class Ending(msgspec.Struct, frozen=True, kw_only=True, tag_field="record", tag="ending"):
    """What became of a call, and what its caller got.

    at: Unix time of the final answer; ms: how long after the INVITE that was.
    attempts: how many there were. leg: who answered, "" when nobody did.
    code, cause: of the final answer to the caller; cause None where it had none. of: the attempt
    whose answer that is, from 1; 0 when it is none's.
    why: what ended the search: answered, cancelled, a rule, or what was used up.
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

    def line(self) -> str:
        """Return it as one log line of key=value."""
        pairs = {
            "call": self.call,
            "attempts": self.attempts,
            "ended": self.why,
            "told": self.code,
            "told-q850": self.cause or "none",
            "of": self.of or "none",
            "ms": self.ms,
        }
        return " ".join(f"{key}={value}" for key, value in pairs.items())


encode_json = msgspec.json.Encoder().encode
_decoder: msgspec.json.Decoder[Entry | Ending] = msgspec.json.Decoder(Entry | Ending)


def encode(record: Entry | Ending) -> str:
    """Return the record as a line for the queue."""
    return encode_json(record).decode()


def decode(line: str) -> Entry | Ending:
    """Read a line of the queue."""
    return _decoder.decode(line)
