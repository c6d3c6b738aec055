"""Accept, ask or unknown: what is charged wrong, what is asked, and does the promised bound hold.

Flow: validation items -> parameters by the risk rule -> items of other folders -> figures

Also the open set (an SKU taken out of the gallery must not be charged as another) and what a
larger gallery costs. The thresholds never see what they are judged on.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from sync.child_model import with_child
from sync.decision import (
    Decision,
    DecisionParameters,
    SkuScores,
    Verdict,
    decide,
    pool_scores,
    scores_of_look,
)
from sync.gallery import Gallery
from tools.benchmarks.intervals import clopper_pearson
from tools.benchmarks.report import Figure
from tools.benchmarks.scene_looks import Item
from trainer.export.risk_calibration import ItemLooks, calibrate
from trainer.export.store_calibration import (
    FIELD_LABELS,
    STORE_POLICY,
    LabelledItem,
    calibrated_store,
    margin_label,
)

NUM_BUTTONS = 3
NUM_RESAMPLES = 200
ASK_SHARE = 0.05
POLICY = STORE_POLICY


@dataclass(frozen=True)
class Outcome:
    """One item and what the box decides about it."""

    sku_id: str
    decision: Decision

    @property
    def is_charged(self) -> bool:
        """Becomes a line without a question."""
        return self.decision.verdict is Verdict.ACCEPT

    @property
    def is_wrong(self) -> bool:
        """Charged as something else."""
        return self.is_charged and self.decision.sku_id != self.sku_id


def outcomes(
    items: Sequence[Item], gallery: Gallery, parameters: DecisionParameters,
    family_of: Mapping[str, str],
) -> list[Outcome]:  # fmt: skip
    """What the box decides about every item, all looks pooled."""
    families = dict(family_of)
    found = []
    for item in items:
        pooled = _pooled(item, gallery, parameters)
        found.append(Outcome(item.sku_id, decide(pooled, parameters, families)))
    return found


def calibrated(
    items: Sequence[Item], gallery: Gallery, family_of: Mapping[str, str], score: float
) -> DecisionParameters:
    """Parameters by the rule that made the bundle's, on these items."""
    known = set(gallery.sku_ids)
    looks = [
        ItemLooks(gallery.similarities(i.vectors), i.sku_id) for i in items if i.sku_id in known
    ]
    return calibrate(looks, gallery.sku_ids, family_of, score, POLICY).parameters


def decision_figures(found: Sequence[Outcome]) -> list[Figure]:
    """Shares at the operating point, and the wrong share where exactly 5 % are asked."""
    charged = [o for o in found if o.is_charged]
    asked = [o for o in found if o.decision.verdict is Verdict.ASK]
    unknown = len(found) - len(charged) - len(asked)
    wrong = sum(o.is_wrong for o in charged)
    held = sum(o.sku_id in o.decision.options[:NUM_BUTTONS] for o in asked)
    at_five, charged_at_five = wrong_where_asked(found, ASK_SHARE)
    return [
        _share("asked", len(asked), len(found)),
        _share("unknown", unknown, len(found)),
        _share("wrong among charged", wrong, len(charged)),
        _share("first three buttons hold the truth", held, len(asked)),
        _share(f"wrong among charged where {ASK_SHARE:.0%} are asked", at_five, charged_at_five),
    ]


def wrong_where_asked(found: Sequence[Outcome], share: float) -> tuple[int, int]:
    """Wrong and charged when the `share` of items with the smallest margins is asked about.

    What is called unknown is not charged either, and comes on top of that share.
    """
    named = [o for o in found if o.decision.verdict is not Verdict.UNKNOWN]
    order = sorted(named, key=lambda o: o.decision.margin)
    kept = order[round(share * len(found)) :]
    wrong = sum(named_sku(o) != o.sku_id for o in kept)
    return wrong, len(kept)


def shift_figures(
    items: Sequence[Item], gallery: Gallery, parameters: DecisionParameters,
    family_of: Mapping[str, str],
) -> list[Figure]:  # fmt: skip
    """Labels of the new store set its margins; does the bound hold on the rest of its items?"""
    families = dict(family_of)
    known = set(gallery.sku_ids)
    items = [item for item in items if item.sku_id in known]
    labelled = [LabelledItem(_pooled(item, gallery, parameters), item.sku_id) for item in items]
    told = [margin_label(label, families) for label in labelled]
    num_labels = min(FIELD_LABELS, len(items) // 2)
    held, asked, wrong_shares = 0, [], []
    for resample in range(NUM_RESAMPLES):
        order = np.random.default_rng([7, resample]).permutation(len(items))
        taken = [told[i] for i in order[:num_labels]]
        chosen = calibrated_store(parameters, taken, POLICY).parameters
        rest = [labelled[i] for i in order[num_labels:]]
        judged = [Outcome(r.sku_id, decide(r.scores, chosen, families)) for r in rest]
        charged = sum(o.is_charged for o in judged)
        wrong = sum(o.is_wrong for o in judged)
        held += wrong <= POLICY.max_wrong_share * max(charged, 1)
        asked.append(1 - charged / max(len(judged), 1))
        wrong_shares.append(wrong / max(charged, 1))
    note = f"{held} of {NUM_RESAMPLES}; {num_labels} labels, {len(items) - num_labels} judged"
    return [
        Figure("bound held after the labels of the new store", held / NUM_RESAMPLES, note=note),
        Figure("asked or unknown then, mean", float(np.mean(asked))),
        Figure("wrong among charged then, mean", float(np.mean(wrong_shares))),
    ]


def open_set_figures(
    items: Sequence[Item], gallery: Gallery, parameters: DecisionParameters,
    family_of: Mapping[str, str],
) -> list[Figure]:  # fmt: skip
    """Each SKU's items with that SKU out of the gallery, against the same items with it."""
    foreign: list[Outcome] = []
    for sku_id in sorted({i.sku_id for i in items} & set(gallery.sku_ids)):
        # A child names members only, and this one is taken away.
        own = [replace(i, children=()) for i in items if i.sku_id == sku_id]
        foreign += outcomes(own, without(gallery, sku_id), parameters, family_of)
    known = outcomes(
        [i for i in items if i.sku_id in gallery.sku_ids], gallery, parameters, family_of
    )
    charged = sum(o.is_charged for o in foreign)
    unknown = sum(o.decision.verdict is Verdict.UNKNOWN for o in foreign)
    area = ranked_above(
        np.asarray([o.decision.similarity for o in known]),
        np.asarray([o.decision.similarity for o in foreign]),
    )
    return [
        _share("no SKU of the gallery, charged all the same", charged, len(foreign)),
        _share("no SKU of the gallery, called unknown", unknown, len(foreign)),
        Figure("area under the curve, known against foreign, by similarity", area),
    ]


def scale_figures(
    items: Sequence[Item], gallery: Gallery, strangers: NDArray[np.float32],
    parameters: DecisionParameters, family_of: Mapping[str, str], sizes: Sequence[int],
) -> list[Figure]:  # fmt: skip
    """Accuracy and questions while the gallery grows by products that are not on the counter.

    Args:
        strangers: float32 (M, d), one prototype each of M other products.
    """
    known = [i for i in items if i.sku_id in gallery.sku_ids]
    figures, errors = [], []
    for size in sizes:
        grown = with_strangers(gallery, strangers[: max(0, size - len(gallery.sku_ids))])
        found = outcomes(known, grown, parameters, family_of)
        wrong = sum(named_sku(o) != o.sku_id for o in found)
        asked = sum(not o.is_charged for o in found)
        errors.append((len(grown.sku_ids), max(wrong, 1) / len(found)))
        charged_wrong = sum(o.is_wrong for o in found)
        figures.append(
            Figure(
                f"{len(grown.sku_ids)} SKUs: error before questions", wrong / len(found),
                note=f"{wrong} of {len(found)}; not charged {asked / len(found):.1%}, "
                f"charged wrong {charged_wrong}",
            )
        )  # fmt: skip
    if len(errors) > 1 and errors[-1][0] > errors[0][0]:
        doublings = np.log2(errors[-1][0] / errors[0][0])
        growth = (errors[-1][1] / errors[0][1]) ** (1 / doublings)
        figures.append(Figure("error growth per doubling", float(growth), note="bar: at most 1.4"))
    return figures


def without(gallery: Gallery, sku_id: str) -> Gallery:
    """The same gallery without one SKU."""
    ends = np.append(gallery.starts[1:], len(gallery.vectors))
    kept = [i for i, name in enumerate(gallery.sku_ids) if name != sku_id]
    rows = [gallery.vectors[gallery.starts[i] : ends[i]] for i in kept]
    return _of_rows(gallery.embedder_id, [gallery.sku_ids[i] for i in kept], rows)


def with_strangers(gallery: Gallery, strangers: NDArray[np.float32]) -> Gallery:
    """The same gallery and one more SKU per row."""
    if len(strangers) == 0:
        return gallery
    names = [f"stranger-{i:05d}" for i in range(len(strangers))]
    return gallery.with_segment(_of_rows(gallery.embedder_id, names, list(strangers[:, None])))


def ranked_above(high: NDArray[np.float64], low: NDArray[np.float64]) -> float:
    """Share of pairs in which the first is larger: the area under the ROC curve."""
    order = np.sort(low)
    below = np.searchsorted(order, high, side="left") + np.searchsorted(order, high, side="right")
    return float(below.sum() / 2 / max(len(high) * len(low), 1))


def _pooled(item: Item, gallery: Gallery, parameters: DecisionParameters) -> SkuScores:
    rows = gallery.similarities(item.vectors)
    looks = [scores_of_look(row, gallery.sku_ids, parameters.temperature) for row in rows]
    told = item.children or (None,) * len(looks)
    answered = [with_child(look, answer) for look, answer in zip(looks, told, strict=True)]
    return pool_scores(answered, parameters.look_exponent)


def _of_rows(embedder_id: str, names: list[str], rows: list[NDArray[np.float32]]) -> Gallery:
    starts = np.cumsum([0, *(len(r) for r in rows[:-1])])
    return Gallery(
        embedder_id=embedder_id, sku_ids=tuple(names), vectors=np.concatenate(rows),
        starts=starts.astype(np.int64),
    )  # fmt: skip


def named_sku(outcome: Outcome) -> str:
    """The SKU that the box would name if it had to."""
    return outcome.decision.sku_id or outcome.decision.options[0]


def _share(name: str, count: int, total: int) -> Figure:
    low, high = clopper_pearson(count, total) if total else (0.0, 1.0)
    note = f"{count} of {total}, 95 % interval {low:.2%} to {high:.2%} (Clopper-Pearson)"
    return Figure(name, count / total if total else 0.0, note=note)
