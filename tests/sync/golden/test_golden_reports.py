"""What boxes tell of their work does not change unnoticed; nor does the sketch's arithmetic."""

import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from pydantic import BaseModel

from sync.box_report import CameraReport, SaleReport, TelemetryReport
from sync.recognition_report import (
    NUM_FEATURES,
    SKETCH_DIM,
    CameraRecognition,
    features_of,
    sketches_of,
)

FOLDER = Path(__file__).parent / "wire_reports"
AT = datetime(2026, 11, 21, 9, 30, 0, 250_000, tzinfo=UTC)
SAMPLES: dict[str, BaseModel] = {
    "sale_report": SaleReport(
        format=1, lane_id="a", basket_id="box-7-a-1-44", bundle_id="b" * 64, currency="EUR",
        total_minor=677, pieces={"jam": 2, "milk": 1}, by_origin={"vision": 2, "answer": 1},
        num_asks=1, seconds=9, num_corrections=1,
    ),
    "telemetry_report": TelemetryReport(
        format=1, at=AT, window_s=300, verdict="degraded", reasons=("camera.dark",),
        figures={"p95_ms": 82}, versions={"edge": "0.1.0"},
        cameras=(
            CameraReport(camera="a/top", state="live", quality="fair", conditions=("dark",),
                         fps_tenths=149),
        ),
        recognition=(
            CameraRecognition(
                camera="a/top", bundle_id="b" * 64, window_s=3600, num_items=3,
                confidence=(0, 0, 0, 1, 0, 0, 0, 0, 1, 1),
                similarity=(0, 0, 0, 0, 0, 0, 1, 2, 0, 0), best={"jam": 2, "*": 1},
                num_sketched=3, features=(-1204, 7, *(0,) * 62),
            ),
        ),
    ),
}  # fmt: skip
SKETCH_DIGEST = "c96e7d25bfa38f80bab4a1e7031f2782797aae8a212a7a197d80380f07ba7bb9"
FEATURES_DIGEST = "91d3ff6099691de6527805a46a3e3d856da94b41c0e8d1c33f7182ad382e58ca"


@pytest.mark.parametrize("name", sorted(SAMPLES))
def test_golden_bytes_mean_what_they_meant(name: str) -> None:
    raw = (FOLDER / f"{name}.json").read_bytes()
    told = type(SAMPLES[name]).model_validate_json(raw)
    assert told == SAMPLES[name]
    assert told.model_dump(mode="json", exclude_unset=True) == json.loads(raw)


def test_a_report_of_an_older_box_reads_with_nothing_seen() -> None:
    raw = json.loads((FOLDER / "telemetry_report.json").read_bytes())
    del raw["recognition"]
    assert TelemetryReport.model_validate(raw).recognition == ()


def test_every_release_draws_the_same_sketch() -> None:
    vectors = np.eye(256, dtype=np.float32)[::16]
    sketches = sketches_of(vectors)
    assert {len(sketch) for sketch in sketches} == {SKETCH_DIM}
    assert hashlib.sha256(json.dumps(sketches).encode()).hexdigest() == SKETCH_DIGEST
    features = features_of(sketches[0])
    assert len(features) == NUM_FEATURES
    told = json.dumps([round(1000 * x) for x in features])
    assert hashlib.sha256(told.encode()).hexdigest() == FEATURES_DIGEST
