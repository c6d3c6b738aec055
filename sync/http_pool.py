"""HTTP as a box needs it: every exchange ends, and every failure says whose it is.

Flow: request -> urllib3 pool (proxy, own CA) -> bytes under a deadline and a minimum rate

A read timeout only bounds the gap between two bytes, so a server that drips one byte at a time
holds a client for ever. Here a timer cuts the socket at the deadline, also during the TLS
handshake and the headers, and the body must come at a minimum rate. No retries, no redirects, no
decompression: the callers decide.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any, Protocol

import urllib3
from urllib3.util import parse_url

from sync.deadline_guard import ACTIVE, DeadlineGuard, WatchedPool, WatchedTlsPool
from sync.errors import TransportError
from sync.transport_errors import (
    BadReplyError,
    DeadlineError,
    LinkLostError,
    ProxyRefusedError,
    StalledError,
    TlsError,
    for_status,
)

CHUNK_BYTES = 65_536
MAX_RETRY_AFTER_S = 3600.0  # a hub that asks for more is asked again after an hour


class RequestSigner(Protocol):
    """Headers that prove which box asks; device_identity.py has the real one."""

    def __call__(self, method: str, path: str, body: bytes) -> Mapping[str, str]:
        """Headers for one request."""
        ...


@dataclass(frozen=True, slots=True)
class HttpSettings:
    """How the box reaches the hub.

    Attributes:
        proxy_url: http://user:password@host:port, or None for a direct road.
        ca_file: PEM with the only CAs to trust; None means the system's.
        connect_timeout_s: TCP and TLS.
        gap_timeout_s: longest silence inside a reply.
        min_bytes_per_s: slower over `rate_window_s` is a stall.
    """

    proxy_url: str | None = None
    ca_file: Path | None = None
    connect_timeout_s: float = 10.0
    gap_timeout_s: float = 15.0
    min_bytes_per_s: int = 1024
    rate_window_s: float = 60.0
    user_agent: str = "tillsight-box"


class HttpReply:
    """A reply whose body has not been read yet."""

    def __init__(
        self, raw: urllib3.BaseHTTPResponse, guard: DeadlineGuard, settings: HttpSettings, url: str
    ) -> None:
        self._raw = raw
        self._guard = guard
        self._settings = settings
        self._url = url
        self.status: int = raw.status
        self.headers: Mapping[str, str] = raw.headers

    @property
    def content_type(self) -> str:
        """Media type without parameters, lower case."""
        return self.headers.get("Content-Type", "").split(";")[0].strip().lower()

    @property
    def has_known_end(self) -> bool:
        """Whether a cut can be told from the end: without a length it cannot."""
        chunked = self.headers.get("Transfer-Encoding", "").lower() == "chunked"
        return chunked or "Content-Length" in self.headers

    @property
    def retry_after_s(self) -> float | None:
        """Seconds the hub asks to wait; dates are not used."""
        with suppress(ValueError):
            wait = float(self.headers.get("Retry-After", ""))
            return min(max(wait, 0.0), MAX_RETRY_AFTER_S) if wait == wait else None
        return None

    def raise_for_status(self) -> None:
        """Raise the error of this status if it is not 2xx."""
        if not 200 <= self.status < 300:
            raise for_status(self.status, self._url, self.retry_after_s)

    def chunks(self) -> Iterator[bytes]:
        """The body as it comes.

        Raises:
            StalledError: silence, or slower than the minimum rate.
            DeadlineError: the exchange as a whole took too long.
            LinkLostError: cut before its end.
            BadReplyError: it is compressed although nobody asked.
        """
        if self.headers.get("Content-Encoding", "identity").lower() != "identity":
            raise BadReplyError(
                f"{self._url}: encoded as {self.headers['Content-Encoding'][:20]}",
                hint="look for a proxy that rewrites replies",
            )
        pace = _Pace(self._settings, self._url)
        while True:
            with _translated(self._url, self._guard):
                chunk = self._raw.read1(CHUNK_BYTES, decode_content=False)
            if not chunk:
                return
            pace.count(len(chunk))
            yield chunk

    def read(self, max_bytes: int) -> bytes:
        """The whole body, or BadReplyError when it is longer than `max_bytes`."""
        parts: list[bytes] = []
        room = max_bytes
        for chunk in self.chunks():
            room -= len(chunk)
            if room < 0:
                raise BadReplyError(f"{self._url}: more than {max_bytes} bytes")
            parts.append(chunk)
        return b"".join(parts)


class HubHttp:
    """A pool of connections to the hub; one thread at a time uses it."""

    def __init__(self, settings: HttpSettings, sign: RequestSigner | None = None) -> None:
        self._settings = settings
        self._sign = sign
        self._pool = _pool_manager(settings)
        self.hub_date: datetime | None = None

    @contextmanager
    def request(
        self,
        method: str,
        url: str,
        *,
        deadline_s: float,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
    ) -> Iterator[HttpReply]:
        """Send one request and hand over its reply; the connection is given back at the end.

        Raises:
            TransportError: the subclass says what happened to the link.
        """
        sent = {"User-Agent": self._settings.user_agent, "Accept-Encoding": "identity"}
        sent.update(headers or {})
        if self._sign is not None:
            sent.update(self._sign(method, parse_url(url).request_uri, body))
        guard = DeadlineGuard(deadline_s)
        try:
            raw = self._send(method, url, body, sent, guard)
            self._note_date(url, raw.headers)
            done = False
            try:
                yield HttpReply(raw, guard, self._settings, url)
                done = raw.length_remaining == 0
            finally:
                if done:
                    # A reply without a body still has to be read before the next one may come.
                    raw.drain_conn()
                    raw.release_conn()
                else:
                    raw.close()
        finally:
            guard.end()

    def close(self) -> None:
        """Drop every open connection."""
        self._pool.clear()

    def _send(
        self, method: str, url: str, body: bytes, headers: Mapping[str, str], guard: DeadlineGuard
    ) -> urllib3.BaseHTTPResponse:
        timeout = urllib3.Timeout(
            connect=self._settings.connect_timeout_s, read=self._settings.gap_timeout_s
        )
        ACTIVE.guard = guard
        try:
            with _translated(url, guard):
                reply = self._pool.urlopen(
                    method,
                    url,
                    redirect=False,
                    body=body or None,
                    headers=dict(headers),
                    retries=False,
                    timeout=timeout,
                    preload_content=False,
                )
                if guard.has_fired:  # http.client takes a cut inside the headers for their end
                    reply.close()
                    raise TimeoutError
                return reply
        finally:
            ACTIVE.guard = None

    def _note_date(self, url: str, headers: Mapping[str, str]) -> None:
        """Only TLS says who spoke, so only its dates count."""
        if not url.lower().startswith("https://"):
            return
        with suppress(ValueError, TypeError):
            moment = parsedate_to_datetime(headers.get("Date", ""))
            self.hub_date = moment.astimezone(UTC)


class _Pace:
    """Bytes per time window; raises when there are too few."""

    def __init__(self, settings: HttpSettings, url: str) -> None:
        self._settings = settings
        self._url = url
        self._since = time.monotonic()
        self._num_bytes = 0

    def count(self, num_bytes: int) -> None:
        self._num_bytes += num_bytes
        elapsed = time.monotonic() - self._since
        if elapsed < self._settings.rate_window_s:
            return
        if self._num_bytes < self._settings.min_bytes_per_s * elapsed:
            raise StalledError(
                f"{self._url}: {self._num_bytes} bytes in {elapsed:.1f} s",
                hint="the link is too slow to be useful; tried again by itself",
            )
        self._since, self._num_bytes = time.monotonic(), 0


def _pool_manager(settings: HttpSettings) -> urllib3.PoolManager:
    trust: dict[str, Any] = {"cert_reqs": "CERT_REQUIRED"}
    if settings.ca_file is not None:
        trust["ca_certs"] = str(settings.ca_file)
    manager: urllib3.PoolManager
    if settings.proxy_url is None:
        manager = urllib3.PoolManager(num_pools=4, **trust)
    else:
        auth = parse_url(settings.proxy_url).auth
        proxy_headers = urllib3.make_headers(proxy_basic_auth=auth) if auth else None
        manager = urllib3.ProxyManager(
            settings.proxy_url, num_pools=4, proxy_headers=proxy_headers, **trust
        )
    manager.pool_classes_by_scheme = {"http": WatchedPool, "https": WatchedTlsPool}
    return manager


@contextmanager
def _translated(url: str, guard: DeadlineGuard) -> Iterator[None]:
    """Turn what urllib3 and the socket raise into our errors."""
    try:
        yield
    except (urllib3.exceptions.HTTPError, OSError, ValueError) as err:
        if guard.has_fired:
            raise DeadlineError(
                f"{url}: not done after {guard.deadline_s:g} s", hint="tried again by itself"
            ) from err
        raise _reason(err, url) from err


def _reason(err: Exception, url: str) -> TransportError:
    for kinds, make, hint in _REASONS:
        if isinstance(err, kinds):
            return make(f"{url}: {type(err).__name__}", hint=hint)
    return LinkLostError(f"{url}: {type(err).__name__}", hint="tried again by itself")


_REASONS: tuple[tuple[tuple[type[Exception], ...], Callable[..., TransportError], str], ...] = (
    ((urllib3.exceptions.SSLError,), TlsError, "set ca_file if the network inspects TLS"),
    ((urllib3.exceptions.ProxyError,), ProxyRefusedError, "check the proxy's address"),
    # NewConnectionError is a TimeoutError by inheritance only.
    ((urllib3.exceptions.NewConnectionError,), LinkLostError, "is the hub's address right?"),
    ((urllib3.exceptions.TimeoutError, TimeoutError), StalledError, "tried again by itself"),
    ((urllib3.exceptions.LocationValueError,), BadReplyError, "check the hub's address"),
)
