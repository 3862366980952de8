"""Our registrations at carriers: what the uac module is told, and what it tells of one."""

from collections.abc import Mapping
from dataclasses import replace
from enum import Enum

import msgspec

from bellhop.addresses import Address, Listener
from bellhop.carriers import Carrier
from bellhop.htdigest import Credential

# Bits of a record's `flags` (the uac module's documentation, uac.reg_info).
_ONGOING, _ONLINE = 2, 4


class State(Enum):
    """Where a registration is."""

    REGISTERED = "registered"
    TRYING = "trying"
    FAILED = "failed"


class Registration(msgspec.Struct, frozen=True, kw_only=True):
    """One registration: whose, with which credentials, through which gateway, from which socket of
    ours, for how many seconds at a time. contact is the user part of the Contact.
    """

    contact: str
    user: str
    domain: str
    credential: Credential
    gateway: Address
    socket: Listener
    expires: int

    @property
    def parameters(self) -> tuple[str | int, ...]:
        """Return what `uac.reg_add` wants, in its order; its local user is the remote one."""
        mine = self.credential
        who = (self.user, self.domain)
        proof = (mine.realm, mine.user, ".", mine.ha1)
        way = (f"sip:{self.gateway}", self.expires, 0, 0)
        here = replace(self.socket.address, protocol=self.socket.protocol)
        return (self.contact, *who, *who, *proof, *way, str(self.socket), str(here))


def of(
    carrier: Carrier, credential: Credential, gateway: Address, socket: Listener
) -> Registration:
    """Return a carrier's registration, through one of its gateways' addresses."""
    return Registration(
        contact=carrier.register_contact,
        user=carrier.register_user,
        domain=carrier.home,
        credential=credential,
        gateway=gateway,
        socket=socket,
        expires=carrier.register_expires // 1_000,
    )


def state(record: Mapping[str, object]) -> State:
    """Return where the registration is that this record of `uac.reg_dump` tells of."""
    flags, left = record.get("flags"), record.get("diff_expires")
    if not isinstance(flags, int) or not isinstance(left, int):
        raise TypeError(f"not a record of uac.reg_dump: {sorted(record)}")
    if flags & _ONLINE and left > 0:
        return State.REGISTERED
    return State.TRYING if flags & _ONGOING else State.FAILED
