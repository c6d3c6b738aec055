"""One candidate and its process: baskets are compared, or what failed is told."""

import sys
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import numpy as np
import pytest

from edge.bundles.frame_spool import FrameSpool
from edge.bundles.shadow_tally import ShadowTally
from edge.messages.basket_messages import (
    BasketLine,
    BasketSnapshot,
    ItemState,
    ItemView,
    LineOrigin,
    Phase,
)
from edge.messages.perception_messages import Observations
from edge.processes.candidate_runner import CandidateRunner, RunnerLimits
from edge.processes.shadow_recorder import Recorded
from edge.processes.shadow_session import ShadowSession, tally_path
from tests.edge.processes.lane_fixture import LANE, observed
from tests.system.running_box import make_config

PICTURE = np.full((120, 160, 3), 90, np.uint8)
TALK = """
import json, sys, time
sys.stdin.readline()
def say(**words): print(json.dumps(words), flush=True)
def frames(told): return len(told["frames"])
{before}
say(type="ready", latency_ratio={ratio}, provider="cpu")
seen = 0
for line in sys.stdin:
    told = json.loads(line)
    if told["type"] == "look_at":
        seen += frames(told)
        {looking}
        say(type="looked", num_frames=frames(told))
    elif told["type"] == "forget":
        say(type="looked", num_frames=0)
    else:
        say(type="answer", basket_id=told["basket_id"], charged={charged}, prices={{}},
            num_asks=0, num_frames=seen, num_null_frames={null}, num_item_frames=10)
        seen = 0
"""


def script(
    before: str = "", looking: str = "pass", charged: str = '{"milk": 1}', null: int = 0,
    ratio: float = 1.0,
) -> list[str]:  # fmt: skip
    text = TALK.format(before=before, looking=looking, charged=charged, null=null, ratio=ratio)
    return [sys.executable, "-c", text]


def snapshot(
    phase: Phase, basket_id: str = "", sku_id: str = "", origin: LineOrigin = LineOrigin.VISION
) -> BasketSnapshot:
    line = BasketLine("l1", sku_id, sku_id, 1, 120, 120, origin, item_ids=("i1",))
    item = ItemView("i1", ItemState.CHARGED)
    lines, items = ((line,), (item,)) if sku_id else ((), ())
    return BasketSnapshot(LANE, basket_id, 1, phase, "EUR", 2, lines=lines, items=items)


class Bench:
    """A session with a scripted candidate; the lane is spoken for by the test."""

    def __init__(self, folder: Path) -> None:
        self.config = make_config(folder)
        self.spool_path = folder / "spool"
        self.differences: list[str] = []
        self.picture = PICTURE
        self.sequence = 0
        self.num_baskets = 0
        self.session: ShadowSession | None = None

    def open(
        self, command: list[str], limits: RunnerLimits | None = None, max_mib: float = 500.0
    ) -> ShadowSession:
        self.session = ShadowSession(
            self.config, "new", FrameSpool(self.spool_path, 1 << 20),
            lambda _lane: lambda _camera, _sequence: self.picture,
            CandidateRunner(command, self.config, max_mib, limits), self.note,
        )  # fmt: skip
        return self.session

    def note(self, basket: Recorded, *_: object) -> None:
        self.differences.append(basket.basket_id)

    def sell(self, sku_id: str, num_frames: int = 20, last: Phase = Phase.PAYING) -> None:
        assert self.session is not None
        self.num_baskets += 1
        basket_id = f"b{self.num_baskets}"
        self.session.on_basket(snapshot(Phase.IDLE))
        for _ in range(4):
            self.session.on_observations(self.seen())
        self.session.on_basket(snapshot(Phase.SHOPPING, basket_id, sku_id))
        for _ in range(num_frames):
            self.session.on_observations(self.seen(sku_id))
        self.session.on_basket(snapshot(last, basket_id, sku_id))
        self.session.on_basket(snapshot(Phase.IDLE))

    def seen(self, *sku_ids: str) -> Observations:
        self.sequence += 1
        return observed(self.sequence, *sku_ids)

    def run(
        self, num_results: int = 1, limit_s: float = 20.0, *, may_run: bool = True
    ) -> ShadowTally:
        assert self.session is not None
        deadline = time.monotonic() + limit_s
        tally = self.session.tally
        while time.monotonic() < deadline and not self.session.problem:
            if tally.counts.total + tally.num_open + tally.skipped.total() >= num_results:
                break
            self.session.step(0.01, may_run=may_run)
            time.sleep(0.01)
        return tally


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path)
    yield bench
    if bench.session is not None:
        bench.session.close()
    assert not bench.spool_path.exists()


def test_equal_baskets_are_compared_and_their_pictures_erased(bench: Bench) -> None:
    session = bench.open(script())
    bench.sell("milk")
    bench.sell("milk")
    tally = bench.run(2)
    assert (tally.ties, tally.frames_seen, tally.frames_looked) == (2, 48, 48)
    assert not any(bench.spool_path.read_bytes())
    assert session.report(0, 1.0).spool_share == 0.0
    assert bench.differences == []


def test_a_difference_is_told_while_its_pictures_are_there(bench: Bench) -> None:
    bench.open(script(charged="{}"))
    bench.sell("milk")
    assert bench.run().losses == 1
    assert bench.differences == ["b1"]


def test_the_sums_survive_the_process_and_not_the_candidate(bench: Bench) -> None:
    session = bench.open(script())
    bench.sell("milk")
    bench.run()
    session.close()
    again = bench.open(script())
    assert again.tally.ties == 1
    again.close(is_over=True)
    assert not tally_path(bench.config).exists()
    bench.session = None


@pytest.mark.parametrize(
    ("command", "limits", "max_mib", "code"),
    [
        pytest.param(script("sys.exit(3)"), None, 500.0, "shadow.crashed", id="crash at load"),
        pytest.param(
            script(looking="seen > 50 and __import__('os').abort()"), None, 500.0,
            "shadow.crashed", id="crash after 50 frames",
        ),
        pytest.param(
            script(looking="time.sleep(60)"), RunnerLimits(60.0, 0.2), 500.0, "shadow.hang",
            id="sleeps for ever",
        ),
        pytest.param(
            script(looking="[0 for _ in iter(int, 1)]"), RunnerLimits(0.3, 60.0), 5000.0,
            "shadow.hang", id="computes for ever",
        ),
        pytest.param(
            script(looking="hog = bytearray(200 << 20); time.sleep(9)"), None, 100.0,
            "shadow.memory", id="memory hog",
        ),
        pytest.param(
            script(looking="print('x' * 100, flush=True)"), None, 500.0, "shadow.garbled",
            id="says nonsense",
        ),
        pytest.param(
            script('say(type="failed", code="bundle.invalid", message="no"); time.sleep(9)'),
            None, 500.0, "bundle.invalid", id="cannot be loaded",
        ),
    ],
)  # fmt: skip
def test_a_candidate_that_fails_ends_alone_and_with_its_reason(
    bench: Bench, command: list[str], limits: RunnerLimits | None, max_mib: float, code: str
) -> None:
    session = bench.open(command, limits, max_mib)
    bench.sell("milk", num_frames=80)
    bench.run()
    assert session.problem.startswith(code)
    assert not bench.spool_path.exists()
    bench.sell("milk")
    assert session.report(0, 1.0).mode == "failed"


def test_a_stopped_candidate_is_not_blamed_and_catches_up(bench: Bench) -> None:
    session = bench.open(script(), RunnerLimits(60.0, 0.3))
    bench.run(1, 1.0)
    bench.sell("milk")
    for _ in range(50):
        session.step(0.1, may_run=False)
    assert session.report(0, 1.0).mode == "waiting"
    assert session.tally.counts.total == 0
    assert bench.run().ties == 1


@pytest.mark.parametrize(
    ("last", "reason"),
    [(Phase.SUSPENDED, "suspended"), (Phase.SHOPPING, "cancelled")],
    ids=["suspended", "cancelled"],
)
def test_a_basket_without_an_end_is_not_compared(bench: Bench, last: Phase, reason: str) -> None:
    bench.open(script())
    bench.sell("milk", last=last)
    assert dict(bench.run().skipped) == {reason: 1}
    assert not any(bench.spool_path.read_bytes())


def test_baskets_that_find_no_room_lower_the_coverage_and_stop_nothing(bench: Bench) -> None:
    bench.open(script())
    bench.picture = np.random.default_rng(1).integers(0, 255, (400, 600, 3), dtype=np.uint8)
    bench.sell("milk", num_frames=60)
    bench.picture = PICTURE
    bench.sell("milk", num_frames=56)
    tally = bench.run(2)
    assert (tally.ties, tally.skipped.total()) == (1, 1)
    assert tally.evidence().coverage == pytest.approx(0.5, abs=0.05)


def test_what_a_person_said_is_the_truth(bench: Bench) -> None:
    session = bench.open(script(charged='{"juice": 1}'))
    bench.session = session
    session.on_basket(snapshot(Phase.IDLE))
    for _ in range(4):
        session.on_observations(bench.seen())
    session.on_basket(snapshot(Phase.SHOPPING, "b1", "milk"))
    session.on_observations(bench.seen("milk"))
    corrected = snapshot(Phase.SHOPPING, "b1", "juice", LineOrigin.ATTENDANT)
    session.on_basket(corrected)
    session.on_basket(msgspec.structs.replace(corrected, phase=Phase.PAYING))
    assert bench.run().wins == 1


def test_a_lane_that_is_in_a_sale_when_shadowing_begins_is_left_alone(bench: Bench) -> None:
    session = bench.open(script())
    session.on_basket(snapshot(Phase.SHOPPING, "b0", "milk"))
    session.on_observations(bench.seen("milk"))
    session.on_basket(snapshot(Phase.PAYING, "b0", "milk"))
    bench.sell("milk")
    tally = bench.run()
    assert (tally.counts.total, tally.skipped.total()) == (1, 0)


def test_want_of_memory_is_the_machines_fault_and_not_the_candidates(bench: Bench) -> None:
    words = 'say(type="failed", code="shadow.no_memory", message="gone"); time.sleep(9)'
    session = bench.open(script(words))
    bench.sell("milk")
    bench.run()
    assert session.is_machine_short
    assert session.tally.crashes == 0


def test_the_next_shopper_may_come_while_the_last_one_is_thanked(bench: Bench) -> None:
    session = bench.open(script())
    bench.sell("milk")
    session.on_basket(snapshot(Phase.PAID, "b1", "milk"))
    session.on_basket(snapshot(Phase.PAID, "b1"))  # the goods are gone, the screen still thanks
    for _ in range(4):
        session.on_observations(bench.seen())
    session.on_basket(snapshot(Phase.SHOPPING, "b2", "milk"))
    session.on_observations(bench.seen("milk"))
    session.on_basket(snapshot(Phase.PAYING, "b2", "milk"))
    assert bench.run(2).ties == 2
