"""What KSR's answers mean: yes, no, or a mistake."""


class Unreadable(Exception):  # noqa: N818 - it says what the header is
    """A part of the message that is not UTF-8; `args[0]` names it."""


class BadCall(Exception):  # noqa: N818
    """KSR refused our arguments: a defect of ours, never a peer's doing."""


def done(result: object, what: str) -> bool:
    """Whether a KSR call said yes. False is KSR's word for bad arguments, not for no."""
    if result is True:
        return True
    if result is False:
        raise BadCall(what)
    return isinstance(result, int) and result > 0
