"""Kamailio's uac module, with types: what we say where somebody asks for our credentials, who
stands in From, and our registrations, which it takes by RPC alone.
"""

import KSR
import msgspec

from kemi.results import done
from kemi.sip import forget, number, put, text

# What bellhop.cfg names to the module (auth_realm_avp and the others).
_REALM, _USER, _SECRET = "$avp(bellhop_realm)", "$avp(bellhop_user)", "$avp(bellhop_secret)"
_HA1 = 1
_OK = 200


def authenticate(user: str, realm: str, ha1: str) -> bool:
    """Answer the challenge of the reply that the failure route has in hand, in the request that is
    sent next. False when it has none for this realm, or one that the module does not know (it takes
    the first challenge of a reply, and MD5 alone).
    """
    for variable, value in ((_REALM, realm), (_USER, user), (_SECRET, ha1)):
        put(variable, value)
    try:
        return done(KSR.uac.uac_auth_mode(_HA1), "uac_auth_mode")
    finally:
        for variable in (_REALM, _USER, _SECRET):
            forget(variable)


def replace_from(uri: str, name: str | None = None) -> None:
    """Write this URI, and this name where one is given, into From of the message in hand: in a
    branch route it is that branch's alone. The module remembers nothing of it (`restore_mode`).
    """
    if name is None:
        done(KSR.uac.uac_replace_from_uri(uri), "uac_replace_from_uri")
    else:
        done(KSR.uac.uac_replace_from(name, uri), "uac_replace_from")


def replace_to(uri: str) -> None:
    """Write this URI into To of the message in hand."""
    done(KSR.uac.uac_replace_to_uri(uri), "uac_replace_to_uri")


def register(parameters: tuple[str | int, ...]) -> None:
    """Have the module register, now and from then on (`uac.reg_add`); parameters: see
    bellhop/registrations.py. Raises RuntimeError with its words.
    """
    _rpc("uac.reg_add", parameters)


def unregister(contact: str) -> None:
    """Have the module forget a registration; at the carrier it ends by its own time."""
    _rpc("uac.reg_remove", (contact,))


def _rpc(method: str, parameters: tuple[str | int, ...]) -> None:
    question = {"jsonrpc": "2.0", "method": method, "params": parameters, "id": 1}
    done(KSR.jsonrpcs.exec(msgspec.json.encode(question).decode()), "exec")
    if number("$jsonrpl(code)") != _OK:
        raise RuntimeError(f"{method}: {text('$jsonrpl(body)')}")
