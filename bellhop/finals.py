"""What a caller is told when nobody took the call: the most meaningful of the attempts' answers, in
our own words, with that attempt's Reason and no other's.

Which attempt speaks (RFC 3261 §16.7 step 6 is the frame; where it leaves the choice, this is ours):

1. A search that was stopped ends with the answer that stopped it, a 6xx among them: it is the one
   that another carrier could not better.
2. Else everybody was left for the next one, and the answer that says most is told (`About`, in its
   order): what is known of the callee, of the number, of the request; a refusal by nobody knows
   whom; a carrier's own failure; silence; last a challenge, which no caller of ours can answer.
   A believed cause that says something decides this, else the code. That follows the RFC's "lowest
   class" with its reason spelled out, and differs in two things: a 4xx whose cause is a network's
   congestion is no better than a 503, and our own 408 for silence is worse than any answer.
3. Among equals, the last: it is what the search came to.

The code stays what it was: a 503 is no 500. The phrase is the standard's: a carrier's words may
name it.
"""

from dataclasses import dataclass, replace
from enum import IntEnum
from pathlib import Path

from bellhop.calls import Attempt, Call, Leg, LegKind
from bellhop.reason import ReasonValue
from bellhop.recursion import Failure, Verdict

NOT_REGISTERED = "not-registered"
NOT_SENT = "not-sent"
UNRESOLVED = "unresolved"
FOLLOWED = "redirect-followed"
FINAL_CODES = range(300, 700)
REDIRECTS = range(300, 400)


class About(IntEnum):
    """What an answer speaks of; the smaller tells a caller more."""

    CALLEE = 1
    NUMBER = 2
    REQUEST = 3
    UNSURE = 4
    CARRIER = 5
    SILENCE = 6
    CREDENTIALS = 7


@dataclass(frozen=True, slots=True)
class Code:
    """One SIP code: its phrase, the Q.850 cause that RFC 3398 §8.2.6.1 makes of it, what it speaks
    of, and the header that its reader needs to do better (RFC 3261 §21.4.15: Unsupported in a 420).
    """

    phrase: str
    cause: int
    about: About
    repair: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Final:
    """The answer to a caller.

    cause, location: of its Reason, before the policy has spoken. ours: the cause is not a peer's.
    attempt: whose answer it is, from 1; 0 when there was none. moved: a 3xx that the caller may
    follow, so its Contact goes with it.
    """

    code: int
    phrase: str
    about: About
    cause: int | None = None
    location: str | None = None
    ours: bool = False
    attempt: int = 0
    moved: bool = False


def _read() -> dict[int, Code]:
    path = Path(__file__).with_name("data") / "answers.tsv"
    rows = [line.split("\t") for line in path.read_text("utf-8").splitlines() if line[:1].isdigit()]
    # A 3xx that is told as one ends the search: what it speaks of is never compared.
    spoken = {about.name.lower(): about for about in About} | {"moved": About.CALLEE}
    return {
        int(code): Code(phrase, int(cause), spoken[about], repair.removeprefix("-"))
        for code, phrase, cause, about, repair, _rfc in rows
    }


CODES = _read()

# RFC 3261 §8.1.3.2: a code that nobody knows is its class's x00; the phrases are §21's titles.
_CLASSES = {
    3: Code("Redirection", 23, About.CALLEE),
    4: Code("Request Failure", 31, About.REQUEST),
    5: Code("Server Failure", 31, About.CARRIER),
    6: Code("Global Failure", 31, About.CALLEE),
}

CANCELLED = Final(code=487, phrase="Request Terminated", about=About.CALLEE)
NOBODY = Final(code=503, phrase="Nobody To Try", about=About.SILENCE, cause=38, ours=True)
_UNREGISTERED = Final(code=480, phrase="Not Registered", about=About.CALLEE, cause=20, ours=True)
_UNSENT = Final(code=503, phrase="No Way There", about=About.SILENCE, cause=38, ours=True)
# RFC 3398 §7.2.4.1: cause 19, user alerted, is a 480.
_NO_ANSWER = Final(code=480, phrase="No Answer", about=About.CALLEE, cause=19, ours=True)
_SILENT = {
    LegKind.PBX: Final(code=503, phrase="Paging Is Down", about=About.SILENCE, cause=41, ours=True),
    LegKind.DEVICE: Final(
        code=408, phrase="Device Does Not Respond", about=About.SILENCE, cause=18, ours=True
    ),
}
_SILENT_PEER = Final(code=408, phrase="Request Timeout", about=About.SILENCE, cause=102, ours=True)
_NOT_MOVED = Final(code=480, phrase="Moves Are Refused", about=About.UNSURE, cause=20, ours=True)
_NO_CREDENTIALS = Final(
    code=480, phrase="Device Asks For Credentials", about=About.UNSURE, cause=21, ours=True
)

# What a cause speaks of, whatever the code. Those that say nothing (policy: verdict `code`), or
# something else beside each code (26, 88), stand nowhere: there the code tells.
_OF_CALLEE = frozenset({17, 19, 20, 22, 23, 24, 55, 87, 90})
_OF_NUMBER = frozenset({4, 5, 28})
_OF_CARRIER = frozenset(
    {2, 3, 6, 7, 8, 9, 14, 25, 27, 29, 34, 38, 39, *range(41, 45), 46, 47, 49, 50, 53, 57, 58, 62,
     63, 65, 66, 69, 70, 79, 81, 82, 91, *range(95, 104), 110, 111} - {102}
)  # fmt: skip
_AT_CALLEE = frozenset({"U", "RPN", "RLN"})


def code(number: int) -> Code:
    """Return what is known of a final code; of one that nobody knows, its class."""
    return CODES.get(number) or _CLASSES.get(number // 100) or CODES[500]


def final(call: Call) -> Final:
    """Return what the caller is told now that nobody is left to try. Total."""
    told = [
        replace(_of(call.legs[attempt.leg], attempt), attempt=place)
        for place, attempt in enumerate(call.attempts, 1)
    ]
    if not told:
        return NOBODY
    if call.current.failure is not None and call.current.failure.cancelled:
        return CANCELLED
    if call.current.verdict != Verdict.ADVANCE and call.current.rule != FOLLOWED:
        return told[-1]
    return min(told, key=lambda one: (one.about, -one.attempt))


def nowhere(told: Final) -> Final:
    """Return what a 3xx is that says no place: its reader could do nothing with it."""
    return replace(told, code=480, phrase=code(480).phrase, moved=False)


def reason(told: Final, policy: str) -> str | None:
    """Return the body of the answer's Reason header under a policy (reason.POLICIES), or None.

    relay: the attempt's own cause, if it had one. rewrite: the code's, whatever a peer said; what
    we know ourselves stays. add: its own, or else the code's. none: never one.
    RFC 6432 allows Q.850 in a response, and one value; a text is a peer's words, so it has none.
    """
    cause, location = told.cause, told.location
    if policy == "none" or (told.code == CANCELLED.code and not told.attempt):
        return None
    if (policy == "rewrite" and not told.ours) or (policy == "add" and cause is None):
        cause, location = code(told.code).cause, None
    if cause is None:
        return None
    return ReasonValue("Q.850", cause, None, location).header()


def _of(leg: Leg, attempt: Attempt) -> Final:
    """Return what one attempt alone would tell the caller."""
    failure = attempt.failure
    if attempt.rule == NOT_REGISTERED:
        return _UNREGISTERED
    if attempt.rule in {NOT_SENT, UNRESOLVED}:
        return _SILENT.get(leg.kind, _UNSENT)
    if failure is None or not failure.replied or failure.code is None:
        return _NO_ANSWER if attempt.rang else _SILENT.get(leg.kind, _SILENT_PEER)
    if leg.kind is LegKind.DEVICE:
        return _of_device(failure, failure.code)
    if failure.code in REDIRECTS and (
        attempt.verdict == Verdict.ADVANCE or attempt.rule == FOLLOWED
    ):
        # It was taken for a failure, or followed by us: the caller is not sent after it either.
        return replace(
            _NOT_MOVED,
            about=About.SILENCE,
            cause=failure.cause,
            location=failure.location,
            ours=False,
        )
    return _of_peer(failure, failure.code)


def _of_peer(failure: Failure, number: int) -> Final:
    number = number if number in FINAL_CODES else 500
    return Final(
        code=number,
        phrase=code(number).phrase,
        about=_about(failure, number),
        cause=failure.cause,
        location=failure.location,
        moved=number in REDIRECTS,
    )


def _of_device(failure: Failure, number: int) -> Final:
    """A device answers for itself only: it can't send the caller elsewhere (3xx), nor ask him for
    credentials (a challenge that the pbx answers gives its digest away). It always tells why.
    """
    if number in REDIRECTS:
        return _NOT_MOVED
    if code(number).about is About.CREDENTIALS:
        return _NO_CREDENTIALS
    told = _of_peer(failure, number)
    if told.cause is not None:
        return told
    # RFC 3398's 102 would say of a device's own 408 that a network's timer ran out.
    cause = 18 if number == 408 else code(told.code).cause
    return replace(told, cause=cause, ours=True)


def _about(failure: Failure, number: int) -> About:
    cause, place = (failure.cause, failure.location) if failure.believed else (None, None)
    if cause in _OF_CALLEE or (cause == 21 and place == "U"):
        return About.CALLEE
    if cause in _OF_NUMBER or (cause == 1 and place in _AT_CALLEE):
        return About.NUMBER
    if cause in _OF_CARRIER:
        return About.CARRIER
    if failure.rang and number in {408, 480}:
        return About.CALLEE
    return code(number).about
