"""REGISTER: a device may register its own address of record, and nothing else."""

from bellhop import contacts
from bellhop.settings import Site
from kemi import digest, ksr_contact, ksr_registrar, sip, who
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
    said = sip.raw_text("$(hdr(Contact)[*])") or ""
    if not _asks_for_one_binding(said):
        sip.reply(400, "Bad Contact")
        return
    if said.strip() == "*":  # all of its bindings go: no address is told (RFC 3261 §10.2.2)
        ksr_registrar.save(caller.name)
        return
    # Calls go to where the registration came from, whatever Contact says: behind NAT nothing else
    # arrives, and a Contact at a carrier's address would have us dial out for whoever calls this
    # device.
    if elsewhere := sip.behind_nat() or sip.contact_is_elsewhere():
        sip.fix_register()
    if elsewhere or site.edge.probe_devices:
        sip.have_probed()
    ksr_registrar.save(caller.name)


def _asks_for_one_binding(said: str) -> bool:
    """Have Contact say no more than which binding is wanted, where it says more; False when nobody
    can read it.

    `received` beside a contact is for the registrar the address to call, whoever wrote it
    (measured), and of several contacts only the first would be looked at here; a device that is not
    registered yet would be refused for their number (503: it may have one).
    """
    if not said:
        return not sip.has_contact()
    if "," not in said and "received" not in said.lower():
        return True
    try:
        bound = contacts.binding(said, expires=sip.text("$hdr(Expires)") or "")
    except ValueError:
        return False
    ksr_contact.rewrite(bound)
    return True
