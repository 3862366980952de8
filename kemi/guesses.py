"""Wrong passwords: how many, for one user, before nobody listens to more.

They are counted by address and user: who guesses is refused for a while, and the user's own device,
at another address, is not. Guesses that come from many addresses are counted by user too; then only
the address that the user was last right at is listened to. An unknown user is counted like a known
one, so that being refused tells nothing of who exists.
"""

from bellhop.settings import Site
from bellhop.values import AUTH_USER
from kemi import floods, ksr_tables, sip

# (bellhop.cfg) Wrong passwords of a minute; who is refused; where each user was last right.
_GUESSES = "bellhop_guesses"
_LOCKED = "bellhop_locked"
_HOMES = "bellhop_homes"
_EVERYBODY = "*"
# So many addresses may each use up their guesses within a minute before a user is locked to all.
_ADDRESSES = 10
_TOLD = 10


def refused(user: str) -> bool:
    """Whether this user's passwords, from where this request comes, are not even looked at."""
    name, source = _name(user), floods.source_key()
    if ksr_tables.read(_LOCKED, f"{source} {name}") is not None:
        return True
    if ksr_tables.read(_LOCKED, f"{_EVERYBODY} {name}") is None:
        return False
    return ksr_tables.read(_HOMES, name) != source


def wrong(site: Site, user: str) -> None:
    """Count a wrong password; lock the user to this address, or to all but one, when it is one too
    many.
    """
    name, source = _name(user), floods.source_key()
    for whose, most in ((source, site.edge.guesses), (_EVERYBODY, _ADDRESSES * site.edge.guesses)):
        key = f"{whose} {name}"
        guesses = ksr_tables.count(_GUESSES, key)
        # Once a minute: a horn with a wrong password asks again and again. And of so many users of
        # an address: who tries names would write a log that nobody reads.
        if guesses == 1 and whose == source and ksr_tables.count(_GUESSES, source) <= _TOLD:
            sip.note(f"wrong-password={key!r} or a user that no device has")
        if guesses == most:
            ksr_tables.hold(_LOCKED, key, source, site.edge.lockout // 1000)
            sip.error(f"locked={key!r} {most} wrong passwords within a minute, last from {source}")


def right(user: str) -> None:
    """Remember where a user was right."""
    ksr_tables.hold(_HOMES, _name(user), floods.source_key(), 86_400)


def _name(user: str) -> str:
    """Return the user as a key that a person can write; all that are none of a site's are one."""
    return user if AUTH_USER.fullmatch(user) else "?"
