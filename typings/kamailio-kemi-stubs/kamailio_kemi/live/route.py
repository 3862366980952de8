"""The smallest script that app_python3 accepts: it is loaded so that the server builds KSR."""


def mod_init() -> "Callbacks":
    """What the server calls once, before it makes its processes."""
    return Callbacks()


class Callbacks:
    """On 5.6 every one of these methods must exist, or the next call of KSR fails."""

    def child_init(self, _rank: int) -> int:
        """One process begins; 0 is good."""
        return 0

    def ksr_request_route(self, _msg: object) -> None:
        """A request came."""

    def ksr_reply_route(self, _msg: object) -> None:
        """A reply came."""

    def ksr_onsend_route(self, _msg: object) -> None:
        """A message goes out."""
