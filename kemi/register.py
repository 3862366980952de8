"""REGISTER: a device may register its own address of record, and nothing else."""

from bellhop.settings import Site
from kemi import digest, ksr_registrar, sip, who
from kemi.secrets import Secrets
from kemi.sip import Way


def register(site: Site, secrets: Secrets, way: Way) -> None:
    """Challenge, check, store, answer."""
    if who.door(site, way) is not who.Door.DEVICES:
        sip.reply(403, "No Registrations Here")
        return
    caller = digest.device(site, secrets, way)
    if caller is None:
        return
    # To is the address of record, From who asks for it (RFC 3261 §10.2): both its own.
    if sip.text("$tU") != caller.name or sip.text("$fU") != caller.name:
        sip.reply(403, "Not Your Address Of Record")
        return
    # Calls go to where the registration came from, whatever Contact says: behind NAT nothing else
    # arrives, and a Contact at a carrier's address would have us dial out for whoever calls this
    # device.
    if sip.behind_nat() or sip.contact_is_elsewhere():
        sip.fix_register()
    # save() answers most requests, those that it refuses too, but not all (measured: table missing,
    # a user that cannot be unescaped).
    if not ksr_registrar.save():
        sip.reply(400, "Bad Registration")
