"""An edge on the strict fake KSR: the site of sites/good.toml, and what a test says and sees of it."""

import msgspec

from bellhop.calls import Call
from bellhop.entries import Ending, Entry, decode
from bellhop.settings import load
from tests.unit.conftest import SITES
from tests.unit.kemi.server import HA1, Server

CONTACT_HOST = "$(ct{nameaddr.uri}{uri.host})"
ROUTE_MARK = "$(route_uri{uri.params}{param.value,bh})"
SOCKETS = {
    "devices": ("UDP", "192.0.2.10", 5060),
    "tcp": ("TCP", "192.0.2.10", 5060),
    "trunks": ("UDP", "192.0.2.10", 5070),
    "internal": ("UDP", "198.51.100.10", 5080),
    "strange": ("UDP", "192.0.2.99", 5060),
}
NORTH, RECEPTION, PBX, PHONE = "203.0.113.1", "192.0.2.40", "198.51.100.20", "192.0.2.77"


class House(Server):
    """One edge, and what a test says and sees of it."""

    def __init__(self, fake, folder, change=lambda text: text):
        import kemi.app  # noqa: PLC0415 - there is a KSR to import only now
        import kemi.live  # noqa: PLC0415
        import kemi.secrets  # noqa: PLC0415
        from kemi.snapshot import Snapshot, write  # noqa: PLC0415

        super().__init__(fake)
        self.folder = folder
        site = folder / "site.toml"
        text = (SITES / "good.toml").read_text("utf-8")
        site.write_text(change(text.replace("/var/lib/bellhop", str(folder))))
        secrets = "".join(f"{user}:unit.invalid:{ha1}\n" for user, ha1 in HA1.items())
        (folder / "devices.htdigest").write_text(secrets)
        # As kemi.live.begin does it, which the fake may not be there for yet.
        self.site = load(site)
        start = Snapshot(version=0, site=self.site, secrets=kemi.secrets.load(self.site))
        write(start, folder)
        fake.pv["$shv(bellhop_state)"] = str(folder)
        self.app = kemi.app.Edge(kemi.live.Live(start))
        self.key = self.app._key  # noqa: SLF001 - to make good marks with
        self.contacts = {n: f"sip:{n}@{PHONE}:5060" for n in self.site.devices}
        self.may_break = False

    # -- what happens ---------------------------------------------------------------------------

    def arrives(
        self, method, ruri="sip:1009@edge", *, door="devices", source=PHONE, user=None,
        password_of="", mark=None, next_hop=None, transaction=False, **said,
    ):  # fmt: skip
        """A request comes in, and its route runs."""
        self.password_of = user if password_of == "" else password_of
        protocol, host, port = SOCKETS[door]
        plain = {"fU": user, "fd": "edge", "fn": None, "tU": user, "au": user}
        plain["ar"] = None if user is None else self.site.site.realm
        plain |= {"ft": "from-1", "tt": None, "ci": "call-1", "cs": "1", "DLG_status": 4}
        contact = said.pop("contact", source)
        moved = said.pop("moves_to", f"sip:x@{contact}")
        # As it came, for what is only looked for in it; most tests of headers have an odd one.
        raw = said.pop("raw", "INVITE\r\nCall-Info: x\r\n\r\n")
        body = {"$rb": None, "$cT": None, "$bs": 0, "$cl": 0} | said.pop("body", {})
        said.setdefault("headers", [("Contact", f"<sip:x@{contact}>")])
        self.fake.request(method, ruri, source=(source, 5060), **(plain | said))
        self.says(
            {
            "$proto": protocol, "$Ri": host, "$Rp": port, "$nh(d)": next_hop, "$nh(p)": "5060", ROUTE_MARK: mark,
            CONTACT_HOST: contact, "$(ct{nameaddr.uri})": moved, "$(ru{s.len})": len(ruri),
            "$T(id_index)": 7 if transaction else None, "$T_branch_idx": -1, "$hu": None, "$mb": raw,
            **body,
            "$dlg(from_contact)": f"sip:1020@{PHONE}:5060", "$dlg(to_contact)": f"sip:{NORTH}:5060",
            "$dlg(from_tag)": "from-1", **self._kept_with_the_dialog(),
        })  # fmt: skip
        self.takes_none_out = True
        self.app.ksr_request_route(None)
        self.takes_none_out = False

    def _kept_with_the_dialog(self):
        nothing = dict.fromkeys(("$dlg_var(bellhop_from)", "$dlg_var(bellhop_to)"))
        written = self.fake.called("pv.sets")
        return nothing | {name: value for name, value in written if name in nothing}

    def calls(self, number, *, user="1020", **said):
        """Somebody calls; the transaction is there from now on, and its first branch is made."""
        self.arrives("INVITE", f"sip:{number}@edge", user=user, **said)
        self.fake.pv["$T(id_index)"] = 7
        if self.relays:
            self.branch(0)

    def branch(self, index):
        """The branch is made, and the route runs that was armed for it, if one was."""
        self.fake.pv["$T_branch_idx"] = index
        paths = [call.path for call in self.fake.calls]
        since = max(n for n, path in enumerate(paths) if path == "tm.t_set_disable_internal_reply")
        if paths[since - 1] == "tm.t_on_branch":
            before, self.takes_none_out = self.takes_none_out, False
            getattr(self.app, self.fake.calls[since - 1].args[0])(None)
            self.takes_none_out = before

    def sends(self, *results):
        """What t_relay returns, call by call; a branch's route runs within it, as it does in tm."""
        left = list(results)

        def relay():
            result = left.pop(0)
            if result > 0:
                self.branch(0)
            return result

        self.fake.returns["tm.t_relay"] = relay

    def replies(self, code, branch=0, **said):
        """A reply to a branch comes in, and its route runs; the message of the request comes back."""
        request = self.fake.pv.message
        self.fake.pv["$T_branch_idx"] = branch
        self.fake.reply(code, **({"ci": "call-1"} | said))
        self.app.ksr_reply_call(None)
        self.fake.pv.message = request

    def fails(self, code=None, branch=0, reason=(), phrase="No", headers=(), **said):
        """A branch fails by a reply, or with no code by our own timer; the next one is made."""
        self.fake.returns["tm.t_branch_timeout"] = 1 if code is None else -1
        headers = [("Reason", value) for value in reason] + list(headers)
        self.fake.pv["$T_branch_idx"] = branch + 1  # in a failure route it is the next one's
        self.fake.failure(code or 408, phrase, headers=headers, local=code is None, **said)
        before = len(self.relays)
        self.app.ksr_failure_call(None)
        if any(relay.result > 0 for relay in self.relays[before:]):
            self.branch(branch + 1)

    # -- what was done --------------------------------------------------------------------------

    @property
    def relays(self):
        return self.fake.transaction.relays

    @property
    def answers(self):
        return [reply.code for reply in self.fake.transaction.replies]

    @property
    def sent_to(self):
        """Where each request went that could be sent."""
        return [str(relay.destination or relay.ruri) for relay in self.relays if relay.result > 0]

    @property
    def call(self):
        return msgspec.json.decode(self.fake.pv["$avp(bellhop)"], type=Call)

    @property
    def rows(self):
        """The ledger's rows of the attempts that ended."""
        return [one for one in self.written if isinstance(one, Entry)]

    @property
    def skipped(self):
        """The legs that were out, and why."""
        return [(row.leg, row.rule) for row in self.rows if row.verdict == "skipped"]

    @property
    def health(self):
        """What all processes know of gateways: breakers, and what was said by hand."""
        return self.fake.tables["bellhop_health"].values

    @property
    def endings(self):
        """The ledger's rows of the calls that ended."""
        return [one for one in self.written if isinstance(one, Ending)]

    @property
    def written(self):
        """All rows of the ledger, in their order."""
        return [one for args in self.fake.called("mqueue.mq_add") for one in decode(args[2])]

    @property
    def logged(self):
        return [text for level, text in self.fake.log if level == "err"]
