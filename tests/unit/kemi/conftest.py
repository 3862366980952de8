"""An edge on the strict fake KSR: the site of sites/good.toml, and the answers of a server at rest."""

import hashlib
import re
from pathlib import Path

import msgspec
import pytest
from kamailio_kemi import api
from kamailio_kemi.fake import FakeKSR, Reply, installed
from kamailio_kemi.tables import Table

from bellhop.calls import Call
from bellhop.entries import Ending, Entry, decode
from bellhop.settings import load

SITES = Path(__file__).parents[1] / "sites"
API = api.load()
# The server has loaded what bellhop.cfg loads, so a call of anything else is an AttributeError here.
CFG = Path(__file__).parents[3] / "config" / "kamailio" / "bellhop.cfg"
MODULES = {
    *re.findall(r'^loadmodule "(\w+)\.so"', CFG.read_text("utf-8"), re.MULTILINE)
} & API.modules
TABLES = re.findall(
    r'^modparam\("htable", "htable", "(\w+)=>([^"]*)"\)', CFG.read_text("utf-8"), re.MULTILINE
)
CONTACT_HOST = "$(ct{nameaddr.uri}{uri.host})"
ROUTE_MARK = "$(route_uri{uri.params}{param.value,bh})"
SOCKETS = {
    "devices": ("UDP", "192.0.2.10", 5060),
    "tcp": ("TCP", "192.0.2.10", 5060),
    "trunks": ("UDP", "192.0.2.10", 5070),
    "internal": ("UDP", "198.51.100.10", 5080),
    "strange": ("UDP", "192.0.2.99", 5060),
}
NORTH, SOUTH, WEST, EAST = (f"203.0.113.{n}" for n in (1, 2, 3, 4))
RECEPTION, ANNEX, PBX, PHONE = "192.0.2.40", "192.0.2.41", "198.51.100.20", "192.0.2.77"
# Authentication ID -> what its HA1 is in the secret file.
HA1 = {
    user: hashlib.md5(user.encode(), usedforsecurity=False).hexdigest()
    for user in ("horn-1008", "1009", "1015", "1020", "1021")
}


class House:
    """One edge, and what a test says and sees of it."""

    def __init__(self, fake, folder, change=lambda text: text):
        import kemi.app  # noqa: PLC0415 - there is a KSR to import only now
        import kemi.live  # noqa: PLC0415
        import kemi.secrets  # noqa: PLC0415
        from kemi.snapshot import Snapshot, write  # noqa: PLC0415

        self.fake = fake
        self.folder = folder
        site = folder / "site.toml"
        text = (SITES / "good.toml").read_text("utf-8")
        site.write_text(change(text.replace("/var/lib/bellhop", str(folder))))
        secrets = "".join(f"{user}:unit.invalid:{ha1}\n" for user, ha1 in HA1.items())
        (folder / "devices.htdigest").write_text(secrets)
        for name in re.findall(r'"shvset", "(\w+)=s:"', CFG.read_text("utf-8")):
            fake.pv[f"$shv({name})"] = ""
        # As kemi.live.begin does it, which the fake may not be there for yet.
        self.site = load(site)
        start = Snapshot(version=0, site=self.site, secrets=kemi.secrets.load(self.site))
        write(start, folder)
        fake.pv["$shv(bellhop_state)"] = str(folder)
        self.app = kemi.app.Edge(kemi.live.Live(start))
        self.key = self.app._key  # noqa: SLF001 - to make good marks with
        self.contacts = {n: f"sip:{n}@{PHONE}:5060" for n in self.site.devices}
        self.bindings = {}  # number -> (when it ends, User-Agent) of each, in the registrar's table
        self.may_break = False
        # Which calls are whose, this second's calls, the gateways that answer no OPTIONS.
        self.live, self.this_second, self.dead = [], [], set()
        self.engaged = []  # devices in calls that are no pages
        self.asterisks = []  # an Asterisk's calls
        for name, options in TABLES:
            fake.tables[name] = Table(initval=0 if "initval=0" in options else None)
        self.at_rest()

    def at_rest(self):
        """Say what a server answers when nothing is wrong; credentials count for who they are of."""
        self.fake.returns.update(
            {
                "maxfwd.process_maxfwd": 1,
                "sanity.sanity_check": 1,
                "sanity.sanity_reply": 1,
                "corex.sendx": 1,
                "auth.pv_auth_check": self._auth,
                "auth.auth_challenge": self._challenge,
                "auth.consume_credentials": 1,
                "nathelper.nat_uac_test": -1,
                "nathelper.set_contact_alias": 1,
                "nathelper.handle_ruri_alias": 1,
                "nathelper.fix_nated_register": 1,
                "force_rport": True,
                "registrar.save": self._save,
                "registrar.lookup_uri": self._lookup,
                "registrar.reg_fetch_contacts": self._fetch,
                "dialog.dlg_manage": 1,
                "dialog.is_known_dlg": 1,
                "dialog.set_dlg_profile": self._enter,
                "dialog.unset_dlg_profile": self._leave,
                "dialog.get_profile_size": self._size,
                "pipelimit.pl_check_limit": self._rate,
                "dispatcher.ds_is_active_uri": lambda _, uri: -1 if uri in self.dead else 1,
                "dispatcher.ds_is_from_list_uri": lambda _, __, uri: 1 if uri in self.dead else -1,
                "dispatcher.ds_reload": 1,
                "rr.add_rr_param": 1,
                "rr.record_route": 1,
                "rr.loose_route": 1,
                "textops.remove_hf": 1,
                "textops.has_body": -1,
                "textopsx.remove_body": 1,
                "textopsx.change_reply_status": 1,
                "textopsx.exclude_hf_value": 1,
                "textops.remove_hf_re": 1,
                "tm.t_check_trans": -1,
                "tmx.t_precheck_trans": -1,
                "tm.t_newtran": 1,
                "tm.t_is_canceled": -1,
                "tm.t_branch_timeout": -1,
                "tm.t_relay": 1,
                "mqueue.mq_add": 1,
                "mqueue.mq_size": 0,
                "mqueue.mq_fetch": -1,
                "mqueue.mq_pv_free": 1,
                "xhttp.xhttp_reply": 1,
                "jsonrpcs.dispatch": 1,
            }
        )
        if hasattr(self.fake.KSR, "xhttp_prom"):  # a Kamailio may have been built without it
            prom = (
                "counter_inc_l1",
                "counter_inc_l2",
                "counter_inc_l3",
                "gauge_set_l0",
                "histogram_observe_l1",
                "dispatch",
            )
            self.fake.returns.update({f"xhttp_prom.{name}": 1 for name in prom})

    def _enter(self, profile, name):
        self._profile(profile).append(name)
        return 1

    def _leave(self, profile, name):
        if name not in self._profile(profile):
            return -1
        self._profile(profile).remove(name)
        return 1

    def _profile(self, name):
        return {"bellhop": self.live, "bellhop_devices": self.engaged,
                "bellhop_legs": self.asterisks}[name]  # fmt: skip

    def _size(self, profile, name, variable):
        self.fake.pv[variable] = self._profile(profile).count(name)
        return 1

    def _rate(self, pipe, _algorithm, most):
        self.this_second.append(pipe)
        return 1 if self.this_second.count(pipe) <= most else -1

    def _auth(self, _realm, ha1, _flags, _checks):
        return 1 if self.password_of is not None and ha1 == HA1.get(self.password_of) else -2

    def _challenge(self, _realm, _flags):
        code = 401 if self.fake.pv["$rm"] == "REGISTER" else 407
        self.fake.transaction.replies.append(Reply(code, "Unauthorized"))
        return 1

    def _save(self, _table, _flags):
        self.fake.transaction.replies.append(Reply(200, "OK"))
        return 1

    def _lookup(self, _table, uri):
        contact = self.contacts.get(uri.removeprefix("sip:").partition("@")[0])
        if contact is None:
            return -1
        self.fake.pv["$ru"] = contact
        self.fake.pv["$du"] = None  # lookup resets it, or sets it to what passes a NAT
        host, _, port = contact.partition("@")[2].rpartition(":")
        self.fake.pv["$nh(d)"] = host
        self.fake.pv["$nh(p)"] = port
        return 1

    def _fetch(self, _table, uri, kept):
        found = self.bindings.get(uri.removeprefix("sip:").partition("@")[0])
        if found is None:
            return -1
        self.says({f"$ulc({kept}=>count)": len(found)})
        for place, (ends, user_agent) in enumerate(found):
            self.says(
                {
                    f"$(ulc({kept}=>expires)[{place}])": ends,
                    f"$(ulc({kept}=>user_agent)[{place}])": user_agent,
                }
            )
        return 1

    def says(self, variables):
        """Say what pseudo-variables hold, those with a transformation too, which the fake refuses."""
        self.fake.pv._given |= variables  # noqa: SLF001

    # -- what happens ---------------------------------------------------------------------------

    def arrives(
        self, method, ruri="sip:1009@edge", *, door="devices", source=PHONE, user=None,
        password_of="", mark=None, next_hop=None, transaction=False, **said,
    ):  # fmt: skip
        """A request comes in, and its route runs."""
        self.password_of = user if password_of == "" else password_of
        protocol, host, port = SOCKETS[door]
        plain = {"fU": user, "tU": user, "ft": "from-1", "tt": None, "ci": "call-1", "au": user}
        contact = said.pop("contact", source)
        # As it came, for what is only looked for in it; most tests of headers have an odd one.
        raw = said.pop("raw", "INVITE\r\nCall-Info: x\r\n\r\n")
        body = {"$rb": None, "$cT": None, "$bs": 0, "$cl": 0} | said.pop("body", {})
        said.setdefault("headers", [("Contact", f"<sip:x@{contact}>")])
        self.fake.request(method, ruri, source=(source, 5060), **(plain | said))
        self.says(
            {
            "$proto": protocol, "$Ri": host, "$Rp": port, "$nh(d)": next_hop, "$nh(p)": "5060", ROUTE_MARK: mark,
            CONTACT_HOST: contact,
            "$T(id_index)": 7 if transaction else None, "$T_branch_idx": -1, "$hu": None, "$mb": raw,
            **body,
            "$dlg(from_contact)": f"sip:1020@{PHONE}:5060", "$dlg(to_contact)": f"sip:{NORTH}:5060",
        })  # fmt: skip
        self.app.ksr_request_route(None)

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
            getattr(self.app, self.fake.calls[since - 1].args[0])(None)

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


def pytest_configure():
    """The kemi package needs a KSR to be imported at all."""
    with installed(FakeKSR(MODULES, API)):
        import kemi.app  # noqa: F401, PLC0415


@pytest.fixture
def house(tmp_path):
    with installed(FakeKSR(MODULES, API)) as fake:
        made = House(fake, tmp_path)
        yield made
        made.app._ledger.close()  # noqa: SLF001 - the edge keeps it open for its life
        # The guard turns a defect into a 500, which may hide behind an answer that was given before.
        defects = [line for line in made.logged if "error=Traceback" in line]
        assert made.may_break or not defects, defects


@pytest.fixture
def make_house_of(tmp_path):
    """Make a house of a changed site file."""
    with installed(FakeKSR(MODULES, API)) as fake:
        yield lambda change: House(fake, tmp_path, change)


def built(folder, change=lambda text: text):
    """Return a house on a server of its own: not on the one before it, which may be broken."""
    fake = FakeKSR(MODULES, API)
    with installed(fake):
        return House(fake, folder, change)


@pytest.fixture
def make_house(tmp_path):
    """Make houses for property tests: a new server for each example."""
    return lambda: built(tmp_path)


@pytest.fixture
def make_house_changed(tmp_path):
    """The same, of a changed site file."""
    return lambda change: built(tmp_path, change)
