"""The product shelf of the screen, made anew when bundle, catalogue or prices change.

Flow: serving bundle + LocalCatalogue, moment -> ProductShelf

Looks at small files and reads the large ones only after a change. What a line costs is the basket's
word, not the shelf's.
"""

from datetime import datetime
from pathlib import Path

from edge.basket.counter import Offer
from edge.config import EdgeConfig
from edge.processes.lane_offer import LaneOffer
from edge.processes.product_shelf import ProductShelf
from edge.processes.serving_bundle import offer_of, serving_directory
from sync.bundle import open_bundle


class ShelfMaker:
    """Remembers what the last shelf was made of."""

    def __init__(self, config: EdgeConfig) -> None:
        self._config = config
        self._shop = LaneOffer(config)
        self._directory = Path()
        self._root, self._bundle_id = Path(), ""
        self._made_of: Offer | None = None
        self._until: datetime | None = None

    def renewed(self, moment: datetime) -> ProductShelf | None:
        """The shelf of a moment; None where the last one still holds.

        Raises:
            SyncError: the serving bundle is refused.
        """
        directory = serving_directory(self._config)
        if directory != self._directory:
            bundle = open_bundle(directory)
            self._shop.take_bundle(offer_of(self._config, bundle))
            self._root, self._bundle_id = bundle.file("catalog").parent, bundle.bundle_id
            self._directory = directory
        offer = self._shop.offer_at(moment)
        assert offer is not None
        is_over = self._until is not None and moment >= self._until
        if offer is self._made_of and not is_over:
            return None
        self._made_of, self._until = offer, offer.prices.next_change(moment)
        return ProductShelf(
            offer.catalog, offer.prices, moment, self._root, self._bundle_id,
            self._shop.catalogue.pictures(),
        )  # fmt: skip
