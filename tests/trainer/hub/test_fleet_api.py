"""The fleet as the dashboard reads it."""

import hashlib
from typing import Any

import pytest

from tests.fakes.people_hub import PeopleHub
from tests.fakes.signing_box import SigningBox, item
from trainer.store.api_tokens import Role


def let_in(centre: PeopleHub, box_id: str) -> SigningBox:
    headers = {"Authorization": f"Bearer {centre.tokens[Role.OPERATOR]}"}
    reply = centre.client.post("/v1/operator/claim-codes", json={}, headers=headers)
    box = SigningBox(centre.client, box_id)
    assert box.enrol(reply.json()["claim_code"]).is_success
    return box


def boxes(centre: PeopleHub, query: str = "") -> list[str]:
    page = centre.ok(Role.VIEWER, "GET", f"/fleet/boxes{query}")
    return [box["box_id"] for box in page["items"]]


@pytest.fixture
def fleet(any_centre: PeopleHub) -> PeopleHub:
    """One box that spoke, one that never did, one that waits."""
    let_in(any_centre, "main-1").check_in()
    let_in(any_centre, "main_2")
    SigningBox(any_centre.client, "harbour-1").enrol()
    return any_centre


def test_boxes_are_found_by_text_state_and_health(fleet: PeopleHub) -> None:
    assert boxes(fleet) == ["harbour-1", "main-1", "main_2"]
    assert boxes(fleet, "?q=MAIN") == ["main-1", "main_2"]
    assert boxes(fleet, "?q=_") == ["main_2"]
    assert boxes(fleet, "?status=pending") == ["harbour-1"]
    assert boxes(fleet, "?health=ok") == ["main-1"]
    assert boxes(fleet, "?health=silent") == ["main_2"]
    assert boxes(fleet, "?sort=-box_id") == ["main_2", "main-1", "harbour-1"]
    assert boxes(fleet, "?sort=-seen_at") == ["main-1", "harbour-1", "main_2"]


def test_a_page_of_boxes_knows_how_many_there_are(fleet: PeopleHub) -> None:
    page = fleet.ok(Role.VIEWER, "GET", "/fleet/boxes?offset=1&limit=1")
    assert (page["total"], [box["box_id"] for box in page["items"]]) == (3, ["main-1"])


def test_the_overview_counts_boxes_and_what_came_in(fleet: PeopleHub) -> None:
    box = let_in(fleet, "main-3")
    box.send(item(1), item(2))
    counts: dict[str, Any] = fleet.ok(Role.VIEWER, "GET", "/fleet/overview")
    assert counts["by_status"] == {"enrolled": 3, "pending": 1}
    assert (counts["num_silent"], counts["num_troubled"]) == (2, 0)
    assert counts["received_per_hour"]["telemetry"] == [0] * 23 + [2]


def test_one_box_shows_what_it_told_and_what_it_was_asked(centre: PeopleHub) -> None:
    box = let_in(centre, "main-1")
    told = {
        "nonce": box.nonce, "sent_at": "2026-11-21T12:00:00Z", "edge_version": "0.1.0",
        "verdict": "degraded", "reasons": ["camera.lost"], "facts": {"p95_ms": 63.9},
        "cameras": [{"camera": "cam0", "state": "lost", "reason": "", "quality": 0.5, "fps": 0.0}],
    }  # fmt: skip
    box.nonce = box.call("POST", "/v1/check-in", told).json()["next_nonce"]
    headers = {"Authorization": f"Bearer {centre.tokens[Role.OPERATOR]}"}
    url = "/v1/operator/boxes/main-1/commands"
    command_id = centre.client.post(url, json={"kind": "logs"}, headers=headers).json()[
        "command_id"
    ]
    shown = centre.ok(Role.VIEWER, "GET", "/fleet/boxes/main-1")
    assert (shown["reasons"], shown["facts"]) == (["camera.lost"], {"p95_ms": 63.9})
    assert shown["cameras"][0]["state"] == "lost"
    assert (shown["commands"][0]["status"], shown["commands"][0]["has_output"]) == (
        "waiting",
        False,
    )

    logs = b'{"log": ["all is well"]}'
    blob = hashlib.sha256(logs).hexdigest()
    sent = {"Upload-Offset": "0", "Upload-Length": str(len(logs))}
    box.call("PUT", f"/v1/blobs/{blob}", logs, headers=sent)
    box.call("POST", "/v1/command-results",
             {"command_id": command_id, "is_done": True, "blob": blob})  # fmt: skip
    output = f"/fleet/boxes/main-1/commands/{command_id}/output"
    assert centre.call(Role.OPERATOR, "GET", output).content == logs
    assert centre.call(Role.VIEWER, "GET", output).status_code == 403
    assert centre.call(Role.OPERATOR, "GET", output.replace(command_id, "none")).status_code == 404


def test_a_box_that_is_not_here_is_said_so(centre: PeopleHub) -> None:
    reply = centre.call(Role.VIEWER, "GET", "/fleet/boxes/nobody")
    assert reply.json()["code"] == "fleet.enrolment"
