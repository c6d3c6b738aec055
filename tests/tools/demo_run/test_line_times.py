import pytest

from edge.messages.basket_messages import BasketLine, BasketSnapshot, LineOrigin, Phase
from edge.messages.perception_messages import Observations, ObservationStatus
from tools.demo_run.clip_folder import read_clips
from tools.demo_run.line_times import LineTimes, Put

MS = 1_000_000
START_NS = 5_000 * MS


def line(sku_id: str, quantity: int = 1) -> BasketLine:
    return BasketLine(
        line_id=f"l-{sku_id}", tray=1, sku_id=sku_id, name=sku_id, quantity=quantity,
        unit_amount_minor=100, amount_minor=100 * quantity, origin=LineOrigin.VISION,
    )  # fmt: skip


def snapshot(*lines: BasketLine, own_ms: float = -1.0) -> BasketSnapshot:
    return BasketSnapshot(
        "lane-1", "b1", 1, Phase.SHOPPING, "EUR", 2, lines, last_line_latency_ms=own_ms
    )


@pytest.fixture
def times() -> LineTimes:
    """A clip that began at START_NS."""
    told = LineTimes()
    told.on_observations(
        Observations(
            "lane-1",
            "cam0",
            3,
            START_NS + 200 * MS,
            ObservationStatus.SEEN,
            "b",
            clip_time_ns=200 * MS,
        )  # fmt: skip
    )
    return told


def test_a_line_counts_from_the_frame_in_which_the_truth_says_the_item_rests(
    times: LineTimes,
) -> None:
    times.on_basket(snapshot(line("milk"), own_ms=90.0), START_NS + 2_350 * MS)
    assert times.since_rest_ms([Put("milk", 2.0)]) == [pytest.approx(350.0)]
    assert times.own_ms == [90.0]


def test_two_pieces_of_one_sku_are_two_puts(times: LineTimes) -> None:
    times.on_basket(snapshot(line("milk")), START_NS + 2_300 * MS)
    times.on_basket(snapshot(line("milk", 2)), START_NS + 4_200 * MS)
    puts = [Put("milk", 2.0), Put("milk", 4.0)]
    assert times.since_rest_ms(puts) == [pytest.approx(300.0), pytest.approx(200.0)]


def test_a_put_without_a_line_is_told_and_a_move_whose_line_stays_is_left_out(
    times: LineTimes,
) -> None:
    times.on_basket(snapshot(line("milk")), START_NS + 2_300 * MS)
    puts = [Put("milk", 2.0), Put("cola", 3.0), Put("milk", 5.0, is_move=True)]
    assert times.since_rest_ms(puts) == [pytest.approx(300.0), None]


def test_a_line_from_long_before_the_rest_is_another_items(times: LineTimes) -> None:
    times.on_basket(snapshot(line("milk")), START_NS + 1_000 * MS)
    assert times.since_rest_ms([Put("milk", 2.0)]) == [None]


def test_the_shipped_clips_tell_when_their_items_rest() -> None:
    clip = read_clips()[0]
    assert [put.sku_id for put in clip.puts] == [
        "milk_whole_1l", "cereal_honey_375", "jam_strawberry_340",
    ]  # fmt: skip
    assert clip.puts[0].rest_s == pytest.approx(37 / 15)
