"""The one reader of HTTP: bytes bounded before and after decompression, a deadline over all of it.

`requests` bounds neither: a server that sends a byte every half second, or three megabytes of gzip that
expand without end, would keep a worker for ever.
"""

from __future__ import annotations

import contextvars
import http.client
import io
import time
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urljoin, urlsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase

from amazon_listings.incoming.addresses import is_public

if TYPE_CHECKING:
    import socket
    from collections.abc import Mapping

Why = Literal["timeout", "certificate", "unreachable", "broken_off", "too_large", "encoding", "private"]

_CHUNK = 1 << 16
_GZIP = b"\x1f\x8b"
#: What stands in a `Content-Encoding` and packs nothing; a storage repeats how a document was put into it.
_NO_ENCODINGS = {"", "identity", "aws-chunked", "utf-8", "none"}
_MOST_ENCODINGS = 2


@dataclass(frozen=True)
class Limits:
    """What an answer may cost: bytes as sent and unpacked, seconds in all, and seconds without a byte."""

    sent: int = 64 * 1024 * 1024
    unpacked: int = 256 * 1024 * 1024
    seconds: float = 300.0
    connect: float = 10.0
    silence: float = 60.0


@dataclass(frozen=True)
class Reply:
    """An answer read to its end."""

    url: str
    status: int
    headers: Mapping[str, str]
    content: bytes

    @property
    def ok(self) -> bool:
        """Whether the status is 2xx; a redirect is none, for it would carry credentials elsewhere."""
        return self.status // 100 == 2  # noqa: PLR2004 - the class of statuses that HTTP names 2xx

    @property
    def redirect(self) -> str | None:
        """Where a redirect leads, as an absolute address; None if it is none."""
        location = self.headers.get("Location")
        return urljoin(self.url, location) if self.status in {301, 302, 303, 307, 308} and location else None


class NoReply(Exception):
    """No usable answer came; `sent`: the other side may have carried the request out.

    The exception that caused it is not kept: texts of transports hold addresses, and addresses secrets.
    """

    def __init__(self, url: str, why: Why, *, kind: str = "", sent: bool = True) -> None:
        super().__init__(why)
        self.host = host_of(url)
        self.why = why
        self.kind = kind
        self.sent = sent


class NoAuth(AuthBase):
    """Keeps requests from adding credentials of its own (`~/.netrc`)."""

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Leave the request as it is."""
        return request


class Session(requests.Session):
    """Connections; what the environment says of an origin (proxies, certificates) is asked for once."""

    def __init__(self) -> None:
        super().__init__()
        self._environments: dict[str, Any] = {}

    def environment(self, url: str) -> Any:
        """Return how an address is reached."""
        origin = _origin_of(url)
        if origin not in self._environments:
            self._environments[origin] = self.merge_environment_settings(
                url, {}, stream=True, verify=None, cert=None
            )
        return self._environments[origin]


def new_session() -> Session:
    """Return connections whose answers `read` can bound."""
    session = Session()
    session.auth = NoAuth()
    session.headers["Accept-Encoding"] = "gzip, deflate"
    for prefix in ("https://", "http://"):
        session.mount(prefix, _Adapter())
    return session


def read(
    session: Session,
    request: requests.PreparedRequest,
    limits: Limits,
    *,
    public_only: bool = False,
) -> Reply:
    """Send a request, and read its answer to the end; a redirect is an answer like any other.

    Args:
        session: Of `new_session`.
        request: What is sent.
        limits: What the answer may cost.
        public_only: Whether the host must be one of the public internet, whatever its name resolves to.

    Raises:
        NoReply: no answer came in time, or it is larger than allowed.
    """
    ends = time.monotonic() + limits.seconds
    url = request.url or ""
    # Within this context only, so that threads and sessions do not hear of each other's deadlines.
    return contextvars.copy_context().run(_read, session, request, limits, _Terms(ends, public_only), url)


@dataclass(frozen=True)
class _Terms:
    ends: float
    public_only: bool


_terms: contextvars.ContextVar[_Terms | None] = contextvars.ContextVar("terms", default=None)


class _PrivateAddress(Exception):
    pass


class _TooLarge(Exception):
    pass


def _read(
    session: Session, request: requests.PreparedRequest, limits: Limits, terms: _Terms, url: str
) -> Reply:
    _terms.set(terms)
    sent = False
    trouble: tuple[Why, str, bool]
    try:
        timeout = (limits.connect, limits.silence)
        # Not `session.send`, which looks for cookies and prepares to follow a redirect.
        adapter = session.get_adapter(url)
        response = adapter.send(request, timeout=timeout, **session.environment(url))
        sent = True
        with response:
            content = _content(response, limits, terms.ends)
            return Reply(url, response.status_code, response.headers, content)
    except _PrivateAddress:
        trouble = ("private", "", False)
    except _TooLarge:
        trouble = ("too_large", "", True)
    except zlib.error:
        trouble = ("encoding", "", True)
    except requests.RequestException as error:
        trouble = (_why(error), type(error).__name__, not _never_sent(error))
    except TimeoutError as error:
        trouble = ("timeout", type(error).__name__, True)
    # Below requests' own mapping: what urllib3, http.client, ssl and the socket raise while a body is read,
    # and what a strange address or header makes of the request.
    except (urllib3.exceptions.HTTPError, http.client.HTTPException, OSError, ValueError) as error:
        timed_out = isinstance(error, urllib3.exceptions.TimeoutError)
        trouble = ("timeout" if timed_out else "broken_off", type(error).__name__, sent or timed_out)
    why, kind, may_have = trouble
    raise NoReply(url, why, kind=kind, sent=may_have)


def _content(response: requests.Response, limits: Limits, ends: float) -> bytes:
    *before, last = _unpackers(response.headers.get("Content-Encoding", ""))
    content = bytearray()
    received = 0
    while True:
        if time.monotonic() > ends:
            raise TimeoutError
        piece = response.raw.read1(_CHUNK, decode_content=False)
        if not piece:
            break
        received += len(piece)
        if received > limits.sent:
            raise _TooLarge
        for unpacker in before:
            unpacked_piece = bytearray()
            unpacker.feed(piece, unpacked_piece, limits.unpacked)
            piece = bytes(unpacked_piece)
            if len(piece) > limits.unpacked:
                raise _TooLarge
        last.feed(piece, content, limits.unpacked)
        if len(content) > limits.unpacked:
            raise _TooLarge
    for unpacker in (*before, last):
        unpacker.end()
    return bytes(content)


class _Plain:
    """Takes content as it is; what is larger than allowed is told by its length."""

    def feed(self, piece: bytes, content: bytearray, most: int) -> None:
        content += piece[: most + 1 - len(content)]

    def end(self) -> None:
        pass


class Unpacker:
    """Undoes gzip or deflate piece by piece: several members, and never more than allowed.

    What is declared to be packed and is not (a proxy may have unpacked it) is taken as it is.
    """

    def __init__(self, *, gzip: bool = True) -> None:
        self._gzip = gzip
        self._member: Any = None
        self._plain = False

    def feed(self, piece: bytes, content: bytearray, most: int) -> None:
        """Unpack a piece into `content`, up to a byte more than `most`.

        Raises:
            zlib.error: it is damaged.
        """
        if self._member is None and piece:
            self._plain = self._gzip and piece[0] != _GZIP[0]
            self._gzip |= piece.startswith(_GZIP)  # which some call deflate
            self._member = self._new_member(piece[0])
        if self._plain:
            content += piece[: most + 1 - len(content)]
            return
        while piece and len(content) <= most:
            if self._member.eof:
                if piece[0] != _GZIP[0]:  # what stands behind the last member is filling
                    return
                self._member = self._new_member(piece[0])
            content += self._member.decompress(piece, most + 1 - len(content))
            piece = self._member.unconsumed_tail or self._member.unused_data

    def end(self) -> None:
        """Say that no more comes.

        Raises:
            zlib.error: the content is cut off.
        """
        if self._member is not None and not self._plain and not self._member.eof:
            raise zlib.error("cut off")

    def _new_member(self, first: int) -> Any:
        if self._gzip:
            return zlib.decompressobj(zlib.MAX_WBITS | 16)
        wrapped = first & 0x0F == 8  # noqa: PLR2004 - zlib's header names its method, 8
        return zlib.decompressobj(zlib.MAX_WBITS if wrapped else -zlib.MAX_WBITS)


def unpacked(content: bytes, most: int) -> bytes:
    """Return what is packed with gzip, found by its first bytes, of any number of members; else the content.

    Raises:
        zlib.error: it is damaged, cut off, or larger than `most`.
    """
    if not content.startswith(_GZIP):
        return content
    whole = bytearray()
    unpacker = Unpacker()
    unpacker.feed(content, whole, most)
    if len(whole) > most:
        raise zlib.error(f"larger than {most:,} bytes")
    unpacker.end()
    return bytes(whole)


def _unpackers(encoding: str) -> list[Unpacker | _Plain]:
    """Return what undoes an encoding, in the order in which it is undone: at least one.

    Raises:
        zlib.error: it is one that no request of ours accepts.
    """
    names = [
        name for name in (one.strip().lower() for one in encoding.split(",")) if name not in _NO_ENCODINGS
    ]
    if len(names) > _MOST_ENCODINGS or not set(names) <= {"gzip", "x-gzip", "deflate"}:
        raise zlib.error(encoding)
    return [Unpacker(gzip=name != "deflate") for name in reversed(names)] or [_Plain()]


def _why(error: requests.RequestException) -> Why:
    if isinstance(error, requests.Timeout) or isinstance(_cause(error), TimeoutError):
        return "timeout"
    if isinstance(error, requests.exceptions.SSLError):
        return "certificate"
    return "unreachable" if _never_sent(error) else "broken_off"


def _cause(error: requests.RequestException) -> Any:
    inner = error.args[0] if error.args else None
    return (
        inner.args[1] if isinstance(inner, urllib3.exceptions.ProtocolError) and len(inner.args) > 1 else None
    )


def _never_sent(error: requests.RequestException) -> bool:
    """Return whether no connection was made: the other side cannot have carried anything out."""
    if isinstance(error, requests.ConnectTimeout | requests.exceptions.SSLError):
        return True
    reason = getattr(error.args[0], "reason", None) if error.args else None
    return isinstance(reason, urllib3.exceptions.NewConnectionError | urllib3.exceptions.ConnectTimeoutError)


def _origin_of(url: str) -> str:
    """Return the scheme, the host and the port of an address."""
    scheme, _, rest = url.partition("://")
    return f"{scheme}://{rest.partition('/')[0]}"


def host_of(url: str) -> str:
    """Return the host of an address, for messages."""
    try:
        return urlsplit(url).hostname or "an unnamed host"
    except ValueError:
        return "an unnamed host"


class _Waiting(io.RawIOBase):
    """A socket's bytes, waited for no longer than the deadline of the request that is being read."""

    def __init__(self, sock: socket.socket, raw: io.RawIOBase, ends: float) -> None:
        super().__init__()
        self._sock, self._raw, self._ends = sock, raw, ends
        self._silence = sock.gettimeout()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left = self._ends - time.monotonic()
        if left <= 0:
            raise TimeoutError("the deadline has passed")
        self._sock.settimeout(left if self._silence is None else min(left, self._silence))
        got: int | None = self._raw.readinto(buffer)
        return got

    def close(self) -> None:
        self._raw.close()
        super().close()


class _Response(http.client.HTTPResponse):
    def __init__(self, sock: socket.socket, *args: Any, **options: Any) -> None:
        super().__init__(sock, *args, **options)
        terms = _terms.get()
        if terms is not None:
            # http.client asks only for the makefile's methods; its own file would wait for ever for a header.
            self.fp = io.BufferedReader(_Waiting(sock, self.fp.detach(), terms.ends))


def _checked(sock: socket.socket) -> socket.socket:
    """Return a new connection, if it may go where it goes; names are resolved only now."""
    terms = _terms.get()
    if terms is not None and terms.public_only and not is_public(str(sock.getpeername()[0])):
        sock.close()
        raise _PrivateAddress
    return sock


class _Connection(urllib3.connection.HTTPConnection):
    response_class = _Response

    def _new_conn(self) -> socket.socket:
        sock = super()._new_conn()
        return sock if self.proxy is not None else _checked(sock)


class _SecureConnection(urllib3.connection.HTTPSConnection):
    response_class = _Response

    def _new_conn(self) -> socket.socket:
        sock = super()._new_conn()
        return sock if self.proxy is not None else _checked(sock)


class _Pool(urllib3.HTTPConnectionPool):
    ConnectionCls = _Connection


class _SecurePool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _SecureConnection


class _Adapter(HTTPAdapter):
    """An adapter whose connections know the deadline of the request they carry; of one `Session`."""

    def __init__(self) -> None:
        super().__init__()
        self._last: tuple[str, Any] | None = None

    def get_connection_with_tls_context(
        self, request: requests.PreparedRequest, *args: Any, **options: Any
    ) -> Any:
        """Return the connections to a request's origin, most often those of the request before."""
        origin = _origin_of(request.url or "")
        last = self._last  # which another thread may set meanwhile, to those of another origin
        if last is not None and last[0] == origin:
            return last[1]
        # How an origin is reached, its session asks for once.
        found: Any = super().get_connection_with_tls_context(request, *args, **options)
        self._last = origin, found
        return found

    def close(self) -> None:
        """Close the connections: those that nothing holds any more."""
        self._last = None
        super().close()

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        super().init_poolmanager(*args, **options)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _SecurePool}

    def proxy_manager_for(self, *args: Any, **options: Any) -> Any:
        manager = super().proxy_manager_for(*args, **options)
        manager.pool_classes_by_scheme = {"http": _Pool, "https": _SecurePool}
        return manager
