"""Brings the centre's catalogue to this disk: segments, names, pictures, price lists.

Flow: CatalogueIndex (verified) + blobs -> catalogue/blobs, then catalogue/applied.json

Owned by the uplink. Everything is here and verified before the one file names it; what the centre
published wrongly is left out and reported, the rest counts. Never decides when something takes
effect: that is each reader's, see local_catalogue.py.
"""

import logging
import threading
from collections.abc import Callable
from datetime import datetime
from functools import partial
from pathlib import Path

from edge.processes.local_catalogue import APPLIED_NAME, Applied, BlobsHere, read_applied
from sync.blob_download import BlobFetcher
from sync.blob_store import BlobStore
from sync.catalogue_feed import fetch_addition, fetch_prices, fetch_segment
from sync.durable_file import write_if_changed
from sync.errors import PublisherError
from sync.store_margins import StoreMargins
from sync.update_documents import CatalogueIndex, SegmentEntry

logger = logging.getLogger(__name__)


class CatalogueKeeper:
    """The one writer of the folder; its calls may come from two threads of the uplink."""

    def __init__(self, folder: Path) -> None:
        """Read back what is here."""
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.store = BlobStore(folder / "blobs")
        self._lock = threading.Lock()
        self._is_whole = False
        self.applied = read_applied(folder)

    def take(self, index: CatalogueIndex, blobs: BlobFetcher) -> list[PublisherError]:
        """Make an index count; what must not be used of it.

        Args:
            blobs: brings blobs into `store`.

        Raises:
            TransportError: not everything could be brought; the old index counts on.
        """
        if index == self.applied.index and self._is_whole:
            return []
        self._forget_damaged()
        problems: list[PublisherError] = []
        segments = [e for e in index.segments if _is_usable(partial(_segment, e, blobs), problems)]
        prices = [e for e in index.prices if _is_usable(partial(fetch_prices, e, blobs), problems)]
        taken = index.model_copy(update={"segments": tuple(segments), "prices": tuple(prices)})
        with self._lock:
            before = self.applied.index
            if not prices and before is not None:
                # A published list that cannot be read must not bring back the bundle's old prices.
                taken = taken.model_copy(update={"prices": before.prices if index.prices else ()})
            self._write(self.applied.model_copy(update={"index": taken}))
            self.store.keep_only(_blobs_of(taken, self.folder))
        self._is_whole = not problems
        if taken != before:
            logger.info("catalogue taken generation=%d segments=%d prices=%s", taken.generation,
                        len(segments), ",".join(str(e.version) for e in prices))  # fmt: skip
        return problems

    def take_margins(self, margins: StoreMargins | None) -> None:
        """Keep what was signed; None keeps what is here, so that silence never asks less."""
        if margins is None or margins == self.applied.margins:
            return
        with self._lock:
            self._write(self.applied.model_copy(update={"margins": margins}))
        logger.info("store margins taken generation=%d bundles=%d",
                    margins.generation, len(margins.entries))  # fmt: skip

    def revert(self, beginning: str) -> str:
        """Take a segment out on this box; empty text, or why not."""
        return self._choose(beginning, is_reverted=True)

    def restore(self, beginning: str) -> str:
        """Let a reverted segment count again; empty text, or why not."""
        return self._choose(beginning, is_reverted=False)

    def facts(self, now: datetime) -> dict[str, float]:
        """For the check-in."""
        index, margins = self.applied.index, self.applied.margins
        begun = [e.version for e in (index.prices if index else ()) if e.valid_from <= now]
        return {
            "catalogue_generation": float(index.generation if index else 0),
            "catalogue_segments": float(len(self.applied.segments)),
            "catalogue_reverted": float(len(self.applied.reverted)),
            "price_list_version": float(max(begun, default=0)),
            "store_margins_generation": float(margins.generation if margins else 0),
        }

    def _choose(self, beginning: str, *, is_reverted: bool) -> str:
        with self._lock:
            index = self.applied.index
            names = [e.sha256 for e in (index.segments if index else ())]
            found = [name for name in names if beginning and name.startswith(beginning)]
            if len(found) != 1:
                return f"{len(found)} segments begin with {beginning!r}"
            kept = tuple(name for name in self.applied.reverted if name != found[0])
            reverted = (*kept, found[0]) if is_reverted else kept
            self._write(self.applied.model_copy(update={"reverted": reverted}))
        logger.info("segment %s sha256=%s", "reverted" if is_reverted else "restored", found[0])
        return ""

    def _write(self, applied: Applied) -> None:
        write_if_changed(self.folder / APPLIED_NAME, applied.model_dump_json().encode())
        self.applied = applied

    def _forget_damaged(self) -> None:
        """A blob that rotted is fetched again; its size alone would not tell."""
        here = BlobsHere(self.store.folder)
        for name in list(self.store.blobs()):
            path = self.store.path(name)
            try:
                here.fetch(name, path.stat().st_size)
            except PublisherError:
                logger.warning("blob rotted on disk sha256=%s", name)
                self.store.forget(name)


def _segment(entry: SegmentEntry, blobs: BlobFetcher) -> None:
    fetch_segment(entry, blobs)
    fetch_addition(entry, blobs)


def _is_usable(work: Callable[[], object], problems: list[PublisherError]) -> bool:
    try:
        work()
    except PublisherError as err:
        problems.append(err)
        return False
    return True


def _blobs_of(index: CatalogueIndex, folder: Path) -> set[str]:
    """Everything that the index leads to."""
    named = {entry.sha256 for entry in index.prices}
    for entry in index.segments:
        named.add(entry.sha256)
        addition = fetch_addition(entry, BlobsHere(folder / "blobs"))
        if addition is not None:
            named.update((entry.skus_sha256 or "", *addition.pictures))
    return named
