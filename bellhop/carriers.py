"""Who is at the other end of a trunk: carriers and PBXs; and the numbers that carriers deliver."""

from dataclasses import dataclass

from bellhop import gateways, reason, values
from bellhop.addresses import bracketed
from bellhop.gateways import Gateway, read_sources
from bellhop.numbering import Numbering
from bellhop.tables import key

NO_NUMBERING = Numbering()
# What a carrier's From says: what the caller wrote, his number, or our account there.
AS_WRITTEN, NUMBER, ACCOUNT = "caller", "number", "account"


@dataclass(frozen=True, slots=True, kw_only=True)
class Carrier:
    """An upstream.

    gateways: where it takes calls; another one is tried only while it has not answered at all.
    next_gateway_on_503: whether a 503 is that gateway's alone, so that the next one is tried (RFC
        3263 §4.3).
    sources: addresses that its calls come from; its gateways' when none is named.
    domain: what stands behind the number in the request URI (the gateway's name, or its address,
        when empty), and in P-Asserted-Identity (the edge's address).
    answer_timeout: ms without an 18x or a final reply, after which the next carrier is tried.
    ring_timeout: ms that it may ring; then the call ends.
    trust_reason: whether its Reason headers are believed (RFC 6432 leaves that to local policy).
    profile: its own; else its route's counts, else `carrier`.
    format: how it wants numbers: as dialled, or in E.164, without or with the plus; one whose E.164
        form nobody knows goes as it was dialled.
    strip, prefix: digits taken off that, and put before it.
    identity: whether it is told who calls, as P-Asserted-Identity (RFC 3325); caller_id: the number
        for callers that have none of the site's own.
    trust_privacy: whether it may learn who calls when the caller asked that nobody does.
    sender: what stands in From toward it: what the caller wrote, the number that would be asserted,
        or the account that it knows us by (bellhop/identity.py).
    reason_to_caller: which Reason it gets when a call of its own fails; the edge's when not given.
    early_media: pass lets its announcements through before it answers; suppress lets it only ring.
    probe: whether its gateways are asked by OPTIONS, where the edge probes at all.
    breaker: faults in a row that open a gateway's breaker (0: none do), breaker_pause: for how long
    at first (ms; bellhop/health.py).
    calls, calls_per_second: how many it may have at once, and begin in a second; 0: any number.
    auth_user, secret_file: whom it knows us as when it asks for credentials, and an htdigest file
        with that user, whose realm is the only one that is answered. Without them a challenge is a
        failure.
    register_user: the user that we register at it, if any; register_domain: that user's domain, the
        carrier's or the first gateway's host when empty; register_contact: the DID that its calls
        to the registered contact are for; register_expires: for how long at a time (ms).
    """

    name: str
    gateways: tuple[Gateway, ...] = key(gateways.gateways, name="gateway")
    next_gateway_on_503: bool = key(values.flag, False)
    sources: tuple[str, ...] = key(read_sources, ())
    domain: str = key(values.realm, "")
    profile: str = key(values.name, "")
    answer_timeout: int = key(values.duration(200, 32_000), 4_000)
    ring_timeout: int = key(values.duration(1_000, 600_000), 60_000)
    trust_reason: bool = key(values.flag, True)
    strip: int = key(values.integer(0, 20), 0)
    prefix: str = key(values.tech_prefix, "")
    format: str = key(values.one_of("dialled", "e164", "+e164"), "dialled")
    identity: str = key(values.one_of("none", "assert"), "none")
    caller_id: str = key(values.number, "")
    trust_privacy: bool = key(values.flag, False)
    sender: str = key(values.one_of(AS_WRITTEN, NUMBER, ACCOUNT), AS_WRITTEN, name="from")
    reason_to_caller: str = key(values.one_of(*reason.POLICIES), "")
    early_media: str = key(values.one_of("pass", "suppress"), "pass")
    probe: bool = key(values.flag, True)
    breaker: int = key(values.integer(0, 1_000), 3)
    breaker_pause: int = key(values.duration(1_000, 3_600_000), 30_000)
    calls: int = key(values.integer(0, 100_000), 0)
    calls_per_second: int = key(values.integer(0, 10_000), 0)
    auth_user: str = key(values.carriers_user, "")
    secret_file: str = key(values.text, "")
    register_user: str = key(values.auth_user, "")
    register_domain: str = key(values.realm, "")
    register_contact: str = key(values.number, "")
    register_expires: int = key(values.duration(60_000, 86_400_000), 600_000)

    def __post_init__(self) -> None:
        """Fill what follows from the rest."""
        object.__setattr__(self, "sources", self.sources or gateways.hosts(self.gateways))

    @property
    def hosts(self) -> tuple[str, ...]:
        """Return the addresses of its gateways, as far as the site file has them."""
        return gateways.hosts(self.gateways)

    @property
    def home(self) -> str:
        """Return the domain that the account which it knows us by is of."""
        return self.register_domain or self.domain or bracketed(self.gateways[0].host)

    @property
    def account(self) -> str:
        """Return who we are to it; with a domain, where it gave a name with one; "" for nobody."""
        return self.register_user or self.auth_user

    def dialled(self, number: str, numbering: Numbering = NO_NUMBERING) -> str:
        """Return the number as this carrier wants it; not a number when it strips more digits than
        there are. A leading `+` is no digit: it goes when the digits change.
        """
        if self.format != "dialled" and (digits := numbering.e164(number)):
            number = f"+{digits}" if self.format == "+e164" else digits
        if not self.strip and not self.prefix:
            return number
        return self.prefix + number.removeprefix("+")[self.strip :]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trunk:
    """Somebody else's PBX, reached over one trunk.

    numbers: prefixes of the numbers that ring behind it.
    may: what its callers may call.
    reason_to_caller: which Reason it gets when a call of its own fails; the edge's when not given.
    """

    name: str
    gateways: tuple[Gateway, ...] = key(gateways.gateways, name="gateway")
    sources: tuple[str, ...] = key(read_sources, ())
    numbers: tuple[str, ...] = key(values.list_of(values.prefix), ())
    may: tuple[str, ...] = key(
        values.list_of(values.one_of("devices", "zones", "carriers", "two-way", "take-out")),
        ("devices", "zones"),
    )
    answer_timeout: int = key(values.duration(200, 32_000), 4_000)
    ring_timeout: int = key(values.duration(1_000, 600_000), 60_000)
    trust_reason: bool = key(values.flag, True)
    reason_to_caller: str = key(values.one_of(*reason.POLICIES), "")

    def __post_init__(self) -> None:
        """Fill what follows from the rest."""
        object.__setattr__(self, "sources", self.sources or gateways.hosts(self.gateways))

    @property
    def hosts(self) -> tuple[str, ...]:
        """Return the addresses of its gateways, as far as the site file has them."""
        return gateways.hosts(self.gateways)


@dataclass(frozen=True, slots=True, kw_only=True)
class Did:
    """A number that carriers deliver to us, and who rings for it, in order: devices, or numbers
    behind a trunk.
    """

    number: str = key(values.number)
    to: tuple[str, ...] = key(values.list_of(values.number, least=1))
    profile: str = key(values.name, "broadworks-inbound")
