"""Rollouts over HTTP: ring by ring, signed, stopped, withdrawn, ordered by the right people."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from tests.fakes.rollout_fleet import DRILLS, FACTORY, PROOF, RolloutFleet, approved
from tests.fakes.signing_hub import make_repository, signing_hub
from trainer.hub.hub_services import HubServices
from trainer.hub.rollout_keeper import RolloutKeeper
from trainer.store.api_tokens import Role
from trainer.store.database import writing
from trainer.store.model_tables import MODELS

ADMIN, APPROVER, OPERATOR, VIEWER = Role.ADMIN, Role.APPROVER, Role.OPERATOR, Role.VIEWER
MODEL = FACTORY.bundle_id
RINGS = ["lab", "shop", "all"]
START = {"bundle_id": MODEL, "rings": RINGS, "channel": "s1", "policy": "production"}


@pytest.fixture
def fleet(tmp_path: Path, database_url: str) -> Iterator[RolloutFleet]:
    make_repository(tmp_path)
    with signing_hub(tmp_path, database_url) as hub:
        fleet = RolloutFleet(hub, tmp_path)
        for box_id, ring in (("lab-1", "lab"), ("shop-1", "shop"), ("shop-2", "shop")):
            fleet.add(box_id, ring)
        yield fleet


@pytest.fixture
def small(tmp_path: Path) -> Iterator[RolloutFleet]:
    make_repository(tmp_path)
    with signing_hub(tmp_path) as hub:
        fleet = RolloutFleet(hub, tmp_path)
        fleet.add("lab-1", "lab")
        fleet.add("shop-1", "shop")
        approved(hub, tmp_path)
        yield fleet


def start(fleet: RolloutFleet) -> int:
    return int(fleet.hub.ok(OPERATOR, "POST", "/rollouts", START)["rollout_id"])


def show(fleet: RolloutFleet, number: int) -> dict[str, object]:
    told: dict[str, object] = fleet.hub.ok(VIEWER, "GET", f"/rollouts/{number}")
    return told


def test_a_release_goes_ring_by_ring_and_everything_is_on_record(fleet: RolloutFleet) -> None:
    approved(fleet.hub, fleet.folder)
    number = start(fleet)
    lab = fleet.assignment("lab")
    assert lab is not None
    assert (lab.bundle_id, lab.policy, lab.is_drill) == (MODEL, "production", True)
    assert fleet.assignment("shop") is None
    fleet.tell("lab-1", "confirmed", MODEL, drills={**DRILLS, "rollback": ""})
    fleet.pass_hours(3)
    assert fleet.assignment("shop") is None
    fleet.tell("lab-1", "confirmed", MODEL, drills=DRILLS)
    fleet.pass_hours(0.1)
    shop = fleet.assignment("shop")
    assert shop is not None
    assert (shop.bundle_id, shop.is_drill) == (MODEL, False)
    for box_id in ("shop-1", "shop-2"):
        fleet.tell(box_id, "fetched", MODEL, **PROOF)
    fleet.pass_hours(0.1)
    for box_id in ("shop-1", "shop-2"):
        fleet.tell(box_id, "confirmed", MODEL)
    fleet.add("shop-3", "shop")
    fleet.pass_hours(0.1)
    told = fleet.hub.ok(VIEWER, "GET", f"/rollouts/{number}")
    assert [ring["state"] for ring in told["rings"]] == ["passed", "current", "waiting"]
    ring = told["rings"][1]
    assert (ring["boxes"], ring["confirmed"], ring["offered"]) == (3, 2, 1)
    assert [d["action"] for d in told["decisions"]] == ["start", "advance"]
    assert told["decisions"][1]["counts"]["lab"]["confirmed"] == 1
    assert told["series"][-1]["numbers"]["log_e_no_worse"] == 10.0
    assert told["production_policy"]["margin"] == 0.005
    actions = [e["action"] for e in fleet.hub.ok(ADMIN, "GET", f"/audit?subject=rollout:{number}")]
    assert "rollout_signed_release" in actions
    assert actions.count("rollout_advance") == 1


def test_nobody_assigns_a_ring_beside_the_rollout_that_is_under_way_in_it(
    small: RolloutFleet,
) -> None:
    number, url = start(small), f"/models/{MODEL}/assign"
    refused = small.hub.call(OPERATOR, "POST", url, {"ring": "shop", "channel": "s1"})
    assert (refused.status_code, refused.json()["code"]) == (409, "model.refused")
    assert f"rollout {number}" in refused.json()["message"]
    assert refused.json()["hint"]
    assert small.assignment("shop") is None
    assert small.hub.call(OPERATOR, "POST", url, {"ring": "other"}).status_code == 201
    small.hub.ok(OPERATOR, "POST", f"/rollouts/{number}/withdraw", {"note": "by hand instead"})
    assert small.hub.call(OPERATOR, "POST", url, {"ring": "shop"}).status_code == 201


def test_a_hub_that_dies_between_decision_and_signature_signs_once(small: RolloutFleet) -> None:
    number = start(small)
    small.tell("lab-1", "confirmed", MODEL, drills=DRILLS)
    mute = HubServices(small.hub.services.engine, small.hub.services.blobs,
                       small.folder / "hub" / "updates")  # fmt: skip
    dying = RolloutKeeper(mute, small.keeper.clock)
    small.at += timedelta(hours=3)
    with pytest.raises(Exception, match="holds no catalogue key"):
        dying.tick()
    assert small.assignment("shop") is None
    small.keeper.tick()
    small.keeper.tick()
    shop = small.assignment("shop")
    assert shop is not None
    assert shop.generation == 1
    actions = [d["action"] for d in small.hub.ok(VIEWER, "GET", f"/rollouts/{number}")["decisions"]]
    assert actions == ["start", "advance"]


@pytest.mark.parametrize(
    ("step", "facts", "reason"),
    [
        pytest.param("refused", {"reason": "self-test: 3 of 9"}, "lab failed", id="refused"),
        pytest.param("rolled_back", {"reason": "died"}, "lab failed", id="rolled back"),
        pytest.param("fetched", {"log_e_worse": 9.0}, "priced worse", id="priced worse"),
    ],
)
def test_a_bad_release_is_stopped_and_taken_back_by_itself(
    small: RolloutFleet, step: str, facts: dict[str, object], reason: str
) -> None:
    number = start(small)
    small.tell("lab-1", step, MODEL, **facts)
    small.pass_hours(0.1)
    told = small.hub.ok(VIEWER, "GET", f"/rollouts/{number}")
    assert (told["phase"], told["rings"][0]["told"]) == ("stopped", "withdrawn")
    assert reason in told["reason"]
    lab = small.assignment("lab")
    assert lab is not None
    assert (lab.bundle_id, lab.withdraws, lab.generation) == (None, (MODEL,), 2)
    assert [box["box_id"] for box in told["troubled_boxes"]] == (["lab-1"] * (step != "fetched"))
    alert = small.hub.ok(OPERATOR, "GET", "/alerts")["items"][0]
    assert (alert["kind"], alert["place"]) == ("rollout_stopped", f"rollout:{number}")
    assert small.hub.call(OPERATOR, "POST", "/rollouts", START).status_code == 201


def test_silent_after_the_swap_is_a_failure_and_away_before_it_is_not(small: RolloutFleet) -> None:
    number = start(small)
    small.pass_hours(20)
    assert show(small, number)["phase"] == "running"
    small.tell("lab-1", "swapped", MODEL)
    small.pass_hours(7)
    assert show(small, number)["phase"] == "stopped"


def test_people_hold_resume_let_on_and_withdraw(small: RolloutFleet) -> None:
    number = start(small)
    url = f"/rollouts/{number}"
    body = {"note": "the store asked"}
    assert small.hub.ok(OPERATOR, "POST", f"{url}/hold", body)["phase"] == "held"
    assert small.hub.ok(OPERATOR, "POST", f"{url}/resume", body)["phase"] == "running"
    assert small.hub.call(OPERATOR, "POST", f"{url}/next", body).status_code == 403
    told = small.hub.ok(APPROVER, "POST", f"{url}/next", body)
    assert (told["ring"], small.assignment("shop") is None) == ("shop", False)
    told = small.hub.ok(OPERATOR, "POST", f"{url}/withdraw", body)
    assert [ring["told"] for ring in told["rings"]] == ["withdrawn", "withdrawn", ""]
    assert [d["by"] for d in told["decisions"]][1:] == [
        "token:operator", "token:operator", "token:approver", "token:operator",
    ]  # fmt: skip
    again = small.hub.call(OPERATOR, "POST", f"{url}/withdraw", body)
    assert (again.status_code, again.json()["code"]) == (409, "rollout.refused")


def test_operators_are_told_why_a_rollout_cannot_start(small: RolloutFleet) -> None:
    def refusal(**changes: object) -> str:
        reply = small.hub.call(OPERATOR, "POST", "/rollouts", {**START, **changes})
        assert reply.status_code in (404, 409)
        return str(reply.json()["message"])

    assert "no model" in refusal(bundle_id="ab" * 32)
    assert "no enrolled box is in ring empty" in refusal(rings=["empty", "shop"])
    assert "no plan" in refusal(rings=[])
    start(small)
    assert "under way in ring" in refusal(rings=["shop"])
    with writing(small.hub.services.engine) as connection:
        connection.execute(update(MODELS).values(stage="passed"))
    assert "is passed, not approved" in refusal()
    assert small.hub.call(VIEWER, "POST", "/rollouts", START).status_code == 403


def test_a_bundle_without_the_gates_signed_pass_is_not_rolled_out(tmp_path: Path) -> None:
    make_repository(tmp_path)
    with signing_hub(tmp_path) as hub:
        fleet = RolloutFleet(hub, tmp_path)
        approved(hub, tmp_path)
        other = FACTORY.manifest.model_copy(update={"version": "unsigned"})
        body = {"manifest": other.model_dump(mode="json")}
        model = fleet.hub.ok(ADMIN, "POST", "/models", body)["bundle_id"]
        with writing(hub.services.engine) as connection:
            connection.execute(update(MODELS).values(stage="approved"))
        reply = hub.call(OPERATOR, "POST", "/rollouts", {**START, "bundle_id": model})
        assert "not released" in reply.json()["message"]
