"""Heartbeat, clip start, latency window and product shelf."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from edge.processes.clip_start import LEAD_NS, agree_on_clip_start
from edge.processes.heartbeat import Heartbeat, beat_path, last_beat_ns
from edge.processes.latency_window import LatencyWindow
from edge.processes.product_shelf import ProductShelf
from tests.fakes.small_shop import small_catalog, small_prices

NOW = datetime(2026, 11, 21, tzinfo=UTC)


def test_a_beat_is_read_and_none_is_zero(tmp_path: Path) -> None:
    path = beat_path(tmp_path, "basket.a")
    assert last_beat_ns(path) == 0
    heart = Heartbeat(path)
    first = last_beat_ns(path)
    heart.beat()
    assert 0 < first <= last_beat_ns(path)
    heart.close()


def test_a_torn_beat_counts_as_none(tmp_path: Path) -> None:
    path = beat_path(tmp_path, "basket.a")
    path.write_bytes(b"abc")
    assert last_beat_ns(path) == 0


def test_cameras_of_a_lane_agree_on_the_first_word(tmp_path: Path) -> None:
    first = agree_on_clip_start(tmp_path, "a", 1_000, "life")
    later = [agree_on_clip_start(tmp_path, "a", now, "life") for now in (2_000, 3_000)]
    assert [first, *later] == [1_000 + LEAD_NS] * 3
    assert agree_on_clip_start(tmp_path, "b", 5_000, "life") == 5_000 + LEAD_NS


def test_a_new_life_of_the_box_starts_clips_anew(tmp_path: Path) -> None:
    agree_on_clip_start(tmp_path, "a", 1_000, "one life")
    assert agree_on_clip_start(tmp_path, "a", 9_000, "another") == 9_000 + LEAD_NS
    assert [p.name for p in tmp_path.iterdir()] == ["a.clip_start"]


def test_a_damaged_agreement_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "a.clip_start").write_text("nonsense")
    assert agree_on_clip_start(tmp_path, "a", 1_000, "life") == 1_000 + LEAD_NS


def test_quantiles_are_of_the_last_values_only() -> None:
    window = LatencyWindow(4)
    assert window.quantile_ms(0.5) == -1.0
    window.add([1000.0, 1.0, 2.0, 3.0, 4.0])
    assert [window.quantile_ms(share) for share in (0.0, 0.5, 0.95)] == [1.0, 3.0, 4.0]


@pytest.fixture
def shelf(tmp_path: Path) -> ProductShelf:
    (tmp_path / "milk.jpg").write_bytes(b"jpeg")
    (tmp_path / "secret.jpg").write_bytes(b"not in the catalogue")
    return ProductShelf(small_catalog(), small_prices(), NOW, tmp_path, "b" * 64)


@pytest.mark.parametrize(
    ("query", "language", "expected"),
    [
        pytest.param("milk", "en", ["milk_low", "milk"], id="a word"),
        pytest.param("MILK whole", "en", ["milk"], id="words in any order and case"),
        pytest.param("apfel", "de", ["apples"], id="without the accent"),
        pytest.param("Minz", "de", ["tea_mint"], id="another language"),
        pytest.param("cola", "en", ["cola"], id="not the middle of chocolate"),
        pytest.param("hocolat", "en", ["choc"], id="the middle where nothing begins so"),
        pytest.param("nothing", "en", [], id="nothing fits"),
    ],
)
def test_products_are_found_by_words(
    shelf: ProductShelf, query: str, language: str, expected: list[str]
) -> None:
    assert [p.sku_id for p in shelf.search(query, language, 10)] == expected


def test_a_barcode_finds_its_product(shelf: ProductShelf) -> None:
    milk = shelf.product("milk")
    assert milk is not None
    assert [p.sku_id for p in shelf.search(milk.gtin, "en", 10)] == ["milk"]


def test_an_empty_query_lists_loose_produce_first(shelf: ProductShelf) -> None:
    assert [p.sku_id for p in shelf.search("", "en", 3)][0] == "apples"


def test_twins_are_the_other_members_of_the_family(shelf: ProductShelf) -> None:
    milk = shelf.product("milk")
    assert milk is not None
    assert milk.twins == ("milk_low",)


@pytest.mark.parametrize(
    ("name", "is_there"),
    [
        pytest.param("milk.jpg", True, id="of the catalogue"),
        pytest.param("cola.jpg", False, id="file missing"),
        pytest.param("secret.jpg", False, id="not in the catalogue"),
        pytest.param("../edge.toml", False, id="outside the folder"),
    ],
)
def test_only_pictures_of_the_catalogue_are_read(
    shelf: ProductShelf, name: str, is_there: bool
) -> None:
    assert (shelf.picture(name) is not None) is is_there
