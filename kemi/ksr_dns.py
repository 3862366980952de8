"""Kamailio's ipops, with types. It blocks until DNS has answered: never in a SIP worker.

Measured on 6.1.5 and 5.6.3: `dns_query` is getaddrinfo, which reads /etc/hosts too; a name that is
not there is -4 with one error line; `srv_query` says 1 with a count of 0, or -3 on 5.6.
"""

import KSR

from bellhop.addresses import ip
from kemi import sip
from kemi.results import done

# The container in which ipops leaves what it found.
_HERE = "bellhop"


def addresses(name: str) -> list[str]:
    """Return the addresses of a name, in DNS's order and our spelling; none when it has none."""
    if not done(KSR.ipops.dns_query(name, _HERE), "dns_query"):
        return []
    count = sip.number(f"$dns({_HERE}=>count)")
    found = (sip.text(f"$dns({_HERE}=>addr[{place}])") for place in range(count))
    return [spelled for address in found if (spelled := ip(address or ""))]


def services(name: str) -> list[tuple[str, int, int, int]]:
    """Return target, port, priority and weight of each SRV record that stands under a name; none
    without any.
    """
    if not done(KSR.ipops.srv_query(name, _HERE), "srv_query"):
        return []
    found = []
    for place in range(sip.number(f"$srvquery({_HERE}=>count)")):
        target = sip.text(f"$srvquery({_HERE}=>target[{place}])")
        port, priority, weight = (
            sip.number(f"$srvquery({_HERE}=>{field}[{place}])")
            for field in ("port", "priority", "weight")
        )
        if target and 0 < port < 65536:
            found.append((target, port, priority, weight))
    return found
