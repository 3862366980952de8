"""Questions to the edge, within the time that the dialplan leaves."""

from typing import Any

from bellhop import rpc
from bellhop.values import Address

# Seconds that the edge may say nothing; the dialplan's limit for the whole AGI request is 2.
_PATIENCE = 0.8


def ask(edge: Address, method: str, *params: str | int) -> Any:
    """Return the result of one question. It blocks. Raises rpc.RpcError."""
    return rpc.call(edge, method, *params, timeout=_PATIENCE)
