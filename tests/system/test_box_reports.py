"""Sales, telemetry, recordings and last pictures: from the box's outbox to the hub's readers."""

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from edge.processes.hub_link import NEXT_TURN_S, BoxFacts, HubLink, Row
from sync.box_report import SaleReport, TelemetryReport
from sync.recording import RecordedFrame, Recording, pack_frames, unpack_frames
from sync.sealing import seal, unseal
from tests.fakes.running_hub import RunningHub, running_hub
from tests.system.test_bundle_round_trip import Centre, Counter
from trainer.store import box_reports, fleet, fleet_details, picture_life
from trainer.store.blobs import FolderBlobs
from trainer.store.database import reading, writing

NOW = datetime.now(UTC)
SALE = SaleReport(
    lane_id="a", basket_id="box-a-1-1", bundle_id="", currency="EUR", total_minor=677,
    pieces={"jam": 2, "milk": 1}, by_origin={"vision": 2, "answer": 1}, num_asks=1, seconds=9,
)  # fmt: skip


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Counter]:
    (tmp_path / "centre").mkdir()
    (tmp_path / "box").mkdir()
    centre = Centre(tmp_path / "centre")
    with running_hub(centre.folder, centre.repo) as hub:
        box = Counter(tmp_path / "box", hub, centre.root_sha256)
        yield box
        box.close()


def stored(hub: RunningHub, sha256: str) -> bytes:
    path = FolderBlobs(hub.folder / "updates" / "blobs").path(sha256)
    return path.read_bytes()


def recording(link: HubLink) -> Row:
    link.round(BoxFacts(), NOW)  # brings the hub's key
    sealed = seal(pack_frames([b"one", b"two"]), link.state.sealing_public_key, "box")
    told = Recording(
        recording_id="r" * 12, basket_id="box-a-1-1", lane_id="a", bundle_id="", at=NOW,
        frames=tuple(RecordedFrame(camera_id="top", at_ms=i) for i in (0, 500)),
        answer=(("jam", 2),), blob=hashlib.sha256(sealed).hexdigest(),
    )  # fmt: skip
    return Row("recording", told.model_dump(mode="json"), NOW, 650, (sealed,), "box-a-1-1")


def test_sales_and_telemetry_arrive_in_counts(box: Counter) -> None:
    for body in (SALE, SALE.model_copy(update={"basket_id": "box-a-1-2"})):
        box.link.put(Row("sale", body.model_dump(mode="json"), NOW))
    report = TelemetryReport(at=NOW, window_s=300, verdict="ok", figures={"p95_ms": 82})
    box.link.put(Row("telemetry", report.model_dump(mode="json"), NOW))
    box.round()
    with reading(box.hub.engine) as connection:
        (day,) = box_reports.sales_by_day(connection, NOW - timedelta(days=1))
        (told,) = box_reports.newest_telemetry(connection, "box")
    assert (day.box_id, day.num_baskets, day.num_asks) == ("box", 2, 2)
    assert (day.pieces, day.by_origin) == ({"jam": 4, "milk": 2}, {"vision": 4, "answer": 2})
    assert told == report


def test_a_recording_opens_at_the_hub_and_is_forgotten_on_request(box: Counter) -> None:
    box.link.put(recording(box.link))
    box.round()
    with reading(box.hub.engine) as connection:
        ((box_id, told),) = box_reports.recordings(connection)
    data = unseal(stored(box.hub, told.blob), box.hub.sealing_key, box_id)
    assert unpack_frames(told, data) == [b"one", b"two"]
    with writing(box.hub.engine) as connection:
        blobs = picture_life.forget_basket(connection, "box-a-1-1", now=NOW, actor="op")
    assert blobs == (told.blob,)
    with reading(box.hub.engine) as connection:
        assert box_reports.recordings(connection) == []


def test_the_newest_picture_of_a_camera_is_named_by_the_next_check_in(box: Counter) -> None:
    box.round()
    sealed = seal(b"a small picture", box.link.state.sealing_public_key, "box")
    facts = BoxFacts(pictures={"a/top": sealed})
    box.link.round(facts, NOW)
    box.link.round(facts, NOW)
    with reading(box.hub.engine) as connection:
        blob = box_reports.last_picture(connection, "box", "a/top")
        assert box_reports.last_picture(connection, "box", "a/other") == ""
    opened = unseal(stored(box.hub, blob), box.hub.sealing_key, "box")
    assert opened == b"a small picture"


def test_an_operator_sees_the_counter_of_now_on_request(box: Counter) -> None:
    box.round()
    key, pictures = box.link.state.sealing_public_key, {"a/top": b""}
    pictures["a/top"] = seal(b"as it was", key, "box")
    box.link.renew_pictures = lambda: pictures.update({"a/top": seal(b"as it is", key, "box")})
    for kind in ("picture", "dance"):
        with writing(box.hub.engine) as connection:
            fleet.ask_box(connection, "box", kind, now=NOW, actor="op")
    waits = [box.link.round(BoxFacts(pictures=dict(pictures)), NOW) for _ in range(3)]
    assert waits == [NEXT_TURN_S] * 3  # nobody waits ten minutes, nor for the next check-in
    with reading(box.hub.engine) as connection:
        blob = box_reports.last_picture(connection, "box", "a/top")
        done = fleet_details.box_details(connection, "box", now=NOW).commands
    assert unseal(stored(box.hub, blob), box.hub.sealing_key, "box") == b"as it is"
    assert {c.kind: c.status for c in done} == {"picture": "done", "dance": "failed"}
