"""Questions to the edge, within the time that the dialplan leaves."""

from typing import Any

from bellhop import rpc
from bellhop.addresses import Address

# Seconds for one question; the dialplan's limit for the whole AGI request is 2.
PATIENCE = 0.8


def ask(edge: Address, method: str, *params: str | int, patience: float = PATIENCE) -> Any:
    """Return the result of one question. It blocks, for at most so many seconds. Raises
    rpc.RpcError.
    """
    return rpc.call(edge, method, *params, timeout=patience)
