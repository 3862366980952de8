"""The smallest script that app_python3s accepts: it is loaded so that the server builds KSR."""


def ksr_request_route() -> None:
    """A request came."""
