"""Our registrations at carriers: the uac module makes and refreshes them; a process of its own
tells it which there are, at the start and after a reload. The credentials are in memory alone.
"""

from bellhop import registrations
from bellhop.addresses import Address
from bellhop.registrations import Registration
from bellhop.settings import Site
from kemi import ksr_uac, names, sip
from kemi.secrets import Secrets


class Registrar:
    """Keeps the uac module's table as the site has it."""

    def __init__(self) -> None:
        self._known: dict[str, Registration] = {}
        self._refused: dict[str, str] = {}

    def run(self, site: Site, secrets: Secrets) -> None:
        """Add what is new, remove what is gone; runs every second. A carrier whose name has not
        been resolved yet is registered when it has.
        """
        wanted = {one.contact: one for one in self._wanted(site, secrets)}
        for contact in [c for c, one in self._known.items() if wanted.get(c) != one]:
            ksr_uac.unregister(contact)
            del self._known[contact]
            sip.note(f"registration={contact} removed")
        for contact, one in wanted.items():
            if contact not in self._known:
                self._add(contact, one)

    def _add(self, contact: str, one: Registration) -> None:
        """Add one; what the module says against it keeps no other from being added."""
        try:
            ksr_uac.register(one.parameters)
        except RuntimeError as error:
            if not _replaced(contact, one):
                if self._refused.get(contact) != str(error):  # once, and not each second
                    sip.error(f"registration={contact} refused={str(error)!a}")
                self._refused[contact] = str(error)
                return
        self._refused.pop(contact, None)
        self._known[contact] = one
        sip.note(f"registration={contact} user={one.user} domain={one.domain} added")

    def _wanted(self, site: Site, secrets: Secrets) -> list[Registration]:
        found = []
        for carrier in site.carriers.values():
            if not carrier.register_user:
                continue
            there = [a for gateway in carrier.gateways for a in names.resolve(gateway)]
            if there:
                gateway = self._way(carrier.register_contact, there)
                mine = secrets.carriers[carrier.name]
                socket = site.edge.way_to(gateway.protocol)
                found.append(registrations.of(carrier, mine, gateway, socket))
        return found

    def _way(self, contact: str, there: list[Address]) -> Address:
        """Return the address that it is registered through, while the name still stands for it."""
        known = self._known.get(contact)
        return known.gateway if known and known.gateway in there else there[0]


def _replaced(contact: str, one: Registration) -> bool:
    """Put a registration in the place of the one that the module has by this name, from before our
    scripts were loaded anew; False when that was not why it refused.
    """
    try:
        ksr_uac.unregister(contact)
        ksr_uac.register(one.parameters)
    except RuntimeError:
        return False
    return True
