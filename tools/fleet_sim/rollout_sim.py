"""A release in a fleet of ten thousand boxes on a virtual clock: how far does a bad one get?

Flow: release, fleet -> hours of baskets, swaps, silences -> trainer/release/rollout.py -> figures

The rules are the product's own, the boxes' evidence too (edge/bundles/evidence.py). Invented are
the rates: baskets per hour, how much worse the release is, which boxes are away. The lab sees none
of what is wrong with a release here, so the first ring of shops has to.
"""

import math
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from edge.bundles.evidence import PairedCounts, no_worse_e_value, worse_e_value
from trainer.release.rollout import (
    BoxReport,
    BoxStep,
    Decision,
    Phase,
    Ring,
    RolloutPolicy,
    RolloutState,
    apply,
    begin,
    decide,
)

HOUR = timedelta(hours=1)
START = datetime(2026, 1, 5, 6, 0, tzinfo=UTC)
LIMIT_H = 24 * 60
MARGIN = 0.01  # a share of baskets
BASKETS_PER_H = 20
SHADOW_BASKETS = 200  # a box's own minimum before it swaps
PROBATION_H = 4
POLICY = RolloutPolicy(
    rings=(
        Ring("lab", soak=4 * HOUR, deadline=72 * HOUR, is_lab=True),
        Ring("pilot", soak=24 * HOUR, deadline=240 * HOUR, min_confirmed=50),
        Ring("tenth", soak=24 * HOUR, deadline=240 * HOUR, min_confirmed=500),
        Ring("all", soak=24 * HOUR, deadline=480 * HOUR, min_confirmed=5_000),
    )
)
RING_SHARES = (0.0005, 0.01, 0.1)  # the rest is the last ring


@dataclass(frozen=True, slots=True)
class Release:
    """What the release does in shops.

    Attributes:
        loss_share: baskets that only the old model prices right.
        win_share: baskets that only the new one does.
        crash_share: boxes on which it falls over after the swap and is rolled back.
    """

    name: str
    loss_share: float
    win_share: float
    crash_share: float = 0.0


RELEASES = (
    Release("good", loss_share=0.005, win_share=0.015),
    Release("worse by 3 % of baskets", loss_share=0.035, win_share=0.005),
    Release("crashes on every fifth box", loss_share=0.005, win_share=0.015, crash_share=0.2),
    Release("falls silent on every fifth box", loss_share=0.005, win_share=0.015),
)


@dataclass(frozen=True, slots=True)
class RolloutFigures:
    """How it ended."""

    release: str
    phase: str
    ring: str
    reason: str
    hours: float
    swapped: int
    offered: int
    decisions: tuple[Decision, ...] = field(default=(), repr=False)


class SimFleet:
    """Boxes as arrays; one step is one hour."""

    def __init__(self, num_boxes: int, release: Release, seed: int) -> None:
        self._dice = np.random.default_rng(seed)
        self._release = release
        self.ring = _rings(num_boxes)
        self.step = np.zeros(num_boxes, np.int64)  # index into _STEPS
        self.is_away = self._dice.random(num_boxes) < 0.05
        is_silencing = release.name.startswith("falls silent")
        self.goes_silent = self._dice.random(num_boxes) < (0.2 if is_silencing else 0.01)
        self.crashes = self._dice.random(num_boxes) < release.crash_share
        for trouble in (self.is_away, self.goes_silent, self.crashes):
            trouble[self.ring == 0] = False
        self.seen_h = np.zeros(num_boxes)
        self.swapped_h = np.full(num_boxes, np.inf)
        self.counts = np.zeros((num_boxes, 3), np.int64)  # wins, losses, ties

    def pass_an_hour(self, hour: int, is_offered: NDArray[np.bool_]) -> None:
        """Baskets, fetches, swaps, confirmations, failures."""
        here = ~self.is_away
        self.step[is_offered & here & (self.step == _OFFERED)] = _FETCHED
        self._sell((self.step == _FETCHED) & here)
        ready = (self.step == _FETCHED) & here & (self.counts.sum(axis=1) >= SHADOW_BASKETS)
        for i in np.flatnonzero(ready & is_offered):
            is_bad = worse_e_value(self._paired(i)) >= 1.0 / POLICY.alpha
            self.step[i] = _REFUSED if is_bad else _SWAPPED
            self.swapped_h[i] = hour
        served = hour - self.swapped_h >= PROBATION_H
        is_serving = self.step == _SWAPPED
        self.step[is_serving & served & self.crashes] = _ROLLED_BACK
        self.step[is_serving & served & ~self.crashes & ~self.goes_silent] = _CONFIRMED
        is_silent = self.goes_silent & np.isfinite(self.swapped_h)
        self.seen_h[here & ~is_silent] = hour

    def reports(self, ring: int) -> list[BoxReport]:
        """What the hub knows of the boxes of the rings up to this one."""
        return [
            BoxReport(
                f"box-{i}", int(self.ring[i]), _STEPS[self.step[i]],
                START + HOUR * float(self.seen_h[i]),
                *(self._logs(i) if self.counts[i].any() else (0.0, 0.0)),
            )
            for i in np.flatnonzero(self.ring <= ring)
        ]  # fmt: skip

    def _sell(self, shadowing: NDArray[np.bool_]) -> None:
        for release, is_here in ((RELEASES[0], self.ring == 0), (self._release, self.ring > 0)):
            boxes = np.flatnonzero(shadowing & is_here)
            shares = (release.win_share, release.loss_share)
            odds = (*shares, 1.0 - sum(shares))
            self.counts[boxes] += self._dice.multinomial(BASKETS_PER_H, odds, size=len(boxes))

    def _paired(self, i: int) -> PairedCounts:
        return PairedCounts(*(int(value) for value in self.counts[i]))

    def _logs(self, i: int) -> tuple[float, float]:
        counts = self._paired(i)
        return math.log(worse_e_value(counts)), math.log(no_worse_e_value(counts, MARGIN))


def roll_out(release: Release, num_boxes: int = 10_000, seed: int = 1) -> RolloutFigures:
    """One release through the fleet, to its end."""
    fleet = SimFleet(num_boxes, release, seed)
    state = begin("b" * 64, START)
    decisions: list[Decision] = []
    for hour in range(1, LIMIT_H):
        now = START + HOUR * hour
        offered = np.array([state.is_offered_to(r) for r in range(len(POLICY.rings))])
        fleet.pass_an_hour(hour, offered[fleet.ring])
        if hour % 4:
            continue
        decision = decide(POLICY, state, fleet.reports(state.ring), now)
        if decision.action != "wait":
            decisions.append(decision)
        state = apply(state, decision, now)
        if state.phase is not Phase.RUNNING:
            break
    return _figures(release, state, fleet, hour, tuple(decisions))


def _figures(
    release: Release, state: RolloutState, fleet: SimFleet, hour: int, made: tuple[Decision, ...]
) -> RolloutFigures:
    return RolloutFigures(
        release=release.name,
        phase=str(state.phase),
        ring=POLICY.rings[state.ring].name,
        reason=state.reason,
        hours=hour,
        swapped=int(np.isfinite(fleet.swapped_h).sum() - (fleet.step == _REFUSED).sum()),
        offered=int((fleet.ring <= state.ring).sum()),
        decisions=made,
    )


def _rings(num_boxes: int) -> NDArray[np.int64]:
    ring = np.full(num_boxes, len(RING_SHARES), np.int64)
    start = 0
    for number, share in enumerate(RING_SHARES):
        end = start + max(int(num_boxes * share), 1)
        ring[start:end], start = number, end
    return ring


_STEPS = tuple(BoxStep)
_OFFERED, _FETCHED, _REFUSED, _SWAPPED, _CONFIRMED, _ROLLED_BACK = range(len(_STEPS))
