"""Hard cases sent to a hub as a box sends them: drawn, sealed, uploaded, signed."""

import hashlib
import json
from datetime import UTC, datetime
from typing import Any

import cv2
import numpy as np

from sync.hard_case import CaseItem, CasePicture, CaseReason, HardCase
from sync.sealing import seal
from tests.fakes.people_hub import PeopleHub
from tests.fakes.signing_box import SigningBox
from trainer.store.api_tokens import Role

WIDTH, HEIGHT = 640, 480
BOX_A, BOX_B = (100, 80, 260, 300), (320, 100, 520, 380)
Guesses = tuple[tuple[str, int], ...]
Said = tuple[tuple[str, str], ...]


class CaseSender:
    """An enrolled box of one store that sends cases."""

    def __init__(self, hub: PeopleHub, box_id: str = "box-1", store_id: str = "") -> None:
        self.hub = hub
        self.box = SigningBox(hub.client, box_id)
        headers = {"Authorization": f"Bearer {hub.tokens[Role.OPERATOR]}"}
        at_store = {"store_id": store_id} if store_id else {}
        reply = hub.client.post("/v1/operator/claim-codes", json=at_store, headers=headers)
        self.key = self.box.enrol(reply.json()["claim_code"]).json()["sealing_public_key"]
        self.seq = 0
        self.sent: dict[str, str] = {}  # case -> blob

    def send(self, case_id: str, *items: tuple[tuple[int, int, int, int], Guesses],
             value: int = 500, reason: CaseReason = CaseReason.UNCERTAIN, texture: int = 0,
             jpeg: bytes = b"", said: Said = (), **changes: Any) -> bytes:  # fmt: skip
        """Send a case with one picture; the JPEG before it was sealed.

        Args:
            texture: what is drawn on the items; 0 is plain, another number another drawing.
            jpeg: the picture itself, where the drawn one will not do.
            said: of each item, what it was named and how (`answer`, `scan`).
            changes: of the case's body, such as `basket_id`.
        """
        jpeg = jpeg or _drawn(items, texture)
        sealed = seal(jpeg, self.key, self.box.box_id)
        blob = self.sent[case_id] = hashlib.sha256(sealed).hexdigest()
        headers = {"Upload-Offset": "0", "Upload-Length": str(len(sealed))}
        assert self.box.call("PUT", f"/v1/blobs/{blob}", sealed, headers=headers).status_code == 201
        body = _body(case_id, blob, items, value, reason)
        picture = body["pictures"][0]
        picture["height"], picture["width"] = _size_of(jpeg)
        for item, (sku_id, how) in zip(picture["items"], said, strict=False):
            item.update(answered=sku_id, named_by=how)
        self.send_row("case", {**body, **changes}, blob)
        return jpeg

    def send_row(self, kind: str, body: dict[str, Any], *blobs: str) -> None:
        """Send one row of the outbox."""
        canonical = json.dumps(body, sort_keys=True, separators=(",", ":")).encode()
        self.seq += 1
        row = {
            "seq": self.seq,
            "kind": kind,
            "created_at": datetime.now(UTC).isoformat(),
            "body_sha256": hashlib.sha256(canonical).hexdigest(),
            "body": body,
            "blobs": list(blobs),
        }
        reply = self.box.send(row).json()
        assert reply["acked"] == [self.seq], reply


def _body(
    case_id: str, blob: str, items: tuple[Any, ...], value: int, reason: CaseReason
) -> dict[str, Any]:
    picture = CasePicture(
        camera_id="cam0",
        blob=blob,
        width=WIDTH,
        height=HEIGHT,
        items=tuple(
            CaseItem(item_id=f"i{n}", xyxy=xyxy, guesses=guesses)
            for n, (xyxy, guesses) in enumerate(items)
        ),
    )
    return HardCase(
        case_id=case_id,
        basket_id="basket-1",
        lane_id="lane-1",
        reason=reason,
        value=value,
        at=datetime.now(UTC),
        bundle_id="ab" * 32,
        pictures=(picture,),
    ).model_dump(mode="json")


def _size_of(jpeg: bytes) -> tuple[int, int]:
    """Height and width; those of the drawn ones where it is no picture."""
    decoded = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    return (HEIGHT, WIDTH) if decoded is None else (decoded.shape[0], decoded.shape[1])


def _drawn(items: tuple[Any, ...], texture: int) -> bytes:
    canvas = np.full((HEIGHT, WIDTH, 3), 120, np.uint8)
    for n, ((x1, y1, x2, y2), _) in enumerate(items):
        cv2.rectangle(canvas, (x1, y1), (x2, y2), (40 + 60 * n, 90, 200 - 40 * n), -1)
        if texture:
            noise = np.random.default_rng([texture, n]).integers(0, 255, (9, 7, 3), np.uint8)
            canvas[y1:y2, x1:x2] = cv2.resize(noise, (x2 - x1, y2 - y1))
    return bytes(cv2.imencode(".jpg", canvas)[1].data)


def answer(*boxes: tuple[str, tuple[int, int, int, int], str]) -> dict[str, Any]:
    """The body of an answer; a name in `<>` is a kind without SKU."""
    return {
        "seconds": 4.0,
        "pictures": [
            {
                "camera_id": "cam0",
                "boxes": [
                    {
                        "item_id": item_id,
                        "xyxy": list(xyxy),
                        "kind": name.strip("<>") if name.startswith("<") else "sku",
                        "sku_id": "" if name.startswith("<") else name,
                    }
                    for item_id, xyxy, name in boxes
                ],
            }
        ],
    }
