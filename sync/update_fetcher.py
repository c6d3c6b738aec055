"""How python-tuf gets its metadata: from the hub over HTTP, or from an exported folder.

Flow: URL -> HubFetcher | FileFetcher -> bytes, capped

Verification is python-tuf's, not done here. Whatever fails on the way is raised as a DownloadError
that carries one of our transport errors, so update_errors.classify can name it.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from tuf.api.exceptions import DownloadHTTPError, DownloadLengthMismatchError
from tuf.ngclient.fetcher import FetcherInterface

from sync.errors import TransportError
from sync.http_pool import HubHttp
from sync.transport_errors import BadReplyError, CaptivePortalError, LocalDiskError, for_status
from sync.update_errors import FetchFailedError

METADATA_DEADLINE_S = 30.0  # 2 MB of metadata at 100 kB/s, and a slow TLS handshake
EXPORT_URL = "export:///v1/tuf/"
EXPORT_METADATA = "metadata"
EXPORT_BLOBS = "blobs"

_PLAIN_NAME = re.compile(r"[A-Za-z0-9%_-][A-Za-z0-9._%-]*\.json")


class BytesFetcher(FetcherInterface):
    """Keeps metadata in memory; python-tuf's own way needs a temporary file per download."""

    def download_bytes(self, url: str, max_length: int) -> bytes:
        """The bytes at `url`, or DownloadLengthMismatchError past `max_length`."""
        parts: list[bytes] = []
        num_bytes = 0
        for chunk in self.fetch(url):
            num_bytes += len(chunk)
            if num_bytes > max_length:
                raise DownloadLengthMismatchError(
                    f"{url.rsplit('/', 1)[-1]}: more than {max_length} bytes"
                )
            parts.append(chunk)
        return b"".join(parts)


class HubFetcher(BytesFetcher):
    """Fetches metadata from the hub.

    A 403 is raised as an error of the link: python-tuf takes it for "no newer root", which would
    let a blocking proxy hide a key rotation.
    """

    def __init__(self, http: HubHttp, *, deadline_s: float = METADATA_DEADLINE_S) -> None:
        self._http = http
        self._deadline_s = deadline_s

    def _fetch(self, url: str) -> Iterator[bytes]:
        """Fetch in full before the first byte is used, so that a 404 is raised at the call."""
        return iter(self._chunks(url))

    def _chunks(self, url: str) -> list[bytes]:
        try:
            with self._http.request("GET", url, deadline_s=self._deadline_s) as reply:
                if reply.status == 404:
                    raise DownloadHTTPError(f"{url}: status 404", 404)
                if reply.status != 200:
                    raise for_status(reply.status, url, reply.retry_after_s)
                if reply.content_type == "text/html":
                    raise CaptivePortalError(
                        f"{url}: a web page came instead of metadata",
                        hint="log this network in, or use another one",
                    )
                if not reply.has_known_end:
                    raise BadReplyError(
                        f"{url}: neither length nor chunks", hint="was it cut in the headers?"
                    )
                return _capped(reply.chunks(), url)
        except TransportError as err:
            raise FetchFailedError(err) from err


class FileFetcher(BytesFetcher):
    """Reads metadata from a folder that `hubctl export` wrote, as from a USB stick."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / EXPORT_METADATA

    def _fetch(self, url: str) -> Iterator[bytes]:
        name = url.removeprefix(EXPORT_URL)
        path = self._folder / name
        if not _PLAIN_NAME.fullmatch(name) or path.is_symlink() or not path.is_file():
            raise DownloadHTTPError(f"{name}: not in the export", 404)
        try:
            with path.open("rb") as stream:
                return iter([stream.read(MAX_METADATA_BYTES + 1)])
        except OSError as err:
            raise FetchFailedError(
                LocalDiskError(f"{name}: {err.strerror}", hint="is the stick still plugged in?")
            ) from err


MAX_METADATA_BYTES = 4_000_000  # twice the largest cap in trusted_updates.py


def _capped(chunks: Iterator[bytes], url: str) -> list[bytes]:
    parts: list[bytes] = []
    num_bytes = 0
    for chunk in chunks:
        parts.append(chunk)
        num_bytes += len(chunk)
        if num_bytes > MAX_METADATA_BYTES:
            raise DownloadLengthMismatchError(f"{url}: more than {MAX_METADATA_BYTES} bytes")
    return parts
