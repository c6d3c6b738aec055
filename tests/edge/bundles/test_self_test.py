"""Golden frames: what a box must answer before it trusts a bundle."""

import pytest

from edge.bundles.self_test import FoundItem, compare_golden
from sync.golden import GoldenFrame, GoldenItem, GoldenSet

GOLDEN = GoldenSet(
    frames=(
        GoldenFrame(
            picture="golden/a.jpg",
            scene="1",
            camera="cam0",
            items=(
                GoldenItem(xyxy=(0, 0, 100, 100), sku_id="milk", is_sure=True),
                GoldenItem(xyxy=(200, 0, 300, 100), sku_id="juice", is_sure=False),
            ),
        ),
    )
)
MILK = FoundItem((1.0, 0.4, 99.2, 100.0), "milk")
JUICE = FoundItem((200.0, 0.0, 300.0, 100.0), "juice")


@pytest.mark.parametrize(
    ("found", "is_passed"),
    [
        pytest.param([MILK, JUICE], True, id="as it was"),
        pytest.param([JUICE, MILK], True, id="in another order"),
        pytest.param([MILK, FoundItem(JUICE.xyxy, "nectar")], True, id="an unsure look differs"),
        pytest.param([FoundItem(MILK.xyxy, "juice"), JUICE], False, id="labels permuted"),
        pytest.param([MILK], False, id="one item missed"),
        pytest.param([], False, id="blind"),
        pytest.param(
            [MILK, JUICE, FoundItem((400, 0, 500, 100), "milk")], False, id="one item invented"
        ),
        pytest.param(
            [FoundItem((40, 40, 140, 140), "milk"), JUICE], False, id="a box somewhere else"
        ),
    ],
)
def test_the_answers_are_compared(found: list[FoundItem], is_passed: bool) -> None:
    assert compare_golden(GOLDEN, {"golden/a.jpg": found}).is_passed is is_passed


def test_no_golden_frames_prove_nothing() -> None:
    assert not compare_golden(GoldenSet(frames=()), {}).is_passed


def test_the_summary_counts() -> None:
    text = compare_golden(GOLDEN, {"golden/a.jpg": [MILK]}).summary()
    assert "1 of 2 items found" in text
