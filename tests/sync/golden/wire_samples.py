"""One example of everything that crosses the wire, every field filled."""

import hashlib
from datetime import UTC, datetime

import numpy as np
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pydantic import BaseModel

from sync.box_report import CameraReport, SaleLine, SaleReport, TelemetryReport
from sync.bundle import BundleFile, BundleManifest, Preprocess
from sync.catalog import Sku
from sync.catalogue_feed import SkuAddition
from sync.device_identity import DeviceKey, signature_headers
from sync.gallery import Gallery
from sync.gate_verdict import GateVerdict
from sync.hard_case import CaseItem, CasePicture, CaseReason, HardCase, ItemEvidence
from sync.price_list import Price, PriceList, Promotion
from sync.protocol import (
    Batch,
    BatchItem,
    BatchReply,
    BundleProgress,
    CheckIn,
    CheckInReply,
    CommandResult,
    EnrolReply,
    EnrolRequest,
    ErrorReply,
    RekeyRequest,
    RemoteCommand,
    SettledBasket,
)
from sync.recognition_report import CameraRecognition
from sync.recording import RecordedCamera, RecordedFrame, Recording
from sync.replay_result import ReplayedBasket, ReplayedEvent, ReplayResult
from sync.store_margins import MarginEntry, StoreMargins
from sync.update_documents import (
    Assignment,
    CatalogueIndex,
    PriceListEntry,
    ReleasePolicy,
    SegmentEntry,
)

AT = datetime(2026, 11, 21, 9, 30, 0, 250_000, tzinfo=UTC)
LATER = datetime(2026, 12, 24, 18, 0, tzinfo=UTC)
EPOCH = "0123456789abcdef0123456789abcdef"


def sha(text: str) -> str:
    """A digest to stand in for content."""
    return hashlib.sha256(text.encode()).hexdigest()


def device_key() -> DeviceKey:
    """The key of the sample box; worth nothing."""
    return DeviceKey(Ed25519PrivateKey.from_private_bytes(bytes(range(32))))


def signed_headers() -> dict[str, str]:
    """The headers of one signed request."""
    return signature_headers(
        device_key(), box_id="box-7", epoch=EPOCH, counter=42, now=AT, method="POST",
        path="/v1/check-in?x=1", body=b'{"nonce": "n"}',
    )  # fmt: skip


def gallery_segment() -> Gallery:
    """Two SKUs with three prototypes."""
    vectors = np.array([[1, 0, 0, 0], [0, 1, 0, 0], [0.5, 0.5, 0.5, 0.5]], np.float32)
    return Gallery("embedder-7+whitening-2", ("4001", "4002"), vectors, np.array([0, 2]))


_COMMAND = RemoteCommand(command_id="c-1", kind="logs", arguments={"lines": "200"})
_SKU = Sku(
    sku_id="4001", gtin="09521234543213", plu="4011", names={"en": "Banana", "de": "Banane"},
    unit="kg", category_path=("produce", "fruit"), family="bananas", expected_weight_g=180.0,
    weight_tolerance_g=12.5, tare_g=2.0, age_limit=None, allergens=("none",), deposit_minor=25,
    tax_class="reduced", picture=f"{sha('banana')}.jpg",
)  # fmt: skip

_PROGRESS = BundleProgress(
    bundle_id=sha("a"), generation=9, step="rolled_back", reason="corrected_too_often",
    policy="production", swapped_at=AT, wins=3, losses=1, ties=210, num_open=2, log_e_worse=-0.25,
    log_e_no_worse=4.75, baskets=18, troubled=9,
    drills={"golden": "ok 9 golden frames", "rollback": "ok 2 s"},
)  # fmt: skip

_SETTLED = SettledBasket(basket_id="box-7-lane-1-3-44", truth={"4001": 2})

_RECOGNITION = CameraRecognition(
    camera="lane-1/top", bundle_id=sha("a"), window_s=3_600, num_items=7,
    confidence=(0, 0, 0, 0, 0, 1, 0, 2, 1, 3), similarity=(0, 0, 1, 0, 0, 0, 2, 1, 3, 0),
    best={"4001": 4, "4002": 2, "*": 1}, num_sketched=2, features=tuple(range(-32, 32)),
)  # fmt: skip

SAMPLES: dict[str, BaseModel] = {
    "enrol_request": EnrolRequest(
        box_id="box-7", public_key=device_key().public_key, claim_code="a1b2c3",
        edge_version="1.0.0", protocol_version="1.0",
    ),
    "enrol_reply": EnrolReply(
        status="pending", fingerprint_words="one two three four five six", root_sha256=sha("root"),
        sealing_public_key=sha("sealing"), store_id="store-1", ring="pilot", next_nonce="n-1",
        reason="waits for a person",
    ),
    "rekey_request": RekeyRequest(public_key=sha("new"), proof="ab" * 64),
    "check_in": CheckIn(
        nonce="n-1", sent_at=AT, edge_version="1.0.0", protocol_version="1.0", verdict="degraded",
        reasons=("camera.dark", "disk.low"), boot_id="boot-1", generation=7,
        bundles={"active": sha("a"), "previous": sha("b"), "candidate": ""},
        facts={"rss_mib": 512.5, "outbox_rows": 3.0},
        cameras=({"camera": "lane-1/top", "state": "live", "fps": 14.9},),
        last_picture={"top": sha("picture")}, quarantined=(sha("bad"),), progress=_PROGRESS,
    ),
    "bundle_progress": _PROGRESS,
    "check_in_reply": CheckInReply(
        next_nonce="n-2", server_time=AT, interval_s=60, commands=(_COMMAND,), updates_version=12,
        settled=(_SETTLED,),
    ),
    "settled_basket": _SETTLED,
    "remote_command": _COMMAND,
    "batch_item": BatchItem(
        seq=9, kind="sale", created_at=AT, body_sha256=sha("body"), body={"total_minor": 1299},
        blobs=(sha("blob"),),
    ),
    "batch": Batch(
        epoch=EPOCH,
        items=(
            BatchItem(
                seq=1, kind="telemetry", created_at=AT, body_sha256=sha("t"), body={"n": 1},
                blobs=(),
            ),
            BatchItem(
                seq=2, kind="dropped", created_at=AT, body_sha256=sha("d"),
                body={"kind": "case", "reason": "quota"}, blobs=(),
            ),
        ),
    ),
    "batch_reply": BatchReply(
        epoch=EPOCH, acked_through=1, acked=(1, 2), missing_blobs=(sha("blob"),),
        refused={"3": "body_altered"},
    ),
    "command_result": CommandResult(
        command_id="c-1", is_done=True, message="200 lines", blob=sha("log")
    ),
    "error_reply": ErrorReply(
        code="identity.cloned", message="box box-7 shows a nonce that is not its own",
        hint="replace the box, then readmit it",
    ),
    "hard_case": HardCase(
        format=1, case_id="case-0001", basket_id="box-7-lane-1-3-44", lane_id="lane-1",
        reason=CaseReason.CAMERAS_DISAGREE, value=640, at=AT, bundle_id=sha("a"),
        pictures=(
            CasePicture(
                camera_id="top", blob=sha("sealed"), width=1280, height=720,
                items=(
                    CaseItem(
                        item_id="i-1", xyxy=(10, 20, 110, 220),
                        guesses=(("4001", 610), ("4002", 300)), answered="4002",
                        named_by="scan",
                    ),
                ),
            ),
        ),
        evidence=(
            ItemEvidence(
                item_id="i-1", best="4001", second="4002", margin_mnat=710,
                similarity_ppm=812_345, num_cameras=3,
            ),
        ),
    ),
    "recording": Recording(
        format=1, recording_id="rec-00000001", basket_id="box-7-lane-1-3-45", lane_id="lane-1",
        bundle_id=sha("a"), at=AT, num_cameras_left_out=1,
        cameras=(
            RecordedCamera(
                camera_id="top", calibration='{"format": 1, "t": [0.1, 2.0]}',
                counter_region=((0, 0), (1280, 0), (1280, 720)),
            ),
        ),
        frames=(
            RecordedFrame(camera_id="top", at_ms=0, boxes=()),
            RecordedFrame(camera_id="top", at_ms=1500, boxes=((10, 20, 110, 220),)),
        ),
        answer=(("4001", 2), ("4002", 1)), num_corrected=1, blob=sha("sealed recording"),
    ),
    "sale_report": SaleReport(
        format=1, lane_id="lane-1", basket_id="box-7-lane-1-3-44", bundle_id=sha("a"),
        currency="EUR", total_minor=1299, pieces={"4001": 2, "4002": 1},
        by_origin={"vision": 2, "answer": 1}, num_asks=1, seconds=41, num_corrections=1,
        lines=(
            SaleLine(sku_id="4001", pieces=2, origin="vision"),
            SaleLine(sku_id="4002", pieces=1, origin="answer"),
        ),
    ),
    "telemetry_report": TelemetryReport(
        format=1, at=AT, window_s=300, verdict="degraded", reasons=("camera.dark",),
        figures={"p95_ms": 82, "outbox_rows": 3},
        cameras=(
            CameraReport(
                camera="lane-1/top", state="live", quality="poor", conditions=("dark",),
                fps_tenths=149,
            ),
        ),
        versions={"edge": "0.1.0", "active": sha("a")},
        recognition=(_RECOGNITION,),
    ),
    "replay_result": ReplayResult(
        format=1, bundle_id=sha("a"), edge_version="1.0.0", provider="CPUExecutionProvider",
        baskets=(
            ReplayedBasket(
                name="clip-1", predicted={"4001": 2}, best_guess={"4001": 2, "4002": 1},
                truth={"4001": 2, "4002": 1}, num_asks=1, num_asks_with_truth=1, num_unknown=0,
                total_minor=598,
                events=(
                    ReplayedEvent(kind="put", at_s=1.25, frame=19, sku_id="4001", told_frame=21),
                ),
                rest_to_line_ms=(120.5,), num_frames=300, frame_ms_p50=21.0, frame_ms_p95=38.5,
            ),
        ),
    ),
    "price_list": PriceList(
        format=1, version=3, currency="EUR", exponent=2, tax_rates={"standard": 1900},
        entries=(
            Price(sku_id="4001", amount_minor=199, valid_from=AT, valid_until=LATER,
                  is_stopped=False),
        ),
        promotions=(
            Promotion(
                promotion_id="p-1", sku_id="4001", kind="multi_buy", quantity=3, amount_minor=500,
                percent=0, names={"en": "3 for 5"}, valid_from=AT, valid_until=None,
                weekdays=(4, 5), from_time="22:00", until_time="02:00",
            ),
        ),
        time_zone="Europe/Berlin",
    ),
    "bundle_manifest": BundleManifest(
        format=1, name="base", version="1.2.0", created="2026-11-21T09:30:00+00:00", generation=4,
        min_edge="0.1.0", embedder_id="embedder-7+whitening-2", embedding_dim=256,
        preprocess=Preprocess(
            detector_px=416, detector_height_px=256, detector_strides=(8, 16), crop_px=160,
            crop_margin_percent=5, mean=127, scale=128,
        ),
        files=(
            BundleFile(path="detector.onnx", sha256=sha("detector"), size=4096, role="detector",
                       target="cpu"),
        ),
    ),
    "gate_verdict": GateVerdict(
        bundle_id="ab" * 32, verdict="pass", policy="production", margins={"margin": "0.005"},
        champion_id="cd" * 32, blind_set="ef" * 32, look=3, num_baskets=2_400,
        report_sha256="12" * 32, approval="manual", is_single_operator=False, judged_at=AT,
    ),
    "assignment": Assignment(
        format=1, generation=9, bundle_id=sha("a"), follow_ring=None, min_bundle_generation=3,
        channel="main", policy="production", withdraws=(sha("bad"),), is_drill=True, issued_at=AT,
    ),
    "release_policy": ReleasePolicy(format=1, min_bundle_generation=3),
    "catalogue_index": CatalogueIndex(
        format=1, generation=5, channel="main", issued_at=AT,
        segments=(
            SegmentEntry(
                sha256=sha("segment"), size=900, embedder_id="embedder-7+whitening-2",
                base_digest=sha("base"), rows=3, sku_ids=("4001", "4002"),
                skus_sha256=sha("skus"), skus_size=400,
            ),
        ),
        prices=(
            PriceListEntry(sha256=sha("prices"), size=700, version=3, valid_from=AT,
                           valid_until=None),
        ),
    ),
    "store_margins": StoreMargins(
        format=1, generation=2, store_id="s1", issued_at=AT,
        entries=(
            MarginEntry(
                bundle_id=sha("a"), accept_margin_mnat=1362, family_margin_mnat=2557,
                num_labels=311, num_charged=280, num_wrong=0, bound_ppm=8190, is_proven=False,
            ),
        ),
    ),
    "sku_addition": SkuAddition(format=1, skus=(_SKU,), pictures={sha("banana"): 9_000}),
}  # fmt: skip
