"""The dispatcher's list of gateways to probe, kept as the site and what was set by hand are."""

from pathlib import Path

from bellhop.health import Hand
from bellhop.render_kamailio import PBX_SET, asterisks, gateways, gateways_file, probed, probes
from bellhop.settings import Site, SiteError
from kemi import health, ksr_health, names, sip


class Gateways:
    """The list, as one process writes it. Without probing there is none."""

    def __init__(self, site: Site) -> None:
        self._loaded: tuple[str, ...] | None = None
        self._blocked: frozenset[str] = frozenset()
        self._written = True
        if probes(site):
            _make(gateways_file(site))

    def renew(self, site: Site) -> None:
        """Write the list and have it loaded, when it is another than before.

        The dispatcher forgets what it knew when it loads: who was dead is written down as dead, so
        that no call tries it before a probe has found it alive.
        """
        blocked = frozenset(name for name in site.carriers if health.hand(name) is Hand.BLOCK)
        wanted = gateways(site, names.resolve, blocked=blocked)
        if wanted == self._loaded:
            return
        down = {
            uri
            for name, uri in probed(site, names.resolve)
            if name not in self._blocked | blocked and ksr_health.probed_down(uri)
        }
        down |= {uri for uri in asterisks(site) if ksr_health.probed_down(uri, PBX_SET)}
        lines = gateways(site, names.resolve, blocked=blocked, down=down)
        path = gateways_file(site)
        if not self._write(path, "".join(f"{line}\n" for line in lines)):
            return
        if not ksr_health.reload_gateways():
            sip.error(f"gateways={path} the dispatcher did not load it")
            return
        self._loaded, self._blocked = wanted, blocked

    def _write(self, path: Path, text: str) -> bool:
        """Replace the list; whether that could be done. That it could not is said once, not each
        second.
        """
        part = path.with_suffix(".part")
        try:
            part.write_text(text)
            part.replace(path)
        except OSError as error:
            if self._written:
                sip.error(f"gateways={path} not written, so as before: {error.strerror}")
            self._written = False
            return False
        self._written = True
        return True


def _make(path: Path) -> None:
    """Make the list, for the dispatcher does not start without. Raises SiteError."""
    try:
        if not path.exists():  # on a disk that has become read-only the last one is there
            path.touch()
    except OSError as error:
        raise SiteError((f"{path}: {error.strerror}",)) from None
