"""From a photo to a vector, from vectors to a signed segment: the steps behind onboarding_api.py.

Flow: photo -> checked, embedded, kept ; onboardings -> one segment per live embedder -> signed

Photos are embedded when they come, so that what is left after the last one is arithmetic on a few
rows and a signature.
"""

import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import cv2
import numpy as np

from sync.boxes import FloatArray
from sync.catalog import Sku
from sync.gallery import Gallery, build_gallery
from trainer.errors import DegradedError
from trainer.hub.hub_services import HubServices
from trainer.hub.live_bundles import LiveBundles
from trainer.onboarding.collision import (
    Collision,
    Progress,
    View,
    advice_for,
    find_collisions,
    progress_of,
)
from trainer.onboarding.enrolment_views import ROWS_PER_SKU
from trainer.onboarding.photo_embedder import LiveBundle, PhotoEmbedder, crop_of
from trainer.onboarding.photo_quality import check_photo
from trainer.onboarding.picture_form import open_picture, to_jpeg
from trainer.release import catalogue_signing
from trainer.store import onboardings, sku_table
from trainer.store.database import reading, writing
from trainer.store.onboardings import Onboarding, StoredPhoto, StoredProblem, StoredSegment
from trainer.store.uploads import note_blob

KEPT_SIDE_PX = 1600  # of an onboarding photo; crops are made from the upload itself
PICTURE_SIDE_PX = 400
APPEARANCES = "#appearances"  # behind an embedder's id: all rows of a photo, one after the other


class NotReadyError(DegradedError):
    """An onboarding that should not be published so."""

    code = "onboarding.not_ready"


@dataclass(frozen=True, slots=True)
class Assessment:
    """How an onboarding stands against what is sold."""

    collisions: tuple[Collision, ...]
    advice: tuple[str, ...]
    progress: Progress
    names: dict[str, str]


class SkuOnboarding:
    """One per hub: embedder sessions stay open."""

    def __init__(self, services: HubServices) -> None:
        self._services = services
        self._bundles = LiveBundles(services.repository, services.blobs)
        self._embedder = PhotoEmbedder()

    def begin(self, sku_id: str, who: str) -> str:
        """Begin with an SKU of the catalogue.

        Raises:
            NotReadyError: the galleries know it already.
        """
        for bundle in self._bundles.all():
            if sku_id in bundle.gallery.sku_ids:
                raise NotReadyError(
                    f"{sku_id} is in the gallery of bundle {bundle.bundle_id[:12]} already",
                    hint="a changed product gets a new sku_id",
                )
        with writing(self._services.engine) as connection:
            return onboardings.begin(connection, sku_id, now=datetime.now(UTC), actor=who)

    def take_photo(self, onboarding: Onboarding, side: str, data: bytes) -> None:
        """Check, embed and keep a photo.

        Raises:
            PictureError: it is no picture.
            NoBundleError: there is no embedder.
        """
        picture = open_picture(data)
        report = check_photo(picture)
        bundles = self._bundles.all()
        by_embedder = {bundle.embedder_id: bundle for bundle in bundles}
        vectors: dict[str, FloatArray] = {}
        for name, bundle in by_embedder.items() if report.is_usable else ():
            rows = self._embedder.appearances(bundle, picture, report.xyxy)
            vectors |= {name: rows[0], name + APPEARANCES: rows.ravel()}
        crop = crop_of(bundles[0].preprocess, picture, report.xyxy)
        photo = StoredPhoto(
            photo_id=uuid.uuid4().hex,
            side=side,
            blob=self._keep(to_jpeg(picture, KEPT_SIDE_PX)),
            crop_blob=self._keep(to_jpeg(crop, PICTURE_SIDE_PX)),
            sharpness=report.sharpness,
            problems=tuple(
                StoredProblem(p.code, p.message, p.is_blocking) for p in report.problems
            ),
            vectors=vectors,
        )
        with writing(self._services.engine) as connection:
            onboardings.add_photo(connection, onboarding, photo, now=datetime.now(UTC))

    def assess(self, onboarding: Onboarding, channel: str = "") -> Assessment:
        """Collisions with everything sold, in the bundle where they are worst; the meter.

        Args:
            channel: its new SKUs count too; empty for the bundle's gallery alone.
        """
        worst, progress = _worst(onboarding, self._sold(channel))
        with reading(self._services.engine) as connection:
            ids = [c.sku_id for c in worst]
            known = sku_table.names_and_pictures(connection, ids)
        names = {sku_id: name for sku_id, (name, _) in known.items()}
        return Assessment(tuple(worst), tuple(advice_for(worst, names)), progress, names)

    def publish(
        self, ids: Sequence[str], channel: str, *, accept_collisions: bool, who: str
    ) -> tuple[list[StoredSegment], float]:
        """Sign one segment per live embedder; the segments and the seconds it took.

        Raises:
            NotReadyError: too few photos, or a collision that nobody accepted.
            PublishingError: this hub holds no key.
        """
        began = time.perf_counter()
        publisher = self._services.must_publish()
        with reading(self._services.engine) as connection:
            ready = [onboardings.find(connection, i) for i in ids]
            skus = [sku_table.find_sku(connection, o.sku_id) for o in ready]
        sold = self._sold(channel)
        rows = {bundle.bundle_id: _rows_of(ready, bundle) for bundle, _ in sold}
        # SKUs that go out together may look alike too.
        together = [(bundle, g.with_segment(rows[bundle.bundle_id])) for bundle, g in sold]
        for onboarding in ready:
            _require_ready(onboarding, together, accept_collisions)
        described = [(s.sku, self._picture(o)) for s, o in zip(skus, ready, strict=True)]
        now = datetime.now(UTC)
        segments: list[StoredSegment] = []
        with publisher.transaction() as signing:
            for bundle, _ in sold:
                entry = catalogue_signing.add_segment(
                    signing, channel, rows[bundle.bundle_id], bundle.gallery,
                    skus=[_plain_sku(sku) for sku, _ in described],
                    pictures={f"{sku.sku_id}.jpg": picture for sku, picture in described},
                )  # fmt: skip
                segments.append(
                    StoredSegment(
                        entry.sha256, channel, entry.embedder_id, entry.rows, entry.size, now
                    )
                )
        with writing(self._services.engine) as connection:
            onboardings.note_segments(connection, ready, segments, now=now, actor=who)
        return segments, time.perf_counter() - began

    def _sold(self, channel: str) -> list[tuple[LiveBundle, Gallery]]:
        """Every live bundle with what it sells, the channel's new SKUs among it."""
        return [
            (bundle, self._bundles.gallery(channel, bundle) if channel else bundle.gallery)
            for bundle in self._bundles.all()
        ]

    def _picture(self, onboarding: Onboarding) -> bytes:
        """The front as it is shown on buttons."""
        usable = [photo for photo in onboarding.photos if photo.vectors]
        front = next((photo for photo in usable if photo.side == "front"), usable[0])
        raw = self._services.blobs.path(front.crop_blob).read_bytes()
        decoded = cv2.imdecode(np.frombuffer(raw, np.uint8), cv2.IMREAD_COLOR)
        return to_jpeg(np.asarray(decoded, np.uint8), PICTURE_SIDE_PX)

    def _keep(self, data: bytes) -> str:
        sha256 = self._services.blobs.put(data)
        with writing(self._services.engine) as connection:
            note_blob(connection, sha256, len(data), box_id="", now=datetime.now(UTC))
        return sha256


def views_of(onboarding: Onboarding, embedder_id: str) -> list[View]:
    """Usable photos as one embedder sees them."""
    return [
        View(photo.side, photo.vectors[embedder_id])
        for photo in onboarding.photos
        if embedder_id in photo.vectors
    ]


def _worst(
    onboarding: Onboarding, sold: Sequence[tuple[LiveBundle, Gallery]]
) -> tuple[list[Collision], Progress]:
    """Collisions and progress in the bundle where they are worst."""
    found: list[tuple[list[Collision], Progress]] = []
    for bundle, gallery in sold:
        views = views_of(onboarding, bundle.embedder_id)
        near = find_collisions(
            views, gallery, bundle.thresholds, per_sku=bundle.per_sku, itself=onboarding.sku_id
        )
        found.append((near, progress_of(views, near, bundle.thresholds, per_sku=bundle.per_sku)))
    return min(found, key=lambda pair: pair[1].done_percent)


def _require_ready(
    onboarding: Onboarding, sold: Sequence[tuple[LiveBundle, Gallery]], accept_collisions: bool
) -> None:
    near, progress = _worst(onboarding, sold)
    if not progress.is_done_enough and not accept_collisions:
        raise NotReadyError(
            f"{onboarding.sku_id} is done to {progress.done_percent} %",
            hint="; ".join(advice_for(near, {})) or "more photos from more sides",
        )


def _rows_of(ready: Sequence[Onboarding], bundle: LiveBundle) -> Gallery:
    """The segment: up to ROWS_PER_SKU centres of all appearances of each SKU's views.

    Raises:
        NotReadyError: published, without photos, or embedded before this bundle was released.
    """
    rows: list[FloatArray] = []
    owners: list[str] = []
    for onboarding in ready:
        if onboarding.status != "open":
            raise NotReadyError(f"{onboarding.sku_id} is {onboarding.status} already")
        if not any(photo.vectors for photo in onboarding.photos):
            raise NotReadyError(f"{onboarding.sku_id} has no usable photo", hint="take some")
        views = views_of(onboarding, bundle.embedder_id)
        if not views:
            raise NotReadyError(
                f"{onboarding.sku_id} has no photo for embedder {bundle.embedder_id}",
                hint="take the photos again: a bundle with another embedder was released since",
            )
        looks = _looks_of(onboarding, bundle.embedder_id)
        rows.append(looks)
        owners += [onboarding.sku_id] * len(looks)
    return build_gallery(
        bundle.embedder_id, np.concatenate(rows), owners, prototypes_per_sku=ROWS_PER_SKU
    )


def _looks_of(onboarding: Onboarding, embedder_id: str) -> FloatArray:
    """Every appearance of the usable photos; of a photo from before there were any, itself."""
    return np.concatenate(
        [
            photo.vectors.get(embedder_id + APPEARANCES, photo.vectors[embedder_id]).reshape(
                -1, len(photo.vectors[embedder_id])
            )
            for photo in onboarding.photos
            if embedder_id in photo.vectors
        ]
    )


def _plain_sku(sku: sku_table.CatalogueSku) -> Sku:
    """As boxes read it; the picture is named for add_segment()."""
    values = {name: getattr(sku, name) for name in Sku.model_fields}
    return Sku(**{**values, "picture": f"{sku.sku_id}.jpg"})
