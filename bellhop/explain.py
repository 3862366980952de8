"""Answer "what would Bellhop do, and why": a decision with all that a person wants beside it."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bellhop.profiles import BUILT_IN, CARRIER, Profile
from bellhop.recursion import Decision, Failure, decide

NO_REPLY_CODE = 408  # what a peer's silence looks like to the caller (RFC 3261 s16.8)

_HEADER_NAME = re.compile(r"\A[ \t]*reason[ \t]*:", re.IGNORECASE | re.ASCII)
_NEXT_HEADER = re.compile(r"(?:\r\n|\r|\n)(?=reason[ \t]*:)", re.IGNORECASE | re.ASCII)


@dataclass(frozen=True, slots=True)
class Explanation:
    """A decision, what it was made from, and what the other profiles would decide."""

    failure: Failure
    profile: Profile
    decision: Decision
    others: Mapping[str, Decision]

    def contract(self) -> dict[str, object]:
        """Return what `bellhop explain --json` promises; `carrier` is there when it decides
        otherwise than the profile.
        """
        plain = self.others.get(CARRIER.name, self.decision)
        said: dict[str, object] = {
            "verdict": self.decision.verdict.value,
            "rule": self.decision.rule,
            "why": self.decision.why,
            "source": self.decision.source,
            "code": self.failure.code,
            "cause": self.failure.cause,
            "profile": self.profile.name,
        }
        if plain.verdict is not self.decision.verdict:
            said["carrier"] = {"verdict": plain.verdict.value, "rule": plain.rule}
        return said


def bodies(pasted: str) -> list[str]:
    """Return the bodies of the Reason headers in a text, whether or not their names came along."""
    return [_HEADER_NAME.sub("", line) for line in _NEXT_HEADER.split(pasted)]


def explain(
    failure: Failure,
    headers: Iterable[str],
    profile: Profile,
    profiles: Mapping[str, Profile] = BUILT_IN,
) -> Explanation:
    """Decide on a failure with these Reason headers, by this profile and by all others."""
    failure = failure.with_reason([body for header in headers for body in bodies(header)])
    return Explanation(
        failure=failure,
        profile=profile,
        decision=decide(failure, profile),
        others={
            name: decide(failure, other) for name, other in profiles.items() if name != profile.name
        },
    )
