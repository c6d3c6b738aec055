"""Whether a place looks different from its own past: seven signals, one rule, a stated rate.

Flow: windows of Counts -> reference of the same weekday -> distances -> tail -> detector -> Drift

The first 28 days of a place with a bundle are its past. Every window of the past is measured
against the other days of its weekday; how far those lie apart is what is normal here, weekly cycle
included. A later window's distance gets the share of the past that lay as far off (an upper bound
of it, because the past is finite), that becomes evidence, and evidence adds up from window to
window until it crosses a bar. Pure: no clock, no database, no p < 0.05.

False alarms: evidence has mean at most 1 while nothing changes, so a signal that watches for ever
alarms falsely less than once in `alarm_windows` windows on average (Shiryaev-Roberts e-detector,
Shin, Ramdas, Rinaldo 2022, arXiv:2203.03532). The promise needs windows that are alike but for
their weekday; `tools/bench drift` prints what simulated shops with such cycles give.
"""

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from trainer.monitoring.counts import Counts, total

FloatArray = NDArray[np.float64]
Distance = Callable[[Counts, Counts], float | None]

CALIBRATOR = 0.2  # exponent of p -> 0.2 p^-0.8; between strong and weak changes
SMOOTHING = 0.5  # pseudo-count per bin (Jeffreys)
MOST_EVIDENCE = 1e12  # more says nothing more, and would end in infinity


@dataclass(frozen=True, slots=True)
class DriftRule:
    """How much is compared, and how sure an alarm is.

    Attributes:
        window_items: items per window.
        past_days: days of the past of a place; less than `min_windows` windows is "learning".
        alarm_windows: a signal alarms falsely less than once in so many windows.
    """

    window_items: int = 150
    past_days: int = 28
    min_windows: int = 28
    alarm_windows: float = 20_000.0


STANDARD = DriftRule()


@dataclass(frozen=True, slots=True)
class Drift:
    """One signal at one place.

    Attributes:
        state: learning | quiet | alarm.
        distance: of the newest window; `usual` is the past's median, `far` its 99th percentile.
        evidence: how much there is now; an alarm was raised where it ever reached the bar.
        num_watched: windows since the past; `alarmed_after` of them were needed.
        baskets_to_alarm: baskets from the end of the past to the alarm.
    """

    signal: str
    state: str
    distance: float = 0.0
    usual: float = 0.0
    far: float = 0.0
    evidence: float = 0.0
    num_watched: int = 0
    alarmed_after: int | None = None
    baskets_to_alarm: int | None = None


def psi(left: FloatArray, right: FloatArray) -> float:
    """Population stability index of two histograms, smoothed."""
    p = (left + SMOOTHING) / (left + SMOOTHING).sum()
    q = (right + SMOOTHING) / (right + SMOOTHING).sum()
    return float(((p - q) * np.log(p / q)).sum())


def mmd_squared(window: Counts, reference: Counts) -> float | None:
    """Squared maximum mean discrepancy of two sums of features, without what chance adds.

    Source: unbiased estimate, Gretton et al. 2012, JMLR 13, on random Fourier features.
    """
    if min(window.num_sketched, reference.num_sketched) < 2:
        return None
    scale = math.sqrt(2.0 / len(window.features))
    here = scale * window.features / window.num_sketched
    there = scale * reference.features / reference.num_sketched
    spread = max(0.0, 1.0 - float(there @ there))
    chance = spread * (1 / window.num_sketched + 1 / reference.num_sketched)
    gap = here - there
    return float(gap @ gap) - chance


def confidence_psi(window: Counts, reference: Counts) -> float | None:
    """How differently sure the box is."""
    return psi(window.confidence, reference.confidence) if window.num_items else None


def similarity_psi(window: Counts, reference: Counts) -> float | None:
    """How differently near the gallery is."""
    return psi(window.similarity, reference.similarity) if window.num_items else None


def parent_psi(window: Counts, reference: Counts) -> float | None:
    """Which parent categories are seen; per SKU the index says nothing below a million items."""
    if not window.parents:
        return None
    names = sorted(set(window.parents) | set(reference.parents))
    return psi(_aligned(window.parents, names), _aligned(reference.parents, names))


def _rate(part: str, whole: str) -> Distance:
    """How much higher a share is, in standard errors; lower is no alarm."""

    def distance(window: Counts, reference: Counts) -> float | None:
        here, there = getattr(window, whole), getattr(reference, whole)
        if not here or not there:
            return None
        usual = (getattr(reference, part) + SMOOTHING) / (there + 1.0)
        gap = getattr(window, part) / here - usual
        return float(gap / math.sqrt(usual * (1.0 - min(usual, 0.999)) / here))

    return distance


SIGNALS: dict[str, Distance] = {
    "confidence_psi": confidence_psi,
    "similarity_psi": similarity_psi,
    "parent_psi": parent_psi,
    "embedding_mmd": mmd_squared,
    "ask_rate": _rate("num_asks", "num_pieces"),
    "correction_rate": _rate("num_corrections", "num_pieces"),
    "picture_quality": _rate("num_poor", "num_reports"),
}


def judge(
    windows: Sequence[Counts], rule: DriftRule = STANDARD, watch_from: date | None = None
) -> list[Drift]:
    """Every signal of a place.

    Args:
        windows: oldest first, of one bundle.
        watch_from: evidence is counted from this day on; from the end of the past by default.
    """
    if not windows:
        return [Drift(name, "learning") for name in SIGNALS]
    last_day = windows[0].day + timedelta(days=rule.past_days)
    past = [w for w in windows if w.day < last_day]
    watched = [w for w in windows if w.day >= max(last_day, watch_from or last_day)]
    references = _References(past)
    return [
        _judge_signal(name, distance, past, watched, references, rule)
        for name, distance in SIGNALS.items()
    ]


def tail_share(distance: float, past: FloatArray) -> float:
    """Upper bound of the share of the past that lies as far off.

    Args:
        past: sorted. With k of n beyond, (k + 1 + 1.3 sqrt(k + 1)) / n is about the upper end of a
            90 % interval; k / n itself would make evidence of luck.
    """
    beyond = len(past) - int(np.searchsorted(past, distance, side="left"))
    return min(1.0, (beyond + 1 + 1.3 * math.sqrt(beyond + 1)) / len(past))


def evidence_of(share: float) -> float:
    """Evidence against "as ever", with mean 1 where the share is uniform (Shafer et al. 2011)."""
    return float(CALIBRATOR * share ** (CALIBRATOR - 1.0))


class _References:
    """Sums of the past by weekday, with one day left out on demand."""

    def __init__(self, past: Sequence[Counts]) -> None:
        self._days: dict[int, dict[int, list[Counts]]] = {}
        for window in past:
            days = self._days.setdefault(window.day.weekday(), {})
            days.setdefault(window.day.toordinal(), []).append(window)
        self._made: dict[tuple[int, int], Counts | None] = {}

    def for_window(self, window: Counts) -> Counts | None:
        """The same weekday without the window's own day; the other days where there is none."""
        key = (window.day.weekday(), window.day.toordinal())
        if key not in self._made:
            same = self._parts(lambda weekday, day: weekday == key[0] and day != key[1])
            parts = same or self._parts(lambda weekday, day: day != key[1])
            self._made[key] = total(parts) if parts else None
        return self._made[key]

    def _parts(self, is_wanted: Callable[[int, int], bool]) -> list[Counts]:
        return [
            window
            for weekday, days in self._days.items()
            for day, windows in days.items()
            if is_wanted(weekday, day)
            for window in windows
        ]


def _judge_signal(
    name: str, distance: Distance, past: Sequence[Counts], watched: Sequence[Counts],
    references: _References, rule: DriftRule,
) -> Drift:  # fmt: skip
    usual = np.sort(np.asarray(_distances(distance, past, references), dtype=np.float64))
    if len(usual) < rule.min_windows:
        return Drift(name, "learning")
    found = Drift(name, "quiet", usual=float(np.median(usual)), far=float(np.quantile(usual, 0.99)))
    evidence, newest, num, baskets = 0.0, 0.0, 0, 0
    alarmed_after = baskets_to_alarm = None
    for window in watched:
        baskets += window.num_baskets
        reference = references.for_window(window)
        value = None if reference is None else distance(window, reference)
        if value is None:
            continue
        num, newest = num + 1, value
        evidence = (1.0 + evidence) * evidence_of(tail_share(value, usual))
        evidence = min(evidence, MOST_EVIDENCE)
        if evidence >= rule.alarm_windows and alarmed_after is None:
            alarmed_after, baskets_to_alarm = num, baskets
    return Drift(
        name, "quiet" if alarmed_after is None else "alarm", newest, found.usual, found.far,
        evidence, num, alarmed_after, baskets_to_alarm,
    )  # fmt: skip


def _distances(
    distance: Distance, windows: Sequence[Counts], references: _References
) -> list[float]:
    pairs = ((window, references.for_window(window)) for window in windows)
    found = (distance(w, reference) for w, reference in pairs if reference is not None)
    return [value for value in found if value is not None]


def _aligned(counts: Counter[str], names: Sequence[str]) -> FloatArray:
    return np.asarray([counts[name] for name in names], dtype=np.float64)
