"""What devices see that come by TLS: the certificates that Kamailio's own tls.cfg names, and the
one that a running Kamailio has, which is an older one until it is told to read them anew.
"""

import re
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bellhop import certificates
from bellhop.addresses import Listener
from bellhop.certificates import Certificate
from bellhop.lines import line_of, locate
from bellhop.settings import Site

CONFIG = Path("/etc/kamailio/tls.cfg")  # where the package, and bellhop.cfg, have it
_SECTION = re.compile(r"\s*\[\s*(?P<kind>\w+)\s*:.*\]")
_SETTING = re.compile(r"\s*(?P<name>certificate|private_key)\s*=\s*(?P<value>[^#]*)", re.IGNORECASE)
_SOON = timedelta(days=30)
_PATIENCE = 2.0  # seconds, of a Kamailio that says nothing


@dataclass(frozen=True, slots=True)
class Pair:
    """A server's certificate and key in tls.cfg, and the line that the certificate stands in."""

    certificate: Path
    key: Path | None
    line: int


def look(site: Site, config: Path, now: datetime) -> tuple[list[str], list[str]]:
    """Return what is wrong with the certificates of a site's listeners, and what is worth knowing;
    nothing where no listener is of TLS.
    """
    of = {"edge.devices": site.edge.devices, "edge.trunks": site.edge.trunks}
    by_tls = [(key, one) for key, some in of.items() for one in some if one.protocol == "tls"]
    if not by_tls:
        return [], []
    key = by_tls[0][0]
    at = f"{site.path.name}:{line_of(locate(site.path.read_text('utf-8-sig')), key)}: {key}"
    try:
        found = list(pairs(config.read_text("utf-8", "replace"), config.parent))
    except (FileNotFoundError, PermissionError) as error:
        return [], [f"{key}: {_unread(config, error)}, and its certificates were not either"]
    except OSError as error:
        return [f"{at}: {config}: {error.strerror}"], []
    if not found:
        return [], [f"{key}: {config} names no certificate of a server, so none was checked"]
    wrong: list[str] = []
    notes: list[str] = []
    known: list[Certificate] = []
    for pair in found:
        mistakes, said, chain = _looked(pair, now)
        where = f"{config}:{pair.line}"
        wrong += [f"{at}: {where}: {what}" for what in mistakes]
        notes += [f"{key}: {where}: {what}" for what in said]
        known += chain[:1]
        if not chain:
            return wrong, notes  # what it has is not to be compared
    notes += [f"{key}: {what}" for key, one in by_tls for what in _running(one, known)]
    return wrong, notes


def pairs(text: str, folder: Path) -> Iterator[Pair]:
    """Yield the certificates of tls.cfg's servers; a relative path is of its folder."""
    kind, line = "", 0
    certificate: Path | None = None
    key: Path | None = None
    for number, said in enumerate((*text.splitlines(), "[end:]"), 1):
        if section := _SECTION.match(said):
            if kind == "server" and certificate:
                yield Pair(certificate, key, line)
            kind, certificate, key = section["kind"].lower(), None, None
        elif setting := _SETTING.match(said):
            path = folder / setting["value"].strip().strip('"')
            if setting["name"].lower() == "certificate":
                certificate, line = path, number
            else:
                key = path


def _looked(pair: Pair, now: datetime) -> tuple[list[str], list[str], tuple[Certificate, ...]]:
    """Return what is wrong with a pair, what is worth knowing of it, and its chain."""
    try:
        chain = certificates.read(pair.certificate.read_bytes())
    except (FileNotFoundError, PermissionError) as error:
        return [], [_unread(pair.certificate, error)], ()
    except OSError as error:
        return [f"{pair.certificate}: {error.strerror}"], [], ()
    except ValueError as error:
        return [f"{pair.certificate}: {error}"], [], ()
    wrong, notes = _ends(pair, chain, now)
    if pair.key is not None:
        try:
            certificates.prove_key(pair.certificate, pair.key)
        except (FileNotFoundError, PermissionError) as error:
            notes.append(_unread(pair.key, error))
        except OSError as error:
            wrong.append(f"{pair.key}: {error.strerror}")
        except ValueError as error:
            wrong.append(f"{pair.key}: {error}")
    return wrong, notes, chain


def _ends(pair: Pair, chain: tuple[Certificate, ...], now: datetime) -> tuple[list[str], list[str]]:
    wrong: list[str] = []
    notes: list[str] = []
    for place, one in enumerate(chain, 1):
        which = f"{pair.certificate}: certificate {place} of {len(chain)}" if chain[1:] else (
            f"{pair.certificate}: the certificate"
        )  # fmt: skip
        if one.ends <= now:
            wrong.append(f"{which} ended on {_day(one.ends)}: no device trusts it")
        elif one.begins > now:
            wrong.append(f"{which} begins on {_day(one.begins)}: no device trusts it before")
        elif one.ends - now < _SOON:
            left = (one.ends - now).days
            when = f"in {left} days, on" if left > 1 else "on"
            notes.append(f"{which} ends {when} {_day(one.ends)}: then no device trusts it")
    return wrong, notes


def _running(listener: Listener, known: list[Certificate]) -> Iterator[str]:
    """Yield that a Kamailio that runs here has another certificate than its files."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE  # it is only looked at
    try:
        address = (listener.address.host, listener.address.port)
        with (
            socket.create_connection(address, _PATIENCE) as plain,
            context.wrap_socket(plain) as wire,
        ):
            der = wire.getpeercert(binary_form=True) or b""
        running = certificates.one(der)
    except (OSError, ValueError):
        return  # nobody answers by TLS: whether Kamailio runs is not asked here
    if all(one.der != running.der for one in known):
        ends = "has ended" if running.ends <= datetime.now(UTC) else "ends"
        yield (
            f"{listener} has another certificate than the file, one that {ends} on"
            f" {_day(running.ends)}, until Kamailio reads it anew: kamcmd tls.reload"
        )


def _unread(path: Path, error: OSError) -> str:
    if isinstance(error, PermissionError):
        return f"{path} may not be read by you, so it was not checked"
    return f"{path} is not here, so it was not checked"


def _day(when: datetime) -> str:
    return f"{when:%Y-%m-%d %H:%M} UTC"
