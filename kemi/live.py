"""The site that this process routes by, and how a reload replaces it in all of them.

Shared variables of Kamailio's carry it: `bellhop reload` sets `bellhop_wanted`; one process, which
handles no SIP, reads and checks the file, leaves a snapshot, and sets `bellhop_site`, which every
process looks at before each message (a microsecond). What came of it stands in `bellhop_said`. A
file that is wrong changes nothing.

KEMI's own reload (`app_python3s.reload`) runs the scripts again in each process when its next
message comes, and asks for the site again: it gets the one in use, out of the folder that
`bellhop_state` names, whatever has become of the file by then.
"""

from pathlib import Path

import msgspec

from bellhop.differences import differences
from bellhop.places import DISK
from bellhop.reload import ONLY_A_RESTART, changed, needs_restart
from bellhop.settings import Site, SiteError, load
from kemi import secrets, sip
from kemi.snapshot import Snapshot, read, write

WANTED = "$shv(bellhop_wanted)"
PUBLISHED = "$shv(bellhop_site)"
SAID = "$shv(bellhop_said)"
STATE = "$shv(bellhop_state)"


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a reload: mistakes, one line each; or the tables that changed, and a line of
    each that says what in it did.
    """

    wanted: int
    mistakes: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    differences: tuple[str, ...] = ()


def begin(path: str) -> "Live":
    """Return the site that a Kamailio begins with, from its file, or goes on with when only the
    scripts were loaded anew. Raises SiteError.
    """
    state = sip.text(STATE)
    if state:
        return Live(_stored(Path(state)))
    site = load(path)
    start = Snapshot(version=0, site=site, secrets=secrets.load(site))
    try:
        _store(start)
    except SiteError as error:
        cause = error.__cause__
        if not isinstance(cause, OSError) or cause.errno not in DISK:
            raise
        # Calls need no folder, only a reload does.
        sip.error(f"{error.lines[0]}: no reload until it can be written")
    return Live(start)


def _store(snapshot: Snapshot) -> None:
    folder = snapshot.site.site.state
    try:
        write(snapshot, Path(folder))
    except OSError as error:
        raise SiteError((f"{error.filename or folder}: {error.strerror}",)) from error
    sip.put(STATE, folder)


def _stored(folder: Path) -> Snapshot:
    try:
        return read(folder)
    except (OSError, msgspec.MsgspecError) as error:
        raise SiteError((f"{folder}: the snapshot of the site cannot be read: {error}",)) from None


def _refuse_what_needs_a_restart(old: Site, new: Site) -> None:
    if keys := needs_restart(old, new):
        raise SiteError(tuple(f"{key}: {ONLY_A_RESTART}" for key in keys))


class Live:
    """This process's site and secrets."""

    def __init__(self, start: Snapshot) -> None:
        self.last = start  # what `now` returned; for what goes with a call that is there
        self._folder = Path(start.site.site.state)
        self._looked = start.version

    def now(self) -> Snapshot:
        """Return what to route by now."""
        return self.at(sip.number(PUBLISHED))

    def at(self, published: int) -> Snapshot:
        """Return what to route by when this is published."""
        if published > self._looked:
            self._looked = published  # once: a snapshot that can't be read is not asked again
            self._adopt()
        return self.last

    def _adopt(self) -> None:
        try:
            self.last = _stored(self._folder)
        except SiteError as error:
            sip.error(f"reload={self._looked} this process keeps its old site: {error}")
        self._looked = max(self._looked, self.last.version)

    def reload(self) -> None:
        """Do the reload that somebody wants, if there is one. Runs every second, in one process."""
        wanted = sip.number(WANTED)
        said = sip.text(SAID)
        if not wanted or (said and msgspec.json.decode(said, type=Said).wanted == wanted):
            return
        answer = self._reload(wanted)
        for line in answer.mistakes:
            sip.error(f"reload={wanted} {line}")
        sip.note(f"reload={wanted} changed={','.join(answer.changed) or 'nothing'}")
        for line in answer.differences:
            sip.note(f"reload={wanted} {line}")
        sip.put(SAID, msgspec.json.encode(answer).decode())

    def _reload(self, wanted: int) -> Said:
        old = self.now()
        if wanted <= old.version:  # nobody would go over to it
            known = f"{WANTED}: expected a number greater than {old.version}, got {wanted}"
            return Said(wanted=wanted, mistakes=(known,))
        try:
            site = load(old.site.path)
            found = secrets.load(site)
            _refuse_what_needs_a_restart(old.site, site)
            _store(Snapshot(version=wanted, site=site, secrets=found))
        except SiteError as error:
            return Said(wanted=wanted, mistakes=error.lines)
        sip.put(PUBLISHED, str(wanted))
        parts = changed(old.site, site)
        told = differences(old.site, site, parts)
        return Said(wanted=wanted, changed=parts, differences=told)
