"""A destination's legs: each place that the INVITE may be sent to, in order."""

from collections.abc import Callable, Iterable, Iterator

from bellhop.addresses import Address
from bellhop.calls import Leg, LegKind
from bellhop.carriers import NO_NUMBERING, Carrier, Trunk
from bellhop.devices import Device
from bellhop.dialling import Destination, ToCarriers, ToDevice, ToFeature, ToLegs, ToTrunk, ToZone
from bellhop.gateways import Gateway
from bellhop.numbering import Numbering
from bellhop.profiles import CARRIER
from bellhop.sides import FIRST, STANDBY

# How long the pbx has to answer for a page before the caller is told that paging is down (ms), and
# how long a page may be prepared before it is answered.
_PBX_ANSWER = 4_000
_PBX_RING = 30_000
# How long it has for any reply at all where another one stands by (ms): it is near, and says 100 at
# once. Within it the INVITE is sent twice (T1, RFC 3261 §17.1.1.2).
_PBX_ALIVE = 1_000

# The addresses of a gateway, in the order to try; none for a name that has not been resolved.
Resolve = Callable[[Gateway], tuple[Address, ...]]


def legs_of(
    where: Destination, resolve: Resolve, numbering: Numbering = NO_NUMBERING
) -> tuple[tuple[Leg, ...], str]:
    """Return the legs of a destination, and the profile that decides between them."""
    match where:
        case ToDevice(device):
            return (_of_device(device),), CARRIER.name
        case ToZone(zone, standby):
            return tuple(_at_pbx(zone.number, standby=standby)), CARRIER.name
        case ToFeature(dialled, standby):
            return tuple(_at_pbx(dialled, standby=standby)), CARRIER.name
        case ToTrunk(trunk, number):
            return tuple(_of_trunk(trunk, number, resolve)), CARRIER.name
        case ToCarriers(number, carriers, profile, _):
            sent = ((carrier, carrier.dialled(number, numbering)) for carrier in carriers)
            legs = (leg for carrier, user in sent for leg in _of_carrier(carrier, user, resolve))
            return tuple(legs), profile
        case ToLegs(several, profile):
            return tuple(leg for one in several for leg in legs_of(one, resolve)[0]), profile


def _of_device(device: Device) -> Leg:
    return Leg(
        kind=LegKind.DEVICE,
        name=device.number,
        user=device.number,
        answer_timeout=device.answer_timeout,
        ring_timeout=device.ring_timeout,
    )


def _at_pbx(number: str, *, standby: bool) -> Iterator[Leg]:
    for side in (FIRST, STANDBY)[: 1 + standby]:
        yield Leg(
            kind=LegKind.PBX,
            name=side,
            user=number,
            first_reply=_PBX_ALIVE if standby and side == FIRST else 0,
            answer_timeout=_PBX_ANSWER,
            ring_timeout=_PBX_RING,
        )


def _places(gateways: Iterable[Gateway], resolve: Resolve) -> Iterator[tuple[str, str]]:
    """Return each address once, and the name that it was found by, which stays in the request URI:
    an address tells a carrier of many customers nothing of whose call it is (Twilio drops it). A
    name that nobody has resolved is "": its leg is passed over, and the ledger says so.
    """
    found: dict[str, str] = {}
    for gateway in gateways:
        for address in resolve(gateway) or ("",):
            found.setdefault(str(address), gateway.name)
    yield from found.items()


def _of_trunk(trunk: Trunk, number: str, resolve: Resolve) -> Iterator[Leg]:
    for address, host in _places(trunk.gateways, resolve):
        yield Leg(
            kind=LegKind.TRUNK,
            name=trunk.name,
            user=number,
            address=address,
            host=host,
            answer_timeout=trunk.answer_timeout,
            ring_timeout=trunk.ring_timeout,
            trusted=trunk.trust_reason,
        )


def _of_carrier(carrier: Carrier, user: str, resolve: Resolve) -> Iterator[Leg]:
    for address, host in _places(carrier.gateways, resolve):
        yield Leg(
            kind=LegKind.CARRIER,
            name=carrier.name,
            user=user,
            address=address,
            host=carrier.domain or host,
            answer_timeout=carrier.answer_timeout,
            ring_timeout=carrier.ring_timeout,
            trusted=carrier.trust_reason,
            profile=carrier.profile,
            early_media=carrier.early_media,
            alone_503=carrier.next_gateway_on_503,
        )
