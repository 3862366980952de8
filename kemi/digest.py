"""Who sends this request: by its digest."""

from bellhop.callers import Caller, Kind
from bellhop.settings import Site
from kemi import floods, guesses, ksr_auth, sip
from kemi.ksr_auth import Proof
from kemi.secrets import Secrets
from kemi.sip import Way


def device(site: Site, secrets: Secrets, way: Way) -> Caller | None:
    """Return the device whose credentials the request carries. None: it has been
    answered.

    An unknown Authentication ID takes the same way as a wrong password, down to the digest that is
    computed, so that neither the answer nor its time tells which users exist.
    """
    user = ksr_auth.user(site.site.realm)
    if user is not None and guesses.refused(user):
        sip.reply(403, "Too Many Wrong Passwords")
        return None
    proof = ksr_auth.proof(site.site.realm, secrets.ha1(user or ""))
    number = secrets.number(user or "")
    if proof is not Proof.GOOD or user is None or number is None:
        if proof is Proof.WRONG:
            guesses.wrong(site, user or "")
        ksr_auth.challenge(site.site.realm, stale=proof is Proof.STALE)
        return None
    floods.proved(site, way)
    guesses.right(user)
    found = site.devices[number]
    return Caller(Kind.DEVICE, found.number, found.number, found.may)
