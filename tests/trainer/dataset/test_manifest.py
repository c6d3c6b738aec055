"""Versions of data sets: the same items give the same bytes, other ones another name."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainer.dataset.manifest import (
    SPLITS,
    DatasetItem,
    DatasetManifest,
    ItemBox,
    ManifestError,
    QuarantinedPicture,
    read_manifest,
)
from trainer.dataset.manifest_diff import box_changes, diff_manifests

MILK = ItemBox((10, 20, 110, 220), "milk", "reviewer", 7)
TEA = ItemBox((200, 20, 300, 220), "tea", "barcode")
NAMELESS = ItemBox((1, 1, 9, 9), "", "reviewer", 7)


def item(number: int, *boxes: ItemBox, split: str = "train") -> DatasetItem:
    return DatasetItem(
        picture=f"{number:064x}", width=640, height=480, store_id="s1", box_id="b1", lane_id="l1",
        camera_id="cam0", basket_id=f"b1-l1-0-{number}", day="2026-11-21", source="case",
        source_id=f"case-{number}", split=split, boxes=boxes,  # type: ignore[arg-type]
    )  # fmt: skip


BAD = QuarantinedPicture("f" * 64, "case", "case-9", "cam0", ("dark", "too_small"))
ITEMS = (item(1, MILK), item(2, TEA, NAMELESS, split="test"))
SET = DatasetManifest("shop", {"split_by": "day"}, ITEMS, (BAD,))

boxes = st.builds(
    lambda x, y, w, h, sku, answer: ItemBox((x, y, x + w, y + h), sku, "reviewer", answer),
    st.integers(0, 300), st.integers(0, 200), st.integers(1, 300), st.integers(1, 200),
    st.text(max_size=8), st.integers(0, 10**9),
)  # fmt: skip
items = st.lists(st.lists(boxes, max_size=3), max_size=6).map(
    lambda found: tuple(item(n, *given) for n, given in enumerate(found))
)


@given(items, st.dictionaries(st.text(max_size=5), st.text(max_size=9), max_size=3), st.randoms())
def test_any_manifest_comes_back_from_its_bytes_in_whatever_order_it_was_made(
    given_items: tuple[DatasetItem, ...], recipe: dict[str, str], random: object
) -> None:
    first = DatasetManifest("x", recipe, given_items, (BAD,))
    shuffled = list(given_items)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    other = DatasetManifest("x", dict(reversed(recipe.items())), tuple(shuffled), (BAD,))
    assert other.canonical() == first.canonical()
    back = read_manifest(first.canonical(), version_id=first.version_id)
    assert (back.items, back.quarantined) == (given_items, (BAD,))
    assert back.canonical() == first.canonical()


def test_the_bytes_are_pinned() -> None:
    # Everybody who holds a version names it by this digest: it may never change by itself.
    expected = "762f6f0abdbc1a6b28a9af4e9f6f53d682aa9cb034bdc6de5d6d11b378ba4de9"
    assert SET.version_id == expected
    assert SET.canonical().splitlines()[0] == (
        b'{"format":1,"name":"shop","num_items":2,"num_quarantined":1,"recipe":{"split_by":"day"}}'
    )


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(replace(SET, name="shop2"), id="name"),
        pytest.param(replace(SET, recipe={"split_by": "store"}), id="recipe"),
        pytest.param(replace(SET, items=ITEMS[:1]), id="an item less"),
        pytest.param(replace(SET, quarantined=()), id="nothing in quarantine"),
        pytest.param(replace(SET, items=(item(1, TEA), ITEMS[1])), id="another label"),
        pytest.param(
            replace(SET, items=(replace(ITEMS[0], split="validation"), ITEMS[1])), id="split"
        ),
    ],
)
def test_every_change_gives_another_version(other: DatasetManifest) -> None:
    assert other.version_id != SET.version_id
    assert not diff_manifests(SET, other).is_empty or other.name != SET.name


def test_a_changed_label_is_named_by_the_difference() -> None:
    relabelled = replace(MILK, sku_id="milk_low", answer_id=8)
    newer = replace(SET, items=(item(1, relabelled), ITEMS[1]))
    said = diff_manifests(SET, newer)
    assert [(a.picture, b.picture) for a, b in said.relabelled] == [(ITEMS[0].picture,) * 2]
    assert box_changes(*said.relabelled[0]) == [
        ("10,20,110,220", "milk (reviewer)", "milk_low (reviewer)")
    ]
    assert (said.added, said.removed, said.moved, said.recipe) == ((), (), (), {})


def test_what_comes_goes_and_moves_is_named_by_the_difference() -> None:
    moved = replace(ITEMS[1], split="train")
    newer = DatasetManifest("shop", {"split_by": "day", "min_px": "9"}, (moved, item(3, MILK)))
    said = diff_manifests(SET, newer)
    assert [i.source_id for i in said.added] == ["case-3"]
    assert [i.source_id for i in said.removed] == ["case-1"]
    assert [(a.split, b.split) for a, b in said.moved] == [("test", "train")]
    assert (said.released, said.newly_quarantined) == ((BAD,), ())
    assert said.recipe == {"min_px": ("", "9")}
    assert diff_manifests(SET, SET).is_empty


def test_the_splits_and_names_are_counted() -> None:
    assert [len(SET.split(name)) for name in SPLITS] == [1, 0, 1]
    assert SET.boxes_by_sku() == {"milk": 1, "tea": 1}


GOOD = SET.canonical()
LINES = GOOD.splitlines(keepends=True)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"[" * 100_000, id="deep"),
        pytest.param(b"x" * 2_000_000, id="one long line"),
        pytest.param(GOOD[:-10], id="cut"),
        pytest.param(LINES[0] + LINES[2] + LINES[1] + LINES[3], id="another order"),
        pytest.param(GOOD.replace(b'"num_items":2', b'"num_items":1'), id="another count"),
        pytest.param(GOOD.replace(b'"format":1', b'"format":2'), id="another form"),
        pytest.param(GOOD.replace(b"[10,20,110,220]", b"[10,20,710,220]"), id="box outside"),
        pytest.param(GOOD.replace(b"[10,20,110,220]", b"[10,20,10,220]"), id="empty box"),
        pytest.param(GOOD.replace(b'"split":"test"', b'"split":"blind"'), id="unknown split"),
        pytest.param(GOOD.replace(b'"lane_id"', b'"lame_id"'), id="unknown field"),
        pytest.param(GOOD.replace(b'{"format"', b'{ "format"'), id="spaces"),
        pytest.param(LINES[0] + LINES[1] * 2 + LINES[3], id="twice"),
    ],
)
def test_bytes_that_are_no_canonical_manifest_are_refused(data: bytes) -> None:
    with pytest.raises(ManifestError):
        read_manifest(data)


def test_bytes_under_another_name_are_refused() -> None:
    with pytest.raises(ManifestError, match="not 000000"):
        read_manifest(GOOD, version_id="0" * 64)
