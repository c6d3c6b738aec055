"""Monitoring, alerts, triggers, sweeping and backups from the command line."""

import json
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from tests.fakes.running_hub import RunningHub, running_hub
from trainer.config import load_hub_config
from trainer.hub.serve import open_services
from trainer.hubctl.__main__ import app
from trainer.store import alerts
from trainer.store.api_tokens import Role, create_token
from trainer.store.database import writing

NOW = datetime.now(UTC)
Run = Callable[..., Any]


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHub]:
    with running_hub(tmp_path_factory.mktemp("hub")) as opened:
        yield opened


@pytest.fixture
def run(hub: RunningHub, tmp_path: Path) -> Run:
    with writing(hub.engine) as connection:
        name = tmp_path.name
        token = create_token(connection, name, Role.ADMIN, now=NOW, actor="test")
    token_file = tmp_path / "token"
    token_file.write_text(token)

    def call(*arguments: str, code: int = 0) -> Any:
        road = ["--hub", hub.url, "--token-file", str(token_file), "--json"]
        result = CliRunner().invoke(app, [*arguments, *road])
        assert result.exit_code == code, (result.output, result.exception)
        return json.loads(result.output) if result.output else None

    return call


def test_a_trigger_is_made_fired_switched_off_and_deleted(run: Run, tmp_path: Path) -> None:
    plan = tmp_path / "plan.json"
    plan.write_text(json.dumps({"conditions": [{"kind": "drift"}], "cool_down_h": 0}))
    assert run("trigger", "create", "nightly", str(plan))["push_secret"]
    fired = run("trigger", "fire", "nightly", "--occasion", "now")
    assert run("trigger", "fire", "nightly", "--occasion", "now")["is_new"] is False
    assert [f["job_id"] for f in run("trigger", "firings", "nightly")] == [fired["job_id"]]
    assert run("trigger", "change", "nightly", "--off")["is_active"] is False
    assert [t["name"] for t in run("trigger", "list")] == ["nightly"]
    run("trigger", "delete", "nightly")
    assert run("trigger", "list") == []


def test_an_alert_is_listed_and_closed(run: Run, hub: RunningHub) -> None:
    with writing(hub.engine) as connection:
        alerts.raise_alert(connection, "drift", "store:s1", "looks different", {}, now=NOW)
    (one,) = run("alerts", "list")
    number = str(one["alert_id"])
    assert run("alerts", "acknowledge", number)["state"] == "acknowledged"
    assert run("alerts", "close", number, "--note", "new lamps")["note"] == "new lamps"
    assert run("alerts", "list") == []
    assert run("alerts", "webhooks") == []


def test_places_insights_and_levels_are_told(run: Run) -> None:
    assert run("monitor", "judge")["num_fired"] == 0
    assert run("monitor", "places") == []
    assert run("monitor", "history", "store:s1")["days"] == []
    assert run("monitor", "new-past", "store:s1", "--note", "new packs") == {}
    assert run("monitor", "levels")["time_to_label"]["num"] == 0
    assert run("insights", "--days", "3")["most_asked"] == []


def test_what_nothing_names_is_shown_and_pinned(run: Run) -> None:
    digest = "ab" * 32
    run("gc", "pin", digest, "--note", "evidence")
    assert run("gc", "pins") == [{"sha256": digest, "note": "evidence"}]
    run("gc", "unpin", digest)
    assert run("gc", "run")["is_dry_run"] is True
    assert run("gc", "run", "--no-dry-run")["num_doomed"] == 0


def test_a_hub_is_saved_destroyed_and_made_again_by_commands(tmp_path: Path) -> None:
    config, saved = tmp_path / "hub.toml", tmp_path / "saved"
    config.write_text(f'schema = 1\nstate_dir = "{tmp_path / "state"}"\n')

    def call(*arguments: str, code: int = 0) -> Any:
        result = CliRunner().invoke(app, ["backup", *arguments, "--json"])
        assert result.exit_code == code, (result.output, result.exception)
        return json.loads(result.output)

    open_services(load_hub_config(config)).engine.dispose()
    sealing = (tmp_path / "state" / "keys" / "sealing.pem").read_bytes()
    made = call("create", str(saved), "--config", str(config))
    assert call("list", str(saved)) == [made["name"]]
    assert call("verify", str(saved))["problems"] == []
    shutil.rmtree(tmp_path / "state")
    call("restore", str(saved), "--config", str(config))
    assert (tmp_path / "state" / "keys" / "sealing.pem").read_bytes() == sealing
    assert (saved.stat().st_mode & 0o777) == 0o700
    (saved / "snapshots" / made["name"] / "hub.db").write_bytes(b"rot")
    assert len(call("verify", str(saved), code=1)["problems"]) == 1
