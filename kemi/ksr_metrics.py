"""Kamailio's xhttp_prom: counters and histograms in the memory that all processes share, and the
page that Prometheus reads. Where the module is not loaded, nothing is counted.

It writes a label's value as it is given, so values are of closed sets (kemi/metrics.py). Its list
of a counter's values is searched from the start, under one lock: few hundreds are fine (measured).
"""

import KSR

from kemi.results import done


def available() -> bool:
    """Whether Kamailio has the module."""
    return hasattr(KSR, "xhttp_prom")


def count(name: str, *labels: str) -> None:
    """Add one to a counter with one to three labels, or none, as bellhop.cfg declares it."""
    if not available():
        return
    prom = KSR.xhttp_prom
    match labels:
        case (first, second, third):
            done(prom.counter_inc_l3(name, 1, first, second, third), name)
        case (first, second):
            done(prom.counter_inc_l2(name, 1, first, second), name)
        case (first,):
            done(prom.counter_inc_l1(name, 1, first), name)
        case _:
            done(prom.counter_inc_l0(name, 1), name)


def observe(name: str, seconds: float, label: str) -> None:
    """Put a time into a histogram with one label."""
    if available():
        done(KSR.xhttp_prom.histogram_observe_l1(name, f"{seconds:.3f}", label), name)


def show(name: str, value: int) -> None:
    """Set a gauge without a label."""
    if available():
        done(KSR.xhttp_prom.gauge_set_l0(name, str(value)), name)


def serve() -> None:
    """Let the module answer the HTTP request with all metrics."""
    done(KSR.xhttp_prom.dispatch(), "dispatch")
