"""The device book: speakers, intercoms and phones that register with the edge."""

from dataclasses import dataclass

from bellhop import values
from bellhop.answering import DIALECTS, dialect_of
from bellhop.tables import key

RIGHTS = ("devices", "zones", "trunks", "carriers", "two-way", "take-out")
KINDS = ("speaker", "intercom", "phone")


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """One registered device.

    number: its User ID, the user part of its address of record.
    auth_user: its Authentication ID, the digest user name; often not the number (AXIS).
    dialect: the auto-answer header set that a page sends to it; by its model when not given, and ""
        when that tells nothing: then its User-Agent does (agi/request.py), or it is the common one.
    may: what it may call. A speaker may call nothing unless the site says so.
    answer_timeout: ms until it must have sent 18x or a final reply, else it is dead (408).
    ring_timeout: ms that it may ring in a call that is no page.
    vapix: where its HTTP API is, "http://192.0.2.8", for an AXIS device whose volume zones may set.
    """

    number: str
    kind: str = key(values.one_of(*KINDS))
    model: str = key(values.text, "")
    auth_user: str = key(values.auth_user, "")
    dialect: str = key(values.one_of(*DIALECTS), "")
    may: tuple[str, ...] = key(values.list_of(values.one_of(*RIGHTS)), ())
    answer_timeout: int = key(values.duration(200, 32_000), 3_000)
    ring_timeout: int = key(values.duration(1_000, 600_000), 60_000)
    vapix: str = key(values.url, "")

    def __post_init__(self) -> None:
        """Fill what follows from the rest."""
        object.__setattr__(self, "auth_user", self.auth_user or self.number)
        object.__setattr__(self, "dialect", self.dialect or dialect_of(self.model))
