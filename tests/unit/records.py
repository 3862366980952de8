"""Rows of the ledger for tests: an attempt and a call's end, with whatever a test says of them."""

from bellhop.ledger import Ending, Entry


def entry(call="c1", attempt=1, **fields):
    made = {
        "call": call, "call_id": f"id-{call}", "caller": "1020", "dialled": "4412",
        "profile": "carrier", "attempt": attempt, "leg": "carrier:north", "at": 1_700_000_000.25,
        "after_ms": 3, "ms": 40, "code": 503, "cause": 34, "rang": False, "verdict": "advance",
        "rule": "5xx", "why": "no circuit there",
    }  # fmt: skip
    return Entry(**(made | fields))


def ending(call="c1", **fields):
    made = {
        "call": call, "call_id": f"id-{call}", "caller": "1020", "dialled": "4412",
        "at": 1_700_000_001.5, "ms": 1250, "attempts": 1, "leg": "", "code": 503, "cause": 34,
        "of": 1, "why": "nobody-left",
    }  # fmt: skip
    return Ending(**(made | fields))
