"""Several pseudo-variables in one question to Kamailio: each question costs as much as most of what
is done with its answer.
"""

from functools import lru_cache

from kemi.sip import text


def numbers(*variables: str) -> list[int | None]:
    """Read pseudo-variables that Kamailio holds as numbers, in one question. None for one that has
    no value.
    """
    said = text(_written(variables, " ")) or ""
    return [None if one in {"<null>", ""} else int(one) for one in said.split(" ")]


def texts(*variables: str) -> list[str]:
    """Read pseudo-variables in one question, as `text` does; "" for one that has no value."""
    found = (text(_written(variables, "\n")) or "").split("\n")
    # What has a line's end in it, or could be Kamailio's word for nothing, is asked by itself.
    if len(found) != len(variables) or "<null>" in found:
        return [text(variable) or "" for variable in variables]
    return found


@lru_cache(maxsize=64)
def _written(variables: tuple[str, ...], between: str) -> str:
    return f"$_s({between.join(variables)})"
