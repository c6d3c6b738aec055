"""What a lane sells: its bundle's offer, the centre's new SKUs behind it, the prices in force.

Flow: Offer of the bundle + LocalCatalogue, moment -> Offer

Returns the very same object until something changed, so a lane may ask ten times a second. When a
change reaches an open basket is edge/basket's decision.
"""

import logging
from dataclasses import replace
from datetime import datetime

from edge.basket.counter import Offer
from edge.config import EdgeConfig
from edge.processes.local_catalogue import CatalogueWatch, LocalCatalogue, catalogue_folder
from sync.catalog import Catalog

logger = logging.getLogger(__name__)


class LaneOffer:
    """One lane's, or the shelf's, view of what can be sold."""

    def __init__(self, config: EdgeConfig) -> None:
        self.catalogue = LocalCatalogue(catalogue_folder(config))
        self._watch = CatalogueWatch(config)
        # A price list given by hand replaces everybody's, the centre's too.
        self._is_priced_by_hand = config.paths.prices_file is not None
        self._base: Offer | None = None
        self._catalog: Catalog | None = None
        self._shown: Offer | None = None

    def take_bundle(self, offer: Offer) -> None:
        """Another bundle serves."""
        self._base, self._catalog = offer, None

    def offer_at(self, moment: datetime) -> Offer | None:
        """What is sold at a moment; None before a bundle was taken."""
        if (changed := self._watch.changed()) is not None:
            self.catalogue, self._catalog = changed, None
        if self._base is None:
            return None
        if self._catalog is None:
            self._catalog = self.catalogue.grown(self._base.catalog)
        told = None if self._is_priced_by_hand else self.catalogue.prices_at(moment)
        prices = told or self._base.prices
        shown = self._shown
        if (
            shown is None
            or shown.bundle_id != self._base.bundle_id
            or shown.prices is not prices
            or shown.catalog is not self._catalog
        ):
            self._shown = replace(self._base, catalog=self._catalog, prices=prices)
            logger.info("offer bundle=%s skus=%d price_list=%d", self._base.bundle_id[:12],
                        len(self._catalog.skus), prices.version)  # fmt: skip
        return self._shown
