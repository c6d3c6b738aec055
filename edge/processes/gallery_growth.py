"""The centre's segments behind the gallery of whichever bundle serves: active, previous, candidate.

Flow: Models of a bundle + LocalCatalogue -> Models with a grown gallery

A segment counts only where it was made for this very gallery (digest, embedder); that the rows that
were there stay bit-identical is checked each time. One that does not fit is left out and named; the
bundle's own rows always serve. When a lane changes over is the caller's decision.
"""

import logging

from edge.config import EdgeConfig
from edge.perception.models import Models
from edge.processes.local_catalogue import CatalogueWatch
from sync.catalogue_feed import add_segments, fits
from sync.errors import SyncError
from sync.gallery import Gallery
from sync.update_documents import SegmentEntry

MAX_KEPT = 3  # galleries: active, previous, candidate

logger = logging.getLogger(__name__)


class GalleryGrowth:
    """Grows galleries, each bundle's once per catalogue.

    Attributes:
        problem: why a segment does not serve; empty text while all do.
    """

    def __init__(self, config: EdgeConfig) -> None:
        self.problem = ""
        self._watch = CatalogueWatch(config)
        self._segments: list[tuple[SegmentEntry, Gallery]] = []
        self._grown: dict[str, tuple[Models, Models]] = {}

    def look(self) -> None:
        """Read the catalogue again where it changed; at most twice a second."""
        if (changed := self._watch.changed()) is None:
            return
        segments = changed.segments()
        if [entry for entry, _ in segments] != [entry for entry, _ in self._segments]:
            self._segments = segments
            self._grown.clear()

    def of(self, models: Models) -> Models:
        """These models with every segment made for them; themselves where there is none."""
        known = self._grown.get(models.bundle_id)
        if known is not None and known[0] is models:
            return known[1]
        grown = self._grow(models)
        self._grown[models.bundle_id] = (models, grown)
        for bundle_id in list(self._grown)[:-MAX_KEPT]:
            del self._grown[bundle_id]
        return grown

    def _grow(self, models: Models) -> Models:
        self.problem = ""
        gallery = base = models.matcher.gallery
        digest = base.digest()
        fitting = [pair for pair in self._segments if fits(pair[0], base, digest)]
        for entry, segment in fitting:
            try:
                gallery = add_segments(gallery, [segment])
            except SyncError as err:
                self.problem = f"{entry.sha256[:12]}: {err}"
                logger.error("segment not used sha256=%s: %s", entry.sha256[:12], err)  # noqa: TRY400
        if gallery is base:
            return models
        logger.info("gallery grown bundle=%s segments=%d skus=%d", models.bundle_id[:12],
                    len(fitting), len(gallery.sku_ids))  # fmt: skip
        return models.with_gallery(gallery)
