"""Our own catalogue: deterministic, readable as packs, consistent with the contracts."""

from pathlib import Path

import cv2
import numpy as np
import pytest

pytest.importorskip("PIL", reason="Pillow comes with the extra [sim]")

from sync.catalog import load_catalog
from sync.price_list import load_price_list
from tools.lane_sim import catalogue
from tools.lane_sim.barcode_art import demo_ean
from tools.lane_sim.catalogue import draw_catalogue, sheet_of
from tools.lane_sim.pack_folder import load_mesh, read_packs
from tools.lane_sim.product_table import PRODUCTS
from tools.lane_sim.product_words import LANGUAGES, WORDS

zxingcpp = pytest.importorskip("zxingcpp", reason="zxing-cpp reads the drawn bars")
FEW = tuple(
    p
    for p in PRODUCTS
    if p.sku_id in {"tea_mint_20", "cola_330", "apple_red", "juice_apple_1l", "chips_salt_175"}
)


@pytest.fixture
def few_products(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalogue, "PRODUCTS", FEW)


def drawn(folder: Path) -> Path:
    draw_catalogue(folder, lambda _sku: None)
    return folder


@pytest.mark.usefixtures("few_products")
def test_drawing_twice_gives_the_same_bytes(tmp_path: Path) -> None:
    first, second = drawn(tmp_path / "a"), drawn(tmp_path / "b")
    files = sorted(p.relative_to(first) for p in first.rglob("*") if p.is_file())
    assert len(files) == 5 * 4 + 3
    assert all((first / name).read_bytes() == (second / name).read_bytes() for name in files)


@pytest.mark.usefixtures("few_products")
def test_the_catalogue_is_a_packs_folder_with_true_sizes(tmp_path: Path) -> None:
    packs = read_packs(drawn(tmp_path))
    assert {pack.sku for pack in packs} == {product.sku_id for product in FEW}
    for pack in packs:
        mesh = load_mesh(pack.mesh_path)
        assert np.allclose(mesh.size_cm(), pack.size_cm, atol=0.06)
        assert ((mesh.uvs >= 0) & (mesh.uvs <= 1)).all()


@pytest.mark.usefixtures("few_products")
def test_the_kiosk_pictures_are_small(tmp_path: Path) -> None:
    for path in drawn(tmp_path).glob("pictures/*.jpg"):
        assert path.stat().st_size <= 8_000
        assert cv2.imread(str(path)).shape == (160, 160, 3)


@pytest.mark.usefixtures("few_products")
def test_catalogue_and_prices_are_read_by_the_contracts(tmp_path: Path) -> None:
    folder = drawn(tmp_path)
    skus = load_catalog(folder / "catalog.json").by_id()
    prices = {entry.sku_id for entry in load_price_list(folder / "prices.json").entries}
    assert set(skus) == prices
    assert all(set(sku.names) == set(LANGUAGES) for sku in skus.values())
    assert skus["cola_330"].deposit_minor == 25
    assert skus["apple_red"].unit == "kg"
    assert skus["apple_red"].plu == "4015"


@pytest.mark.parametrize("sku", ["cereal_honey_375", "cola_330", "coffee_mild_250", "wine_red_750"])
def test_the_barcode_on_the_pack_decodes(sku: str) -> None:
    number = next(i for i, product in enumerate(PRODUCTS) if product.sku_id == sku)
    sheet = np.asarray(sheet_of(PRODUCTS[number], number))
    expected = demo_ean(catalogue.FIRST_EAN + number)
    assert [found.text for found in zxingcpp.read_barcodes(sheet)] == [expected]


def test_the_table_holds_look_alikes_age_limits_and_deposits() -> None:
    families = [product.family for product in PRODUCTS if product.family]
    assert len(PRODUCTS) >= 60
    assert sum(families.count(family) >= 2 for family in set(families)) >= 10
    assert {product.age_limit for product in PRODUCTS} >= {0, 16, 18}
    assert any(product.deposit_minor for product in PRODUCTS)


def test_every_product_has_its_words_and_a_name_of_its_own() -> None:
    names = [(p.brand, p.noun, p.variant, p.size_text) for p in PRODUCTS]
    assert len(set(names)) == len(names)
    assert {p.noun for p in PRODUCTS} | {p.variant for p in PRODUCTS} <= set(WORDS)
