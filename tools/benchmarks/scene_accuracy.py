"""How right whole baskets are on rendered or recorded scenes: all cameras against each alone.

Flow: folder of tools/lane_sim -> replay of the box's own code -> cAcc, ACD, mCCD, mCIoU, asks

Thresholds are those of the bundle, calibrated elsewhere; nothing is chosen on these scenes, and
computing takes no time, so a busy machine gives the same answer. A question counts as neither right
nor wrong among the charged lines; "answered" means that every open question got its first button.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.progress import track

from edge.edgectl.recordings import Recording, find_recordings
from edge.perception.models import Models
from sync.basket_metrics import basket_metrics
from sync.bundle import Bundle
from tools.benchmarks.counter_play import Basket, offer_of, play
from tools.benchmarks.errors import BenchInputError
from tools.benchmarks.intervals import clopper_pearson
from tools.benchmarks.report import Figure

NUM_FIRST_BUTTONS = 3


@dataclass(frozen=True)
class SceneResult:
    """One scene: what the box ended with, and what lay there."""

    basket: Basket
    truth: Counter[str]

    def answered(self) -> Counter[str]:
        """The lines, and every open question answered by its first button."""
        return self.basket.lines + Counter(ask[0] for ask in self.basket.asks if ask)

    def asks_that_hold_truth(self) -> int:
        """Questions with a missing SKU among the first three buttons, each SKU used once."""
        missing = self.truth - self.basket.lines
        hits = 0
        for ask in self.basket.asks:
            held = next((s for s in ask[:NUM_FIRST_BUTTONS] if missing[s] > 0), None)
            if held is not None:
                missing[held] -= 1
                hits += 1
        return hits


def measure_scenes(
    place: Path, bundle: Bundle, models: Models, *, limit: int, with_single: bool, show: bool
) -> dict[str, list[SceneResult]]:
    """Results of all cameras together ("fused") and of each camera alone.

    Raises:
        BenchInputError: no scene of the folder has a truth.
        ConfigError: the folder holds nothing to replay.
    """
    recordings = _with_truth(find_recordings(place), limit)
    names = sorted({name for recording in recordings for name in recording.maps})
    results = {"fused": _played(recordings, bundle, models, "all cameras", show)}
    for name in names if with_single and len(names) > 1 else []:
        alone = _with_truth(find_recordings(place, (name,)), limit)
        results[name] = _played(alone, bundle, models, name, show)
    return results


def figures(results: dict[str, list[SceneResult]]) -> list[Figure]:
    """Four figures per view, then what is charged, asked and gained by several cameras."""
    rows: list[Figure] = []
    for view, scenes in results.items():
        rows += _basket_figures(view, scenes)
    rows += _decision_figures(results["fused"])
    singles = {name: item_error(scenes) for name, scenes in results.items() if name != "fused"}
    if singles:
        best = min(singles, key=lambda name: singles[name])
        fused = item_error(results["fused"])
        cut = 1 - fused / singles[best] if singles[best] else 0.0
        note = f"item error {fused:.2%} against {singles[best]:.2%} of {best}, questions answered"
        rows.append(Figure("item error cut by all cameras against the best one", cut, note=note))
    return rows


def item_error(scenes: Sequence[SceneResult]) -> float:
    """Wrong counts per true item, questions answered by their first button."""
    wrong = sum(_distance(s.answered(), s.truth) for s in scenes)
    return wrong / max(1, sum(s.truth.total() for s in scenes))


def _with_truth(recordings: list[Recording], limit: int) -> list[Recording]:
    known = [r for r in recordings if r.truth is not None][: limit or None]
    if not known:
        raise BenchInputError(
            "no scene here has a truth", hint="give a folder of python -m tools.lane_sim render"
        )
    return known


def _played(
    recordings: list[Recording], bundle: Bundle, models: Models, view: str, show: bool
) -> list[SceneResult]:
    offer = offer_of(bundle, models)
    results = []
    for recording in track(recordings, description=view, disable=not show):
        frames = recording.open_frames()
        played = play(frames, models, offer, recording.maps, with_delay=False)
        results.append(SceneResult(played.basket, Counter(recording.truth)))
    return results


def _basket_figures(view: str, scenes: Sequence[SceneResult]) -> list[Figure]:
    truth = [s.truth for s in scenes]
    rows = []
    for how, guesses in (
        ("charged alone", [s.basket.lines for s in scenes]),
        ("questions answered", [s.answered() for s in scenes]),
    ):
        m = basket_metrics(guesses, truth)
        num_exact = round(m.checkout_accuracy * m.num_baskets)
        note = f"{num_exact} of {m.num_baskets}, {_interval(num_exact, m.num_baskets)}"
        rows += [
            Figure(f"{view}, {how}: cAcc", m.checkout_accuracy, note=note),
            Figure(f"{view}, {how}: ACD", m.average_counting_distance),
            Figure(f"{view}, {how}: mCCD", m.mean_category_counting_distance),
            Figure(f"{view}, {how}: mCIoU", m.mean_category_iou),
        ]
    return rows


def _decision_figures(scenes: Sequence[SceneResult]) -> list[Figure]:
    charged = sum(s.basket.lines.total() for s in scenes)
    wrong = sum((s.basket.lines - s.truth).total() for s in scenes)
    asks = [ask for s in scenes for ask in s.basket.asks]
    num_which = sum(bool(ask) for ask in asks)
    held = sum(s.asks_that_hold_truth() for s in scenes)
    judged = charged + len(asks)
    missed = sum(max(0, s.truth.total() - s.answered().total()) for s in scenes)
    return [
        _share("ask rate (questions with buttons)", num_which, judged),
        _share("unknown (questions without buttons)", len(asks) - num_which, judged),
        _share("wrong among charged lines", wrong, charged),
        _share("first three buttons hold a missing SKU", held, num_which),
        _share("items that became neither line nor question", missed, _num_items(scenes)),
    ]


def _share(name: str, count: int, total: int) -> Figure:
    value = count / total if total else 0.0
    return Figure(name, value, note=f"{count} of {total}, {_interval(count, total)}")


def _interval(count: int, total: int) -> str:
    if total == 0:
        return "no interval"
    low, high = clopper_pearson(count, total)
    return f"95 % interval {low:.2%} to {high:.2%} (Clopper-Pearson)"


def _num_items(scenes: Sequence[SceneResult]) -> int:
    return sum(s.truth.total() for s in scenes)


def _distance(first: Counter[str], second: Counter[str]) -> int:
    return (first - second).total() + (second - first).total()
