"""What one kind of peer may change about the decision."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """The settings of a decision. The defaults are those of the profile `carrier`.

    stop_codes: codes that end the search whatever the cause, besides the common ones.
    on_480: a 480 whose cause says nothing: `by-ringing` (an 18x came: stop), `advance` or `stop`.
    redirect: a 3xx is passed back to the caller, followed, or taken for a failure of this peer.
    refine_5xx: a cause that is definitely the user's (17, 19, 22, 28, 21 at the user) ends the
        search after a 5xx too.
    trust_6xx: a 6xx ends the search whatever the cause. Without it the cause decides first, for a
        peer whose gateway answers 603 to whatever it cannot translate.
    """

    name: str
    stop_codes: frozenset[int] = frozenset()
    on_480: Literal["by-ringing", "advance", "stop"] = "by-ringing"
    redirect: Literal["relay", "follow", "fail"] = "relay"
    refine_5xx: bool = False
    trust_6xx: bool = True


CARRIER = Profile(name="carrier")
BROADWORKS_INBOUND = Profile(name="broadworks-inbound", stop_codes=frozenset({403, 404}))

BUILT_IN: Mapping[str, Profile] = MappingProxyType(
    {profile.name: profile for profile in (CARRIER, BROADWORKS_INBOUND)}
)


def find(name: str, profiles: Mapping[str, Profile] = BUILT_IN) -> Profile:
    """Return the profile with this name; ValueError, which says which there are, if none has it."""
    if name in profiles:
        return profiles[name]
    raise ValueError(f"expected one of {', '.join(sorted(profiles))}, got {name!r}")
