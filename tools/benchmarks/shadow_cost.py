"""What a shadow costs the active path, and how much of the sales it gets to see.

Flow: a whole box on a looped clip -> latency of every frame, candidate off and on -> Figures

The product's own processes in their own priorities. Turns are short and alternate, each is compared
with its neighbours only, and the figure is the median of those ratios: the machine's other work
comes and goes more slowly. A busy box is one with a program beside it that wants a whole core, so
that the candidate waits until no basket is open.
"""

import contextlib
import multiprocessing
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from edge.bundles.shadow_tally import ShadowTally
from tools.benchmarks.report import Figure
from tools.benchmarks.staged_box import StagedBox, staged_box
from tools.demo_run.clip_folder import ClipFolder

SETTLE_S = 3.0  # after a candidate came or went
START_LIMIT_S = 300.0
LEAST_FRAMES = 20  # of a turn, for a p95


@dataclass
class Turns:
    """What was seen.

    Attributes:
        off, on: p95 per turn, in order; turn i of `on` lies between turns i and i + 1 of `off`.
        modes: how often the shadow was live, waiting, loading.
    """

    off: list[float] = field(default_factory=list)
    on: list[float] = field(default_factory=list)
    tallies: list[ShadowTally] = field(default_factory=list)
    modes: dict[str, int] = field(default_factory=dict)

    def ratios(self) -> list[float]:
        """Each turn with the candidate against the mean of its two neighbours without."""
        return [
            on / ((before + after) / 2)
            for on, before, after in zip(self.on, self.off, self.off[1:], strict=False)
        ]


def measure(
    clip: ClipFolder, folder: Path, turn_s: float, pairs: int, cameras: int, *, is_busy: bool
) -> list[Figure]:
    """Turns without, with, without, with, ..., without a candidate.

    Raises:
        RuntimeError: the box did not come up, or no candidate could be shadowed.
    """
    turns = Turns()

    def is_up() -> bool:
        return bool(box.latencies_ms and box.bundles)

    def is_at_work() -> bool:
        """Loaded, and beside it nothing of the self-test any more."""
        return box.shadow is not None and box.shadow.mode in ("live", "waiting")

    with staged_box(clip, folder, cameras) as box, _busy_core(is_busy):
        _wait(box, is_up, "the box did not come up")
        turns.off.append(_turn(box, turn_s))
        for number in range(pairs):
            bundle_id = box.install_twin(f"shadow-{number}")
            box.stage(bundle_id, number + 1)
            _wait(box, is_at_work, "no candidate came into the shadow")
            turns.on.append(_turn(box, turn_s, turns.modes))
            if box.shadow is not None and box.shadow.tally:
                turns.tallies.append(ShadowTally.from_json(box.shadow.tally))
            box.stage("", number + 1)
            box.drop_candidate()
            turns.off.append(_turn(box, turn_s))
    return _figures(turns, "deferred" if is_busy else "live")


def _wait(box: StagedBox, is_so: Callable[[], bool], problem: str) -> None:
    deadline = time.monotonic() + START_LIMIT_S
    while not is_so():
        if time.monotonic() > deadline:
            raise RuntimeError(f"{problem}; see box.log")
        box.step()


def _turn(box: StagedBox, turn_s: float, modes: dict[str, int] | None = None) -> float:
    """p95 of the frames of one turn, without its first seconds."""
    _listen(box, SETTLE_S)
    box.latencies_ms.clear()
    _listen(box, turn_s, modes)
    if len(box.latencies_ms) < LEAST_FRAMES:
        raise RuntimeError(f"{len(box.latencies_ms)} frames in a turn; make it longer")
    return float(np.quantile(box.latencies_ms, 0.95))


def _listen(box: StagedBox, seconds: float, modes: dict[str, int] | None = None) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        box.step()
        if modes is not None and box.shadow is not None:
            modes[box.shadow.mode] = modes.get(box.shadow.mode, 0) + 1


@contextlib.contextmanager
def _busy_core(is_busy: bool) -> Iterator[None]:
    """A program beside the box that takes a core as long as the block."""
    if not is_busy:
        yield
        return
    burner = multiprocessing.get_context("spawn").Process(target=_burn, daemon=True)
    burner.start()
    try:
        yield
    finally:
        burner.kill()
        burner.join()


def _burn() -> None:
    number = 1
    while True:
        number = number * 3 % 1_000_003


def _figures(turns: Turns, kind: str) -> list[Figure]:
    ratios = sorted(turns.ratios())
    tallies = turns.tallies
    paid = sum(t.items_paid for t in tallies)
    seen = sum(t.items_seen for t in tallies)
    compared = sum(t.counts.total + t.num_open for t in tallies)
    differ = sum(t.different for t in tallies)
    skipped = sum((t.skipped for t in tallies[1:]), tallies[0].skipped) if tallies else {}
    looks = sum(turns.modes.values()) or 1
    modes = ", ".join(f"{m} {n / looks:.0%}" for m, n in sorted(turns.modes.items()))
    spread = f"{ratios[0]:.2f} to {ratios[-1]:.2f} over {len(ratios)} pairs" if ratios else ""
    return [
        Figure(f"{kind}: p95 without shadow, median turn", _middle(turns.off), "ms"),
        Figure(f"{kind}: p95 with shadow, median turn", _middle(turns.on), "ms", modes),
        Figure(f"{kind}: ratio of neighbouring turns", _middle(ratios, 3), "", spread),
        Figure(f"{kind}: baskets compared", compared, "", f"{differ} priced differently"),
        Figure(f"{kind}: pieces with a shadowed look", _share(seen, paid), "", f"of {paid}"),
        Figure(f"{kind}: baskets not compared", str(dict(skipped))),
    ]


def _middle(values: list[float], digits: int = 1) -> float:
    return round(statistics.median(values), digits) if values else 0.0


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.1%}" if whole else "none paid"
