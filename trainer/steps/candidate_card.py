"""The model card of a candidate: where it comes from, what was measured, what to keep in mind."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from trainer.steps.calibrate_step import REPORT as CALIBRATION
from trainer.steps.champion import Champion
from trainer.steps.evaluate_step import REPORT as EVALUATION
from trainer.steps.fit_parameters import FIT_REPORT


def write_candidate_card(
    inputs: Mapping[str, Path], champion: Champion, lineage: Mapping[str, str], path: Path
) -> None:
    """Write the card from what the steps reported."""
    fit = json.loads((inputs["fit"] / FIT_REPORT).read_text())
    calibration = json.loads((inputs["calibrate"] / CALIBRATION).read_text())
    evaluation = json.loads((inputs["evaluate"] / EVALUATION).read_text())
    new_skus = ", ".join(fit.get("new_skus", [])) or "none"
    origin = "\n".join(f"- {name}: `{value}`" for name, value in sorted(lineage.items()))
    path.write_text(CARD.format(
        parent=champion.bundle.bundle_id[:12],
        path="cached features, the embedder is the champion's" if fit["path"] == "fast"
        else "the champion's embedder, trained on",
        num_crops=fit["num_crops"],
        new_skus=new_skus,
        origin=origin or "- not told",
        before=_row(evaluation["champion"]["all"]),
        after=_row(evaluation["candidate"]["all"]),
        old_before=_row(evaluation["champion"]["old"]),
        old_after=_row(evaluation["candidate"]["old"]),
        new_after=_row(evaluation["candidate"]["new"]),
        flips=evaluation["flips"]["negative"],
        split=evaluation["judged"]["split"],
        optimistic=" (settings were chosen there too)"
        if evaluation["judged"]["was_chosen_on"] else "",
        thresholds=_thresholds(calibration),
    ))  # fmt: skip


def _row(scores: Mapping[str, Any]) -> str:
    if not scores["num_items"]:
        return "no items"
    return (
        f"{scores['num_items']} items, {scores['top1_pooled']:.1%} nearest to the right SKU, "
        f"{scores['accepted']:.1%} charged without a question"
    )


def _thresholds(calibration: Mapping[str, Any]) -> str:
    if calibration["is_kept"]:
        return f"the champion's: {calibration['num_items']} labelled items are too few for others"
    return f"calibrated on {calibration['num_items']} labelled items"


CARD = """# Model card: candidate from {parent}

**How.** {path}; {num_crops} labelled crops. SKUs that the champion did not know: {new_skus}.

**Origin.**
{origin}

**Measured** on the {split} split of the data set{optimistic}, never on the gate's blind set:

| | champion | candidate |
|---|---|---|
| all | {before} | {after} |
| SKUs the champion knows | {old_before} | {old_after} |
| SKUs it does not know | - | {new_after} |

Items that were right before and are wrong now: {flips}.

**Thresholds.** {thresholds}.

**Licence, intended use, limits.** As its parent's; detector, prices and pictures are the parent's.
"""
