"""The box of the simulated store: what it saw goes the box's own road to the hub.

Flow: Look -> HardCase or Recording, sealed -> outbox on disk -> signed requests -> hub's commit

Key, counters, sealing, outbox and delivery are the box's own code; only the counter is played. A
case's guesses are those of the store's bundle.
"""

from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from edge.hard_cases.delivery import deliver_round
from edge.hard_cases.outbox import Outbox
from edge.sqlite_file import open_sqlite
from sync.boxes import standing_before
from sync.hard_case import CaseItem, CasePicture, CaseReason, HardCase
from sync.http_pool import HttpSettings
from sync.hub_client import BoxIdentity, HubClient
from sync.preprocess import painted_over
from sync.recording import RecordedCamera, RecordedFrame, Recording, pack_frames
from sync.sealing import seal
from tools.demo_run.centre_scenes import Look
from tools.demo_run.loop_shop import NotSeenError
from trainer.steps.champion import Champion, embed_regions
from trainer.steps.regions import Region

BOX, LANE = "box-1", "lane-1"
FIRST_DAY = datetime(2026, 11, 2, 12, tzinfo=UTC)
PUT_DOWN_MS = 300  # the goods are there: pictures of the empty counter before
MAX_ROUNDS = 200
TOP = 5


class StoreBox:
    """An enrolled box whose counter is played."""

    def __init__(self, folder: Path, hub_url: str, ca: Path, champion: Champion) -> None:
        identity = BoxIdentity.create(folder / "identity", BOX, hub_url)
        self._client = HubClient(identity, HttpSettings(ca_file=ca))
        self._files = [open_sqlite(folder / name) for name in ("rows.db", "pictures.db")]
        self._outbox = Outbox(*self._files)
        self._champion = champion

    def enrol(self, claim_code: str) -> str:
        """Join the hub; the store it belongs to."""
        return self._client.enrol(claim_code, "1.0.0").store_id

    def close(self) -> None:
        """Go home."""
        self._client.close()
        for file in self._files:
            file.close()

    def note_case(self, look: Look) -> str:
        """A hard case into the outbox; its id."""
        sealed = self._sealed(look.jpeg)
        guesses = self._guesses(look)
        items = tuple(
            CaseItem(item_id=f"i{number}", xyxy=box, guesses=guess)
            for number, (box, guess) in enumerate(zip(look.boxes, guesses, strict=True))
        )
        width, height = look.size
        name = sha256(sealed).hexdigest()
        picture = CasePicture(
            camera_id=look.camera_id, blob=name, width=width, height=height, items=items
        )
        case = HardCase(
            case_id=f"case-{sha256(look.name.encode()).hexdigest()[:24]}",
            basket_id=f"seen-{look.name}", lane_id=LANE, reason=CaseReason.UNCERTAIN, value=500,
            at=_time_of(look), bundle_id=self._champion.bundle.bundle_id, pictures=(picture,),
        )  # fmt: skip
        self._put("case", case.model_dump(mode="json"), sealed)
        return case.case_id

    def note_recording(self, look: Look) -> str:
        """A whole basket into the outbox, for the blind set; its id."""
        sealed = self._sealed(pack_frames([look.empty, look.jpeg]))
        frames = (
            RecordedFrame(camera_id=look.camera_id, at_ms=0),
            RecordedFrame(camera_id=look.camera_id, at_ms=PUT_DOWN_MS, boxes=look.boxes),
        )
        camera = RecordedCamera(camera_id=look.camera_id, calibration=look.calibration)
        recording = Recording(
            recording_id=f"rec-{sha256(look.name.encode()).hexdigest()[:24]}",
            basket_id=f"blind-{look.name}", lane_id=LANE, at=_time_of(look), cameras=(camera,),
            bundle_id=self._champion.bundle.bundle_id, frames=frames,
            answer=tuple(sorted(look.basket.items())), blob=sha256(sealed).hexdigest(),
        )  # fmt: skip
        self._put("recording", recording.model_dump(mode="json"), sealed)
        return recording.recording_id

    def deliver(self) -> int:
        """Bring everything to the hub; acknowledged rows.

        Raises:
            NotSeenError: the hub refused rows, or rows stayed.
        """
        num_acked = 0
        for _ in range(MAX_ROUNDS):
            done = deliver_round(self._outbox, self._client)
            num_acked += done.num_acked
            if done.num_refused:
                raise NotSeenError(f"the hub refused {done.num_refused} rows of the box")
            if not self._outbox.status().num_rows:
                return num_acked
        raise NotSeenError(f"{self._outbox.status().num_rows} rows did not reach the hub")

    def _put(self, kind: str, body: dict[str, Any], sealed: bytes) -> None:
        self._outbox.put(kind, body, now=datetime.now(UTC), pictures=[sealed],
                         basket_id=str(body["basket_id"]))  # fmt: skip

    def _sealed(self, data: bytes) -> bytes:
        return seal(data, self._client.identity.state.sealing_public_key, BOX)

    def _guesses(self, look: Look) -> list[tuple[tuple[str, int], ...]]:
        """The best SKUs of each box, as the store's bundle sees them."""
        champion = self._champion
        found = embed_regions(champion.embedder_file, champion, _regions(look))
        near = champion.gallery.similarities(champion.whitening.apply(found))
        scaled = np.exp((near - near.max(axis=1, keepdims=True)) / champion.thresholds.temperature)
        shares = scaled / scaled.sum(axis=1, keepdims=True)
        names = champion.gallery.sku_ids
        return [
            tuple((names[n], int(row[n] * 1000)) for n in np.argsort(-row)[:TOP]) for row in shares
        ]


def _regions(look: Look) -> list[Region]:
    pixels = cv2.imdecode(np.frombuffer(look.jpeg, np.uint8), cv2.IMREAD_COLOR)
    picture = np.asarray(pixels, np.uint8)
    boxes = np.asarray(look.boxes, np.float32).reshape(-1, 4)
    return [
        Region(
            painted_over(picture, standing_before(box, boxes)), box, "", look.name,
            look.camera_id, "",
        )
        for box in boxes
    ]  # fmt: skip


def _time_of(look: Look) -> datetime:
    return FIRST_DAY + timedelta(days=look.day)
