"""Gives each store its own margins by itself: labels counted, margins computed, signed for boxes.

Flow: labels of a store -> calibrated_store -> store_margins rows -> online catalogue key

What was computed is on disk before anything is signed, and what is signed is compared with what
ought to be: a hub that dies in between signs once. Below 300 labels of a bundle nothing is said.
Margins that are in force stay when labels grow old; only a proof or a person makes them smaller.
"""

import logging
import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from pydantic import ValidationError

from sync.bundle import BundleManifest, Role, read_manifest
from sync.catalog import load_catalog
from sync.decision import DecisionParameters
from sync.errors import SyncError
from sync.store_margins import MarginEntry, StoreMargins, in_mnat
from trainer.export.store_calibration import (
    FIELD_LABELS,
    STORE_POLICY,
    MarginLabel,
    calibrated_store,
    is_one_family,
)
from trainer.hub.hub_services import HubServices, PublishingError
from trainer.release.key_files import KeyRing
from trainer.release.signing import Signing
from trainer.store import margin_book, margin_labels
from trainer.store.database import reading, writing
from trainer.store.margin_book import MarginRow, State
from trainer.store.margin_labels import BundleItems, KnownItem, LabelMarks

EVERY_S = 600.0
LABEL_DAYS = timedelta(days=90)  # older light, counters and packs say little of today's
LOOK_AT_ALL = timedelta(days=1)  # taken-back answers leave no newer number behind
PPM, MNAT = 1_000_000, 1000

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class JudgedBy:
    """What a bundle decides by."""

    thresholds: DecisionParameters
    family_of: Mapping[str, str]


class MarginKeeper:
    """One per hub; every call is safe at any moment."""

    def __init__(self, services: HubServices) -> None:
        """Nothing was looked at yet."""
        self._services = services
        self._lock = threading.Lock()
        self._bundles: dict[str, JudgedBy] = {}
        self._marks = LabelMarks()
        self._all_at: datetime | None = None

    def tick(self) -> None:
        """Compute for every store about which something came in, and sign what is owed.

        Raises:
            PublishingError: something is owed, and this hub holds no key for it.
        """
        now = self._services.clock()
        with self._lock:
            if self._all_at is None or now - self._all_at >= LOOK_AT_ALL:
                self._marks, self._all_at = LabelMarks(), now
            with reading(self._services.engine) as connection:
                newest = margin_labels.newest_marks(connection)
                touched = sorted(margin_labels.stores_touched(connection, self._marks))
            for store_id in touched:
                self._compute(store_id, now)
            for store_id in touched:
                self._sign(store_id, now)
            self._marks = newest

    def compute(self, store_id: str) -> None:
        """The same for one store, at once.

        Raises:
            PublishingError: something is owed, and this hub holds no key for it.
        """
        with self._lock:
            now = self._services.clock()
            self._compute(store_id, now)
            self._sign(store_id, now)

    def signed(self, store_id: str) -> StoreMargins | None:
        """What boxes of the store read now."""
        if not (self._services.repository / "metadata" / "timestamp.json").is_file():
            return None
        signing = Signing(
            self._services.repository, KeyRing([], _no_passphrase), self._services.clock()
        )
        return signing.margins(store_id)

    def judged_by(self, bundle_id: str) -> JudgedBy | None:
        """A bundle's thresholds and families; None where its files are not at this hub."""
        if bundle_id not in self._bundles:
            try:
                found = self._open(bundle_id)
            except (SyncError, ValidationError, OSError) as err:
                logger.warning("bundle cannot be read bundle=%s: %s", bundle_id[:12], err)
                return None
            if found is None:
                return None
            self._bundles[bundle_id] = found
        return self._bundles[bundle_id]

    def _compute(self, store_id: str, now: datetime) -> None:
        engine = self._services.engine
        with reading(engine) as connection:
            found = margin_labels.items_by_bundle(connection, store_id, now - LABEL_DAYS)
            named = {sku for one in found.values() for sku in _named(one)}
            families = margin_labels.families_of(connection, sorted(named))
        rows = [self._row(store_id, items, families, now) for items in found.values()]
        with writing(engine) as connection:
            for row in rows:
                if row is not None:
                    margin_book.keep(connection, row)

    def _row(
        self, store_id: str, known: BundleItems, families: Mapping[str, str], now: datetime
    ) -> MarginRow | None:
        judged = self.judged_by(known.bundle_id)
        if judged is None:
            return None
        family_of = {**families, **judged.family_of}  # as on the box: the bundle's word counts
        labels = [_label(item, family_of) for item in known.having("known")]
        contested = [_label(item, family_of) for item in known.having("contested")]
        made = calibrated_store(judged.thresholds, labels, STORE_POLICY, contested)
        counts = Counter[str](
            i.source if i.standing == "known" else i.standing for i in known.items
        )
        is_enough = made.num_labels >= FIELD_LABELS
        entry = MarginEntry(
            bundle_id=known.bundle_id,
            accept_margin_mnat=in_mnat(made.parameters.accept_margin),
            family_margin_mnat=in_mnat(made.parameters.family_margin),
            num_labels=made.num_labels,
            num_charged=made.num_charged,
            num_wrong=made.num_wrong,
            bound_ppm=min(PPM, round(PPM * made.bound)),
            is_proven=made.is_proven,
        )
        state: State = "waiting" if not is_enough else "proven" if made.is_proven else "doubled"
        return MarginRow(store_id, known.bundle_id, state, entry, counts, now)

    def _sign(self, store_id: str, now: datetime) -> None:
        with reading(self._services.engine) as connection:
            wanted = margin_book.entries_to_sign(connection, store_id)
        known = self.signed(store_id)
        told = known.entries if known is not None else ()
        if {*map(margin_book.decided, told)} == {*map(margin_book.decided, wanted)}:
            return
        with self._services.must_publish().transaction() as signing:
            document = signing.list_margins(store_id, wanted)
        with writing(self._services.engine) as connection:
            margin_book.note_signed(connection, store_id, document.generation, len(wanted), now=now)
        logger.info("store margins signed store=%s generation=%d bundles=%d",
                    store_id, document.generation, len(wanted))  # fmt: skip

    def _open(self, bundle_id: str) -> JudgedBy | None:
        blobs = self._services.blobs
        if not blobs.has(bundle_id):
            return None
        manifest = read_manifest(blobs.path(bundle_id))
        names = [_file_of(manifest, role) for role in ("thresholds", "catalog")]
        if not all(name and blobs.has(name) for name in names):
            return None
        thresholds, catalog = (blobs.path(name) for name in names)
        skus = load_catalog(catalog).skus
        return JudgedBy(
            DecisionParameters.model_validate_json(thresholds.read_bytes()),
            {sku.sku_id: sku.family for sku in skus if sku.family},
        )


def _label(item: KnownItem, family_of: Mapping[str, str]) -> MarginLabel:
    told = item.evidence
    return MarginLabel(
        margin=told.margin_mnat / MNAT,
        similarity=told.similarity_ppm / PPM,
        is_family=is_one_family(told.best, told.second, family_of),
        is_wrong=told.best != item.truth,
        is_alone=told.num_cameras == 1,
    )


def _named(known: BundleItems) -> set[str]:
    return {sku for i in known.items for sku in (i.evidence.best, i.evidence.second) if sku}


def _file_of(manifest: BundleManifest, role: Role) -> str:
    return next((entry.sha256 for entry in manifest.files if entry.role == role), "")


def _no_passphrase() -> str:
    raise PublishingError("the repository was opened to read", hint="report this")
