"""Step `evaluate`: champion and candidate asked the same: all, old and new SKUs, and who changed.

Flow: export + calibrate + shards + champion -> evaluation.json

Asked is the test split, on which no step chooses anything; a data set without one is asked on its
validation split, and the report says that settings were chosen there. The gate's blind set is
elsewhere, and no step can read it.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from sync.decision import Decision, DecisionParameters, Verdict, decide, pool_scores, scores_of_look
from trainer.export.risk_calibration import ItemLooks
from trainer.steps.calibrate_step import THRESHOLDS
from trainer.steps.candidate import Candidate, as_candidate, items_of, open_candidate
from trainer.steps.champion import Champion, open_champion
from trainer.steps.regions import Region, read_regions
from trainer.steps.run_step import NoParameters
from trainer.steps.step_voice import StepVoice

Parameters = NoParameters
REPORT = "evaluation.json"
MAX_NAMED = 50


@dataclass(frozen=True, slots=True)
class ItemAnswer:
    """What was said of one item; `best` is the SKU it was nearest to, whatever was decided."""

    sku_id: str
    best: str
    num_looks: int
    num_looks_right: int
    decision: Decision

    @property
    def is_right(self) -> bool:
        """Its nearest SKU is the true one."""
        return self.best == self.sku_id


@dataclass(frozen=True, slots=True)
class Scores:
    """Figures of a group of items; shares in [0, 1], None where there are none."""

    num_items: int
    num_looks: int
    top1_single: float | None
    top1_pooled: float | None
    accepted: float | None
    wrong_of_accepted: float | None


def run(inputs: Mapping[str, Path], parameters: NoParameters, out: Path, voice: StepVoice) -> None:
    """Write the evaluation."""
    champion = open_champion(inputs["champion"])
    candidate = open_candidate(inputs["export"])
    split, regions = "test", read_regions(inputs["shards"], "test")
    if not regions:
        split, regions = "validation", read_regions(inputs["shards"], "validation")
    chosen = DecisionParameters.model_validate_json((inputs["calibrate"] / THRESHOLDS).read_bytes())
    voice.progress(5, f"{len(regions)} looks")
    before = answers(as_candidate(champion), champion, regions, champion.thresholds)
    voice.progress(50, "the champion has answered")
    after = answers(candidate, champion, regions, chosen)
    report = compared(before, after, set(champion.gallery.sku_ids))
    judged = {"split": split, "was_chosen_on": split == "validation"}
    (out / REPORT).write_text(json.dumps({**report, "judged": judged}, indent=1))
    for side in ("champion", "candidate"):
        for group in ("all", "old", "new"):
            value = report[side][group]["top1_pooled"]
            if value is not None:
                voice.scalar(f"evaluate/{side}_{group}_top1", 0, value)


def compared(
    before: Sequence[ItemAnswer], after: Sequence[ItemAnswer], old_skus: set[str]
) -> dict[str, dict[str, dict[str, float | None]]]:
    """Both by group, and the items on which they differ."""
    report: dict[str, dict[str, object]] = {}
    for side, found in (("champion", before), ("candidate", after)):
        report[side] = {
            "all": asdict(scores_of(found)),
            "old": asdict(scores_of([a for a in found if a.sku_id in old_skus])),
            "new": asdict(scores_of([a for a in found if a.sku_id not in old_skus])),
        }
    pairs = list(zip(before, after, strict=True))
    worse = [(b, a) for b, a in pairs if b.is_right and not a.is_right]
    better = [(b, a) for b, a in pairs if a.is_right and not b.is_right]
    report["flips"] = {
        "negative": len(worse),
        "positive": len(better),
        "negative_items": [{"sku_id": a.sku_id, "said": a.best} for _, a in worse[:MAX_NAMED]],
    }
    report["skus"] = {
        sku_id: {
            "num_items": sum(a.sku_id == sku_id for a in after),
            "champion": sum(a.sku_id == sku_id and a.is_right for a in before),
            "candidate": sum(a.sku_id == sku_id and a.is_right for a in after),
        }
        for sku_id in sorted({a.sku_id for a in after})
    }
    return report  # type: ignore[return-value]


def answers(
    model: Candidate, champion: Champion, regions: Sequence[Region], chosen: DecisionParameters
) -> list[ItemAnswer]:
    """Every item, decided as the box would."""
    return [
        _answer(item, model.gallery.sku_ids, chosen, champion.families)
        for item in items_of(model, champion, regions)
    ]


def scores_of(found: Sequence[ItemAnswer]) -> Scores:
    """Figures of a group."""
    accepted = [a for a in found if a.decision.verdict is Verdict.ACCEPT]
    wrong = [a for a in accepted if a.decision.sku_id != a.sku_id]
    looks = sum(a.num_looks for a in found)
    return Scores(
        num_items=len(found),
        num_looks=looks,
        top1_single=_share(sum(a.num_looks_right for a in found), looks),
        top1_pooled=_share(sum(a.is_right for a in found), len(found)),
        accepted=_share(len(accepted), len(found)),
        wrong_of_accepted=_share(len(wrong), len(accepted)),
    )


def _answer(
    item: ItemLooks, sku_ids: Sequence[str], chosen: DecisionParameters, families: dict[str, str]
) -> ItemAnswer:
    looks = [scores_of_look(row, sku_ids, chosen.temperature) for row in item.similarities]
    pooled = pool_scores(looks, chosen.look_exponent)
    nearest = np.asarray(sku_ids)[item.similarities.argmax(axis=1)]
    return ItemAnswer(
        sku_id=item.sku_id,
        best=pooled.sku_ids[0],
        num_looks=len(looks),
        num_looks_right=int(np.count_nonzero(nearest == item.sku_id)),
        decision=decide(pooled, chosen, families),
    )


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 6) if whole else None
