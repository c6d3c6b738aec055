"""New SKUs and prices that came between two bundles, as they lie on this disk.

Flow: catalogue/applied.json + blobs -> LocalCatalogue -> Offer, gallery, product shelf

catalogue_keeper.py writes the folder; every process reads it by itself, so prices and new goods
survive restarts and days without a network. Every blob is hashed again before it is used; what is
damaged is left out and named. When something takes effect is the reader's decision.
"""

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from edge.config import EdgeConfig
from sync.blob_store import BlobStore, file_digest
from sync.catalog import Catalog
from sync.catalogue_feed import (
    SkuAddition,
    fetch_addition,
    fetch_prices,
    fetch_segment,
    picture_sha256,
    price_entry_at,
)
from sync.errors import SyncError
from sync.gallery import Gallery
from sync.price_list import PriceList
from sync.store_margins import StoreMargins
from sync.update_documents import CatalogueIndex, SegmentEntry
from sync.update_errors import AlteredError

APPLIED_NAME = "applied.json"
LOOK_EVERY_S = 0.5  # how often a reader looks whether the keeper wrote something

_T = TypeVar("_T")

logger = logging.getLogger(__name__)


class Applied(BaseModel):
    """The keeper's one file: what the centre published, less what this box took back.

    Attributes:
        reverted: sha256 of segments that `edgectl catalogue revert` took out here.
        margins: the store's own, as they were signed last.
    """

    model_config = ConfigDict(frozen=True, extra="allow")

    index: CatalogueIndex | None = None
    reverted: tuple[str, ...] = ()
    margins: StoreMargins | None = None

    @property
    def segments(self) -> tuple[SegmentEntry, ...]:
        """Those that count on this box."""
        entries = self.index.segments if self.index is not None else ()
        return tuple(entry for entry in entries if entry.sha256 not in self.reverted)


def catalogue_folder(config: EdgeConfig) -> Path:
    """Where the keeper writes."""
    return config.paths.state_dir / "catalogue"


class BlobsHere:
    """A BlobFetcher over what is here already: hashes, and never writes or deletes."""

    def __init__(self, folder: Path) -> None:
        self.store = BlobStore(folder)

    def fetch(self, sha256: str, size: int) -> Path:
        """The blob's path.

        Raises:
            AlteredError: it is not here, or not what was verified.
        """
        path = self.store.path(sha256)
        if not path.is_file() or path.stat().st_size != size or file_digest(path) != sha256:
            raise AlteredError(f"blob {sha256[:12]} is not whole on disk", hint="fetched again")
        return path


@dataclass(frozen=True)
class LocalCatalogue:
    """What the centre added to the bundle, read back.

    Attributes:
        problems: what could not be used and why.
    """

    folder: Path
    applied: Applied = Applied()
    additions: tuple[SkuAddition, ...] = ()
    price_lists: Mapping[int, PriceList] | None = None
    problems: tuple[str, ...] = ()

    def prices_at(self, moment: datetime) -> PriceList | None:
        """The centre's list in force; None where the bundle's own counts."""
        index = self.applied.index
        entry = price_entry_at(index, moment) if index is not None else None
        return (self.price_lists or {}).get(entry.version) if entry is not None else None

    def grown(self, catalog: Catalog) -> Catalog:
        """The bundle's catalogue and the new SKUs behind it; the bundle's word counts."""
        known = set(catalog.by_id())
        new = {
            sku.sku_id: sku
            for addition in self.additions
            for sku in addition.skus
            if sku.sku_id not in known
        }
        return Catalog(skus=(*catalog.skus, *new.values())) if new else catalog

    def pictures(self) -> dict[str, Path]:
        """Name of a new SKU's picture -> its file."""
        return {
            sku.picture: self.folder / "blobs" / picture_sha256(sku.picture)
            for addition in self.additions
            for sku in addition.skus
            if sku.picture
        }

    def segments(self) -> list[tuple[SegmentEntry, Gallery]]:
        """Rows of every segment that counts here, read anew."""
        blobs = BlobsHere(self.folder / "blobs")
        found = []
        for entry in self.applied.segments:
            segment = _or_nothing(partial(fetch_segment, entry, blobs), [])
            if segment is not None:
                found.append((entry, segment))
        return found


def load_local_catalogue(folder: Path) -> LocalCatalogue:
    """What lies in the keeper's folder; an empty one where nothing came yet."""
    applied = read_applied(folder)
    blobs, problems = BlobsHere(folder / "blobs"), list[str]()
    additions = [
        _or_nothing(partial(fetch_addition, entry, blobs), problems) for entry in applied.segments
    ]
    lists = {
        entry.version: _or_nothing(partial(fetch_prices, entry, blobs), problems)
        for entry in (applied.index.prices if applied.index is not None else ())
    }
    return LocalCatalogue(
        folder=folder,
        applied=applied,
        additions=tuple(a for a in additions if a is not None),
        price_lists={version: found for version, found in lists.items() if found is not None},
        problems=tuple(problems),
    )


def read_applied(folder: Path) -> Applied:
    """The keeper's file; an empty one where it is missing or damaged."""
    try:
        return Applied.model_validate_json((folder / APPLIED_NAME).read_bytes())
    except OSError:
        return Applied()
    except ValidationError as err:
        logger.error("catalogue is damaged, the bundle's own counts: %s", err)  # noqa: TRY400
        return Applied()


class CatalogueWatch:
    """Tells a reader when the keeper wrote something; costs one stat per half second."""

    def __init__(self, config: EdgeConfig) -> None:
        self._folder = catalogue_folder(config)
        self._seen: tuple[int, int] | None = None
        self._next_s = 0.0

    def changed(self) -> LocalCatalogue | None:
        """What lies there now; None where it is what was returned before."""
        now_s = time.monotonic()
        if now_s < self._next_s:
            return None
        self._next_s = now_s + LOOK_EVERY_S
        try:
            found = (self._folder / APPLIED_NAME).stat()
        except OSError:
            return None
        mark = (found.st_ino, found.st_mtime_ns)
        if mark == self._seen:
            return None
        self._seen = mark
        return load_local_catalogue(self._folder)


def _or_nothing(work: Callable[[], _T], problems: list[str]) -> _T | None:
    try:
        return work()
    except SyncError as err:
        logger.error("part of the catalogue not used code=%s: %s", err.code, err)  # noqa: TRY400
        problems.append(f"{err.code}: {err}")
        return None
