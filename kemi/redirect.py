"""A carrier's 3xx under a profile that follows: its targets become the call's next legs, as far as
bellhop/redirects.py allows.
"""

from dataclasses import replace

from bellhop import contacts, finals, redirects
from bellhop.calls import Call, Leg
from bellhop.identity import introduced
from bellhop.profiles import Profile
from bellhop.recursion import Decision, Verdict
from bellhop.settings import Site
from kemi import ksr_replies, names


def follow(site: Site, call: Call, profile: Profile, decision: Decision) -> tuple[Call, Decision]:
    """Return the call with the redirect's targets next, and the decision that says so; both as they
    were unless this is a redirect to be followed. One that leads nowhere is a failure of the peer.
    """
    if decision.verdict is not Verdict.REDIRECT or profile.redirect != "follow":
        return call, decision
    legs: list[Leg] = []
    said = contacts.parse(*ksr_replies.lines("Contact", contacts.READ))
    for contact in said:
        if (found := redirects.way(site, call, contact)) is not None:
            legs += redirects.legs(*found, names.resolve, site.numbering)
    caller = redirects.caller_of(site, call.caller)
    known = introduced(site, caller, tuple(legs), privacy=call.privacy) if caller else ()
    went = redirects.followed(call, known)
    if went is None:
        why = f"none of the {len(said)} places that it names is one that our own plan leads to"
        return call, replace(decision, verdict=Verdict.ADVANCE, rule=redirects.REFUSED, why=why)
    whom = ", ".join(leg.name for leg in went.legs[call.current.leg + 1 :] if leg.redirected)
    why = f"it says where the callee is to be found, and our plan leads there: {whom}"
    return went, replace(decision, rule=finals.FOLLOWED, why=why)
