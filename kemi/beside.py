"""Work beside the calls: the ledger, names, registrations, a reload. Each is done every second, in
a process of its own, for which no caller waits.
"""

import functools
import os

from kemi import sip

# Of a CPU that all want, such a process gets a third of what others get (sched(7)): a worker that a
# message wakes does not wait for it, and an edge at its limit still writes its ledger.
_NICE = 5


@functools.cache
def give_way() -> None:
    """Let this process, once and for all, give way to those that handle SIP."""
    try:
        os.nice(_NICE)
    except (
        OSError
    ) as error:  # a container's rules may forbid it: the work is to be done all the same
        sip.error(f"process={os.getpid()} gives-way=no why={error}")
