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

DIALECTS: Mapping[str, Headers] = MappingProxyType(
    {
        # Both conventions together: what FreePBX and many sites send by default.
        "common": (_ANSWER_AFTER, ("Alert-Info", f"{_URI};info=alert-autoanswer")),
        "axis": (_ANSWER_AFTER,),
        "polycom": (("Alert-Info", "info=Auto Answer"),),
        "snom": (_ANSWER_AFTER, ("Alert-Info", f"{_URI};info=alert-autoanswer")),
        "yealink": (("Alert-Info", "info=alert-autoanswer;delay=0"),),
        "grandstream": (_ANSWER_AFTER, ("Alert-Info", f"{_URI};info=alert-autoanswer;delay=0")),
        "cisco": (_ANSWER_AFTER,),
        "mitel": (_ANSWER_AFTER,),
        "aastra": (("Alert-Info", "info=alert-autoanswer;delay=0"),),
        "panasonic": (("Alert-Info", "Intercom"),),
        "unify": (("Alert-Info", f"{_URI};info=alert-autoanswer"),),
        "sangoma": (("Alert-Info", "ring-answer"),),
        # RFC 5373 §4.1: Auto, and "require" so that a device that does not know it says so is not
        # asked for: a horn that rings is better than one that refuses.
        "rfc5373": (("Answer-Mode", "Auto"),),
        "none": (),
    }
)

_BY_MODEL: tuple[tuple[str, str], ...] = (
    ("axis", "axis"),
    ("polycom", "polycom"),
    ("poly ", "polycom"),
    ("snom", "snom"),
    ("yealink", "yealink"),
    ("grandstream", "grandstream"),
    ("cisco", "cisco"),
    ("mitel", "mitel"),
    ("aastra", "aastra"),
    ("panasonic", "panasonic"),
    ("openstage", "unify"),
    ("unify", "unify"),
    ("sangoma", "sangoma"),
    ("digium", "sangoma"),
)


def dialect_of(model: str) -> str:
    """Return the dialect for a model by its maker's name, or the common one."""
    begin = model.casefold()
    return next((dialect for maker, dialect in _BY_MODEL if begin.startswith(maker)), "common")
