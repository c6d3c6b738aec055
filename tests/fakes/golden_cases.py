"""Hard cases made of the factory bundle's own golden frames: three cameras, real boxes, guesses."""

import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sync.sealing import seal
from tests.fakes.signing_box import SigningBox, item

BUNDLE = Path(__file__).resolve().parents[2] / "edge/bundles/factory"
NUM_GUESSES = 5


def golden_scenes() -> dict[str, list[dict[str, Any]]]:
    """Scene -> its frames, items by SKU: the first ones of every camera are the same goods."""
    frames = json.loads((BUNDLE / "golden/golden.json").read_text())["frames"]
    scenes: dict[str, list[dict[str, Any]]] = {}
    for frame in frames:
        items = sorted(frame["items"], key=lambda item: item["sku_id"])
        scenes.setdefault(frame["scene"], []).append(frame | {"items": items})
    return scenes


def catalogue_ids() -> list[str]:
    """Every SKU of the bundle, in its order: neighbours belong to one family."""
    skus = json.loads((BUNDLE / "catalog.json").read_text())["skus"]
    return [sku["sku_id"] for sku in skus]


def upload_sealed(box: SigningBox, picture: bytes, sealing_key: str) -> str:
    """A picture as a box sends it; its blob."""
    sealed = seal(picture, sealing_key, box.box_id)
    blob = hashlib.sha256(sealed).hexdigest()
    headers = {"Upload-Offset": "0", "Upload-Length": str(len(sealed))}
    reply = box.call("PUT", f"/v1/blobs/{blob}", sealed, headers=headers)
    assert reply.status_code == 201, reply.text
    return blob


def send_golden_case(
    box: SigningBox, seq: int, scene: str, sealing_key: str, num_items: int = 2
) -> str:
    """One scene as a hard case of a box: pictures sealed and uploaded first; its id."""
    case_id = f"case-{box.box_id}-{seq:04d}"
    known = catalogue_ids()
    pictures = []
    for frame in golden_scenes()[scene]:
        blob = upload_sealed(box, (BUNDLE / frame["picture"]).read_bytes(), sealing_key)
        items = [
            {"item_id": f"track-{i}", "xyxy": found["xyxy"],
             "guesses": _guesses(found["sku_id"], known)}
            for i, found in enumerate(frame["items"][:num_items])
        ]  # fmt: skip
        pictures.append(
            {"camera_id": frame["camera"], "blob": blob, "width": 1280, "height": 720,
             "items": items}
        )  # fmt: skip
    body = {
        "format": 1, "case_id": case_id, "basket_id": f"{box.box_id}-lane-1-{seq}",
        "lane_id": "lane-1", "reason": "uncertain", "value": 700,
        "at": datetime.now(UTC).isoformat(), "bundle_id": "0" * 64, "pictures": pictures,
    }  # fmt: skip
    row = {**item(seq, "case"), "blobs": [picture["blob"] for picture in pictures]}
    row["body"] = body
    row["created_at"] = body["at"]
    canonical = json.dumps(body, sort_keys=True, separators=(",", ":")).encode()
    row["body_sha256"] = hashlib.sha256(canonical).hexdigest()
    reply = box.send(row)
    assert reply.json()["acked"] == [seq], reply.text
    return case_id


def _guesses(best: str, known: list[str]) -> list[tuple[str, int]]:
    at = known.index(best)
    others = [known[(at + step) % len(known)] for step in range(1, NUM_GUESSES)]
    return [(best, 610), *[(other, 160 - 30 * i) for i, other in enumerate(others)]]
