"""What a shadow costs the active path, and how much of the sales it gets to see.

Flow: a whole box on a looped clip -> p95 of perception with and without a candidate -> Figures

The product's own processes in their own priorities; the two kinds of turns alternate, so that the
machine's other work weighs on both.
"""

import statistics
import time
from pathlib import Path

from edge.bundles.shadow_tally import ShadowTally
from tools.benchmarks.report import Figure
from tools.benchmarks.staged_box import StagedBox, staged_box
from tools.demo_run.clip_folder import ClipFolder

SETTLE_S = 8.0  # a p95 is of the last 300 frames
START_LIMIT_S = 180.0


def measure(
    clip: ClipFolder, folder: Path, turn_s: float, turns: int, cameras: int
) -> list[Figure]:
    """Turns without and with a candidate.

    Raises:
        RuntimeError: the box did not come up.
    """
    without: list[float] = []
    beside: list[float] = []
    tallies: list[ShadowTally] = []
    modes: set[str] = set()
    with staged_box(clip, folder, cameras) as box:
        _wait(box)
        for number in range(turns):
            without += _turn(box, turn_s, modes=set())
            bundle_id = box.install_twin(f"shadow-{number}")
            box.shadow = None
            box.stage(bundle_id, number + 1)
            beside += _turn(box, turn_s, modes)
            if box.shadow is not None and box.shadow.tally:
                tallies.append(ShadowTally.from_json(box.shadow.tally))
            box.drop_candidate()
    return _figures(without, beside, tallies, modes)


def _wait(box: StagedBox) -> None:
    deadline = time.monotonic() + START_LIMIT_S
    while not (box.p95 and box.bundles) and time.monotonic() < deadline:
        box.step()
    if not box.p95:
        raise RuntimeError("the box did not come up; see box.log")


def _turn(box: StagedBox, turn_s: float, modes: set[str]) -> list[float]:
    """p95 once per second, without the first seconds."""
    began = time.monotonic()
    while time.monotonic() - began < turn_s:
        box.step()
        if box.shadow is not None:
            modes.add(box.shadow.mode)
    return [p95 for at, p95 in box.p95 if at - began >= SETTLE_S]


def _figures(
    without: list[float], beside: list[float], tallies: list[ShadowTally], modes: set[str]
) -> list[Figure]:
    quiet, busy = statistics.median(without or [0.0]), statistics.median(beside or [0.0])
    paid = sum(t.items_paid for t in tallies)
    seen = sum(t.items_seen for t in tallies)
    compared = sum(t.counts.total + t.num_open for t in tallies)
    differ = sum(t.different for t in tallies)
    skipped = sum((t.skipped for t in tallies[1:]), tallies[0].skipped) if tallies else {}
    return [
        Figure("p95 of the active path without shadow", round(quiet, 1), "ms"),
        Figure("p95 with shadow", round(busy, 1), "ms", f"modes: {', '.join(sorted(modes))}"),
        Figure("ratio", round(busy / quiet, 3) if quiet else 0.0),
        Figure("baskets compared", compared, "", f"{differ} priced differently by its twin"),
        Figure("pieces with a shadowed look", f"{seen / max(1, paid):.1%}", "", f"of {paid}"),
        Figure("baskets not compared", str(dict(skipped))),
    ]
