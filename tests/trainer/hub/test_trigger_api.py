"""Triggers through HTTP: made, fired by a program and by a forge's push, told to a webhook."""

import hashlib
import hmac
from typing import Any

import pytest

from tests.fakes.people_hub import PeopleHub
from trainer.store.api_tokens import Role

TRAINER, VIEWER, OPERATOR = Role.TRAINER, Role.VIEWER, Role.OPERATOR
PLAN: dict[str, Any] = {"cool_down_h": 0, "job": {"parameters": {"dataset": "d1"}, "num_gpus": 1}}


def make(hub: PeopleHub, plan: dict[str, Any] = PLAN) -> dict[str, Any]:
    told: dict[str, Any] = hub.ok(TRAINER, "POST", "/triggers", {"name": "weekly", "plan": plan})
    return told


def push(hub: PeopleHub, made: dict[str, Any], body: bytes, delivery: str, secret: str = "") -> Any:
    key = (secret or made["push_secret"]).encode()
    headers = {
        "X-Hub-Signature-256": "sha256=" + hmac.new(key, body, hashlib.sha256).hexdigest(),
        "X-GitHub-Delivery": delivery,
    }
    return hub.client.post(made["push_path"], content=body, headers=headers)


def test_a_program_fires_a_trigger_and_a_worker_gets_the_pipeline(centre: PeopleHub) -> None:
    hub = centre
    made = make(hub)
    assert "push_secret" not in str(hub.ok(VIEWER, "GET", "/triggers"))
    first = hub.ok(OPERATOR, "POST", "/triggers/weekly/fire", {"occasion": "release-7"})
    again = hub.ok(OPERATOR, "POST", "/triggers/weekly/fire", {"occasion": "release-7"})
    assert (first["is_new"], again["is_new"]) == (True, False)
    assert first["job_id"] == again["job_id"]
    lease = {"worker": "w", "kinds": ["pipeline"], "num_gpus": 1}
    job = hub.ok(TRAINER, "POST", "/jobs-lease", lease)
    assert job["parameters"]["dataset"] == "d1"
    assert job["parameters"]["trigger"]["occasion"] == "asked:release-7"
    assert hub.ok(TRAINER, "POST", "/jobs-lease", lease) is None
    trail = hub.ok(Role.ADMIN, "GET", f"/audit?subject=trigger:{made['trigger_id']}")
    assert [entry["action"] for entry in trail] == ["trigger_fired", "trigger_created"]


def test_a_signed_push_fires_once_per_delivery_and_a_wrong_one_never(centre: PeopleHub) -> None:
    made = make(centre)
    assert push(centre, made, b'{"ref": "main"}', "d-1").json()["is_new"] is True
    assert push(centre, made, b'{"ref": "main"}', "d-1").json()["is_new"] is False
    for wrong in (push(centre, made, b"{}", "d-2", secret="guess"),
                  centre.client.post(made["push_path"], content=b"{}"),
                  centre.client.post("/v1/hooks/push/nobody", content=b"{}")):  # fmt: skip
        assert (wrong.status_code, wrong.json()["code"]) == (401, "token.refused")
    assert len(centre.ok(VIEWER, "GET", "/triggers/weekly/firings")) == 1


def test_conditions_fire_by_themselves_when_the_hub_looks(centre: PeopleHub) -> None:
    make(centre, {"conditions": [{"kind": "catalogue", "at_least": 1}], "cool_down_h": 0})
    assert centre.ok(TRAINER, "POST", "/monitoring/judge")["num_fired"] == 0
    sku = {"sku_id": "tea", "names": {"en": "Tea"}, "unit": "each"}
    centre.ok(OPERATOR, "POST", "/skus", sku)
    assert centre.ok(TRAINER, "POST", "/monitoring/judge")["num_fired"] == 1
    assert centre.ok(TRAINER, "POST", "/monitoring/judge")["num_fired"] == 0
    (one,) = centre.ok(VIEWER, "GET", "/triggers")
    assert one["last_state"].startswith("waits: 0 of 1 votes")


def test_a_trigger_is_switched_off_changed_and_deleted(centre: PeopleHub) -> None:
    make(centre)
    assert centre.ok(TRAINER, "PATCH", "/triggers/weekly", {"is_active": False})["plan"]["votes"]
    refused = centre.call(TRAINER, "POST", "/triggers/weekly/fire", {})
    assert (refused.status_code, refused.json()["code"]) == (409, "trigger.refused")
    taken = centre.call(TRAINER, "POST", "/triggers", {"name": "weekly", "plan": {}})
    assert taken.status_code == 409
    centre.ok(TRAINER, "DELETE", "/triggers/weekly")
    assert centre.call(VIEWER, "GET", "/triggers/weekly").status_code == 404


@pytest.mark.parametrize(
    "plan",
    [
        pytest.param({"conditions": [{"kind": "moon"}]}, id="no such condition"),
        pytest.param({"conditions": [{"kind": "drift"}], "votes": 2}, id="votes out of reach"),
        pytest.param({"job": {"kind": "Rm -rf"}}, id="no kind of a job"),
        pytest.param({"colour": "red"}, id="an unknown field"),
    ],
)
def test_a_plan_of_no_form_is_refused(centre: PeopleHub, plan: dict[str, Any]) -> None:
    reply = centre.call(TRAINER, "POST", "/triggers", {"name": "x", "plan": plan})
    assert reply.status_code == 422
