"""What a carrier is told of who calls: one of the site's own numbers, or nothing.

RFC 3325 lets us assert only what we have proved. A device's or trunk's caller is proved; the number
by which the public network knows him is the DID that rings him. What a PBX writes in From proves
nothing, so a number that is not ours is never asserted.

Some carriers read From instead, and take no call whose From they do not know: they get one of their
own (`from` in the site file).
"""

import msgspec

from bellhop.addresses import bracketed
from bellhop.callers import Caller
from bellhop.calls import Leg, LegKind
from bellhop.carriers import ACCOUNT, AS_WRITTEN, Carrier
from bellhop.numbering import Numbering
from bellhop.settings import Site

PRIVACY = "Privacy"
# RFC 3323 §4.1.1.3: the From of who does not want to be known, and the name before it.
NOBODY, NOBODYS_NAME = "sip:anonymous@anonymous.invalid", '"Anonymous"'


def number_of(site: Site, caller: Caller) -> str:
    """Return the DID of a caller: his own number where that is one, else the first that rings him
    before all others; "" when there is none.
    """
    if not caller.number:
        return ""
    for known in (caller.number, site.numbering.e164(caller.number)):
        if known in site.by_number:
            return known
    return site.by_target.get(caller.number, "")


def introduced(
    site: Site, caller: Caller, legs: tuple[Leg, ...], *, privacy: str
) -> tuple[Leg, ...]:
    """Return the legs, those to carriers with the headers that tell who calls, and their From."""
    told: list[Leg] = []
    for leg in legs:
        carrier = site.carriers[leg.name] if leg.kind is LegKind.CARRIER else None
        lines = headers(site, caller, carrier, privacy=privacy) if carrier else ()
        uri = sender(site, caller, carrier, privacy=privacy) if carrier else ""
        changed = lines or uri
        told.append(msgspec.structs.replace(leg, headers=lines, sender=uri) if changed else leg)
    return tuple(told)


def headers(site: Site, caller: Caller, carrier: Carrier, *, privacy: str) -> tuple[str, ...]:
    """Return the header lines for an INVITE to this carrier. privacy: what is asked of whoever
    learns who calls, "" for nothing: the caller does not want to be known (RFC 3323: Privacy, or an
    anonymous From), so only a carrier that the site trusts with it learns who he is, and is asked
    to keep it (RFC 3325 §7).
    """
    if carrier.identity == "none":
        return ()
    number = number_of(site, caller) or carrier.caller_id
    if not number or (privacy and not carrier.trust_privacy):
        return ()
    user = _spelled(number, carrier, site.numbering)
    host = carrier.domain or bracketed(site.edge.leaves.address.host)
    asserted = f"P-Asserted-Identity: <sip:{user}@{host}>"
    return (asserted, f"{PRIVACY}: {privacy}") if privacy else (asserted,)


def sender(site: Site, caller: Caller, carrier: Carrier, *, privacy: str) -> str:
    """Return the URI that stands in From toward this carrier, "" for the caller's own. Who asks for
    privacy has nobody's there, whatever else it would be.
    """
    if carrier.sender == AS_WRITTEN:
        return ""
    if privacy:
        return NOBODY
    if carrier.sender == ACCOUNT:
        user = carrier.account
    else:
        number = number_of(site, caller) or carrier.caller_id
        user = _spelled(number, carrier, site.numbering)
    return f"sip:{user}" if "@" in user else f"sip:{user}@{carrier.home}"


def _spelled(number: str, carrier: Carrier, numbering: Numbering) -> str:
    """Return one of the site's own numbers in the carrier's form. The site file may have it as it
    is dialled here; without a `+` it may be E.164 too, but for a 0, which no country code has.
    """
    if carrier.format == "dialled":
        return number
    digits = numbering.e164(number) or number
    return f"+{digits}" if carrier.format == "+e164" and digits[0] != "0" else digits
