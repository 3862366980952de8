"""Telling others what became of a page: a webhook, and an AMI event for whoever listens there.

Both hear of a page when it has ended, or was refused; neither holds a page up. The webhook gets the
report's JSON contract by POST. It is tried again, after 1, 2, 4 … s, while it answers with a 5xx or
not at all; what is dropped in the end is said in the log, and stays in the database of reports.
"""

import asyncio
import contextlib
import hashlib
import hmac
import http.client
import logging
import ssl
import urllib.error
import urllib.request
from collections.abc import Callable

import msgspec

from ami.manager import Manager, NotConnected
from ami.tasks import Tasks
from bellhop import one_line
from bellhop.report import Report
from bellhop.settings import Site, SiteError
from pager.patience import Patience, Straight

_log = logging.getLogger("bellhop.pager")

SIGNATURE = "X-Bellhop-Signature"
_WAITING = 1_000  # reports that wait for a webhook that is away
_TRIES = 8  # the last about two minutes after the first
_PATIENCE = 5.0  # seconds for one answer
_LONGEST = 400  # of the event's sentence; a line of AMI's ends at a thousand bytes

Post = Callable[[bytes], int]


def webhook(site: Site) -> Post | None:
    """Return what tells the site's webhook; None when it has none. Raises SiteError."""
    secret = b""
    if site.pager.webhook_secret_file:
        path = site.file(site.pager.webhook_secret_file)
        try:
            secret = one_line.key(path.read_bytes())
        except OSError as error:
            why = f"pager.webhook_secret_file: {path}: {error.strerror}"
            raise SiteError((why,)) from None
        except ValueError as error:
            raise SiteError((f"pager.webhook_secret_file: {path}: {error}",)) from None
    return poster(site.pager.webhook, secret) if site.pager.webhook else None


class Refused(Exception):  # noqa: N818
    """The webhook answered that it will never take this: a 3xx or 4xx."""


def poster(url: str, secret: bytes) -> Post:
    """Return what posts a body to the URL, and returns the answer's code. It raises OSError when it
    could not be told, Refused when trying again is of no use. With a secret the body is signed:
    `X-Bellhop-Signature: sha256=` and its HMAC in hexadecimal.
    """
    context = ssl.create_default_context() if url.startswith("https:") else None

    def post(body: bytes) -> int:
        headers = {"Content-Type": "application/json", "User-Agent": "bellhop-pager"}
        if secret:
            headers[SIGNATURE] = "sha256=" + hmac.new(secret, body, hashlib.sha256).hexdigest()
        # values.url lets http and https alone through.
        request = urllib.request.Request(url, body, headers, method="POST")  # noqa: S310
        try:
            with Patience(_PATIENCE) as patience:
                opener = urllib.request.build_opener(Straight(), patience.handler(context))
                with opener.open(request, timeout=_PATIENCE) as answer:
                    return int(answer.status)
        except urllib.error.HTTPError as error:
            with error:
                code = error.code
            if code in {408, 429} or code >= 500:
                raise OSError(f"it answered {code}") from None
            raise Refused(f"it answered {code}") from None
        except http.client.HTTPException as error:  # what answers there speaks no HTTP
            raise OSError(f"no answer of HTTP: {error!r}") from None

    return post


class Messenger:
    """Tells of each page that is over. `tell` may be called in the event loop at any time."""

    def __init__(self, manager: Manager, post: Post | None, pause: float = 1.0) -> None:
        self._manager = manager
        self._post = post
        self._pause = pause
        self._waiting: asyncio.Queue[Report] = asyncio.Queue(_WAITING)
        self._events = Tasks()
        self._worker = asyncio.create_task(self._deliver(post)) if post else None

    def tell(self, one: Report) -> None:
        """Tell of a page, if it is over."""
        if one.ended is None:
            return
        self._events.begin(self._event(one))
        if self._post is None:
            return
        try:
            self._waiting.put_nowait(one)
        except asyncio.QueueFull:
            _log.error("page=%s webhook=dropped why=%d-are-waiting", one.page, _WAITING)

    async def close(self) -> None:
        """Stop; what was not delivered is said."""
        if self._worker is not None:
            self._worker.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._worker
        await self._events.cancel()
        if left := self._waiting.qsize():
            _log.error("webhook=dropped reports=%d why=the-pager-ends", left)

    async def _event(self, one: Report) -> None:
        said = one.sentence()
        fields = {
            "UserEvent": "BellhopPage",
            "Page": one.page,
            "Zone": one.zone,
            "Leader": one.leader,
            "Members": str(len(one.members)),
            "Played": str(len(one.played)),
            "Incomplete": "yes" if one.incomplete else "no",
            "Report": said if len(said) <= _LONGEST else f"{said[:_LONGEST]}…",
        }
        try:
            await self._manager.send("UserEvent", fields)
        except (NotConnected, ValueError) as error:
            _log.warning("page=%s event=not-sent why=%s", one.page, error)

    async def _deliver(self, post: Post) -> None:
        while True:
            await self._try(post, await self._waiting.get())

    async def _try(self, post: Post, one: Report) -> None:
        body = msgspec.json.encode(one.contract())
        pause, why = self._pause, ""
        for again in range(_TRIES):
            if again:
                await asyncio.sleep(pause)
                pause *= 2
            try:
                code = await asyncio.to_thread(post, body)
            except Refused as error:
                why = str(error)
                break
            except OSError as error:
                why = str(error)
                continue
            except Exception as error:  # noqa: BLE001 - the next page is told all the same
                why = repr(error)
                break
            _log.info("page=%s webhook=%d tries=%d", one.page, code, again + 1)
            return
        _log.error("page=%s webhook=dropped why=%s", one.page, why)
