"""What a lane sells: its bundle's offer, the centre's new SKUs behind it, the prices in force.

Flow: Offer of the bundle + LocalCatalogue, moment -> Offer

Returns the very same object until something changed, so a lane may ask ten times a second. When a
change reaches an open basket is edge/basket's decision. The store's own margins take the place of
the bundle's only where they were made for this very bundle and ask more.
"""

import logging
from dataclasses import replace
from datetime import datetime

from edge.basket.counter import Offer
from edge.config import EdgeConfig
from edge.processes.local_catalogue import CatalogueWatch, LocalCatalogue, catalogue_folder
from sync.catalog import Catalog
from sync.decision import DecisionParameters
from sync.store_margins import LooserMarginsError, StoreMargins, with_margins

MARGINS_OWN = "bundle"  # nothing was signed for this store
MARGINS_STORE = "store"
MARGINS_OTHER = "other_bundle"  # signed, but not for the bundle that serves

logger = logging.getLogger(__name__)


class LaneOffer:
    """One lane's, or the shelf's, view of what can be sold.

    Attributes:
        margins: whose margins count: `bundle`, `store`, `other_bundle`, or the code of a refusal.
    """

    def __init__(self, config: EdgeConfig) -> None:
        self.catalogue = LocalCatalogue(catalogue_folder(config))
        self.margins = MARGINS_OWN
        self._watch = CatalogueWatch(config)
        # A price list given by hand replaces everybody's, the centre's too.
        self._is_priced_by_hand = config.paths.prices_file is not None
        self._base: Offer | None = None
        self._catalog: Catalog | None = None
        self._parameters: DecisionParameters | None = None
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
            self._parameters, self.margins = own_or_store(
                self._base, self.catalogue.applied.margins
            )
        told = None if self._is_priced_by_hand else self.catalogue.prices_at(moment)
        prices = told or self._base.prices
        shown = self._shown
        if (
            shown is None
            or shown.bundle_id != self._base.bundle_id
            or shown.prices is not prices
            or shown.catalog is not self._catalog
            or shown.parameters != self._parameters
        ):
            self._shown = replace(
                self._base, catalog=self._catalog, prices=prices,
                parameters=self._parameters or self._base.parameters,
            )  # fmt: skip
            logger.info("offer bundle=%s skus=%d price_list=%d margins=%s",
                        self._base.bundle_id[:12], len(self._catalog.skus), prices.version,
                        self.margins)  # fmt: skip
        return self._shown


def own_or_store(base: Offer, margins: StoreMargins | None) -> tuple[DecisionParameters, str]:
    """The parameters that count for a bundle, and whose margins they have."""
    if margins is None or not margins.entries:
        return base.parameters, MARGINS_OWN
    entry = margins.entry_for(base.bundle_id)
    if entry is None:
        return base.parameters, MARGINS_OTHER
    try:
        return with_margins(base.parameters, entry), MARGINS_STORE
    except LooserMarginsError as err:
        logger.error("store margins refused code=%s: %s", err.code, err)  # noqa: TRY400
        return base.parameters, err.code
