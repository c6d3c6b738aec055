"""Draws our own catalogue: packs, pictures, catalog.json and prices.json.

Flow: PRODUCTS -> a packs folder

Deterministic: the same rows give the same bytes of every text file and the same pixels. No
renderer is needed.
"""

import csv
import json
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from sync.catalog import Catalog, Sku, gtin14
from sync.price_list import Price, PriceList
from tools.lane_sim.barcode_art import demo_ean
from tools.lane_sim.pack_folder import COLUMNS
from tools.lane_sim.product_mesh import write_obj
from tools.lane_sim.product_sheet import shaped_product
from tools.lane_sim.product_table import PRODUCTS, Product
from tools.lane_sim.product_words import names_of
from tools.lane_sim.raster import studio_picture

PICTURE_PX = 160
PICTURE_LIMIT_BYTES = 8_000  # The kiosk loads a picture per line; sixty stay below half a megabyte.
FIRST_EAN = 1001
VALID_FROM = "2026-01-01T00:00:00Z"
TAX_RATES = {"standard": 1900, "reduced": 700}


def draw_catalogue(out: Path, progress: Callable[[str], None], *, packs: bool = True) -> int:
    """Write the whole catalogue under `out`; returns the number of SKUs.

    Args:
        out: made when absent.
        progress: called with each SKU's id when it is done.
        packs: False leaves out meshes and textures (pictures and JSON only).
    """
    (out / "pictures").mkdir(parents=True, exist_ok=True)
    rows = []
    for index, product in enumerate(PRODUCTS):
        ean = demo_ean(FIRST_EAN + index)
        rows.append(_draw_product(product, ean, out, packs))
        progress(product.sku_id)
    if packs:
        with (out / "skus.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(
                file, [*COLUMNS, "shape", "finish", "family", "gtin"], lineterminator="\n"
            )
            writer.writeheader()
            writer.writerows(rows)
    _write_json(out / "catalog.json", catalogue_model().model_dump(mode="json"))
    _write_json(out / "prices.json", price_model().model_dump(mode="json"))
    return len(PRODUCTS)


def catalogue_model() -> Catalog:
    """Our catalogue as the box and the hub read it."""
    return Catalog(skus=tuple(_sku(product, FIRST_EAN + i) for i, product in enumerate(PRODUCTS)))


def price_model() -> PriceList:
    """Our price list, in euro."""
    entries = tuple(
        Price.model_validate(
            {"sku_id": p.sku_id, "amount_minor": p.price_minor, "valid_from": VALID_FROM}
        )
        for p in PRODUCTS
    )
    return PriceList(currency="EUR", exponent=2, tax_rates=TAX_RATES, entries=entries)


def _sku(product: Product, number: int) -> Sku:
    weighed = product.unit == "kg"
    return Sku(
        sku_id=product.sku_id,
        gtin="" if product.plu else gtin14(demo_ean(number)),
        plu=product.plu or None,
        names=names_of(product.brand, product.noun, product.variant, product.size_text),
        unit=product.unit,
        category_path=tuple(product.category.split("/")),
        family=product.family or None,
        expected_weight_g=None if weighed else product.weight_g,
        weight_tolerance_g=max(5.0, round(product.weight_g * (0.2 if product.plu else 0.03), 1)),
        size_cm=product.size_cm,
        age_limit=product.age_limit or None,
        allergens=product.allergens,
        deposit_minor=product.deposit_minor,
        tax_class=product.tax_class,
        picture=f"pictures/{product.sku_id}.jpg",
    )


def _draw_product(product: Product, ean: str, out: Path, packs: bool) -> dict[str, object]:
    mesh, sheet = shaped_product(product, ean)
    if packs:
        folder = out / product.sku_id
        folder.mkdir(exist_ok=True)
        write_obj(mesh, folder)
        sheet.save(folder / "texture.jpg", quality=90)
    picture = studio_picture(
        mesh.vertices, mesh.uvs, mesh.faces, np.asarray(sheet, np.uint8), PICTURE_PX
    )
    _write_picture(out / "pictures" / f"{product.sku_id}.jpg", picture)
    x, y, z = mesh.size_cm()
    return {
        "sku": product.sku_id,
        "category": product.category.split("/")[0],
        "x_cm": f"{x:.1f}",
        "y_cm": f"{y:.1f}",
        "z_cm": f"{z:.1f}",
        "triangles": len(mesh.faces),
        "source_texture": f"{sheet.width}x{sheet.height}",
        "shape": product.shape,
        "finish": product.finish,
        "family": product.family,
        "gtin": "" if product.plu else gtin14(ean),
    }


def _write_picture(path: Path, picture: np.ndarray) -> None:
    for quality in (88, 80, 70, 60, 45):
        data = cv2.imencode(".jpg", picture[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
        if len(data) <= PICTURE_LIMIT_BYTES:
            break
    path.write_bytes(data.tobytes())


def _write_json(path: Path, value: object) -> None:
    path.write_text(json.dumps(value, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def sheet_of(product: Product, number: int) -> Image.Image:
    """The texture of one row, for tests that read its barcode."""
    return shaped_product(product, demo_ean(FIRST_EAN + number))[1]
