"""Backups through HTTP: made, listed, verified; damage is told; a hub is made again of one."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.fakes.people_hub import PeopleHub, people_hub, restarted_hub
from trainer.hub.hub_services import utc_now
from trainer.hubctl.__main__ import app
from trainer.store.api_tokens import Role

OPERATOR, VIEWER, ADMIN = Role.OPERATOR, Role.VIEWER, Role.ADMIN
SKU = {"sku_id": "milk", "names": {"en": "Milk"}}


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[PeopleHub]:
    with people_hub(tmp_path, extra=f'backup_dir = "{tmp_path / "saved"}"\n') as opened:
        yield opened


def make(hub: PeopleHub) -> str:
    reply = hub.call(OPERATOR, "POST", "/backups", {"is_portable": True})
    assert reply.status_code == 202
    told = hub.ok(OPERATOR, "GET", "/backups")
    assert told["task"] == {"what": "create", "name": reply.json()["name"], "state": "done",
                            "problems": []}  # fmt: skip
    return str(told["items"][0]["name"])


def test_a_backup_is_made_listed_and_a_hub_made_again_of_it(hub: PeopleHub, tmp_path: Path) -> None:
    hub.ok(OPERATOR, "POST", "/skus", SKU)
    name = make(hub)
    (row,) = hub.ok(OPERATOR, "GET", "/backups")["items"]
    assert (row["name"], row["database"], row["num_missing"]) == (name, "tables.jsonl.gz", 0)
    hub.ok(OPERATOR, "POST", "/skus", {**SKU, "sku_id": "later"})
    actions = [e["action"] for e in hub.ok(ADMIN, "GET", f"/audit?subject=backup:{name}")]
    assert actions == ["backup_create"]
    again = tmp_path / "again"
    again.mkdir()
    config = again / "hub.toml"
    config.write_text(f'schema = 1\nstate_dir = "{again / "hub"}"\n')
    words = ["backup", "restore", str(tmp_path / "saved"), "--config", str(config)]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0, done.output
    with restarted_hub(again, utc_now, hub.tokens) as restored:
        listed = restored.ok(VIEWER, "GET", "/skus")["items"]
    assert [sku["sku_id"] for sku in listed] == ["milk"]


def test_a_damaged_backup_is_told(hub: PeopleHub, tmp_path: Path) -> None:
    name = make(hub)
    url = f"/backups/{name}/verify"
    assert hub.call(OPERATOR, "POST", url, {}).status_code == 202
    assert hub.ok(OPERATOR, "GET", "/backups")["task"]["state"] == "done"
    (tmp_path / "saved" / "snapshots" / name / "tables.jsonl.gz").write_bytes(b"rot")
    hub.call(OPERATOR, "POST", url, {})
    task = hub.ok(OPERATOR, "GET", "/backups")["task"]
    assert (task["what"], task["state"]) == ("verify", "failed")
    assert task["problems"] == ["tables.jsonl.gz: not what was saved"]


def test_a_backup_that_is_not_there_is_refused(hub: PeopleHub) -> None:
    reply = hub.call(OPERATOR, "POST", "/backups/20260101T000000Z/verify", {})
    assert (reply.status_code, reply.json()["code"]) == (409, "backup.refused")
    assert hub.call(OPERATOR, "POST", "/backups/newest/verify", {}).status_code == 422


def test_a_hub_without_a_place_for_backups_says_which_key_is_missing(centre: PeopleHub) -> None:
    reply = centre.call(OPERATOR, "GET", "/backups")
    assert (reply.status_code, reply.json()["hint"]) == (409, "set `backup_dir` in hub.toml")
