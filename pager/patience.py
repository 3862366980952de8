"""How long an HTTP answer may take, from the question to its last byte, and where it may come from.

A socket's own time limit is one for each piece that comes: who sends a byte now and then keeps
whoever reads waiting for as long as he likes.
"""

import http.client
import socket
import ssl
import threading
import urllib.request
from functools import partial
from typing import Any, Self


class Patience:
    """The connections that are made in a `with` end when its time is up. over: whether it was."""

    def __init__(self, seconds: float) -> None:
        self.over = False
        self._made: list[socket.socket] = []
        self._turn = threading.Lock()
        self._clock = threading.Timer(seconds, self._end)
        self._clock.daemon = True

    def __enter__(self) -> Self:
        self._clock.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._clock.cancel()
        with self._turn:
            for made in self._made:
                made.close()
            self._made.clear()

    def handler(self, context: ssl.SSLContext | None) -> urllib.request.BaseHandler:
        """Return what makes such connections, for an opener. context: of TLS; None for http."""
        return _Http(self) if context is None else _Https(self, context)

    def take(self, made: socket.socket) -> None:
        """Have this connection end with the others. A descriptor of our own stays here: TLS takes
        the other one when it begins to speak, and may never come to an end of that.
        """
        with self._turn:
            self._made.append(made.dup())
            if self.over:
                _shut(made)

    def _end(self) -> None:
        with self._turn:
            self.over = True
            for made in self._made:
                _shut(made)


class Straight(urllib.request.HTTPRedirectHandler):
    """Follows nobody: what is asked goes where the site file says, and nowhere else. What a
    redirect names is not even read: of one that is no URL urllib makes an error of its own.
    """

    def _nobody(self, *_: Any) -> None:
        """Leave it to whoever takes the other codes."""

    http_error_301: Any = _nobody
    http_error_302: Any = _nobody
    http_error_303: Any = _nobody
    http_error_307: Any = _nobody
    http_error_308: Any = _nobody


def _shut(made: socket.socket) -> None:
    try:
        made.shutdown(socket.SHUT_RDWR)
    except OSError:
        return  # it has ended by itself


class _Taken(http.client.HTTPConnection):
    patience: Patience

    def connect(self) -> None:
        super().connect()
        self.patience.take(self.sock)


class _TakenTls(http.client.HTTPSConnection, _Taken):
    """The same over TLS, which HTTPSConnection begins when `_Taken` has connected."""


def _made(kind: type[_Taken], patience: Patience, host: str, **more: Any) -> _Taken:
    made = kind(host, **more)
    made.patience = patience
    return made


class _Http(urllib.request.HTTPHandler):
    def __init__(self, patience: Patience) -> None:
        super().__init__()
        self._made = partial(_made, _Taken, patience)

    def http_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(self._made, req)


class _Https(urllib.request.HTTPSHandler):
    def __init__(self, patience: Patience, context: ssl.SSLContext) -> None:
        super().__init__(context=context)
        self._made = partial(_made, _TakenTls, patience, context=context)

    def https_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(self._made, req)
