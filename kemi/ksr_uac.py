"""Kamailio's uac module, with types: what we say where somebody asks for our credentials."""

import KSR

from kemi.results import done
from kemi.sip import forget, put

# What bellhop.cfg names to the module (auth_realm_avp and the others).
_REALM, _USER, _SECRET = "$avp(bellhop_realm)", "$avp(bellhop_user)", "$avp(bellhop_secret)"
_HA1 = 1


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
