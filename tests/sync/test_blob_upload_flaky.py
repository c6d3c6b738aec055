"""Uploads over links that go wrong again and again: all finish within a tenth more bytes."""

import random
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import func, select

from edge.hard_cases.delivery import deliver_round
from edge.hard_cases.outbox import Outbox
from edge.sqlite_file import open_sqlite
from sync.errors import TransportError
from sync.http_pool import HttpSettings
from sync.hub_client import BoxIdentity, HubClient
from tests.fakes.flaky_road import FaultDice, FlakyRoad, RoadFault
from tests.fakes.running_hub import RunningHub, running_hub
from trainer.store import enrolment
from trainer.store.blobs import FolderBlobs
from trainer.store.database import reading, writing
from trainer.store.schema import CASES, RECEIVED

NOW = datetime.now(UTC)
SETTINGS = HttpSettings(connect_timeout_s=10.0, gap_timeout_s=1.5)
PICTURE_BYTES = 300_000
NUM_BOXES = 4
FAULTS = (
    RoadFault("cut"), RoadFault("reset"), RoadFault("stall"), RoadFault("drip"),
    RoadFault("duplicate"), RoadFault("reorder"), RoadFault("answer_lost"),
    RoadFault("status", status=403), RoadFault("status", status=407),
    RoadFault("status", status=429), RoadFault("status", status=503),
    RoadFault("wrong_range"), RoadFault("flip"), RoadFault("html"),
)  # fmt: skip


class UploadingBox:
    """A box whose hub is at the other end of a bad road."""

    def __init__(self, hub: RunningHub, road: FlakyRoad, folder: Path, number: int) -> None:
        with writing(hub.engine) as connection:
            code = enrolment.create_claim_code(connection, now=NOW, actor="op")
        identity = BoxIdentity.create(folder / "id", f"box-{number}", hub.url)
        client = HubClient(identity, SETTINGS)
        assert client.enrol(code, "0.1.0").status == "enrolled"
        client.close()
        identity.update(hub_url=road.url)
        self.client = HubClient(identity, SETTINGS)
        self._folder = folder
        self._number = number

    def send(self, num_pictures: int) -> list[bytes]:
        """Bring cases with one picture each to the hub, however long it takes."""
        folder, pictures = self._folder, []
        outbox = Outbox(open_sqlite(folder / "rows.db"), open_sqlite(folder / "pictures.db"))
        for i in range(num_pictures):
            picture = random.Random(self._number * 1_000 + i).randbytes(PICTURE_BYTES)
            body = {"case_id": f"{self._number}-{i}", "reason": "unknown", "value": 1}
            outbox.put("case", body, now=NOW, pictures=[picture])
            pictures.append(picture)
            while outbox.status().num_rows:
                with suppress(TransportError):
                    deliver_round(outbox, self.client)
        outbox.close()
        self.client.close()
        return pictures


def run_uploads(folder: Path, num_uploads: int) -> str:
    """Upload over a bad road and compare; a line with the counts."""
    dice = FaultDice(7, FAULTS)
    with running_hub(folder) as hub, FlakyRoad(int(hub.url.rsplit(":")[-1]), dice) as road:
        boxes = [UploadingBox(hub, road, folder / f"box-{i}", i) for i in range(NUM_BOXES)]
        with ThreadPoolExecutor(NUM_BOXES) as pool:
            sent = list(pool.map(lambda box: box.send(num_uploads // NUM_BOXES), boxes))
        pictures = [picture for some in sent for picture in some]
        here = sorted(p.read_bytes() for p in (folder / "blobs").glob("??/*"))
        with reading(hub.engine) as connection:
            num_cases = connection.execute(select(func.count()).select_from(CASES)).scalar()
            num_rows = connection.execute(select(func.count()).select_from(RECEIVED)).scalar()
    assert here == sorted(pictures)
    assert num_cases == num_rows == num_uploads
    share = road.num_upload_bytes / (num_uploads * PICTURE_BYTES)
    assert share <= 1.1
    return (
        f"\nflaky uploads: {num_uploads} finished, {road.num_requests} requests, sent "
        f"{share:.3f}x, faults {dict(sorted(dice.counts.items()))}"
    )


def test_a_dozen_uploads_over_flaky_links_all_finish_within_a_tenth_more_bytes(
    fast_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said = run_uploads(fast_folder, 12)
    with capsys.disabled():
        print(said)  # noqa: T201


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_three_hundred_uploads_over_flaky_links_all_finish_within_a_tenth_more_bytes(
    fast_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said = run_uploads(fast_folder, 300)
    with capsys.disabled():
        print(said)  # noqa: T201


def test_a_blob_that_is_here_whole_but_unnamed_is_finished(tmp_path: Path) -> None:
    blobs = FolderBlobs(tmp_path / "blobs")
    name = blobs.put(b"whole")
    (tmp_path / "blobs" / "uploads" / f"{name}.part").write_bytes(b"whole")
    blobs.path(name).unlink()  # the power went between the last byte and the name
    assert blobs.progress(name).is_complete is False
    assert blobs.append(name, 5, b"", total=5).is_complete
