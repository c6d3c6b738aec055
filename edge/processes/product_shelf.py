"""The catalogue as the screen asks for it: by id, by words, by barcode.

Flow: Catalog + PriceList -> Product, Picture

Pure but for pictures, which are read when asked for. Prices shown here are for choosing; what a
line costs is the basket's word.
"""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from edge.kiosk.live_feed import Picture, Product
from sync.catalog import Catalog, Sku
from sync.price_list import PriceList

MEDIA_TYPES = {".jpg": "image/jpeg", ".png": "image/png", ".webp": "image/webp"}


@dataclass(frozen=True, slots=True)
class _Entry:
    product: Product
    words: str


class ProductShelf:
    """Every product that can be sold at one moment."""

    def __init__(
        self,
        catalog: Catalog,
        prices: PriceList,
        moment: datetime,
        root: Path,
        bundle_id: str,
        added: Mapping[str, Path] | None = None,
    ) -> None:
        """Lay out the products.

        Args:
            root: folder that pictures of the catalogue are relative to.
            added: pictures of SKUs that came after the bundle, name -> file.
        """
        in_force = prices.at(moment)
        families: dict[str, list[str]] = {}
        for sku in catalog.skus:
            if sku.family:
                families.setdefault(sku.family, []).append(sku.sku_id)
        self._root = root
        self._added = dict(added or {})
        self._bundle_id = bundle_id
        self._entries: dict[str, _Entry] = {}
        for sku in catalog.skus:
            price = in_force.get(sku.sku_id)
            if price is not None and not price.is_stopped:
                twins = [t for t in families.get(sku.family or "", ()) if t != sku.sku_id]
                product = _product(sku, price.amount_minor, tuple(twins))
                self._entries[sku.sku_id] = _Entry(product, _words_of(sku))
        self._pictures = {e.product.picture for e in self._entries.values()} - {""}

    def __len__(self) -> int:
        return len(self._entries)

    def product(self, sku_id: str) -> Product | None:
        """One product."""
        entry = self._entries.get(sku_id)
        return entry.product if entry else None

    def search(self, query: str, language: str, limit: int) -> tuple[Product, ...]:
        """Products with words that begin like those of the query, else that hold them at all.

        Names that begin with it come first. An empty query lists loose produce first: it has no
        barcode to scan.
        """
        wanted = _plain(query).split()
        entries = self._entries.values()
        found = [e for e in entries if all(f" {w}" in e.words for w in wanted)]
        if not found:  # the middle of a long word, or of a barcode
            found = [e for e in entries if all(w in e.words for w in wanted)]

        def rank(entry: _Entry) -> tuple[bool, bool, str]:
            name = _plain(_name(entry.product, language))
            is_first = bool(wanted) and name.startswith(wanted[0])
            return not is_first, bool(entry.product.gtin), name

        return tuple(e.product for e in sorted(found, key=rank)[:limit])

    def picture(self, name: str) -> Picture | None:
        """A catalogue picture; only names that the catalogue holds are read."""
        media_type = MEDIA_TYPES.get(Path(name).suffix.lower(), "")
        if name not in self._pictures or not media_type:
            return None
        try:
            content = self._added.get(name, self._root / name).read_bytes()
        except OSError:
            return None  # the page shows the name instead
        return Picture(content, media_type, etag=f'"{self._bundle_id[:16]}"')


def _product(sku: Sku, amount_minor: int, twins: tuple[str, ...]) -> Product:
    return Product(
        sku_id=sku.sku_id,
        names=sku.names,
        unit_amount_minor=amount_minor,
        gtin=sku.gtin,
        unit=sku.unit,
        picture=sku.picture or "",
        category="/".join(sku.category_path),
        allergens=sku.allergens,
        age_limit=sku.age_limit or 0,
        deposit_minor=sku.deposit_minor,
        twins=twins,
    )


def _words_of(sku: Sku) -> str:
    return " " + _plain(
        " ".join([*sku.names.values(), sku.gtin, sku.plu or "", *sku.category_path])
    )


def _name(product: Product, language: str) -> str:
    return product.names.get(language) or product.names["en"]


def _plain(text: str) -> str:
    """Lower case without accents, so that "apfel" finds "Äpfel"."""
    folded = unicodedata.normalize("NFKD", text.casefold())
    return "".join(c for c in folded if not unicodedata.combining(c))
