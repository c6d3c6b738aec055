"""Models through HTTP: registered, judged, approved by somebody else, assigned to a ring."""

from pathlib import Path
from typing import Any

import pytest

from sync.bundle import open_bundle
from sync.update_documents import ASSIGN_ROLE, ring_path
from tests.fakes.people_hub import PeopleHub
from tests.fakes.signing_hub import make_repository, open_repository, signing_hub
from trainer.store.api_tokens import Role

ADMIN, APPROVER, OPERATOR, TRAINER = Role.ADMIN, Role.APPROVER, Role.OPERATOR, Role.TRAINER
FACTORY = open_bundle(Path(__file__).parents[3] / "edge" / "bundles" / "factory")
NOTE = {"note": "looked at every flip"}


def replay(bundle_id: str, num_baskets: int, num_wrong: int = 0) -> dict[str, Any]:
    baskets = [
        {
            "name": f"store-{i % 8}/basket-{i}",
            "predicted": {"tea" if i < num_wrong else "milk": 1},
            "best_guess": {"milk": 1},
            "truth": {"milk": 1},
        }
        for i in range(num_baskets)
    ]
    return {"bundle_id": bundle_id, "edge_version": "0.1.0", "provider": "cpu", "baskets": baskets}


def register(hub: PeopleHub, role: Role = TRAINER) -> str:
    body = {"manifest": FACTORY.manifest.model_dump(mode="json"), "lineage": {"run": "r1"}}
    return str(hub.ok(role, "POST", "/models", body)["bundle_id"])


def judge(hub: PeopleHub, model: str, num_baskets: int, num_wrong: int = 0) -> dict[str, Any]:
    body = {
        "champion": replay("ab" * 32, num_baskets),
        "candidate": replay(model, num_baskets, num_wrong),
        "policy": "demo",
    }
    told: dict[str, Any] = hub.ok(Role.GATE, "POST", f"/models/{model}/gate", body)
    return told


def test_a_model_is_known_by_the_digest_of_its_manifest(any_centre: PeopleHub) -> None:
    hub = any_centre
    assert register(hub) == FACTORY.bundle_id
    body = {"manifest": FACTORY.manifest.model_dump(mode="json")}
    assert hub.call(TRAINER, "POST", "/models", body).status_code == 409
    assert hub.ok(Role.VIEWER, "GET", "/models")[0]["lineage"] == {"run": "r1"}


def test_a_good_model_passes_and_somebody_else_approves_it(any_centre: PeopleHub) -> None:
    hub = any_centre
    model = register(hub)
    url = f"/models/{model}/approve"
    assert hub.call(APPROVER, "POST", url, NOTE).json()["code"] == "model.refused"
    told = judge(hub, model, 200)
    assert (told["verdict"], told["look"], told["document"]["policy"]["name"]) == (
        "pass",
        1,
        "demo",
    )
    assert hub.call(TRAINER, "POST", url, NOTE).status_code == 403
    approved = hub.ok(APPROVER, "POST", url, NOTE)
    assert approved["stage"] == "approved"
    assert approved["approvals"][0]["is_single_operator"] is False
    refused = hub.ok(ADMIN, "POST", f"/models/{model}/reject", {"note": "withdrawn by the store"})
    assert (refused["stage"], len(refused["approvals"])) == ("refused", 2)
    actions = [e["action"] for e in hub.ok(ADMIN, "GET", f"/audit?subject=model:{model}")]
    assert actions == ["model_refused", "model_approved", "model_judged", "model_registered"]


def test_a_worse_model_is_rejected_with_the_reason(centre: PeopleHub) -> None:
    model = register(centre)
    told = judge(centre, model, 200, num_wrong=60)
    assert told["verdict"] == "reject"
    assert len(told["document"]["negative_flips"]) == 60
    assert centre.call(APPROVER, "POST", f"/models/{model}/approve", NOTE).status_code == 409


def test_a_small_blind_set_says_how_many_more_and_each_look_is_spent(centre: PeopleHub) -> None:
    model = register(centre)
    first = judge(centre, model, 12)
    assert first["verdict"] == "inconclusive"
    assert first["document"]["num_more"] > 0
    assert judge(centre, model, 12)["look"] == 2
    third = judge(centre, model, 12)
    assert "asked 2 times" in third["document"]["reasons"][0]


@pytest.mark.parametrize(("num_others", "status"), [(0, 200), (1, 403)])
def test_one_person_alone_may_approve_their_own_and_it_is_written_down(
    centre: PeopleHub, num_others: int, status: int
) -> None:
    for number in range(num_others):
        centre.add_person(f"other{number}", Role.APPROVER)
    centre.add_person("ada", Role.ADMIN)
    model = register(centre, ADMIN)
    judge(centre, model, 200)
    reply = centre.call(ADMIN, "POST", f"/models/{model}/approve", NOTE)
    assert reply.status_code == status
    approvals = centre.ok(Role.VIEWER, "GET", f"/models/{model}")["approvals"]
    assert [a["is_single_operator"] for a in approvals] == [True] * (1 - num_others)


def test_replays_of_other_recordings_are_refused(centre: PeopleHub) -> None:
    model = register(centre)
    body = {"champion": replay("ab" * 32, 10), "candidate": replay(model, 9)}
    reply = centre.call(Role.GATE, "POST", f"/models/{model}/gate", body)
    assert (reply.status_code, reply.json()["code"]) == (422, "gate.input")
    other = {"champion": replay("ab" * 32, 10), "candidate": replay("cd" * 32, 10)}
    assert centre.call(Role.GATE, "POST", f"/models/{model}/gate", other).status_code == 409


def test_only_what_is_approved_and_released_is_assigned(tmp_path: Path) -> None:
    make_repository(tmp_path)
    signing = open_repository(tmp_path)
    signing.add_bundle(FACTORY)
    signing.publish()
    with signing_hub(tmp_path) as hub:
        model = register(hub)
        url, body = f"/models/{model}/assign", {"ring": "lab", "channel": "s1"}
        assert hub.call(OPERATOR, "POST", url, body).status_code == 409
        judge(hub, model, 200)
        hub.ok(APPROVER, "POST", f"/models/{model}/approve", NOTE)
        assert hub.ok(OPERATOR, "POST", url, body)["generation"] == 1
    listed = open_repository(tmp_path).tree.targets(ASSIGN_ROLE).targets
    assert ring_path("lab") in listed
