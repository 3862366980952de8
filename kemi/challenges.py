"""A carrier that asks for credentials: answered once, with those that the site has for it.

The INVITE with credentials is a new one to the carrier, with a CSeq one higher (RFC 3261 §22.2),
which the caller knows nothing of; so the dialog module counts the difference into the requests of
the dialog from then on (`track_cseq_updates`), and out of the replies. It goes by a header of the
request on its way out, which is why nobody else may write one.
"""

from bellhop.calls import Call, Leg, LegKind
from bellhop.htdigest import Credential
from bellhop.recursion import Failure
from bellhop.settings import Site
from kemi import ksr_tables, ksr_transactions, ksr_uac, names, questions, sip
from kemi.secrets import Secrets

_CODES = frozenset({401, 407})
_RAISED = "P-K-CSeq-Auth"
# The calls whose challenge is ours to answer, by Call-ID: bellhop.cfg's reply_route puts one that
# uac can answer before those that it cannot, and leaves what is relayed to others as it is.
_TABLE = "bellhop_proofs"
_SECONDS = 300
_MAY_ASK = "$avp(bellhop_may_ask)"  # the carrier that a request within a dialog goes to
_MADE = "$T_branch_idx"  # in a failure route: how many branches there are
_NOT_OTHERS = ("P-K-CSeq-Auth", "P-K-CSeq-Refresh")


def strip(site: Site) -> None:
    """Remove what only the dialog module may write."""
    if site.proves_itself:
        for name in _NOT_OTHERS:
            sip.remove_headers(name)


def expect(site: Site, leg: Leg) -> None:
    """Note that a leg's challenge is ours to answer, before the INVITE goes to it."""
    carrier = site.carriers.get(leg.name) if leg.kind is LegKind.CARRIER else None
    if carrier is not None and carrier.auth_user:
        ksr_tables.hold(_TABLE, sip.text("$ci") or "", "1", _SECONDS)


def expect_within(site: Site, method: str, peers: tuple[str, ...]) -> None:
    """Note that a challenge of this request within a dialog is ours to answer, before it goes to a
    carrier with credentials: some ask for each request, and a BYE that was refused ends no call.
    peers: who is there; of several carriers at one gateway nobody could tell whose call it is.
    """
    kind, _, name = peers[0].partition(":") if len(peers) == 1 else ("", "", "")
    if method != "ACK" and kind == LegKind.CARRIER and site.carriers[name].auth_user:
        ksr_tables.hold(_TABLE, sip.text("$ci") or "", "1", _SECONDS)
        sip.put(_MAY_ASK, name)
        ksr_transactions.on_challenge()


def within(secrets: Secrets) -> None:
    """Answer the challenge of a request within a dialog, once; how else it fails is its sender's to
    hear, as it is.
    """
    code, made = questions.numbers("$T_reply_code", _MADE)
    mine = secrets.carriers.get(sip.text(_MAY_ASK) or "")
    if code in _CODES and made == 1 and mine is not None and answer(mine):
        ksr_transactions.relay()


def credential(site: Site, secrets: Secrets, call: Call, failure: Failure) -> Credential | None:
    """Return what to answer this failure with; None when it is no challenge of a carrier's, or a
    second one, or came from elsewhere than the carrier's gateways (where a redirection led).
    """
    leg = call.leg
    carrier = site.carriers.get(leg.name) if leg.kind is LegKind.CARRIER else None
    if carrier is None or failure.code not in _CODES or failure.cancelled:
        return None
    if call.current.challenged:
        return None
    gateways = {str(a) for gateway in carrier.gateways for a in names.resolve(gateway)}
    return secrets.carriers.get(carrier.name) if leg.address in gateways else None


def answer(mine: Credential) -> bool:
    """Put the credentials into the request that is sent next, and a CSeq one higher."""
    return ksr_uac.authenticate(mine.user, mine.realm, mine.ha1)


def go_past(call: Call) -> None:
    """Have the next carrier's INVITE continue where those before it have raised the CSeq: the
    dialog has one difference for all, and the next one's ACK and BYE will have it.
    """
    raised = len([attempt for attempt in call.attempts if attempt.challenged])
    if raised:
        sip.append_header(f"{_RAISED}: {sip.number('$cs') + raised}")
