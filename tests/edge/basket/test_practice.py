from collections import Counter as Multiset

import pytest

from edge.basket import basket_events as events
from edge.basket.counter import Counter, Offer
from edge.basket.practice import IDLE_S, MAX_S, LaneCounter
from edge.messages import command_messages as commands
from edge.messages.basket_messages import ItemState, Phase
from edge.messages.command_messages import Command, CommandReply
from tests.edge.basket.lane_script import PARAMETERS, LaneScript, make_catalog, make_prices


class TrainingLane(LaneScript):
    """A lane script whose counter can practise."""

    counter: LaneCounter  # type: ignore[assignment]

    def new_counter(self) -> LaneCounter:  # type: ignore[override]
        def make(box_id: str) -> Counter:
            offer = Offer(make_catalog(), make_prices(), PARAMETERS, "bundle-a")
            maps = dict.fromkeys(self.cameras)
            return Counter("lane1", box_id or "box1", offer, maps, self.settings)

        counter = LaneCounter(make)
        counter.restore(list(self.events), 1, self.now_ns)
        return counter

    def staff(self, body: commands.BasketCommand) -> CommandReply:
        self.num_commands += 1
        command = Command("lane1", f"s{self.num_commands}", body, "attendant")
        reply, drafts = self.counter.on_command(command, self.now_ns, self.now_utc)
        self.commit(drafts)
        return reply

    @property
    def trained(self) -> Multiset[str]:
        shot = self.counter.practice_snapshot(self.now_ns)
        assert shot is not None
        assert shot.is_practice
        return Multiset({line.sku_id: line.quantity for line in shot.lines})

    @property
    def kinds(self) -> list[str]:
        return [type(event.body).__name__ for event in self.events]


@pytest.fixture
def lane() -> TrainingLane:
    return TrainingLane()


def test_no_money_is_given_back_in_practice(lane: TrainingLane) -> None:
    assert lane.staff(commands.StartPractice()).is_done
    refund = commands.Refund(
        "box1-lane1-1-1", (commands.RefundPiece("l1", 1),), "changed_mind", "cash"
    )
    refused = lane.staff(refund)
    assert (refused.is_done, refused.code) == (False, "practice.no_refund")
    assert lane.kinds == ["PracticeStarted"]


def test_nothing_of_a_practised_sale_is_written(lane: TrainingLane) -> None:
    assert lane.staff(commands.StartPractice()).is_done
    lane.put(1, "milk")
    lane.run(1_000)
    assert lane.trained == Multiset(milk=1)
    assert lane.send(commands.AddLine("tea")).is_done
    assert lane.send(commands.Finish()).is_done
    assert lane.send(commands.PaymentResult("approved")).is_done
    shot = lane.counter.practice_snapshot(lane.now_ns)
    assert shot is not None
    assert (shot.phase, shot.basket_id[:9]) == (Phase.PAID, "practice-")
    assert lane.shot.phase is Phase.IDLE
    assert lane.kinds == ["PracticeStarted"]


def test_after_practice_its_goods_are_left_behind_and_sales_are_real(lane: TrainingLane) -> None:
    lane.staff(commands.StartPractice())
    lane.put(1, "milk")
    lane.run(1_000)
    assert lane.staff(commands.EndPractice()).is_done
    lane.run(2_000)
    assert [item.state for item in lane.shot.items] == [ItemState.LEFT_BEHIND]
    assert lane.bought == Multiset()
    lane.put(2, "tea")
    lane.run(1_000)
    assert lane.bought == Multiset(tea=1)
    assert lane.counter.practice_snapshot(lane.now_ns) is None


@pytest.mark.parametrize(
    ("step_s", "times"),
    [
        pytest.param(IDLE_S + 1, 1, id="nobody goes on"),
        pytest.param(IDLE_S / 2, round(2 * MAX_S / IDLE_S) + 1, id="somebody never stops"),
    ],
)
def test_practice_ends_by_itself(lane: TrainingLane, step_s: float, times: int) -> None:
    lane.staff(commands.StartPractice())
    for _ in range(times):
        lane.send(commands.GetSnapshot())
        lane.now_ns += int(step_s * 1e9)
        lane.commit(lane.counter.tick(lane.now_ns, lane.now_utc))
    assert lane.counter.practice_snapshot(lane.now_ns) is None
    ended = next(e.body for e in lane.events if isinstance(e.body, events.PracticeEnded))
    assert ended.reason == "time_out"


def test_a_restart_ends_practice(lane: TrainingLane) -> None:
    lane.staff(commands.StartPractice())
    lane.restart()
    lane.run(200)
    assert lane.kinds == ["PracticeStarted", "PracticeEnded"]
    lane.put(1, "milk")
    lane.run(1_000)
    assert lane.bought == Multiset(milk=1)


def test_a_paid_basket_that_is_still_shown_makes_way_for_practice(lane: TrainingLane) -> None:
    lane.send(commands.AddLine("milk"))
    lane.send(commands.Finish())
    lane.send(commands.PaymentResult("approved"))
    assert lane.staff(commands.StartPractice()).is_done
    assert lane.kinds[-2:] == ["SaleClosed", "PracticeStarted"]
    assert lane.staff(commands.SwapLease("b")).is_done
