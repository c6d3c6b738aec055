"""The commands that speak HTTP, against a hub that listens."""

import json
import zipfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from sync.bundle import open_bundle
from tests.fakes.running_hub import RunningHub, running_hub
from tests.fakes.small_shop import demo_gtin, small_pictures
from trainer.hubctl.__main__ import app
from trainer.store import artifacts, runs
from trainer.store.api_tokens import Role, create_token
from trainer.store.blobs import FolderBlobs
from trainer.store.database import writing

FACTORY = Path(__file__).parents[3] / "edge" / "bundles" / "factory"
Run = Callable[..., Any]


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHub]:
    with running_hub(tmp_path_factory.mktemp("hub")) as hub:
        yield hub


@pytest.fixture(scope="module")
def run(hub: RunningHub) -> Run:
    """A command with `--json`, its answer; `code` is the exit code it must have."""
    with writing(hub.engine) as connection:
        token = create_token(connection, "test", Role.ADMIN, now=datetime.now(UTC), actor="test")
    token_file = hub.folder / "token"
    token_file.write_text(token)

    def call(*arguments: str, code: int = 0) -> Any:
        road = ["--hub", hub.url, "--token-file", str(token_file), "--json"]
        result = CliRunner().invoke(app, [*arguments, *road])
        assert result.exit_code == code, (result.output, result.exception)
        return json.loads(result.output) if result.output else None

    return call


def test_the_first_administrator_is_made_by_a_command(run: Run, tmp_path: Path) -> None:
    secret = tmp_path / "password"
    secret.write_text("correct horse battery\n")
    secret.chmod(0o600)
    file = ("--password-file", str(secret))
    assert run("account", "create", "ada", "--role", "admin", *file)["roles"] == ["admin"]
    run("account", "create", "bob", "--role", "reviewer", "--role", "trainer", *file)
    assert run("account", "change", "bob", "--close")["is_active"] is False
    run("account", "password", "ada", *file)
    assert [row["name"] for row in run("account", "list")] == ["ada", "bob"]


def test_a_catalogue_is_shown_taken_and_pictured(run: Run, tmp_path: Path) -> None:
    table = tmp_path / "catalogue.csv"
    table.write_text(f"sku_id,gtin,name_en\nmilk,{demo_gtin(1)},Milk\ntea,,Tea\n")
    assert run("sku", "import", str(table))["is_preview"] is True
    assert run("sku", "import", str(table), "--apply")["num_created"] == 2
    archive = tmp_path / "photos.zip"
    picture = small_pictures()["milk.jpg"]
    with zipfile.ZipFile(archive, "w") as out:
        out.writestr(f"../../{demo_gtin(1)[1:]}.jpg", picture)
        out.writestr("tea.jpg", b"no picture")
        out.writestr("nobody.jpg", picture)
    told = run("sku", "photos", str(archive), "--apply")
    assert (told["unknown"], told["refused"]) == (["nobody"], ["tea"])
    assert run("sku", "photos", str(archive))["has_one"] == [demo_gtin(1)[1:]]
    assert [row["sku_id"] for row in run("sku", "list", "-q", "milk")] == ["milk"]
    out_file = tmp_path / "out.json"
    run("sku", "export", str(out_file), "--format", "json")
    assert len(json.loads(out_file.read_text())["skus"]) == 2
    bad = tmp_path / "bad.csv"
    bad.write_text("sku_id,name_en,age_limit\nx,X,old\n")
    assert run("sku", "import", str(bad), "--apply", code=1)["num_errors"] == 1


def test_a_store_is_made_cloned_and_priced(run: Run, tmp_path: Path) -> None:
    table = tmp_path / "skus.csv"
    table.write_text("sku_id,name_en\njam,Jam\n")
    run("sku", "import", str(table), "--apply")
    run("store", "create", "s1", "--name", "Main street", "--tax", "standard=1900")
    prices = tmp_path / "prices.csv"
    prices.write_text("sku_id,amount_minor\njam,279\n")
    assert run("store", "import-prices", "s1", str(prices), "--apply")["num_prices"] == 1
    happy = {"promotion_id": "p1", "sku_id": "jam", "kind": "percent", "percent": 20,
             "valid_from": "2026-01-01T00:00:00Z", "from_time": "17:00"}  # fmt: skip
    prices.write_text(json.dumps(happy))
    assert run("store", "promote", "s1", str(prices))[0]["from_time"] == "17:00"
    run("store", "drop-promotion", "s1", "p1")
    assert run("store", "promotions", "s1") == []
    assert run("store", "clone", "s1", "s2", "--name", "Harbour")["num_prices"] == 1
    assert [row["store_id"] for row in run("store", "list")] == ["s1", "s2"]


def test_labels_and_statistics_are_asked_for(run: Run, tmp_path: Path) -> None:
    assert run("review", "queue")["new"] == 0
    assert run("review", "stats") == []
    labels = tmp_path / "labels.json"
    run("review", "export", str(labels), "--format", "coco")
    assert json.loads(labels.read_text())["images"] == []
    assert run("review", "import", str(labels))["num_cases"] == 0


def edgectl(folder: Path, num_baskets: int) -> str:
    """A command that answers as the box's own code does."""
    right = {"milk": 1}
    baskets = [
        {"name": f"s{i % 8}/b{i}", "predicted": right, "best_guess": right, "truth": right}
        for i in range(num_baskets)
    ]
    answer = {
        "bundle_id": open_bundle(FACTORY).bundle_id, "edge_version": "0.1.0", "provider": "cpu",
        "baskets": baskets,
    }  # fmt: skip
    (folder / "answer.json").write_text(json.dumps(answer))
    path = folder / "edgectl"
    path.write_text(f"#!/bin/sh\ncat {folder / 'answer.json'}\n")
    path.chmod(0o755)
    return str(path)


def test_a_model_is_registered_judged_by_exit_code_and_approved(run: Run, tmp_path: Path) -> None:
    model = run("model", "register", str(FACTORY), "--lineage", "run=r1")["bundle_id"]
    road = ("--champion", str(FACTORY), "--candidate", str(FACTORY), "--recordings", str(tmp_path),
            "--policy", "demo", "--edgectl")  # fmt: skip
    few = run("gate", *road, edgectl(tmp_path, 10), code=3)
    assert few["document"]["num_more"] > 0
    assert run("gate", *road, edgectl(tmp_path, 300))["verdict"] == "pass"
    assert run("model", "approve", model[:10], "--note", "looked at it")["stage"] == "approved"
    assert [row["stage"] for row in run("model", "list")] == ["approved"]
    shown = run("model", "show", model[:10])
    assert (shown["lineage"], shown["evaluation"]) == ({"run": "r1"}, None)
    assert [verdict["verdict"] for verdict in shown["verdicts"]] == ["pass", "inconclusive"]
    run("model", "download", model[:10], str(tmp_path / "away"), code=1)  # its files never came


def test_a_runs_files_are_fetched_and_none_leaves_the_folder(
    run: Run, hub: RunningHub, tmp_path: Path
) -> None:
    now, blobs = datetime.now(UTC), FolderBlobs(hub.folder / "blobs")
    kept = {"tensorboard/events": blobs.put(b"events"), "weights.pt": blobs.put(b"weights")}
    ids = ["a" * 32, "b" * 32]
    with writing(hub.engine) as connection:
        for sha256 in kept.values():
            artifacts.note_artifact(connection, sha256, 7, now=now, actor="test")
        for run_id, prefix in zip(ids, ("", "../"), strict=True):
            runs.create(connection, name="x", kind="script", parameters={}, capture={},
                        run_id=run_id, status="running", now=now, actor="test")  # fmt: skip
            for name, sha256 in kept.items():
                runs.link_file(connection, run_id, prefix + name, sha256, now=now, actor="test")
    assert run("run", "fetch", "aaaaaa", str(tmp_path / "one"))["num_files"] == 2
    assert (tmp_path / "one" / "tensorboard" / "events").read_bytes() == b"events"
    run("run", "fetch", "bbbbbb", str(tmp_path / "two"), code=1)
    assert not (tmp_path / "weights.pt").exists()


def test_a_token_is_made_into_a_file_listed_and_revoked(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "worker.token"
    made = run("token", "create", "gpu-1", "--role", "trainer", "--days", "30", "--file", str(file))
    assert (made["role"], file.stat().st_mode & 0o777) == ("trainer", 0o600)
    assert file.read_text().startswith("tsh_")
    rows = {row["name"]: row for row in run("token", "list")}
    assert (rows["gpu-1"]["is_revoked"], rows["gpu-1"]["expires_at"] > "2026") == (False, True)
    assert "token" not in rows["gpu-1"]
    run("token", "revoke", "gpu-1")
    assert {r["name"]: r["is_revoked"] for r in run("token", "list")}["gpu-1"]
    run("token", "revoke", "nobody", code=1)
    run("token", "create", "gpu-2", "--role", "trainer", "--file", str(file), code=1)


def test_a_job_is_queued_shown_and_cancelled_and_the_audit_says_by_whom(run: Run) -> None:
    job_id = run("job", "enqueue", "worker.check", "--set", "num_bytes=9", "--priority", "3")[
        "job_id"
    ]
    shown = run("job", "show", job_id[:8])
    assert (shown["parameters"], shown["priority"]) == ({"num_bytes": 9}, 3)
    assert run("job", "logs", job_id) is None
    assert run("job", "cancel", job_id)["status"] == "cancelled"
    run("job", "logs", job_id, "--follow", code=1)
    assert job_id in [row["job_id"] for row in run("job", "list", "--status", "cancelled")]
    assert run("job", "workers") == []
    told = run("audit", "--subject", f"job:{job_id}")
    assert {(row["actor"], row["action"]) for row in told} >= {("token:test", "job_enqueued")}
