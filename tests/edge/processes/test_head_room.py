"""When a candidate may run: what is idle, what is free, what is too slow."""

from pathlib import Path

import msgspec
import pytest

from edge.messages.basket_messages import BasketSnapshot, ItemState, ItemView, Phase
from edge.messages.perception_messages import PerceptionState
from edge.processes.head_room import HeadRoom
from edge.processes.shadow_process import is_busy

ITEM = (ItemView("i1", ItemState.CHARGED),)


class Machine:
    """Two cores; /proc/stat as the test wants it."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "stat"
        self.total = self.idle = 0
        self.room = HeadRoom(1.1, 2, self.path)

    def second(self, idle_share: float, candidate_s: float = 0.0, *, runs: bool = False) -> bool:
        self.total, self.idle = self.total + 200, self.idle + round(200 * idle_share)
        self.path.write_text(f"cpu {self.total - self.idle} 0 0 {self.idle} 0 0 0 0\n")
        self.room.step(1.0, candidate_s, is_running=runs)
        return self.room.may_run(is_basket_open=True)

    def perceive(self, p95_ms: float) -> None:
        state = PerceptionState(0, "b", "", "", 1, 0, 0, 1.0, p95_ms, 0, 1)
        self.room.on_perception(state)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_between_baskets_it_may_always_run(machine: Machine) -> None:
    assert machine.room.may_run(is_basket_open=False)
    assert not machine.room.may_run(is_basket_open=True)


def test_a_free_core_lets_it_run_beside_a_basket(machine: Machine) -> None:
    machine.second(0.6)
    assert machine.second(0.6)
    assert not machine.second(0.2)


def test_what_the_candidate_uses_itself_counts_as_free(machine: Machine) -> None:
    machine.second(0.5)
    assert machine.second(0.5)
    assert machine.second(0.0, candidate_s=1.0, runs=True)


def test_a_shadow_that_slows_the_sale_waits_from_then_on(machine: Machine) -> None:
    for runs, p95_ms in ((False, 50.0), (True, 80.0)):
        for _ in range(20):
            machine.second(0.9, runs=runs)
            machine.perceive(p95_ms)
    assert machine.room.slowdown == pytest.approx(1.6)
    assert not machine.second(0.9)
    assert machine.room.may_run(is_basket_open=False)


@pytest.mark.parametrize(
    ("phase", "items", "busy"),
    [
        (Phase.IDLE, (), False),
        (Phase.SHOPPING, (), False),
        (Phase.SHOPPING, ITEM, True),
        (Phase.PAYING, ITEM, False),
        (Phase.PAID, ITEM, False),
    ],
    ids=["idle", "no goods yet", "goods", "paying", "paid"],
)
def test_a_lane_is_busy_while_goods_are_recognised(
    phase: Phase, items: tuple[ItemView, ...], busy: bool
) -> None:
    snapshot = BasketSnapshot("a", "b1", 1, phase, "EUR", 2)
    assert is_busy(msgspec.structs.replace(snapshot, items=items)) is busy
