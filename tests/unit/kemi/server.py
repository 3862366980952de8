"""The answers of a server at rest, on the strict fake KSR: what each module says when nothing is wrong,
and the tables that it keeps for us.
"""

import hashlib
import re
from pathlib import Path

from kamailio_kemi import api
from kamailio_kemi.fake import Reply
from kamailio_kemi.tables import Table

API = api.load()
# The server has loaded what bellhop.cfg loads, so a call of anything else is an AttributeError here.
CFG = Path(__file__).parents[3] / "config" / "kamailio" / "bellhop.cfg"
MODULES = {
    *re.findall(r'^loadmodule "(\w+)\.so"', CFG.read_text("utf-8"), re.MULTILINE)
} & API.modules
TABLES = re.findall(
    r'^modparam\("htable", "htable", "(\w+)=>([^"]*)"\)', CFG.read_text("utf-8"), re.MULTILINE
)
# Authentication ID -> what its HA1 is in the secret file.
HA1 = {
    user: hashlib.md5(user.encode(), usedforsecurity=False).hexdigest()
    for user in ("horn-1008", "1009", "1015", "1020", "1021")
}


class Server:
    """A server with what bellhop.cfg loads and keeps, and what a test says of the world beside it."""

    def __init__(self, fake):
        self.fake = fake
        for name in re.findall(r'"shvset", "(\w+)=s:"', CFG.read_text("utf-8")):
            fake.pv[f"$shv({name})"] = ""
        for name, options in TABLES:
            fake.tables[name] = Table(initval=0 if "initval=0" in options else None)
        self.password_of = None  # whose password a request proves that it has
        self.contacts = {}  # number -> where it is registered
        self.bindings = {}  # number -> (when it ends, User-Agent) of each, in the registrar's table
        # Which calls are whose, this second's calls, the gateways that answer no OPTIONS.
        self.live, self.this_second, self.dead = [], [], set()
        self.takes_none_out, self.refused = (
            False,
            [],
        )  # in a request route; and what it did not take
        self.engaged = []  # devices in calls that are no pages
        self.asterisks = []  # an Asterisk's calls
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
                "nathelper.add_contact_alias_addr": 1,
                "nathelper.handle_ruri_alias": 1,
                "nathelper.fix_nated_register": 1,
                "force_rport": True,
                "registrar.save_uri": self._save,
                "textopsx.msg_apply_changes": 1,
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
                "textops.subst_hf": 1,
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
        if self.takes_none_out:
            self.refused.append((profile, name))
            return -1
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

    def _save(self, _table, _flags, _uri):
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
        for place, (ends, user_agent, *contact) in enumerate(found):
            addr, received = contact or ("sip:1@192.0.2.7", None)
            self.says(
                {
                    f"$(ulc({kept}=>expires)[{place}])": ends,
                    f"$(ulc({kept}=>user_agent)[{place}])": user_agent,
                    f"$(ulc({kept}=>addr)[{place}])": addr,
                    f"$(ulc({kept}=>received)[{place}])": received,
                }
            )
        return 1

    def says(self, variables):
        """Say what pseudo-variables hold, those with a transformation too, which the fake refuses."""
        self.fake.pv._given |= variables  # noqa: SLF001
