"""Asterisk, the pager, and the pair that stands by, as a site names them."""

from dataclasses import dataclass

from bellhop import values
from bellhop.addresses import Address
from bellhop.tables import key


@dataclass(frozen=True, slots=True, kw_only=True)
class Pbx:
    """`[pbx]`: where Asterisk hears the edge; media: its address for audio, if that is another."""

    address: Address = key(values.address)
    media: str = key(values.source, "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Standby:
    """`[standby]`: a second Asterisk, with a pager of its own beside it. Pages go there while the
    first does not answer. address, media: as in `[pbx]`; agi, ami: as in `[pager]`.
    """

    address: Address = key(values.address)
    media: str = key(values.source, "")
    agi: Address = key(values.address)
    ami: Address = key(values.address)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pager:
    """`[pager]`: where the daemon listens for AGI, and how it reaches AMI. call_priority: the
    priority of a call to or from a device that is no page: zones of a higher one may end it.

    say_command: the program that speaks a text into a WAV file, and its arguments, of which one is
    "{file}" and one "{text}"; no shell is between. sounds: a folder that the pager writes to and
    Asterisk reads from, by the same name; `sounds` in site.state when not given.

    webhook: who is told of each page that is over, and webhook_secret_file: what it is signed with
    (pager/messenger.py). reports: where pages are written down: sqlite, a file in site.state, or
    postgresql; reports_dsn_file: for that, a file with libpq's connection string or URL.
    vapix_file: lines "NUMBER USER PASSWORD" for devices that have a vapix; NUMBER may be "*".
    keep: how many pages' reports are kept, and how many of pages that were refused.
    """

    agi: Address = key(values.address)
    ami: Address = key(values.address)
    ami_user: str = key(values.name, "bellhop")
    ami_secret_file: str = key(values.text)
    say_command: tuple[str, ...] = key(values.program("{file}", "{text}"), ())
    sounds: str = key(values.folder, "")
    call_priority: int = key(values.integer(0, 9), 5)
    webhook: str = key(values.url, "")
    webhook_secret_file: str = key(values.text, "")
    vapix_file: str = key(values.text, "")
    reports: str = key(values.one_of("sqlite", "postgresql"), "sqlite")
    reports_dsn_file: str = key(values.text, "")
    keep: int = key(values.integer(100, 1_000_000), 20_000)
