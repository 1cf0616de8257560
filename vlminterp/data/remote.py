"""Pictures on the web, fetched only on request, once, and from no host that a table could abuse."""

import http.client
import ipaddress
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from hashlib import sha256
from pathlib import Path
from tempfile import NamedTemporaryFile
from urllib import request
from urllib.error import HTTPError, URLError
from urllib.parse import quote, urlsplit

from vlminterp.data.images import image_size
from vlminterp.errors import InputError
from vlminterp.paths import printable

LARGEST = 64 * 2**20
"""Maximum number of bytes of a picture that is fetched."""

_SILENCE, _LONGEST = 20, 120  # seconds without a byte, and for a whole picture
_CHUNK = 2**16
_AGENT = {"User-Agent": "vlminterp (reads pictures of a data set)", "Accept": "image/*"}
_RESERVED = ":/?#[]@!$&'()*+,;=%~"


class Urls(Enum):
    """Hosts on the web whose pictures a table may name."""

    never = "never"
    """No hosts."""
    public = "public"
    """Public hosts: no address of this machine or of its own network."""
    any = "any"
    """All hosts."""


@dataclass(frozen=True)
class Remote:
    """A picture on the web.

    Attributes:
        url: Its address, http or https.
        allowed: Hosts that it may be on, also after redirects.
    """

    url: str
    allowed: Urls

    def file(self) -> Path:
        """Fetches the picture, unless it was fetched before.

        Returns:
            Its file in the cache, `$XDG_CACHE_HOME/vlminterp/pictures`.

        Raises:
            InputError: It can't be fetched, is too large, is no picture, or must not be fetched.
        """
        file = cache_folder() / sha256(self.url.encode()).hexdigest()
        if not file.is_file():
            try:
                content = _download(self.url, self.allowed)
                image_size(content)
            except InputError as error:
                raise InputError(f"{self}: {error}") from error
            _keep(content, file)
        return file

    def __str__(self) -> str:
        """Returns the address without parts that may be secret: user, password, query."""
        try:
            parts = urlsplit(self.url)
        except ValueError:
            return "a malformed address"
        return f"{parts.scheme}://{printable(parts.hostname or '')}{printable(parts.path)}"


def is_url(text: str) -> bool:
    """Tells whether a picture's name is an address on the web.

    Example:
        >>> is_url("https://example.org/cat.jpg"), is_url("http.jpg"), is_url("file:///etc/passwd")
        (True, False, False)
    """
    return text.strip().lower().startswith(("http://", "https://"))


def cache_folder() -> Path:
    """Returns the folder that keeps fetched pictures, by the digests of their addresses."""
    caches = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(caches).expanduser() / "vlminterp" / "pictures"


def _keep(content: bytes, file: Path) -> None:
    """Writes a file in one step, since other processes may fetch the same one."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with NamedTemporaryFile(dir=file.parent, delete=False) as part:
        part.write(content)
    Path(part.name).replace(file)


def _download(url: str, allowed: Urls) -> bytes:
    opener = request.OpenerDirector()
    # There are no handlers of ftp, file and data, so that no redirect leads there.
    for handler in (
        request.ProxyHandler(),
        _Plain(allowed),
        _Encrypted(allowed),
        request.HTTPRedirectHandler(),
        request.HTTPDefaultErrorHandler(),
        request.HTTPErrorProcessor(),
        request.UnknownHandler(),
    ):
        opener.add_handler(handler)
    end = time.monotonic() + _LONGEST
    content = bytearray()
    try:
        asked = request.Request(quote(url, safe=_RESERVED), headers=_AGENT)
        with opener.open(asked, timeout=_SILENCE) as response:
            while chunk := response.read1(_CHUNK):
                content += chunk
                if len(content) > LARGEST:
                    raise InputError(f"is larger than {LARGEST // 2**20} MiB")
                if time.monotonic() > end:
                    raise InputError(f"did not arrive within {_LONGEST} s")
    except HTTPError as error:
        error.close()
        raise InputError(f"the host answers {error.code} {error.reason}") from error
    except URLError as error:
        raise InputError(f"can't be fetched ({error.reason})") from error
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise InputError(f"can't be fetched ({error or type(error).__name__})") from error
    return bytes(content)


class _Plain(request.HTTPHandler):
    """Handler of http that reaches allowed hosts only."""

    def __init__(self, allowed: Urls) -> None:
        super().__init__()
        self._allowed = allowed

    def http_open(self, req: request.Request) -> http.client.HTTPResponse:
        return self.do_open(_guarded(http.client.HTTPConnection, req, self._allowed), req)


class _Encrypted(request.HTTPSHandler):
    """Handler of https that reaches allowed hosts only."""

    def __init__(self, allowed: Urls) -> None:
        super().__init__()
        self._allowed = allowed

    def https_open(self, req: request.Request) -> http.client.HTTPResponse:
        return self.do_open(_guarded(http.client.HTTPSConnection, req, self._allowed), req)


def _guarded(
    kind: type[http.client.HTTPConnection], req: request.Request, allowed: Urls
) -> Callable[..., http.client.HTTPConnection]:
    """Makes a class of connections that check the address they reached: a name may stand for any.

    Raises:
        InputError: The host in the URL is not allowed.
    """
    parts = urlsplit(req.full_url)
    host = parts.hostname or ""
    # A proxy is usually on our own network, and decides itself which address it asks.
    proxied = parts.scheme in request.getproxies() and not request.proxy_bypass(host)
    if allowed is Urls.public:
        _refuse_private(host)

    class Guarded(kind):  # type: ignore[valid-type, misc]
        def connect(self) -> None:
            super().connect()
            if allowed is Urls.public and not proxied:
                try:
                    _refuse_private(self.sock.getpeername()[0])
                except InputError:
                    self.close()
                    raise

    return Guarded


def _refuse_private(host: str) -> None:
    try:
        public = ipaddress.ip_address(host).is_global
    except ValueError:  # a name
        public = host.lower().rstrip(".") != "localhost"
    if not public:
        raise InputError(
            f"{printable(host)} is no public host; if you trust the table, data.urls=any allows it"
        )
