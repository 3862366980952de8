"""The KEMI app: what Kamailio calls. Each callback reads, hands over to one verb, and never raises.

`mod_init()` is called once before Kamailio forks, by app_python3, or by the entry script that
app_python3s loads; the methods of what it returned are the callbacks. `child_init` runs in every
process. Of the core's callbacks only the request's is used; bellhop.cfg turns off the two for every
reply and for every message that is sent, which on Kamailio 5.6 must exist otherwise, or requests go
unanswered (measured).
"""

import os
from pathlib import Path
from typing import Any

from bellhop import ledgers
from bellhop.settings import Site, SiteError
from kemi import (
    attempt,
    beside,
    challenges,
    dialog,
    dialog_key,
    failure,
    floods,
    gateways,
    headers,
    insane,
    invite,
    ksr_sanity,
    ksr_transactions,
    names,
    register,
    rpc,
    secrets,
    sender,
    sip,
    subscribe,
    unreadable,
    writer,
)
from kemi.guard import guarded
from kemi.live import PUBLISHED, Live, begin
from kemi.registrations import Registrar
from kemi.results import Unreadable
from kemi.stderr import whole_lines

SITE = "BELLHOP_SITE"
_DEFAULT = "/etc/bellhop/site.toml"
_METHODS = "INVITE, ACK, CANCEL, BYE, OPTIONS, REGISTER, UPDATE, PRACK, INFO, NOTIFY, SUBSCRIBE"
_IN_DIALOG = frozenset({"BYE", "UPDATE", "PRACK", "INFO", "NOTIFY"})


class Edge:
    """One site's routing."""

    def __init__(self, live: Live) -> None:
        self._live = live
        site = live.now().site
        # Made before the fork, so all workers know each other's marks; kept, so that a dialog can
        # be ended after a restart.
        self._key = dialog_key.kept(Path(site.site.state) / "dialog.key")
        self._ledger = writer.Writer(lambda: ledgers.write(self._site()))
        self._registrar = Registrar()
        self._resolver = names.Resolver()
        self._gateways = gateways.Gateways(site)

    def child_init(self, _rank: int) -> int:
        """Start in a process; nothing needs one's own before its first use."""
        return 1

    @guarded(sip.reply)
    def ksr_request_route(self, _message: Any) -> None:
        """Route a request."""
        published, method, way = sip.arrival(PUBLISHED)
        now = self._live.at(published)
        _request(now.site, now.secrets, self._key, method, way)

    @guarded(None)
    def ksr_unreadable(self, _message: Any) -> None:
        """Handle what Kamailio's parser gave up."""
        unreadable.arrived(self._site())

    @guarded(None)
    def ksr_branch_call(self, _message: Any) -> None:
        """Handle a branch of a call as it is made."""
        attempt.branch()

    @guarded(None)
    def ksr_branch_shaped(self, _message: Any) -> None:
        """Handle a branch whose request is not the others'."""
        attempt.shaped_branch()

    @guarded(None)
    def ksr_reply_call(self, _message: Any) -> None:
        """Handle a reply to an attempt."""
        attempt.progressed(self._live.last.site)

    @guarded(None)
    def ksr_reply_dialog(self, _message: Any) -> None:
        """Handle a reply to a request within a dialog."""
        dialog.replied(self._site())

    @guarded(sip.reply)
    def ksr_failure_call(self, _message: Any) -> None:
        """Handle the end of an attempt that nobody answered."""
        now = self._live.now()
        failure.failed(now.site, now.secrets)

    @guarded(None)
    def ksr_failure_dialog(self, _message: Any) -> None:
        """Handle the end of a request within a dialog that a carrier may challenge."""
        challenges.within(self._live.now().secrets)

    @guarded(None)
    def ksr_own_bye(self, _message: Any) -> None:
        """Handle a BYE of the edge's own, in a call whose carrier was told another From."""
        sender.write_bye()

    @guarded(rpc.fail)
    def ksr_xhttp_event(self, _message: Any, _event: str = "") -> None:
        """Handle an HTTP request."""
        rpc.serve(self._site())

    @guarded(None)
    def ksr_ledger_write(self, _message: Any) -> None:
        """Write the ledger's queue down; runs every second in a process of its own."""
        beside.give_way()
        self._ledger.flush()

    @guarded(None)
    def ksr_site_reload(self, _message: Any) -> None:
        """Reload the site when somebody wants it; runs every second in a process of its own."""
        beside.give_way()
        self._live.reload()

    @guarded(None)
    def ksr_names_resolve(self, _message: Any) -> None:
        """Look up the names of gateways; runs every second in a process of its own."""
        beside.give_way()
        self._resolver.run(self._site())

    @guarded(None)
    def ksr_carriers_register(self, _message: Any) -> None:
        """Keep our registrations; runs every second in a process of its own."""
        beside.give_way()
        now = self._live.now()
        self._registrar.run(now.site, now.secrets)

    @guarded(None)
    def ksr_gateways_load(self, _message: Any) -> None:
        """Keep the dispatcher's list as the site is; runs every second in a process of its own."""
        beside.give_way()
        self._gateways.renew(self._site())

    def _site(self) -> Site:
        return self._live.now().site


def _request(
    site: Site, known: secrets.Secrets, key: bytes, method: str | None, way: sip.Way
) -> None:
    if not floods.admitted(site, way):
        return
    if method is None:
        raise Unreadable("$rm")
    if not ksr_sanity.hops_left():
        insane.no_hops(method)
    elif (
        (ksr_sanity.sane() or insane.put_right(method, way))
        and not headers.misleads(method)
        and not headers.asks_too_much(method)
    ):
        _sane_request(site, known, key, method, way)


def _sane_request(
    site: Site, known: secrets.Secrets, key: bytes, method: str, way: sip.Way
) -> None:
    match method:
        case "CANCEL":
            dialog.cancel(site, way)
        case _ if method != "ACK" and ksr_transactions.comes_again():
            pass
        case _ if sip.has_to_tag():
            dialog.route(site, key, method, way)
        case "ACK":
            if ksr_transactions.known() == "yes":
                ksr_transactions.relay()
        case "OPTIONS":
            sip.reply(200, "OK", f"Allow: {_METHODS}")
        case "REGISTER":
            register.register(site, known, way)
        case "INVITE":
            invite.invite(site, known, key, way)
        case "SUBSCRIBE":
            subscribe.subscribe(site, known, key, way)
        case _:
            _begins_nothing(method)


def _begins_nothing(method: str) -> None:
    """Refuse a request that is in no dialog: for one that could be, 405 would say that we have none
    of its kind (RFC 3261 §15.1.2 wants 481 for a BYE; RFC 3311, 3262, 6086, 6665 for the others).
    """
    if method in _IN_DIALOG:
        sip.reply(481, "No Such Dialog Here")
    else:
        sip.reply(405, "Method Not Allowed", f"Allow: {_METHODS}")


def mod_init() -> Edge | None:
    """Build the app. A site that cannot be used stops Kamailio's start, with every mistake said."""
    whole_lines()
    try:
        return Edge(begin(os.environ.get(SITE, _DEFAULT)))
    except SiteError as error:
        for line in error.lines:
            sip.error(line)
        return None
