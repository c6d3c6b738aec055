"""What a box reports over a month: telemetry that changes at the end, sales of the last week."""

import hashlib
import json
from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import BaseModel

from sync.box_report import CameraReport, SaleReport, TelemetryReport
from sync.recognition_report import NUM_BINS, NUM_FEATURES, CameraRecognition
from tests.fakes.hub_process import HubProcess

BUNDLE = "b" * 64
QUIET_DAYS, OTHER_DAYS = 28, 5


def report_a_month(running: HubProcess, box_id: str, first_seq: int) -> None:
    """Thirty-three days of a camera, the last five with other packs; a week of sales; judged."""
    now = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    begin = now - timedelta(days=QUIET_DAYS + OTHER_DAYS)
    rows: list[tuple[str, datetime, BaseModel]] = []
    for number in range(4 * (QUIET_DAYS + OTHER_DAYS)):
        at = begin + timedelta(days=number // 4, hours=number % 4)
        is_other = number >= 4 * QUIET_DAYS
        sure, unsure = (110, 90) if is_other else (180, 20 + (7 * number) % 11)
        rows.append(("telemetry", at, _telemetry(at, sure, unsure)))
    for number in range(1, 85):
        at = now - timedelta(days=number % 7, minutes=5 * number)
        rows.append(("sale", at, _sale(number)))
    _send(running, box_id, rows, first_seq)
    running.ok("POST", "/api/v1/monitoring/judge")


def _telemetry(at: datetime, sure: int, unsure: int) -> TelemetryReport:
    confidence = [0] * NUM_BINS
    confidence[9], confidence[4] = sure, unsure
    told = CameraRecognition(
        camera="lane-1/top", bundle_id=BUNDLE, window_s=3600, num_items=sure + unsure,
        confidence=tuple(confidence), similarity=tuple(confidence),
        best={"milk_whole_1l": sure + unsure}, num_sketched=sure + unsure,
        features=(sure * 10,) * NUM_FEATURES,
    )  # fmt: skip
    camera = CameraReport(camera="lane-1/top", state="live", quality="fair", fps_tenths=148)
    figures = {"p95_ms": 60 + unsure // 4, "free_disk_mib": 18_000, "waiting_rows": unsure % 7}
    return TelemetryReport(at=at, window_s=300, verdict="ok", cameras=(camera,), figures=figures,
                           recognition=(told,))  # fmt: skip


def _sale(number: int) -> SaleReport:
    return SaleReport(
        lane_id="lane-1", basket_id=f"main-1-lane-1-1-{number}", bundle_id=BUNDLE, currency="EUR",
        total_minor=300, pieces={"milk_whole_1l": 2, "tea_mint_20": 1}, by_origin={"vision": 3},
        num_asks=number % 3, seconds=15 + number % 30, num_corrections=number % 2,
    )  # fmt: skip


def _send(
    running: HubProcess,
    box_id: str,
    rows: list[tuple[str, datetime, BaseModel]],
    first_seq: int,
) -> None:
    items: list[dict[str, Any]] = []
    for seq, (kind, at, report) in enumerate(rows, first_seq):
        body = report.model_dump(mode="json")
        canonical = json.dumps(body, sort_keys=True, separators=(",", ":")).encode()
        digest = hashlib.sha256(canonical).hexdigest()
        row = {"seq": seq, "kind": kind, "created_at": at.isoformat(), "body": body}
        items.append({**row, "body_sha256": digest, "blobs": []})
    box = running.boxes[box_id]
    reply = box.call("POST", "/v1/batches", {"epoch": box.epoch, "items": items})
    assert reply.status_code == 200, reply.text
    assert not reply.json()["refused"]
