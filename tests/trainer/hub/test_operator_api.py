"""What people may do, by role, and enrolment with six words, over HTTP."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from tests.fakes.signing_box import SigningBox
from trainer.config import load_hub_config
from trainer.hub.hub_app import create_hub_app
from trainer.hub.serve import first_admin_token, open_services
from trainer.store.api_tokens import Role, create_token
from trainer.store.database import writing

NOW = datetime.now(UTC)
CONFIG = 'schema = 1\nstate_dir = "{folder}"\n'


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[tuple[TestClient, dict[Role, str]]]:
    path = tmp_path / "hub.toml"
    path.write_text(CONFIG.format(folder=tmp_path / "hub"))
    services = open_services(load_hub_config(path))
    with writing(services.engine) as connection:
        tokens = {r: create_token(connection, r, r, now=NOW, actor="test") for r in Role}
    with TestClient(create_hub_app(services)) as client:
        yield client, tokens
    services.engine.dispose()


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def test_a_revoked_token_is_worth_nothing(hub: tuple[TestClient, dict[Role, str]]) -> None:
    client, tokens = hub
    admin = bearer(tokens[Role.ADMIN])
    assert client.get("/v1/operator/boxes", headers=bearer(tokens[Role.VIEWER])).is_success
    client.delete("/v1/operator/tokens/viewer", headers=admin)
    reply = client.get("/v1/operator/boxes", headers=bearer(tokens[Role.VIEWER]))
    assert reply.status_code == 401


def test_a_person_lets_a_box_in_by_six_words(hub: tuple[TestClient, dict[Role, str]]) -> None:
    client, tokens = hub
    operator = bearer(tokens[Role.OPERATOR])
    box = SigningBox(client)
    words = box.enrol().json()["fingerprint_words"]
    listed = client.get("/v1/operator/boxes?status=pending", headers=operator).json()
    assert listed[0]["fingerprint_words"] == words
    url = "/v1/operator/boxes/box-1/accept"
    wrong = client.post(url, json={"fingerprint_words": "one two"}, headers=operator)
    assert wrong.status_code == 403
    assert client.post(url, json={"fingerprint_words": words}, headers=operator).is_success
    assert box.enrol().json()["status"] == "enrolled"
    assert box.check_in().status_code == 200


def test_a_dead_box_gives_its_name_to_a_new_machine(
    hub: tuple[TestClient, dict[Role, str]],
) -> None:
    client, tokens = hub
    operator = bearer(tokens[Role.OPERATOR])
    code = client.post("/v1/operator/claim-codes", json={}, headers=operator).json()["claim_code"]
    dead = SigningBox(client)
    dead.enrol(code)
    url = "/v1/operator/boxes/box-1/replace"
    code = client.post(url, headers=operator).json()["claim_code"]
    assert dead.check_in().status_code == 403
    new = SigningBox(client)
    assert new.enrol(code).json()["status"] == "enrolled"
    assert new.check_in().status_code == 200


def test_a_quarantined_box_comes_back_when_a_person_says_so(
    hub: tuple[TestClient, dict[Role, str]],
) -> None:
    client, tokens = hub
    operator = bearer(tokens[Role.OPERATOR])
    code = client.post("/v1/operator/claim-codes", json={}, headers=operator).json()["claim_code"]
    box = SigningBox(client)
    box.enrol(code)
    box.nonce = "void"
    assert box.check_in().status_code == 409
    body = {"status": "enrolled", "reason": "disk restored from a backup"}
    client.post("/v1/operator/boxes/box-1/status", json=body, headers=operator)
    assert box.check_in().status_code == 200
    actions = [e["action"] for e in client.get("/v1/operator/audit", headers=operator).json()]
    assert "box_quarantined" in actions


def test_the_first_admin_token_is_written_once_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "hub.toml"
    path.write_text(CONFIG.format(folder=tmp_path / "hub"))
    services = open_services(load_hub_config(path))
    written = first_admin_token(services.engine, tmp_path)
    assert written is not None
    assert written.stat().st_mode & 0o077 == 0
    assert first_admin_token(services.engine, tmp_path) is None
    services.engine.dispose()
