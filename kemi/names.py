"""The addresses of gateways."""

from bellhop.gateways import Gateway
from bellhop.values import Address


def resolve(gateway: Gateway) -> tuple[Address, ...]:
    """Return a gateway's addresses, in the order to try; none for a name that is not resolved."""
    return (gateway.address,) if gateway.address else ()
