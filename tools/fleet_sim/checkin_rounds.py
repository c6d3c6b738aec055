"""Rounds of check-ins of a whole fleet, with an outage of the hub amid them.

Flow: boxes -> jittered rounds -> hub process (killed, started again) -> figures

Each box comes at a time of its own in every round, as real ones do after their first minutes.
"""

import asyncio
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from tools.fleet_sim.hub_process import HubProcess
from tools.fleet_sim.sim_box import SimBox, Tally

HOST = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Plan:
    """What is simulated.

    Attributes:
        round_s: one round; each box checks in once in it.
        outage_s: the hub is killed amid the second round and away for so long; 0 is never.
    """

    num_boxes: int = 10_000
    num_rounds: int = 3
    round_s: float = 60.0
    rows_per_round: int = 1
    outage_s: float = 20.0
    max_requests_per_s: int = 500
    seed: int = 1


@dataclass(frozen=True, slots=True)
class FleetFigures:
    """What came out.

    Attributes:
        hub_cpu_ms: CPU of the hub process for one check-in and one batch together.
        busy_answers: 429 or 503, each followed after the time it named.
        broken_tries: refused or cut connections, each tried again with full jitter.
        caught_up_s: from the hub's return until as many check-ins were done as were due by then.
        peak_per_s: most check-ins done in one second after its return.
        lost_rows: sent, and not in the database; extra_rows: there more often than sent.
    """

    check_ins: int
    lost_check_ins: int
    bytes_per_check_in: float
    check_in_p50_ms: float
    check_in_p99_ms: float
    batch_p50_ms: float
    hub_cpu_ms: float
    busy_answers: int
    broken_tries: int
    caught_up_s: float
    peak_per_s: int
    rows: int
    lost_rows: int
    extra_rows: int
    seconds: float

    @property
    def is_right(self) -> bool:
        """Nothing lost, nothing twice."""
        return not (self.lost_check_ins or self.lost_rows or self.extra_rows)

    def as_json(self) -> dict[str, float]:
        """Plain numbers."""
        return {name: round(value, 3) for name, value in asdict(self).items()}


def simulate(plan: Plan, folder: Path, on_check_ins: Callable[[int], None]) -> FleetFigures:
    """Run the plan against a hub of its own."""
    boxes = [SimBox(f"box-{i}", plan.seed * 1_000_003 + i) for i in range(plan.num_boxes)]
    hub = HubProcess(folder / "hub", max_requests_per_s=plan.max_requests_per_s)
    nonces = hub.admit_boxes((box.box_id, box.key.public_key) for box in boxes)
    for box in boxes:
        box.nonce = nonces[box.box_id]
    hub.start()
    cpu_before, began = hub.cpu_s(), time.monotonic()
    run = _Run(plan, hub, boxes, on_check_ins)
    try:
        asyncio.run(run.all_rounds())
        cpu_s = hub.cpu_s() - cpu_before
    finally:
        hub.kill()
    return _figures(plan, run, hub.rows_per_box(), cpu_s, time.monotonic() - began)


class _Run:
    def __init__(
        self, plan: Plan, hub: HubProcess, boxes: Sequence[SimBox],
        on_check_ins: Callable[[int], None],
    ) -> None:  # fmt: skip
        self.plan, self.hub, self.boxes = plan, hub, boxes
        self.tally = Tally()
        self.back_at_s = 0.0
        self.began_s = 0.0
        self._on_check_ins = on_check_ins

    async def all_rounds(self) -> None:
        self.began_s = time.monotonic()
        watching = asyncio.create_task(self._report())
        outage = asyncio.create_task(self._outage())
        await asyncio.gather(*(self._life(i, box) for i, box in enumerate(self.boxes)))
        await outage
        watching.cancel()

    async def _life(self, i: int, box: SimBox) -> None:
        dice = random.Random(self.plan.seed * 7_919 + i)
        for number in range(self.plan.num_rounds):
            due_s = self.began_s + (number + dice.random()) * self.plan.round_s
            await asyncio.sleep(max(0.0, due_s - time.monotonic()))
            await box.one_round(HOST, self.hub.port, self.plan.rows_per_round, self.tally)

    async def _outage(self) -> None:
        if not self.plan.outage_s:
            return
        await asyncio.sleep(1.5 * self.plan.round_s)
        await asyncio.to_thread(self.hub.kill)
        await asyncio.sleep(self.plan.outage_s)
        await asyncio.to_thread(self.hub.start)
        self.back_at_s = time.monotonic()

    async def _report(self) -> None:
        while True:
            self._on_check_ins(len(self.tally.check_in_s))
            await asyncio.sleep(0.5)


def _figures(
    plan: Plan, run: _Run, rows_here: dict[str, int], cpu_s: float, seconds: float
) -> FleetFigures:
    tally = run.tally
    wanted = plan.num_rounds * plan.rows_per_round
    counts = [rows_here.get(box.box_id, 0) for box in run.boxes]
    after = [at - run.back_at_s for at in tally.done_at_s if run.back_at_s and at >= run.back_at_s]
    num_done = len(tally.check_in_s)
    return FleetFigures(
        check_ins=num_done,
        lost_check_ins=plan.num_boxes * plan.num_rounds - num_done,
        bytes_per_check_in=(tally.sent_bytes + tally.received_bytes) / max(num_done, 1),
        check_in_p50_ms=1000 * quantile(tally.check_in_s, 0.5),
        check_in_p99_ms=1000 * quantile(tally.check_in_s, 0.99),
        batch_p50_ms=1000 * quantile(tally.batch_s, 0.5),
        hub_cpu_ms=1000 * cpu_s / max(num_done, 1),
        busy_answers=tally.num_busy,
        broken_tries=tally.num_broken,
        caught_up_s=_caught_up_s(plan, run, sorted(tally.done_at_s)) if after else 0.0,
        peak_per_s=max((sum(s <= a < s + 1 for a in after) for s in range(60)), default=0),
        rows=sum(counts),
        lost_rows=sum(max(wanted - count, 0) for count in counts),
        extra_rows=sum(max(count - wanted, 0) for count in counts),
        seconds=seconds,
    )


def _caught_up_s(plan: Plan, run: _Run, done_at_s: Sequence[float]) -> float:
    """Seconds after the return until the check-ins that were due by then had been done."""
    per_s = plan.num_boxes / plan.round_s
    last_s = run.began_s + plan.num_rounds * plan.round_s
    for number, at in enumerate(done_at_s, start=1):
        is_due = min(at, last_s) - run.began_s
        if at > run.back_at_s and number >= 0.99 * is_due * per_s:
            return at - run.back_at_s
    return done_at_s[-1] - run.back_at_s


def quantile(values: Sequence[float], share: float) -> float:
    """The value below which `share` of them lie; 0 without any."""
    ordered = sorted(values)
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)] if ordered else 0.0
