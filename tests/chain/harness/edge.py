"""The edge's own state: its registrations and transactions by RPC, its databases by SQL."""

import json
from typing import Any

from bellhop.settings import Site
from tests.chain.harness.stack import Stack, until

_ASK = """
import sys, urllib.error, urllib.request
ask = urllib.request.Request(sys.argv[1], sys.argv[2].encode(), {"Content-Type": "application/json"})
try:
    answer = urllib.request.urlopen(ask, timeout=5)
except urllib.error.HTTPError as error:  # an RPC's error has an HTTP status too, and its words
    answer = error
print(answer.read().decode())
"""
_GET = """
import sys, urllib.error, urllib.request
try:
    answer = urllib.request.urlopen(sys.argv[1], timeout=5)
except urllib.error.HTTPError as error:
    answer = error
print(answer.status)
print(answer.read().decode(), end="")
"""
_ROWS = """
import json, sqlite3, sys
base = sqlite3.connect(f"file:{sys.argv[1]}?mode=ro", uri=True, timeout=5)
base.row_factory = sqlite3.Row
print(json.dumps([dict(row) for row in base.execute(sys.argv[2], json.loads(sys.argv[3]))]))
"""


class RpcError(Exception):
    """The edge answered a question with an error: its code and words."""


class Edge:
    """Questions to the edge's container."""

    def __init__(self, stack: Stack, site: Site) -> None:
        self._stack = stack
        self._site = site

    def rpc(self, method: str, *params: Any) -> Any:
        """Ask by JSON-RPC, from the edge's own address. Raises RpcError."""
        question = {"jsonrpc": "2.0", "id": 1, "method": method}
        if params:
            question["params"] = list(params)
        url = f"http://{self._site.edge.internal}/RPC"
        text = self._stack.execute("edge", "python3", "-c", _ASK, url, json.dumps(question))
        answer = json.loads(text)
        if "error" in answer:
            raise RpcError(f"{method}: {answer['error']}")
        return answer["result"]

    def get(self, path: str, *, of: str = "edge") -> tuple[int, str]:
        """Ask the internal listener by HTTP from a service's address; return status and body."""
        url = f"http://{self._site.edge.internal}{path}"
        status, _, body = self._stack.execute(of, "python3", "-c", _GET, url).partition("\n")
        return int(status), body

    def contacts(self, number: str) -> list[str]:
        """Return the addresses that a device is registered at, as the running edge knows them."""
        try:
            found = self.rpc("ul.lookup", "location", number)
        except RpcError as error:
            if "has no contacts" in str(error) or "not found" in str(error).lower():
                return []
            raise
        return [entry["Contact"]["Address"] for entry in found["Contacts"]]

    def stored_contacts(self, number: str) -> list[str]:
        """Return the addresses that the database has for a device."""
        rows = self.rows("usrloc.db", "SELECT contact FROM location WHERE username = ?", number)
        return [row["contact"] for row in rows]

    def attempts(self, call_id: str, count: int) -> list[dict[str, Any]]:
        """Return the ledger's rows of a call, in order, once there are so many: the writer may take
        the queue between two of them.
        """

        def found() -> list[dict[str, Any]]:
            query = "SELECT * FROM attempts WHERE call_id = ? ORDER BY rowid"
            rows = self.rows("calls.db", query, call_id)
            return rows if len(rows) >= count else []

        rows: list[dict[str, Any]] = until(f"the ledger's rows of {call_id}", found, 15)
        return rows

    def endings(self, call_id: str) -> list[dict[str, Any]]:
        """Return the ledger's rows of how calls with this Call-ID ended; waits for one."""

        def found() -> list[dict[str, Any]]:
            query = "SELECT * FROM calls WHERE call_id = ? AND code IS NOT NULL ORDER BY rowid"
            return self.rows("calls.db", query, call_id)

        rows: list[dict[str, Any]] = until(f"the end of {call_id} in the ledger", found, 15)
        return rows

    def rows(self, base: str, query: str, *params: str) -> list[dict[str, Any]]:
        """Return rows of one of the edge's databases, read only."""
        path = f"{self._site.site.state}/{base}"
        text = self._stack.execute("edge", "python3", "-c", _ROWS, path, query, json.dumps(params))
        rows: list[dict[str, Any]] = json.loads(text)
        return rows

    def transactions(self) -> int:
        """Return how many transactions are open: not counting those that only wait for late
        retransmissions (RFC 3261 §17.2.1's timer I, §17.2.2's J).
        """
        stats = self.rpc("tm.stats")
        return int(stats["current"]) - int(stats["waiting"])

    def life(self) -> tuple[int, str]:
        """Return what tells one start of Kamailio from another: its main process and since when it
        is up. In a container the process alone tells nothing: it is always the first.
        """
        return int(self.rpc("core.psx")[0]["PID"]), str(self.rpc("core.uptime")["up_since"])

    def is_new(self, life: tuple[int, str]) -> bool:
        """Whether it has been started since it had this life, and answers."""
        try:
            return self.life() != life
        except RuntimeError:  # nothing listens yet, or there is no container to ask in
            return False

    def restart(self) -> None:
        """Restart it, and return when it answers again."""
        life = self.life()
        self._stack.restart("edge")
        until("the edge's answer after its restart", lambda: self.is_new(life), 30)

    def settled(self, seconds: float = 8.0) -> None:
        """Wait until no transaction is open. Raises TimeoutError: something was left behind."""
        until("the edge's transactions to end", lambda: self.transactions() == 0, seconds)
