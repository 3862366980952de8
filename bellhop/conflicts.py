"""Conflicts: the SIP code decided, and the Q.850 cause beside it would have decided otherwise (486
with cause 63, 603 with 41, 503 with 17). They are counted, so that an operator sees what an option
(refine_5xx, trust_6xx, a profile's lists) would change.
"""

from dataclasses import replace

from bellhop import policy
from bellhop.profiles import Profile
from bellhop.recursion import Decision, Failure, Verdict, decide

# A 4xx that the policy has no row for: what is decided then, if anything is said, says the cause.
_NO_CODE = 499
_CAUSE_SETTINGS = frozenset({"stop_causes", "advance_causes"})
_BOTH = frozenset({"both-stop", "both-advance"})

CAUSE_RULES = frozenset(
    row.rule
    for row in policy.ROWS
    if row.verdict != policy.CODE_DECIDES
    and (row.causes or row.setting in _CAUSE_SETTINGS or row.when & _BOTH)
)


def conflict(failure: Failure, decision: Decision, profile: Profile) -> bool:
    """Whether the code made this decision, and the cause alone would have made another. A cause
    that is not believed, or says nothing, is in conflict with none; nor is a redirection.
    """
    if (
        failure.cause is None
        or not failure.replied
        or failure.cancelled
        or decision.verdict is Verdict.REDIRECT
        or decision.rule in CAUSE_RULES
    ):
        return False
    alone = decide(replace(failure, code=_NO_CODE), replace(profile, codes={}))
    return alone.rule in CAUSE_RULES and alone.verdict is not decision.verdict
