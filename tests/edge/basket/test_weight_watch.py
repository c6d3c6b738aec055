"""A basket that does not weigh what it should is noticed, and only when all of it is known."""

import pytest

from edge.basket.weight_check import NOTICE_MISMATCH
from edge.messages.command_messages import AddLine, Finish
from tests.edge.basket.lane_script import LaneScript

MILK_G, COLA_G = 1030, 530


def weigh(lane: LaneScript, weight_g: int | None, for_ms: int = 2_000) -> bool:
    """The scale says so, five times a second; whether the screen tells of a mismatch."""
    for _ in range(for_ms // 200):
        lane.counter.on_weight(weight_g, lane.now_ns)
        lane.run(200)
        told = NOTICE_MISMATCH in lane.shot.notices
    return told


@pytest.fixture
def lane() -> LaneScript:
    lane = LaneScript()
    lane.put(1, "milk")
    lane.run(1_000)
    return lane


def test_a_basket_that_weighs_what_it_should_says_nothing(lane: LaneScript) -> None:
    assert not weigh(lane, MILK_G)


def test_a_second_pack_that_no_camera_saw_is_noticed_and_forgotten_when_taken_away(
    lane: LaneScript,
) -> None:
    assert weigh(lane, MILK_G + COLA_G)
    assert not weigh(lane, MILK_G, for_ms=200)


def test_a_difference_that_does_not_last_says_nothing(lane: LaneScript) -> None:
    assert not weigh(lane, MILK_G + 900, for_ms=1_000)


def test_a_scale_that_is_not_sure_or_fell_silent_says_nothing(lane: LaneScript) -> None:
    assert weigh(lane, 5)
    assert not weigh(lane, None, for_ms=200)
    assert weigh(lane, 5)
    lane.run(2_500)
    assert NOTICE_MISMATCH not in lane.shot.notices


def test_a_line_without_an_item_may_lie_there_or_not(lane: LaneScript) -> None:
    assert lane.send(AddLine("cola")).is_done
    assert not weigh(lane, MILK_G)
    assert not weigh(lane, MILK_G + COLA_G)


def test_an_sku_without_a_weight_makes_the_scale_silent(lane: LaneScript) -> None:
    lane.put(2, "wine")
    lane.run(1_000)
    assert not weigh(lane, 5)


def test_after_shopping_nothing_is_compared(lane: LaneScript) -> None:
    assert lane.send(Finish()).is_done
    assert not weigh(lane, 5)


def test_an_empty_counter_has_nothing_to_weigh() -> None:
    assert not weigh(LaneScript(), 700)
