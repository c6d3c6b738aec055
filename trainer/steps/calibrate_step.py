"""Step `calibrate`: thresholds of the candidate, on labelled validation items.

Flow: export + shards + champion -> thresholds.json, calibration.json

A risk bound needs many items: with fewer than `min_items` the champion's thresholds stay, and the
report says so. They were calibrated for the same embedder where the fit was fast.
"""

import dataclasses
import json
from collections.abc import Mapping
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from trainer.export.risk_calibration import RiskPolicy, calibrate
from trainer.steps.candidate import items_of, open_candidate
from trainer.steps.champion import open_champion
from trainer.steps.regions import read_regions
from trainer.steps.step_voice import StepVoice

THRESHOLDS, REPORT = "thresholds.json", "calibration.json"


class Parameters(BaseModel):
    """What may go wrong, and from how many items on it can be said."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    min_items: int = Field(default=300, ge=1)
    max_wrong_permille: int = Field(default=5, ge=1, le=500)
    confidence_percent: int = Field(default=90, ge=50, le=99)


def run(inputs: Mapping[str, Path], parameters: Parameters, out: Path, voice: StepVoice) -> None:
    """Write the thresholds."""
    champion = open_champion(inputs["champion"])
    candidate = open_candidate(inputs["export"])
    known = set(candidate.gallery.sku_ids)
    regions = [r for r in read_regions(inputs["shards"], "validation") if r.sku_id in known]
    voice.progress(10, f"{len(regions)} labelled looks")
    items = items_of(candidate, champion, regions)
    told: dict[str, object] = {
        "num_items": len(items),
        "is_kept": len(items) < parameters.min_items,
    }
    kept = champion.thresholds
    if not told["is_kept"]:
        policy = RiskPolicy(
            max_wrong_share=parameters.max_wrong_permille / 1000,
            confidence=parameters.confidence_percent / 100,
        )
        report = calibrate(
            items, candidate.gallery.sku_ids, champion.families, kept.detector_score, policy
        )
        kept = report.parameters.model_copy(update={"nms_iou": kept.nms_iou})
        told |= {"policy": dataclasses.asdict(policy)} | dataclasses.asdict(report)
    told["parameters"] = kept.model_dump()
    (out / THRESHOLDS).write_text(kept.model_dump_json(indent=1))
    (out / REPORT).write_text(json.dumps(told, indent=1))
    voice.scalar("calibrate/items", 0, len(items))
    if told["is_kept"]:
        voice.progress(90, f"{len(items)} items are too few: the champion's thresholds stay")
