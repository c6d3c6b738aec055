"""A hub is destroyed and made again; blobs that nothing names go, and no others."""

import hashlib
import json
import os
import shutil
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, insert, select

from sync.protocol import Batch, BatchItem
from trainer.config import load_hub_config
from trainer.hub.serve import open_blobs, open_services
from trainer.store import audit, backup, blob_sweep, inbox
from trainer.store.backup import BackupError, Place
from trainer.store.blobs import FolderBlobs
from trainer.store.catalogue_tables import SKUS
from trainer.store.database import reading, writing
from trainer.store.schema import AUDIT, BLOBS, BOX_EPOCHS, BOXES, CASES
from trainer.store.uploads import note_blob

NOW = datetime.now(UTC)
EPOCH = "0123456789abcdef" * 2


class Hub:
    """What is on a hub's machine: configuration, database, folder."""

    def __init__(self, folder: Path, url: str = "") -> None:
        folder.mkdir(exist_ok=True)
        self.config_path = folder / "hub.toml"
        self.config_path.write_text(
            f'schema = 1\nstate_dir = "{folder / "state"}"\ndatabase_url = "{url}"\n'
        )
        config = load_hub_config(self.config_path)
        self.state_dir, self.url = config.state_dir, config.resolved_database_url()

    def place(self) -> Place:
        return Place(self.state_dir, self.url, open_blobs(load_hub_config(self.config_path)))

    def start(self) -> Engine:
        services = open_services(load_hub_config(self.config_path))
        return services.engine


def add_case(engine: Engine, blobs: FolderBlobs, seq: int, data: bytes) -> str:
    """A case of box-1 with one picture, as the hub takes it."""
    name = blobs.put(data)
    body = {"case_id": f"case-{seq:04}", "reason": "random", "pictures": [{"blob": name}]}
    digest = hashlib.sha256(inbox.canonical_body(body)).hexdigest()
    item = BatchItem(
        seq=seq, kind="case", created_at=NOW, body=body, blobs=(name,), body_sha256=digest
    )
    with writing(engine) as connection:
        if seq == 1:
            box = {"box_id": "box-1", "public_key": "ab" * 32, "status": "enrolled"}
            connection.execute(insert(BOXES).values(**box, created_at=NOW))
            epoch = {"box_id": "box-1", "epoch": EPOCH, "last_counter": 1, "first_seen_at": NOW}
            connection.execute(insert(BOX_EPOCHS).values(**epoch))
        note_blob(connection, name, len(data), box_id="box-1", now=NOW)
        taken = inbox.take_batch(connection, "box-1", None, Batch(epoch=EPOCH, items=(item,)),
                                 now=NOW)  # fmt: skip
    assert taken.acked == (seq,)
    return name


def publish(hub: Hub, data: bytes) -> str:
    """Something published: flat, named by the signed metadata."""
    name = hashlib.sha256(data).hexdigest()
    folder = hub.state_dir / "updates"
    (folder / "metadata").mkdir(parents=True, exist_ok=True)
    (folder / "blobs" / name).write_bytes(data)
    (folder / "metadata" / "timestamp.json").write_text(json.dumps({"version": 1}))
    (folder / "metadata" / "1.targets.json").write_text(json.dumps({"sha256": name}))
    return name


def num_cases(engine: Engine) -> int:
    with reading(engine) as connection:
        return len(connection.execute(select(CASES.c.case_id)).all())


def files_of(hub: Hub) -> dict[str, bytes]:
    """Everything but the database, by its path."""
    return {
        path.relative_to(hub.state_dir).as_posix(): path.read_bytes()
        for path in hub.state_dir.rglob("*")
        if path.is_file() and not path.name.startswith("hub.db")
    }


def test_a_hub_that_was_destroyed_is_made_again(database_url: str, tmp_path: Path) -> None:
    hub = Hub(tmp_path / "one", "" if "sqlite" in database_url else database_url)
    engine, blobs = hub.start(), hub.place().blobs
    pictures = [add_case(engine, blobs, seq, os.urandom(500 + seq)) for seq in range(1, 6)]
    bundle = publish(hub, b'{"name": "bundle"}')
    before, saved = files_of(hub), tmp_path / "saved"
    made = backup.create_backup(hub.place(), saved, now=NOW, is_portable=False)
    assert (made.num_blobs, made.num_new_blobs, made.missing) == (6, 6, ())
    later = add_case(engine, blobs, 6, b"after the backup")
    again = backup.create_backup(hub.place(), saved, now=NOW + timedelta(hours=1),
                                 is_portable=False)  # fmt: skip
    assert again.num_new_blobs == 1
    assert backup.verify_backup(saved).problems == ()
    engine.dispose()
    shutil.rmtree(hub.state_dir)
    fresh = Hub(tmp_path / "two")
    backup.restore_backup(saved, fresh.place(), made.name)
    restored = fresh.start()
    assert num_cases(restored) == 5
    assert files_of(fresh) == before
    assert fresh.place().blobs.is_published(bundle)
    assert all(fresh.place().blobs.has(name) for name in pictures)
    assert not fresh.place().blobs.has(later)
    assert add_case(restored, fresh.place().blobs, 6, b"life goes on")
    restored.dispose()


@pytest.mark.postgres
def test_a_hub_moves_from_sqlite_to_postgres_and_counts_on(
    postgres_url: str, tmp_path: Path
) -> None:
    import psycopg

    plain = postgres_url.replace("postgresql+psycopg", "postgresql")
    with psycopg.connect(plain, autocommit=True) as connection:
        connection.execute("CREATE DATABASE moved")
    url = postgres_url.replace("/postgres?", "/moved?")
    hub = Hub(tmp_path / "one")
    engine = hub.start()
    for seq in range(1, 4):
        add_case(engine, hub.place().blobs, seq, bytes([seq]))
    backup.create_backup(hub.place(), tmp_path / "saved", now=NOW, is_portable=True)
    engine.dispose()
    moved = Hub(tmp_path / "two", url)
    backup.restore_backup(tmp_path / "saved", moved.place())
    there = moved.start()
    assert num_cases(there) == 3
    with writing(there) as connection:
        audit.record(connection, now=NOW, actor="a", action="b", subject="c")
    add_case(there, moved.place().blobs, 4, b"four")
    there.dispose()
    with pytest.raises(BackupError, match="not empty"):
        backup.restore_backup(tmp_path / "saved", moved.place())


def test_a_damaged_backup_is_told_and_not_restored(tmp_path: Path) -> None:
    hub, saved = Hub(tmp_path / "one"), tmp_path / "saved"
    engine = hub.start()
    name = add_case(engine, hub.place().blobs, 1, b"a picture")
    engine.dispose()
    made = backup.create_backup(hub.place(), saved, now=NOW, is_portable=False)
    (saved / "blobs" / name[:2] / name).write_bytes(b"rot")
    database = saved / "snapshots" / made.name / "hub.db"
    database.write_bytes(database.read_bytes()[:-1] + b"x")
    problems = backup.verify_backup(saved).problems
    assert len(problems) == 2
    with pytest.raises(BackupError, match="2 problems"):
        backup.restore_backup(saved, Hub(tmp_path / "two").place())


def test_a_backup_while_the_hub_writes_holds_one_moment(tmp_path: Path) -> None:
    hub, stop = Hub(tmp_path / "one"), threading.Event()
    engine, blobs = hub.start(), hub.place().blobs

    def write() -> None:
        seq = 1
        while not stop.is_set():
            add_case(engine, blobs, seq, os.urandom(2_000))
            seq += 1

    writer = threading.Thread(target=write)
    writer.start()
    reports = [
        backup.create_backup(hub.place(), tmp_path / "saved", now=NOW + timedelta(seconds=i),
                             is_portable=i == 1)
        for i in range(2)
    ]  # fmt: skip
    stop.set()
    writer.join()
    engine.dispose()
    for report in reports:
        assert report.missing == ()
        fresh = Hub(tmp_path / report.name)
        backup.restore_backup(tmp_path / "saved", fresh.place(), report.name)
        restored = fresh.start()
        with reading(restored) as connection:
            named = set(connection.execute(select(BLOBS.c.sha256)).scalars())
        assert all(fresh.place().blobs.has(name) for name in named)
        restored.dispose()


@pytest.fixture
def swept(tmp_path: Path) -> Iterator[tuple[Hub, Engine]]:
    hub = Hub(tmp_path / "one")
    engine = hub.start()
    yield hub, engine
    engine.dispose()


def sweep(hub: Hub, engine: Engine, *, dry: bool = False) -> blob_sweep.SweepReport:
    return blob_sweep.sweep(
        engine, hub.place().blobs, hub.state_dir / "updates" / "metadata", is_dry_run=dry,
        now=NOW, actor="test", min_age_s=3600,
    )  # fmt: skip


def make_old(hub: Hub) -> None:
    for path in (hub.state_dir / "updates" / "blobs").rglob("*"):
        if path.is_file():
            os.utime(path, (0, 0))


def test_only_what_nothing_names_goes_and_a_dry_run_changes_nothing(
    swept: tuple[Hub, Engine],
) -> None:
    hub, engine = swept
    blobs = hub.place().blobs
    picture = add_case(engine, blobs, 1, b"of a case")
    part_of_bundle = blobs.put(b"detector")
    bundle = publish(hub, json.dumps({"files": [{"sha256": part_of_bundle}]}).encode())
    product = blobs.put(b"of a product")
    with writing(engine) as connection:
        connection.execute(insert(SKUS).values(
            sku_id="milk", names={}, name="Milk", search_text="", unit="each", category="",
            weight_tolerance_g=0, tare_g=0, allergens=[], deposit_minor=0, tax_class="standard",
            picture_blob=product, status="active", version=1, updated_at=NOW))  # fmt: skip
        pinned = blobs.put(b"pinned")
        blob_sweep.set_pin(connection, pinned, "evidence", now=NOW, actor="test")
    garbage = [blobs.put(bytes([n])) for n in range(5)]
    make_old(hub)
    young = blobs.put(b"just came")
    told = sweep(hub, engine, dry=True)
    assert {name for name, _ in told.doomed} == set(garbage)
    assert (told.num_young, told.num_blobs) == (1, 11)
    assert sweep(hub, engine).doomed == tuple(told.doomed)
    left = set(hub.place().blobs.names())
    assert left == {picture, part_of_bundle, bundle, product, pinned, young}
    assert sweep(hub, engine).doomed == ()
    with reading(engine) as connection:
        actions = connection.execute(select(AUDIT.c.action)).scalars().all()
    assert actions.count("blobs_swept") == 1


def test_a_blob_that_is_asked_for_while_it_is_doomed_stays(
    swept: tuple[Hub, Engine], monkeypatch: pytest.MonkeyPatch
) -> None:
    hub, engine = swept
    blobs = hub.place().blobs
    asked, named, lost = (blobs.put(bytes([n])) for n in range(3))
    with writing(engine) as connection:
        for name in (asked, named, lost):
            note_blob(connection, name, 1, box_id="box-1", now=NOW)
    make_old(hub)
    mark = blob_sweep._named_by_blobs

    def and_then_a_box_speaks(*arguments: object) -> set[str]:
        found = mark(*arguments)  # type: ignore[arg-type]
        hub.place().blobs.progress(asked)  # HEAD: "is it here?"
        add_case(engine, FolderBlobs(hub.state_dir / "elsewhere"), 1, bytes([1]))
        return found

    monkeypatch.setattr(blob_sweep, "_named_by_blobs", and_then_a_box_speaks)
    done = sweep(hub, engine)
    assert [name for name, _ in done.doomed] == [lost]
    assert set(done.spared) | set(hub.place().blobs.names()) >= {asked, named}
    with reading(engine) as connection:
        rows = set(connection.execute(select(BLOBS.c.sha256)).scalars())
    assert rows >= {asked, named}
    assert lost not in rows
