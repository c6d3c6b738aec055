"""A release in a fleet of ten thousand boxes on a virtual clock: how far does a bad one get?

Flow: release, fleet -> hours of baskets, swaps, silences -> Desk (the hub's rules) -> figures

The rules are the product's own, the boxes' evidence too (edge/bundles/evidence.py). Invented are
the rates: baskets per hour, how much worse the release is, which boxes are away. The lab sees none
of what is wrong with a release here, so the first ring of shops has to. A box swaps after 200
baskets without proof of harm; real ones prove that it is no worse first, which takes longer.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from edge.bundles.evidence import PairedCounts, log_no_worse_e, log_worse_e, worse_e_value
from sync.protocol import BundleProgress
from trainer.release.rollout import (
    BoxReport,
    BoxStep,
    Decision,
    Phase,
    RolloutState,
    apply,
    begin,
    decide,
)
from trainer.release.rollout_plan import PlannedRing, RolloutPlan

HOUR = timedelta(hours=1)
START = datetime(2026, 1, 5, 6, 0, tzinfo=UTC)
LIMIT_H = 24 * 60
MARGIN = 0.01  # a share of baskets
BASKETS_PER_H = 20
SHADOW_BASKETS = 200  # a box's own minimum before it swaps
PROBATION_H = 4
PLAN = RolloutPlan(
    rings=(
        PlannedRing(name="lab", soak_h=4, deadline_h=72, is_lab=True),
        PlannedRing(name="pilot", soak_h=24, deadline_h=240, min_confirmed=50),
        PlannedRing(name="tenth", soak_h=24, deadline_h=240, min_confirmed=500),
        PlannedRing(name="all", soak_h=24, deadline_h=480, min_confirmed=5_000),
    )
)
POLICY = PLAN.policy()
BUNDLE_ID = "b" * 64
DRILLS = {"golden": "ok", "swap": "ok", "rollback": "ok"}
RING_SHARES = (0.0005, 0.01, 0.1)  # the rest is the last ring


@dataclass(frozen=True, slots=True)
class Release:
    """What the release does in shops.

    Attributes:
        loss_share: baskets that only the old model prices right.
        win_share: baskets that only the new one does.
        crash_share: boxes on which it falls over after the swap and is rolled back.
        refused_share: boxes on which the golden frames differ.
        silent_share: boxes that fall silent after the swap; 1 % do with any release.
    """

    name: str
    loss_share: float = 0.005
    win_share: float = 0.015
    crash_share: float = 0.0
    refused_share: float = 0.0
    silent_share: float = 0.01


RELEASES = (
    Release("good"),
    Release("worse by 2 % of baskets", loss_share=0.025, win_share=0.005),
    Release("worse by 3 % of baskets", loss_share=0.035, win_share=0.005),
    Release("crashes on every fifth box", crash_share=0.2),
    Release("crashes on every box", crash_share=1.0),
    Release("differs on golden frames of every fifth box", refused_share=0.2),
    Release("falls silent on every fifth box", silent_share=0.2),
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
        self.goes_silent = self._dice.random(num_boxes) < release.silent_share
        self.crashes = self._dice.random(num_boxes) < release.crash_share
        self.differs = self._dice.random(num_boxes) < release.refused_share
        for trouble in (self.is_away, self.goes_silent, self.crashes, self.differs):
            trouble[self.ring == 0] = False
        self.seen_h = np.zeros(num_boxes)
        self.swapped_h = np.full(num_boxes, np.inf)
        self.counts = np.zeros((num_boxes, 3), np.int64)  # wins, losses, ties

    def pass_an_hour(self, hour: int, is_offered: NDArray[np.bool_]) -> None:
        """Baskets, fetches, swaps, confirmations, failures."""
        here = ~self.is_away
        fresh = is_offered & here & (self.step == _OFFERED)
        self.step[fresh] = np.where(self.differs[fresh], _REFUSED, _FETCHED)
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
                f"box-{i}", int(self.ring[i]), _STEPS[self.step[i]], self.seen_at(i), *self._logs(i)
            )
            for i in np.flatnonzero(self.ring <= ring)
        ]

    def seen_at(self, i: int) -> datetime:
        """The box's last check-in."""
        return START + HOUR * float(self.seen_h[i])

    def progress(self, i: int) -> BundleProgress | None:
        """What the box would tell in its check-in; None before it fetched the release."""
        step = _STEPS[self.step[i]]
        if step is BoxStep.OFFERED:
            return None
        counts, (worse, no_worse) = self._paired(i), self._logs(i)
        return BundleProgress(
            bundle_id=BUNDLE_ID, step=step.value, wins=counts.wins, losses=counts.losses,
            ties=counts.ties, log_e_worse=worse, log_e_no_worse=no_worse,
            drills=DRILLS if self.ring[i] == 0 else {},
        )  # fmt: skip

    def _sell(self, shadowing: NDArray[np.bool_]) -> None:
        for release, is_here in ((RELEASES[0], self.ring == 0), (self._release, self.ring > 0)):
            boxes = np.flatnonzero(shadowing & is_here)
            shares = (release.win_share, release.loss_share)
            odds = (*shares, 1.0 - sum(shares))
            self.counts[boxes] += self._dice.multinomial(BASKETS_PER_H, odds, size=len(boxes))

    def _paired(self, i: int) -> PairedCounts:
        return PairedCounts(*(int(value) for value in self.counts[i]))

    def _logs(self, i: int) -> tuple[float, float]:
        if not self.counts[i].any():
            return 0.0, 0.0
        counts = self._paired(i)
        return log_worse_e(counts), log_no_worse_e(counts, MARGIN)


class Desk(Protocol):
    """Who judges and remembers: the rules alone, or the hub's own tables."""

    @property
    def state(self) -> RolloutState:
        """Where the release stands."""

    def look(self, fleet: SimFleet, now: datetime) -> Decision:
        """Judge by what the boxes told, and move on."""


class PureDesk:
    """trainer/release/rollout.py with a state in memory."""

    def __init__(self, fleet: SimFleet) -> None:
        """At the beginning of the first ring; every fleet is the same to it."""
        self._state = begin(BUNDLE_ID, START)

    @property
    def state(self) -> RolloutState:
        """Where the release stands."""
        return self._state

    def look(self, fleet: SimFleet, now: datetime) -> Decision:
        """Judge by what the boxes told, and move on."""
        decision = decide(POLICY, self._state, fleet.reports(self._state.ring), now)
        self._state = apply(self._state, decision, now)
        return decision


def roll_out(
    release: Release,
    num_boxes: int = 10_000,
    seed: int = 1,
    desk_of: Callable[[SimFleet], Desk] = PureDesk,
) -> RolloutFigures:
    """Play one release until it is through, stopped, held, or two months are over."""
    fleet = SimFleet(num_boxes, release, seed)
    desk = desk_of(fleet)
    decisions: list[Decision] = []
    for hour in range(1, LIMIT_H):
        offered = np.array([desk.state.is_offered_to(r) for r in range(len(POLICY.rings))])
        fleet.pass_an_hour(hour, offered[fleet.ring])
        if hour % 4:
            continue
        decision = desk.look(fleet, START + HOUR * hour)
        if decision.action != "wait":
            decisions.append(decision)
        if desk.state.phase is not Phase.RUNNING:
            break
    return _figures(release, desk.state, fleet, hour, tuple(decisions))


def _figures(
    release: Release, state: RolloutState, fleet: SimFleet, hour: int, made: tuple[Decision, ...]
) -> RolloutFigures:
    return RolloutFigures(
        release=release.name,
        phase=str(state.phase),
        ring=POLICY.rings[state.ring].name,
        reason=state.reason,
        hours=hour,
        swapped=int((np.isfinite(fleet.swapped_h) & (fleet.step != _REFUSED)).sum()),
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
