"""What a profile changes: each of its rules, on whose word, and what `carrier` says instead."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from bellhop.profiles import CARRIER, SETTINGS, Entry, Profile, spelled
from bellhop.recursion import Failure, decide

BY_CAUSE = "by cause"
# One cause that ends the search everywhere, one that never does, and none at all.
_CAUSES = (None, 17, 34)


@dataclass(frozen=True, slots=True)
class Change:
    """One rule of a profile. kind: `code`, `cause` or `setting`; what: `403` (or `486/34`, beside
    a cause), `21@U`, `on_480`.

    says: a verdict, or a setting's value. instead: the same for `carrier`: of a code
    `by cause` where the cause has a say, of a cause `by code` where it tells nothing, and
    `by ringing` where it matters whether an 18x came.
    """

    kind: str
    what: str
    says: str
    instead: str
    source: str


def changes(profile: Profile) -> list[Change]:
    """Return the rules of a profile: its settings that differ from `carrier`'s, codes, causes."""
    return [*_settings(profile), *_codes(profile), *_causes(profile)]


def _settings(profile: Profile) -> Iterator[Change]:
    for name in SETTINGS:
        value, default = getattr(profile, name), getattr(CARRIER, name)
        if value != default:
            yield Change("setting", name, spelled(value), spelled(default), profile.origin(name))


def _codes(profile: Profile) -> Iterator[Change]:
    for what, entry in sorted(profile.codes.items()):
        name, _, beside = what.partition("/")
        first = int(name.replace("x", "0"))
        codes = range(first, first + 100) if name.endswith("xx") else [first]
        # A class speaks of the codes that have no entry of their own.
        its = {f"{code}/{beside}" if beside else str(code): code for code in codes}
        own = [code for key, code in its.items() if what == key or key not in profile.codes]
        yield Change("code", what, entry.verdict, _instead(own, beside), entry.source)


def _causes(profile: Profile) -> Iterator[Change]:
    def number(item: tuple[str, Entry]) -> tuple[int, str]:
        cause, _, location = item[0].partition("@")
        return int(cause), location

    for what, entry in sorted(profile.causes.items(), key=number):
        cause, location = number((what, entry))
        quiet, rang = (_alone(cause, location or None, rang=rang) for rang in (False, True))
        instead = quiet if quiet == rang else "by ringing"
        yield Change("cause", what, entry.verdict, instead, entry.source)


def unasked(profile: Profile) -> list[str]:
    """Return the causes in a profile's lists, alone or beside a code, by which nothing is ever
    decided, as they are spelled there: whatever code they stand beside is decided before they are
    asked, or no cause is believed.
    """
    beside = [] if profile.trust_reason else [key for key in profile.codes if "/" in key]
    asked = any(_asks(profile, code) for code in _FAILURES)
    return beside if asked else [*profile.causes, *beside]


def _asks(profile: Profile, code: int) -> bool:
    """Whether a profile's causes are asked beside a code: 34 stands for any."""
    alone = {key: entry for key, entry in profile.codes.items() if "/" not in key}
    listed = replace(profile, codes=alone, causes={"34": Entry("stop", "")})
    return decide(Failure(code, cause=34), listed).rule == "profile-stop-cause"


_FAILURES = range(400, 700)
_UNKNOWN_4XX = 499  # nothing is known of it, so the cause has all the say


def _alone(cause: int, location: str | None, *, rang: bool) -> str:
    """Return what `carrier` makes of a cause where no code decides."""
    said = decide(Failure(_UNKNOWN_4XX, cause=cause, location=location, rang=rang))
    return said.verdict.value if said.rule.startswith("cause-") else "by code"


def _instead(codes: Iterable[int], beside: str) -> str:
    """Return what `carrier` says of codes beside a cause, or whatever the cause."""
    cause, _, location = beside.partition("@")
    verdicts = {
        decide(Failure(code, cause=one, location=location or None, rang=rang)).verdict.value
        for code in codes
        for one in ([int(cause)] if cause else _CAUSES)
        for rang in (False, True)
    }
    if len(verdicts) == 1:
        return verdicts.pop()
    return "by code" if cause else BY_CAUSE
