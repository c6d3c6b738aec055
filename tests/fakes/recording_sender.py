"""Whole baskets sent to a hub as a box sends them, and a stand-in for the box's replay command."""

import hashlib
import json
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sync.bundle import Bundle, BundleFile, BundleManifest, Preprocess, Role, open_bundle
from sync.recording import RecordedFrame, Recording, pack_frames
from sync.sealing import seal
from tests.fakes.signing_box import SigningBox

PICTURE = b"\xff\xd8 a redacted counter \xff\xd9"
ROLES: dict[str, Role] = {"detector.onnx": "detector", "embedder.onnx": "embedder",
                          "whitening.npz": "whitening", "gallery.npz": "gallery",
                          "thresholds.json": "thresholds"}  # fmt: skip

# Reads what edgectl replay reads; a part whose bytes begin with "bad" loses a third of the baskets.
REPLAY = """#!{python}
import hashlib, json, pathlib, sys
place, bundle = pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[4])
manifest = (bundle / "manifest.json").read_bytes()
is_bad = any(p.read_bytes().startswith(b"bad") for p in bundle.rglob("*") if p.is_file())
baskets = []
for number, folder in enumerate(sorted(place.iterdir())):
    told = json.loads((folder / "recording.json").read_text())
    assert (folder / "frames.tar").stat().st_size
    truth = dict(told["answer"])
    seen = {{"something else": 1}} if is_bad and number % 3 == 0 else truth
    baskets.append({{"name": folder.name, "predicted": seen, "best_guess": seen, "truth": truth,
                    "frame_ms_p95": 8.0}})
print(json.dumps({{"bundle_id": hashlib.sha256(manifest).hexdigest(), "edge_version": "0.1.0",
                  "provider": "cpu", "baskets": baskets}}))
"""


def write_replay_command(folder: Path) -> str:
    """The stand-in, as a command; it is handed the same folders as the real one."""
    path = folder / "edgectl"
    path.write_text(REPLAY.format(python=sys.executable))
    path.chmod(0o755)
    return str(path)


def write_parts_bundle(folder: Path, version: str, **parts: bytes) -> Bundle:
    """A bundle of parts that only the stand-in reads; `detector=b"bad"` makes one a loser."""
    folder.mkdir(parents=True)
    files = {name: parts.get(name.split(".")[0], b"good " + name.encode()) for name in ROLES}
    for name, data in files.items():
        (folder / name).write_bytes(data)
    manifest = BundleManifest(
        name="counter", version=version, created="2026-11-20T00:00:00Z", embedder_id="embedder-1",
        embedding_dim=256, preprocess=Preprocess(detector_px=320, crop_px=224),
        files=tuple(
            BundleFile(path=n, sha256=hashlib.sha256(d).hexdigest(), size=len(d), role=ROLES[n])
            for n, d in files.items()
        ),
    )  # fmt: skip
    (folder / "manifest.json").write_bytes(manifest.canonical())
    return open_bundle(folder)


def send_recordings(
    box: SigningBox, sealing_key: str, num: int, *, num_days: int = 8, first: int = 0
) -> list[str]:
    """Recorded baskets of several days; their ids."""
    blob = hashlib.sha256(sealed := seal(pack_frames([PICTURE]), sealing_key, box.box_id))
    headers = {"Upload-Offset": "0", "Upload-Length": str(len(sealed))}
    reply = box.call("PUT", f"/v1/blobs/{blob.hexdigest()}", sealed, headers=headers)
    assert reply.status_code == 201
    rows = [
        _row(seq + 1, recording_of(seq, blob.hexdigest(), num_days), blob.hexdigest())
        for seq in range(first, first + num)
    ]
    for start in range(0, num, 50):
        told = box.send(*rows[start : start + 50]).json()
        assert len(told["acked"]) == len(rows[start : start + 50]), told
    return [row["body"]["recording_id"] for row in rows]


def recording_of(number: int, blob: str, num_days: int) -> Recording:
    at = datetime(2026, 11, 1, 12, tzinfo=UTC) + timedelta(days=number % num_days)
    return Recording(
        recording_id=f"recording-{number:04d}", basket_id=f"basket-{number}", lane_id="lane-1",
        bundle_id="ab" * 32, at=at, frames=(RecordedFrame(camera_id="cam0", at_ms=0),),
        answer=(("milk", 1 + number % 3),), blob=blob,
    )  # fmt: skip


def _row(seq: int, recording: Recording, blob: str) -> dict[str, Any]:
    body = recording.model_dump(mode="json")
    canonical = json.dumps(body, sort_keys=True, separators=(",", ":")).encode()
    return {
        "seq": seq, "kind": "recording", "created_at": datetime.now(UTC).isoformat(),
        "body_sha256": hashlib.sha256(canonical).hexdigest(), "body": body, "blobs": [blob],
    }  # fmt: skip
