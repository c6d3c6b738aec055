"""Box to hub over real HTTP: enrolment, sealed pictures, and rows that arrive once in effect."""

import random
import shutil
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select

from edge.hard_cases.bulk_pace import BulkPace
from edge.hard_cases.delivery import deliver_round
from edge.hard_cases.outbox import Outbox
from edge.sqlite_file import open_sqlite
from sync.errors import TransportError
from sync.http_pool import HttpSettings
from sync.hub_client import BoxIdentity, HubClient, HubRefusalError
from sync.protocol import CheckIn
from sync.sealing import seal, unseal
from sync.transport_errors import ReplayedError
from tests.fakes.running_hub import RunningHub, running_hub
from tools.benchmarks.outbox_box import BATCH, LossyHub
from tools.benchmarks.outbox_life import World
from trainer.store import enrolment
from trainer.store.blobs import FolderBlobs
from trainer.store.database import reading, writing
from trainer.store.schema import CASES, RECEIVED

NOW = datetime.now(UTC)
NUM_EVENTS = 20_000


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHub]:
    with running_hub(tmp_path_factory.mktemp("hub")) as hub:
        yield hub


def enrolled_box(hub: RunningHub, folder: Path, box_id: str) -> HubClient:
    with writing(hub.engine) as connection:
        code = enrolment.create_claim_code(connection, now=NOW, actor="op")
    client = HubClient(BoxIdentity.create(folder, box_id, hub.url), HttpSettings())
    assert client.enrol(code, "0.1.0").status == "enrolled"
    return client


def open_outbox(folder: Path) -> Outbox:
    folder.mkdir(parents=True, exist_ok=True)
    return Outbox(open_sqlite(folder / "rows.db"), open_sqlite(folder / "pictures.db"))


def check_in_of(client: HubClient) -> CheckIn:
    nonce = client.identity.state.nonce
    return CheckIn(nonce=nonce, sent_at=datetime.now(UTC), edge_version="0.1.0")


def close_outbox(outbox: Outbox) -> None:
    outbox._rows.close()
    outbox._pictures.close()


def test_a_box_enrols_checks_in_and_is_known_after_a_restart(
    hub: RunningHub, tmp_path: Path
) -> None:
    client = enrolled_box(hub, tmp_path, "restarting")
    message = CheckIn(nonce=client.identity.state.nonce, sent_at=NOW, edge_version="0.1.0")
    client.check_in(message)
    client.close()
    again = HubClient(BoxIdentity.load(tmp_path), HttpSettings())
    nonce = again.identity.state.nonce
    assert nonce != message.nonce
    again.check_in(message.model_copy(update={"nonce": nonce}))
    again.close()


def test_a_new_key_is_used_from_then_on(hub: RunningHub, tmp_path: Path) -> None:
    client = enrolled_box(hub, tmp_path, "rekeying")
    before = client.identity.key.public_key
    client.rekey()
    assert client.identity.key.public_key != before
    assert client.upload(b"signed with the new key")
    client.close()


def test_a_sealed_picture_arrives_with_its_case(hub: RunningHub, tmp_path: Path) -> None:
    client = enrolled_box(hub, tmp_path / "id", "camera-box")
    outbox = open_outbox(tmp_path / "outbox")
    sealed = seal(b"picture", client.identity.state.sealing_public_key, "camera-box")
    body = {"case_id": "case-1", "reason": "unknown", "value": 5, "basket_id": "b-1"}
    outbox.put("case", body, now=NOW, pictures=[sealed])
    delivered = deliver_round(outbox, client)
    assert (delivered.num_acked, delivered.num_uploaded) == (1, 1)
    assert outbox.status().num_pictures == 0
    with reading(hub.engine) as connection:
        assert connection.execute(select(CASES.c.reason)).scalar() == "unknown"
    stored = next(p for p in (hub.folder / "blobs").glob("??/*") if p.read_bytes() == sealed)
    assert unseal(stored.read_bytes(), hub.sealing_key, "camera-box") == b"picture"
    close_outbox(outbox)
    client.close()


def test_a_large_upload_goes_on_after_a_cut(hub: RunningHub, tmp_path: Path) -> None:
    client = enrolled_box(hub, tmp_path, "uploader")
    data = random.Random(1).randbytes(5 * 1024 * 1024)
    name = client.upload(data)
    assert FolderBlobs(hub.folder / "blobs").path(name).read_bytes() == data
    client.close()


def test_a_revoked_box_keeps_its_rows(hub: RunningHub, tmp_path: Path) -> None:
    client = enrolled_box(hub, tmp_path / "id", "revoked-box")
    outbox = open_outbox(tmp_path / "outbox")
    outbox.put("sale", {"total": 1}, now=NOW)
    with writing(hub.engine) as connection:
        enrolment.set_status(
            connection, "revoked-box", "revoked", now=NOW, actor="op", reason="test"
        )
    with pytest.raises(HubRefusalError) as refusal:
        deliver_round(outbox, client)
    assert refusal.value.hub_code == "identity.not_enrolled"
    assert outbox.status().num_rows == 1
    close_outbox(outbox)
    client.close()


def test_a_disk_image_counts_anew_and_waits_for_a_person(hub: RunningHub, tmp_path: Path) -> None:
    client = enrolled_box(hub, tmp_path / "id", "imaged-box")
    shutil.copytree(tmp_path / "id", tmp_path / "image")
    client.close()
    for _ in range(2):
        life = HubClient(BoxIdentity.load(tmp_path / "id"), HttpSettings())
        life.check_in(check_in_of(life))
        life.close()
    restored = HubClient(BoxIdentity.load(tmp_path / "image"), HttpSettings())
    epoch = restored.identity.state.epoch
    with pytest.raises(ReplayedError):
        restored.check_in(check_in_of(restored))
    assert restored.identity.state.epoch != epoch
    with pytest.raises(HubRefusalError, match="nonce"):
        restored.check_in(check_in_of(restored))
    with writing(hub.engine) as connection:
        enrolment.set_status(
            connection, "imaged-box", "enrolled", now=NOW, actor="op", reason="disk restored"
        )
    restored.check_in(check_in_of(restored))
    restored.close()


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_events_arrive_once_through_killed_boxes_and_hubs_images_and_clones(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    world = World(tmp_path, NUM_EVENTS, num_boxes=2, batches_per_life=60, hub_life_s=10.0, seed=3)
    verdict = world.run()
    with capsys.disabled():
        print(f"\noutbox: {verdict} {dict(sorted(world.faults.items()))}")  # noqa: T201
    assert verdict.is_right
    assert verdict.acknowledged >= NUM_EVENTS
    assert world.faults["box killed"] > 0


def test_every_acknowledged_event_arrives_once_through_crashes_and_lost_answers(
    hub: RunningHub, tmp_path: Path
) -> None:
    dice = random.Random(7)
    client = enrolled_box(hub, tmp_path / "id", "busy-box")
    lossy = LossyHub(client, dice)
    outbox = open_outbox(tmp_path / "outbox")
    put = num_crashes = 0
    while put < NUM_EVENTS or outbox.status().num_rows:
        if put < NUM_EVENTS:
            outbox.put_many("telemetry", ({"n": put + i} for i in range(BATCH)), now=NOW)
            put += BATCH
        with suppress(TransportError):
            deliver_round(outbox, lossy, batch_rows=500 if put >= NUM_EVENTS else BATCH)
        if dice.random() < 0.02:  # the box restarts
            close_outbox(outbox)
            outbox = open_outbox(tmp_path / "outbox")
            num_crashes += 1
    with reading(hub.engine) as connection:
        mine = RECEIVED.c.box_id == "busy-box"
        rows = connection.execute(select(RECEIVED.c.body).where(mine)).scalars().all()
    assert num_crashes > 0
    assert sorted(row["n"] for row in rows) == list(range(NUM_EVENTS))
    close_outbox(outbox)
    client.close()


def test_a_restored_disk_begins_a_new_epoch_and_loses_nothing(
    hub: RunningHub, tmp_path: Path
) -> None:
    client = enrolled_box(hub, tmp_path / "id", "restored-box")
    outbox = open_outbox(tmp_path / "outbox")
    outbox.put("sale", {"n": "before the backup"}, now=NOW)
    close_outbox(outbox)
    backup = {p.name: p.read_bytes() for p in (tmp_path / "outbox").iterdir()}
    outbox = open_outbox(tmp_path / "outbox")
    outbox.put("sale", {"n": "after the backup"}, now=NOW)
    deliver_round(outbox, client)
    close_outbox(outbox)
    for path in (tmp_path / "outbox").iterdir():
        path.unlink()
    for name, data in backup.items():
        (tmp_path / "outbox" / name).write_bytes(data)
    outbox = open_outbox(tmp_path / "outbox")
    outbox.put("sale", {"n": "after the restore"}, now=NOW)
    assert deliver_round(outbox, client).num_acked == 1  # what is there already, before anything
    assert deliver_round(outbox, client).is_new_epoch
    deliver_round(outbox, client)
    with reading(hub.engine) as connection:
        mine = RECEIVED.c.box_id == "restored-box"
        bodies = connection.execute(select(RECEIVED.c.body).where(mine)).scalars().all()
    assert {row["n"] for row in bodies} == {
        "before the backup", "after the backup", "after the restore",
    }  # fmt: skip
    close_outbox(outbox)
    client.close()


def test_a_restored_disk_that_holds_pictures_back_doubles_nothing(
    hub: RunningHub, tmp_path: Path
) -> None:
    """The case went out in the first life; the second one would bring it anew by night."""
    client = enrolled_box(hub, tmp_path / "identity", "holding")
    first, image = tmp_path / "first", tmp_path / "image"
    outbox = open_outbox(first)
    sealed = seal(b"picture", client.identity.state.sealing_public_key, "holding")
    body = {"case_id": "case-held-1", "reason": "random"}
    outbox.put("case", body, now=NOW, pictures=(sealed,))
    outbox.put("sale", {"n": 2}, now=NOW)
    close_outbox(outbox)
    shutil.copytree(first, image)
    outbox = open_outbox(first)
    outbox.put("sale", {"n": 3}, now=NOW)
    deliver_round(outbox, client)
    assert outbox.status().num_rows == 0
    close_outbox(outbox)
    outbox = open_outbox(image)
    outbox.put("sale", {"n": 4}, now=NOW)
    by_day = BulkPace(0, "22-06", hour=lambda: 12)
    for _ in range(6):
        deliver_round(outbox, client, pace=by_day)
    assert outbox.status().num_rows == 0
    close_outbox(outbox)
    with reading(hub.engine) as connection:
        rows = connection.execute(
            select(RECEIVED.c.kind, RECEIVED.c.body).where(RECEIVED.c.box_id == "holding")
        ).all()
    assert sorted(row.body.get("n", 0) for row in rows) == [0, 2, 3, 4]
    client.close()
