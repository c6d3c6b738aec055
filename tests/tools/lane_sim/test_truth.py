"""Masks, boxes and COCO files."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.lane_sim.truth import basket_of, coco_file, mask_box, rle_counts, rle_mask


@given(st.integers(1, 9), st.integers(1, 9), st.integers(0, 2**32 - 1))
def test_run_lengths_give_the_mask_back(height: int, width: int, seed: int) -> None:
    mask = np.random.default_rng(seed).random((height, width)) < 0.5
    counts = rle_counts(mask)
    assert sum(counts) == height * width
    assert (rle_mask(counts, height, width) == mask).all()


def test_a_box_is_the_bounds_of_its_mask() -> None:
    mask = np.zeros((20, 30), np.bool_)
    mask[4:9, 10:25] = True
    assert mask_box(mask) == (10, 4, 15, 5)


def test_an_empty_mask_has_no_box() -> None:
    with pytest.raises(ValueError, match="empty"):
        mask_box(np.zeros((4, 4), np.bool_))


def test_a_coco_file_numbers_pictures_and_boxes() -> None:
    coco = coco_file(
        [{"file_name": "a"}, {"file_name": "b"}], [[{"sku": "x"}], [{"sku": "y"}, {"sku": "z"}]]
    )
    annotations = coco["annotations"]
    assert [(a["id"], a["image_id"], a["sku"]) for a in annotations] == [
        (1, 1, "x"),
        (2, 2, "y"),
        (3, 2, "z"),
    ]  # type: ignore[attr-defined, index]


def test_a_basket_counts_each_sku() -> None:
    assert basket_of(["b", "a", "b"]) == {"a": 1, "b": 2}
