"""Requests within a dialog, CANCEL and ACK.

A dialog's requests follow Route headers, and whoever writes one can name any target: without a
check, an INVITE with a To tag and our Route would reach a carrier with no credentials at all. So
our Record-Route carries a mark that only we can make, for this call and its peers (the dialog's
identifiers are RFC 3261 §12's Call-ID and From tag), and what goes to a carrier, a trunk or the pbx
must carry that peer's. An INVITE, which could begin a call, must besides be one of a call that the
dialog module knows; the rest passes by its mark, so that a call can be ended after a restart.
"""

import hmac
from hashlib import blake2s

from bellhop import sides, users
from bellhop.carriers import Trunk
from bellhop.settings import Site
from kemi import (
    challenges,
    contact,
    floods,
    headers,
    hung_up,
    ksr_contact,
    ksr_dialog,
    ksr_tables,
    ksr_transactions,
    names,
    questions,
    sender,
    sip,
    standby,
    who,
)
from kemi.results import Unreadable
from kemi.sip import Way

_BYTES = 5
_MARK = f"$(route_uri{{uri.params}}{{param.value,{ksr_dialog.MARK}}})"
_TARGETS = frozenset({"INVITE", "UPDATE"})  # they renew where each side is found (§12.2)
_LONGEST = 255  # letters of a Contact that is kept
_ASKED = "$avp(bellhop_contact)"  # the Contact of the request that is answered
_DEVICE = ("",)  # as peers: nobody's address is a device's
_CANCELS = "bellhop_cancels"  # those of calls that are not known, or not yet
_TOO_LONG = (414, "Request-URI Too Long")


def mark(secret: bytes, call_id: str, tag: str, peers: tuple[str, ...]) -> str:
    """Return the Record-Route parameter's value for a call among these peers."""
    return "-".join(_one(secret, call_id, tag, peer) for peer in ("", *peers))


def allowed(secret: bytes, call_id: str, tags: tuple[str, ...], peer: str, value: str) -> bool:
    """Whether the mark is ours, of this dialog, and of one that this peer is part of; either tag
    may be the one that the call began with.
    """
    # Most requests carry the tag that the call began with first: the other mark is seldom made.
    ours = (_one(secret, call_id, tag, peer).encode() for tag in tags)
    found = value.encode().split(b"-")
    return any(hmac.compare_digest(one, other) for one in ours for other in found)


def _one(secret: bytes, call_id: str, tag: str, peer: str) -> str:
    # Keyed BLAKE2 is a MAC by itself (RFC 7693 §1), and takes less than half of what OpenSSL's
    # HMAC takes; six of these are made in a call.
    text = f"{call_id}\n{tag}\n{peer}"
    return blake2s(text.encode(), key=secret, digest_size=_BYTES).hexdigest()


def record(secret: bytes, peers: tuple[str, ...], *, follow: bool = True) -> None:
    """Stay in the path of the call that begins here, and let no Route of the caller's go on: a
    phone names us there as its proxy, and the next hop would send the call back. follow: whether
    the dialog module knows of it: not of one that is no call.
    """
    sip.remove_headers("Route")
    call_id, tag = questions.texts("$ci", "$ft")
    value = mark(secret, call_id, tag, peers)
    again = follow and _comes_again(value.partition("-")[0])
    ksr_dialog.record_route(value)
    if follow and not again:
        ksr_dialog.follow_call()


def _comes_again(ours: str) -> bool:
    """Whether a call that is followed comes by once more, through a proxy that sent it back to us
    (a spiral, RFC 3261 §6): what we made of its Call-ID and tag is in its Record-Route. One ACK and
    one BYE end it, so it is one call.
    """
    try:
        path = sip.text("$(hdr(Record-Route)[*])") or ""
    except Unreadable:
        return False
    return f"{ksr_dialog.MARK}={ours}" in path and ksr_dialog.knows()


def route(site: Site, secret: bytes, method: str, way: Way) -> None:
    """Send a request within a dialog on, or refuse it."""
    known = ksr_transactions.known() if method == "ACK" else "no"
    challenges.strip(site)
    if known == "done":  # it was for a refusal of ours
        return
    door = who.door(site, way)
    from_device = door is who.Door.DEVICES
    if method in _TARGETS:
        ksr_dialog.hold_contact()
    # Before the dialog module reads the Contact, which it does as the Route is followed: else its
    # own BYE went to the private address of a device that had renewed its call from behind NAT.
    if from_device or method in _TARGETS:
        contact.keep(site, device=from_device)
    if not ksr_dialog.loose_route():
        if method != "ACK":
            sip.reply(481, "No Such Dialog Here")
        elif known == "yes":
            ksr_transactions.relay()
        return
    fits = ksr_contact.follow()
    host = sip.next_host()
    peers = peers_of(site, host)
    ours = door is who.Door.INTERNAL
    refused = _refusal(secret, method, peers, ours=ours) if fits else _TOO_LONG
    refusal = refused or _gone(site, method, host)
    if refusal is not None:
        if method != "ACK":
            sip.refuse(*refusal)
        return
    floods.proved(site, way)
    hung_up.note(method)
    headers.strip_in_dialog(method, ours=ours)
    told = sender.write_within(site, method)
    _keep_targets(method, told=told, with_device=from_device or peers == _DEVICE)
    challenges.expect_within(site, method, peers)
    if not ksr_transactions.relay() and method != "ACK":
        sip.error(f"in-dialog {method} could not be sent on")


def _keep_targets(method: str, *, told: bool, with_device: bool) -> None:
    """See to it that the next requests of the dialog find whoever answers this one."""
    if method in _TARGETS:
        sip.put(_ASKED, _contact())
    if told or method in _TARGETS or (with_device and method != "ACK"):
        ksr_transactions.on_dialog()


def _refusal(
    secret: bytes, method: str, peers: tuple[str, ...], *, ours: bool
) -> tuple[int, str] | None:
    if method == "REFER":
        # A member must not move a page elsewhere, and a transfer is the PBX's own business.
        return 403, "Transfers Are Refused"
    if not ours and headers.picks_up(method):
        return 403, "Nobody Answers For Another"
    value, call_id, *tags = questions.texts(_MARK, "$ci", "$ft", "$tt")
    if not any(allowed(secret, call_id, tuple(tags), peer, value) for peer in peers):
        return 403, "Not A Dialog Of Ours"
    if method == "INVITE" and not _of_a_call():
        return 481, "No Such Dialog Here"
    return None


def _gone(site: Site, method: str, host: str | None) -> tuple[int, str] | None:
    """Refuse a subscription that the Asterisk which takes pages now knows nothing of (481: RFC 6665
    §4.1.2.2 has the phone make another); bound any other.
    """
    if method != "SUBSCRIBE":
        return None
    if standby.told_by_another(site, host):
        return 481, "Subscribe Anew"
    standby.bound_subscription(site)
    return None


def _of_a_call() -> bool:
    """Whether an INVITE within a dialog is one of a call that is there, and not a new call to that
    peer in its clothes: its target may have no other number than the Contacts of that peer. What
    its sender put into his own says nothing.
    """
    contacts = ksr_dialog.other_side()
    if contacts is None:
        return False
    user = users.plain(sip.text("$rU") or "")
    # The Contact of a trunk group has parameters there (RFC 4904 §5), and `$rU` has none where the
    # URI says `user=phone` (measured: Kamailio reads it as a tel URI).
    whole = _user(sip.text("$ru") or "") or user
    return whole in map(_user, contacts) or not users.may_be_dialled(user)


def replied(site: Site) -> None:
    """Handle a reply within a dialog: keep whoever sends it reachable, and know him where his
    Contact is another now (RFC 3261 §12.2.1.2, RFC 3311 §5.2).
    """
    contact.keep(site, device=who.door(site, sip.way()) is who.Door.DEVICES)
    sender.write_back(site)
    if sip.method() in _TARGETS and 200 <= sip.number("$rs") < 300:
        ksr_dialog.keep_contacts(sip.text(_ASKED) or "", _contact())


def _contact() -> str:
    """Return the URI in Contact; "" where there is none to be kept while the call is there."""
    try:
        uri = contact.uri()
    except Unreadable:
        return ""
    return uri if len(uri) <= _LONGEST else ""


def _user(contact: str) -> str:
    before, at, _ = contact.partition("@")
    return users.plain(before.partition(":")[2]) if at else ""


def peers_of(site: Site, host: str | None) -> tuple[str, ...]:
    """Return the names of the peers at an address: any of them may be in the call. "" when it is
    nobody's: a device's. None at all for a name: what it resolves to might be a peer's address.
    """
    if host is None:
        return ()
    if sides.at(site, host) is not None:
        return ("pbx",)
    peers = names.peers_at(site, host)
    if not peers:
        return _DEVICE
    return tuple(f"{'trunk' if isinstance(one, Trunk) else 'carrier'}:{one.name}" for one in peers)


def cancel(site: Site, way: Way) -> None:
    """Pass a CANCEL on to where its INVITE went; one for no call is answered so."""
    match ksr_transactions.known():
        case "yes":
            ksr_transactions.relay()
        case "no" if not _is_hasty(site, way):
            sip.reply(481, "No Call To Cancel")
        case _:
            pass


def _is_hasty(site: Site, way: Way) -> bool:
    """Whether a CANCEL may be ahead of its INVITE, which another worker has in hand: some PBXs wait
    for no provisional (RFC 3261 §9.1), and after a 481 the call would ring on. It comes again in
    0.5 s, as a datagram does, and is answered then. Only a peer's is remembered: a stranger fills
    no table of ours.
    """
    if way.here.protocol != "udp" or not who.is_peer(site, way):
        return False
    known = blake2s("\n".join((way.source.host, *questions.texts("$ci", "$cs"))).encode())
    return ksr_tables.count(_CANCELS, known.hexdigest()[:16]) == 1
