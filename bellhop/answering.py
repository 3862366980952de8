"""Auto-answer dialects: the headers that make a device take a page by itself.

A closed set: what a device is sent stands here and nowhere else, never in what a caller sends. The
sources are the vendors' own documents and what PBXs in the field send; most vendors also want
auto-answer allowed in the device (Snom, Grandstream, AudioCodes: off by default). An AXIS device
answers every call that its settings let in (VAPIX Call service API: AllowIncomingCalls); the
headers do it no harm.
"""

from collections.abc import Mapping
from types import MappingProxyType

Headers = tuple[tuple[str, str], ...]

# Nobody is called at this address: RFC 2606 keeps the name free.
_URI = "<sip:page.bellhop.invalid>"
_ANSWER_AFTER: tuple[str, str] = ("Call-Info", f"{_URI};answer-after=0")

COMMON = "common"

DIALECTS: Mapping[str, Headers] = MappingProxyType(
    {
        # Both conventions together: what FreePBX and many sites send by default.
        COMMON: (_ANSWER_AFTER, ("Alert-Info", f"{_URI};info=alert-autoanswer")),
        "axis": (_ANSWER_AFTER,),
        # Two settings of a Polycom: what FreePBX sends, and what the Asterisk book has it take.
        "polycom": (("Alert-Info", "info=Auto Answer"),),
        "polycom-ring-answer": (("Alert-Info", "Ring Answer"),),
        "snom": (_ANSWER_AFTER, ("Alert-Info", f"{_URI};info=alert-autoanswer")),
        # Gigaset takes no other delay than 0 (Maxwell).
        "gigaset": (_ANSWER_AFTER, ("Alert-Info", f"{_URI};info=alert-autoanswer;delay=0")),
        "yealink": (("Alert-Info", "info=alert-autoanswer;delay=0"),),
        "grandstream": (_ANSWER_AFTER, ("Alert-Info", f"{_URI};info=alert-autoanswer;delay=0")),
        "cisco": (_ANSWER_AFTER,),
        # BroadSoft's own spelling, which these phones were made for.
        "mitel": (("Call-Info", "<sip:broadworks.net>;answer-after=0"),),
        # Without a delay an Aastra rings for ever.
        "aastra": (("Alert-Info", "info=alert-autoanswer;delay=0"),),
        # Where both are there, answer-after counts.
        "audiocodes": (_ANSWER_AFTER, ("Alert-Info", "info=alert-autoanswer;delay=0")),
        "obihai": (_ANSWER_AFTER, ("Alert-Info", "info=alert-autoanswer;delay=0")),
        "panasonic": (("Alert-Info", "Intercom"),),
        "unify": (("Alert-Info", "<http://example.com>;info=alert-autoanswer"),),
        # Digium's D and Sangoma's P phones; Sangoma's S phones have a convention of their own.
        "sangoma": (("Alert-Info", "ring-answer"),),
        "sangoma-s": (("Alert-Info", "<http://www.sangoma.com>;info=external"),),
        # Without RFC 5373's "require" (§4.2), by which a device that cannot answer by itself would
        # refuse: a horn that rings is better.
        "rfc5373": (("Answer-Mode", "Auto"),),
        # §4.1: past a device's "do not disturb"; it needs the device's own consent.
        "rfc5373-priv": (("Priv-Answer-Mode", "Auto"),),
        "none": (),
    }
)

# Begins of a model's name, or of a User-Agent: the maker says it first. The longer ones come first.
_BY_MAKER: tuple[tuple[str, str], ...] = (
    ("axis", "axis"),
    ("poly", "polycom"),
    ("snom", "snom"),
    ("gigaset", "gigaset"),
    ("yealink", "yealink"),
    ("grandstream", "grandstream"),
    ("cisco", "cisco"),
    ("linksys", "cisco"),
    ("sipura", "cisco"),
    ("mitel", "mitel"),
    ("aastra", "aastra"),
    ("audiocodes", "audiocodes"),
    ("audc", "audiocodes"),
    ("obihai", "obihai"),
    ("panasonic", "panasonic"),
    ("openstage", "unify"),
    ("optipoint", "unify"),
    ("openscape", "unify"),
    ("unify", "unify"),
    ("sangoma s", "sangoma-s"),
    ("sangoma", "sangoma"),
    ("digium", "sangoma"),
)


def dialect_of(said: str) -> str:
    """Return the dialect for a model, or for a User-Agent, by its maker's name; "" for a maker that
    nobody here knows. What was said chooses from the closed set, and goes nowhere itself.
    """
    begin = said.strip().casefold()
    return next((dialect for maker, dialect in _BY_MAKER if begin.startswith(maker)), "")


def headers_of(dialect: str) -> Headers:
    """Return the headers of a dialect; the common ones where none is known."""
    return DIALECTS[dialect or COMMON]
