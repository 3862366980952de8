"""A device's HTTP API: one question at a time, with digest authentication (RFC 7616), bounded."""

import http.client
import ssl
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any

from bellhop import vapix
from bellhop.settings import Site, SiteError
from bellhop.vapix import VapixError
from pager.patience import Patience, Straight

_PATIENCE = 2.0  # seconds that a device has for an answer, and the challenge before it
_LARGEST = 1_000_000  # bytes of an answer


class Api:
    """The API of one device, as somebody with its role Operator. It blocks."""

    def __init__(self, url: str, user: str, password: str, patience: float = _PATIENCE) -> None:
        self._url = url.rstrip("/") + vapix.PATH
        self._patience = patience
        self._late = f"no answer within {patience:g} s"
        # It reads all certificates that this machine trusts: once.
        self._context = ssl.create_default_context() if url.startswith("https:") else None
        self._known = urllib.request.HTTPPasswordMgrWithDefaultRealm()
        self._known.add_password(None, self._url, user, password)

    def ask(self, method: str, params: Mapping[str, Any] | None = None) -> Mapping[str, Any]:
        """Return an answer's data. Raises VapixError."""
        # values.url lets http and https alone through.
        request = urllib.request.Request(  # noqa: S310
            self._url, vapix.question(method, params), {"Content-Type": "application/json"}
        )
        with Patience(self._patience) as patience:
            try:
                return self._answer(request, patience)
            except VapixError:
                if patience.over:
                    raise VapixError(self._late) from None
                raise

    def _answer(self, request: urllib.request.Request, patience: Patience) -> Mapping[str, Any]:
        opener = urllib.request.OpenerDirector()  # each with a patience of its own, and no proxy
        for handler in (
            patience.handler(self._context),
            _Once(self._known),
            Straight(),
            urllib.request.HTTPErrorProcessor(),
            urllib.request.HTTPDefaultErrorHandler(),
        ):
            opener.add_handler(handler)
        try:
            with opener.open(request, timeout=self._patience) as said:
                return vapix.answer(said.read(_LARGEST))
        except urllib.error.HTTPError as error:
            with error:
                words = "its user or password is wrong" if error.code == 401 else error.reason
            raise VapixError(f"HTTP {error.code}: {words}") from None
        except TimeoutError:
            raise VapixError(self._late) from None
        except urllib.error.URLError as error:
            late = isinstance(error.reason, TimeoutError)
            raise VapixError(self._late if late else f"{error.reason}") from None
        except (OSError, ValueError, http.client.HTTPException) as error:
            raise VapixError(str(error) or type(error).__name__) from None


class _Once(urllib.request.HTTPDigestAuthHandler):
    """Answers a challenge once: a wrong password said again and again locks an account."""

    def http_error_401(self, req: Any, *rest: Any) -> Any:
        if req.get_header(self.auth_header):
            return None
        return super().http_error_401(req, *rest)


def apis(site: Site) -> dict[str, Api]:
    """Return the APIs of the devices that have one, by number. Raises SiteError when the file of
    their users cannot be read, or lacks one.
    """
    having = [device for device in site.devices.values() if device.vapix]
    if not having:
        return {}
    path = site.file(site.pager.vapix_file)
    try:
        users = vapix.users(path.read_text("utf-8"), [device.number for device in having])
    except OSError as error:
        raise SiteError((f"pager.vapix_file: {path}: {error.strerror}",)) from None
    except ValueError as error:
        raise SiteError((f"pager.vapix_file: {path}: {error}",)) from None
    return {device.number: Api(device.vapix, *users[device.number]) for device in having}
