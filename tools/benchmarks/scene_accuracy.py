"""How right whole baskets are on rendered or recorded scenes: all cameras against each alone.

Flow: folder of tools/lane_sim -> scene_play -> cAcc, ACD, mCCD, mCIoU, asks, look-alikes

Thresholds are those of the bundle, calibrated elsewhere; only the rows called "oracle" choose on
these scenes, and say so. A question counts as neither right nor wrong among the charged lines;
"answered" means that every open question got its first button, "answered rightly" that it got the
right one where that was offered. Goods sold by weight count as
recognised: scenes have no scale.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rich.progress import track

from edge.edgectl.recordings import Recording, find_recordings
from edge.perception.models import Models
from sync.basket_metrics import basket_metrics
from sync.bundle import Bundle
from tools.benchmarks.counter_play import Basket, offer_of
from tools.benchmarks.errors import BenchInputError
from tools.benchmarks.intervals import clopper_pearson
from tools.benchmarks.report import Figure
from tools.benchmarks.scene_intervals import Interval, basket_intervals, cut_interval
from tools.benchmarks.scene_play import basket_from, looked_at, with_margins

NUM_FIRST_BUTTONS = 3
ORACLE_FACTORS = (0.0, 0.5, 1.0, 2.0)
SIZES = ((1, 4), (5, 8), (9, 12), (13, 99))  # items in a basket


@dataclass(frozen=True)
class SceneResult:
    """One scene: what the box ended with, and what lay there."""

    basket: Basket
    truth: Counter[str]

    def answered(self) -> Counter[str]:
        """What was recognised, and every open question answered by its first button."""
        return self.basket.recognised() + Counter(ask[0] for ask in self.basket.asks if ask)

    def answered_rightly(self) -> Counter[str]:
        """What was recognised, and questions answered by somebody who sees the goods.

        He presses the right button where there is one; a question about nothing that is missing,
        or without the right button, adds nothing.
        """
        missing, basket = self.missing(), Counter(self.basket.recognised())
        for ask in self.basket.asks:
            held = next((s for s in ask if missing[s] > 0), None)
            if held is not None:
                missing[held] -= 1
                basket[held] += 1
        return basket

    def missing(self) -> Counter[str]:
        """Goods that lie there and were not recognised without asking."""
        return self.truth - self.basket.recognised()

    def asks_that_hold_truth(self) -> int:
        """Questions with a missing SKU among the first three buttons, each SKU used once."""
        missing = self.missing()
        hits = 0
        for ask in self.basket.asks:
            held = next((s for s in ask[:NUM_FIRST_BUTTONS] if missing[s] > 0), None)
            if held is not None:
                missing[held] -= 1
                hits += 1
        return hits

    def errors(self) -> int:
        """Wrong counts, questions answered by their first button."""
        answered = self.answered()
        return (answered - self.truth).total() + (self.truth - answered).total()


@dataclass(frozen=True)
class Measured:
    """Every way in which the scenes were decided.

    Attributes:
        views: "fused" for all cameras together, and each camera alone.
        by_factor: all cameras, margins multiplied by the key.
        family_of: SKU -> look-alike family, of the bundle's catalogue.
    """

    views: dict[str, list[SceneResult]]
    by_factor: dict[float, list[SceneResult]] = field(default_factory=dict)
    family_of: Mapping[str, str] = field(default_factory=dict)


def measure_scenes(
    place: Path, bundle: Bundle, models: Models, *, limit: int, with_single: bool, show: bool
) -> Measured:
    """Baskets of all cameras together, of each camera alone, and with other margins.

    Raises:
        BenchInputError: no scene of the folder has a truth.
        ConfigError: the folder holds nothing to replay.
    """
    recordings = _with_truth(find_recordings(place), limit)
    names = sorted({name for recording in recordings for name in recording.maps})
    alone = names if with_single and len(names) > 1 else []
    offer = offer_of(bundle, models)
    offers = {factor: with_margins(offer, factor) for factor in ORACLE_FACTORS}
    views: dict[str, list[SceneResult]] = {name: [] for name in ("fused", *alone)}
    by_factor: dict[float, list[SceneResult]] = {factor: [] for factor in offers}
    for recording in track(recordings, description="looking", disable=not show):
        observed = looked_at(recording, models)
        truth = Counter(recording.truth)
        fused = SceneResult(basket_from(observed, offer, recording), truth)
        views["fused"].append(fused)
        for name in alone:
            views[name].append(SceneResult(basket_from(observed, offer, recording, name), truth))
        for factor, other in offers.items():
            again = fused if factor == 1 else None
            by_factor[factor].append(
                again or SceneResult(basket_from(observed, other, recording), truth)
            )
    families = {s.sku_id: s.family for s in offer.catalog.skus if s.family is not None}
    return Measured(views, by_factor, families)


def figures(measured: Measured) -> list[Figure]:
    """Four figures per view, then what is charged, asked and gained by several cameras."""
    rows: list[Figure] = []
    for view, scenes in measured.views.items():
        rows += _basket_figures(view, scenes)
    fused = measured.views["fused"]
    rows += _rightly_figures(fused)
    rows += _size_figures(fused)
    rows += _oracle_figures(measured.by_factor)
    rows += _decision_figures(fused)
    rows += _family_figures(fused, measured.family_of)
    return rows + _cut_figures(measured.views)


def item_error(scenes: Sequence[SceneResult]) -> float:
    """Wrong counts per true item, questions answered by their first button."""
    return sum(s.errors() for s in scenes) / max(1, _num_items(scenes))


def siblings_charged(scene: SceneResult, family_of: Mapping[str, str]) -> int:
    """Lines of an SKU that is not there while one of its family is missing."""
    missing = scene.missing()
    missing.subtract(Counter(ask[0] for ask in scene.basket.asks if ask))
    wrong = _by_family(scene.basket.recognised() - scene.truth, family_of)
    return (wrong & _by_family(+missing, family_of)).total()


def sibling_asks(scene: SceneResult, family_of: Mapping[str, str]) -> tuple[int, int]:
    """Questions whose first two buttons are of one family; and those whose first is the wrong one.

    The wrong one: it is not missing, and another button of its family is.
    """
    missing = scene.missing()
    num_asked = num_saved = 0
    for ask in scene.basket.asks:
        families = [family_of.get(sku_id) for sku_id in ask]
        if len(ask) > 1 and families[0] is not None and families[0] == families[1]:
            num_asked += 1
            siblings = [s for s, f in zip(ask, families, strict=True) if f == families[0]]
            num_saved += missing[ask[0]] <= 0 and any(missing[s] > 0 for s in siblings)
    return num_asked, num_saved


def _with_truth(recordings: list[Recording], limit: int) -> list[Recording]:
    known = [r for r in recordings if r.truth is not None][: limit or None]
    if not known:
        raise BenchInputError(
            "no scene here has a truth", hint="give a folder of python -m tools.lane_sim render"
        )
    return known


def _basket_figures(view: str, scenes: Sequence[SceneResult]) -> list[Figure]:
    truth = [s.truth for s in scenes]
    rows = []
    for how, guesses in (
        ("charged alone", [s.basket.recognised() for s in scenes]),
        ("questions answered", [s.answered() for s in scenes]),
    ):
        m = basket_metrics(guesses, truth)
        spans = {name: _span(between) for name, between in basket_intervals(guesses, truth).items()}
        num_exact = round(m.checkout_accuracy * m.num_baskets)
        rows += [
            _share(f"{view}, {how}: cAcc", num_exact, m.num_baskets),
            Figure(f"{view}, {how}: ACD", m.average_counting_distance, note=spans["ACD"]),
            Figure(f"{view}, {how}: mCCD", m.mean_category_counting_distance, note=spans["mCCD"]),
            Figure(f"{view}, {how}: mCIoU", m.mean_category_iou, note=spans["mCIoU"]),
        ]
    return rows


def _rightly_figures(scenes: Sequence[SceneResult]) -> list[Figure]:
    """How baskets end where a person presses the buttons."""
    exact = sum(s.answered_rightly() == s.truth for s in scenes)
    return [_share("fused, questions answered rightly: cAcc", exact, len(scenes))]


def _size_figures(scenes: Sequence[SceneResult]) -> list[Figure]:
    rows = []
    for least, most in SIZES:
        some = [s for s in scenes if least <= s.truth.total() <= most]
        if some:
            exact = sum(s.answered() == s.truth for s in some)
            rows.append(
                _share(f"questions answered, {least} to {most} items: cAcc", exact, len(some))
            )
    return rows


def _oracle_figures(by_factor: Mapping[float, Sequence[SceneResult]]) -> list[Figure]:
    """The margins that would have been best here; RPC's tool reports such figures."""
    rows = []
    exact = {
        factor: sum(s.basket.recognised() == s.truth for s in scenes)
        for factor, scenes in by_factor.items()
    }
    if exact:
        best = max(exact, key=lambda factor: exact[factor])
        count, total = exact[best], len(by_factor[best])
        charged = sum(s.basket.recognised().total() for s in by_factor[best])
        wrong = sum((s.basket.recognised() - s.truth).total() for s in by_factor[best])
        name = "ORACLE, margins chosen on these scenes, charged alone: cAcc"
        share = _share(name, count, total)
        note = f"{share.note}; margins x {best:g}, then wrong among charged {wrong} of {charged}"
        rows.append(Figure(name, share.value, note=note))
    return rows


def _decision_figures(scenes: Sequence[SceneResult]) -> list[Figure]:
    charged = sum(s.basket.recognised().total() for s in scenes)
    wrong = sum((s.basket.recognised() - s.truth).total() for s in scenes)
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


def _family_figures(scenes: Sequence[SceneResult], family_of: Mapping[str, str]) -> list[Figure]:
    """Whether look-alikes are asked about rather than guessed."""
    num_there = sum(n for s in scenes for sku_id, n in s.truth.items() if sku_id in family_of)
    charged = sum(siblings_charged(s, family_of) for s in scenes)
    asks = [sibling_asks(s, family_of) for s in scenes]
    asked, saved = sum(a for a, _ in asks), sum(b for _, b in asks)
    if num_there == 0:
        return []
    return [
        _share("look-alikes charged as their sibling", charged, num_there),
        _share("look-alikes asked about, sibling beside sibling", asked, num_there),
        _share("look-alike mix-ups that were asked, not charged", saved, saved + charged),
    ]


def _cut_figures(views: Mapping[str, Sequence[SceneResult]]) -> list[Figure]:
    singles = {name: scenes for name, scenes in views.items() if name != "fused"}
    if not singles:
        return []
    best = min(singles, key=lambda name: item_error(singles[name]))
    fused, alone = item_error(views["fused"]), item_error(singles[best])
    between = cut_interval(
        [s.errors() for s in views["fused"]],
        {name: [s.errors() for s in scenes] for name, scenes in singles.items()},
    )
    note = f"item error {fused:.2%} against {alone:.2%} of {best}, questions answered"
    name = "item error cut by all cameras against the best one"
    return [Figure(name, 1 - fused / alone if alone else 0.0, note=f"{note}; {_span(between)}")]


def _by_family(counts: Counter[str], family_of: Mapping[str, str]) -> Counter[str]:
    found: Counter[str] = Counter()
    for sku_id, n in counts.items():
        if sku_id in family_of:
            found[family_of[sku_id]] += n
    return found


def _share(name: str, count: int, total: int) -> Figure:
    value = count / total if total else 0.0
    return Figure(name, value, note=f"{count} of {total}, {_interval(count, total)}")


def _interval(count: int, total: int) -> str:
    if total == 0:
        return "no interval"
    low, high = clopper_pearson(count, total)
    return f"95 % interval {low:.2%} to {high:.2%} (Clopper-Pearson)"


def _span(between: Interval) -> str:
    return f"95 % interval {between[0]:.4g} to {between[1]:.4g} (scenes drawn again)"


def _num_items(scenes: Sequence[SceneResult]) -> int:
    return sum(s.truth.total() for s in scenes)
