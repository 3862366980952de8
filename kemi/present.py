"""Answers which devices are registered now, and which may be in a call: the pager asks before each
page (bellhop/present.py).
"""

import time

from bellhop.present import Present, Question, answer, parameters
from kemi import ksr_health, ksr_registrar

_SAYS_NONE = "n/a"  # what Kamailio keeps of a device that says no User-Agent


def tell(question: Question) -> str | None:
    """Return the answer, as JSON; None when the question's parameters are none."""
    if (said := parameters(question)) is None:
        return None
    other, numbers = said
    now = time.time()
    return answer(
        question,
        {
            device: Present(
                "" if user_agent == _SAYS_NONE else user_agent, _engaged(device, other), elsewhere
            )
            for device in numbers
            for ends, user_agent, elsewhere in ksr_registrar.bindings(device)
            if not ends or ends > now
        },
    )


def _engaged(device: str, other: str) -> bool:
    """Whether a device is in a call that is no page, or in one of the other Asterisk."""
    return bool(
        ksr_health.engagements(device) or (other and ksr_health.legs_of(f"{other}:{device}"))
    )
