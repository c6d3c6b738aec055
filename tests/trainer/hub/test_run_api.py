"""Runs through HTTP: begun, drawn, ended, compared, cloned, edited, queued again."""

import hashlib
from typing import Any

from tests.fakes.people_hub import PeopleHub
from trainer.store.api_tokens import Role

TRAINER, VIEWER, OPERATOR = Role.TRAINER, Role.VIEWER, Role.OPERATOR
RUN = {
    "run_id": "ab" * 16,
    "name": "warm start",
    "kind": "script",
    "parameters": {"values": {"lr": 0.1}, "code": "cd" * 32},
    "capture": {"entry": "train.py", "code": "cd" * 32, "packages": ["numpy==2.1", "torch==2.15"]},
    "status": "running",
}


def begin(hub: PeopleHub, **more: Any) -> str:
    return str(hub.ok(TRAINER, "POST", "/runs", {**RUN, **more})["run_id"])


def test_a_run_goes_from_its_begin_to_its_curves_and_files(any_centre: PeopleHub) -> None:
    hub = any_centre
    run_id = begin(hub)
    assert begin(hub, name="told twice") == run_id
    points = [{"name": "loss", "step": s, "value": 1 / (s + 1)} for s in range(3)]
    hub.ok(TRAINER, "POST", f"/runs/{run_id}/scalars", {"points": points})
    newer = {"name": "loss", "step": 2, "value": 0.25}
    hub.ok(TRAINER, "POST", f"/runs/{run_id}/scalars", {"points": [newer]})
    curves = hub.ok(VIEWER, "GET", f"/runs/{run_id}/scalars")
    assert curves == {"loss": [[0, 1.0], [1, 0.5], [2, 0.25]]}
    data = b"events"
    sha256 = hashlib.sha256(data).hexdigest()
    link = {"name": "tensorboard/events", "sha256": sha256}
    assert hub.call(TRAINER, "POST", f"/runs/{run_id}/files", link).status_code == 409
    headers = {"Authorization": f"Bearer {hub.tokens[TRAINER]}", "Upload-Offset": "0",
               "Upload-Length": str(len(data))}  # fmt: skip
    hub.client.put(f"/api/v1/artifacts/{sha256}", content=data, headers=headers)
    hub.ok(TRAINER, "POST", f"/runs/{run_id}/files", link)
    done = {"status": "done", "result": {"accuracy": 0.9}}
    run = hub.ok(TRAINER, "POST", f"/runs/{run_id}/finish", done)
    assert (run["status"], run["result"], run["name"]) == ("done", {"accuracy": 0.9}, "warm start")
    assert run["files"] == [{"name": "tensorboard/events", "sha256": sha256, "size": 6}]
    page = hub.ok(VIEWER, "GET", "/runs?status=done&q=warm")
    assert [row["run_id"] for row in page["items"]] == [run_id]


def test_a_clone_is_edited_and_queued_and_its_parent_is_history(any_centre: PeopleHub) -> None:
    hub = any_centre
    run_id = begin(hub)
    clone = hub.ok(TRAINER, "POST", f"/runs/{run_id}/clone", {})
    assert (clone["status"], clone["parent_id"]) == ("draft", run_id)
    assert clone["parameters"] == RUN["parameters"]
    other = {"parameters": {**RUN["parameters"], "values": {"lr": 0.01}}}  # type: ignore[dict-item]
    refused = hub.call(TRAINER, "PATCH", f"/runs/{run_id}", other)
    assert (refused.status_code, refused.json()["code"]) == (409, "run.refused")
    hub.ok(TRAINER, "PATCH", f"/runs/{run_id}", {"note": "too fast", "tags": ["baseline"]})
    hub.ok(TRAINER, "PATCH", f"/runs/{clone['run_id']}", other)
    job_id = hub.ok(TRAINER, "POST", f"/runs/{clone['run_id']}/enqueue", {})["job_id"]
    job = hub.ok(VIEWER, "GET", f"/jobs/{job_id}")
    assert (job["kind"], job["parameters"]["run_id"]) == ("script", clone["run_id"])
    assert hub.call(TRAINER, "POST", f"/runs/{clone['run_id']}/enqueue", {}).status_code == 409
    told = hub.ok(VIEWER, "GET", f"/runs/{run_id}/compare/{clone['run_id']}")
    assert told["parameters"] == [{"place": "values.lr", "left": "0.1", "right": "0.01"}]
    audit = hub.ok(Role.ADMIN, "GET", f"/audit?subject=run:{run_id}")
    assert {entry["action"] for entry in audit} == {"run_created", "run_edited"}


def test_packages_of_two_runs_are_compared(centre: PeopleHub) -> None:
    first = begin(centre)
    capture = {**RUN["capture"], "packages": ["numpy==2.2", "torch==2.15"]}  # type: ignore[dict-item]
    second = begin(centre, run_id="cd" * 16, capture=capture)
    told = centre.ok(VIEWER, "GET", f"/runs/{first}/compare/{second}")
    assert told["packages"] == [{"place": "numpy", "left": "2.1", "right": "2.2"}]


def test_who_may_not_change_runs_does_not(centre: PeopleHub) -> None:
    assert centre.call(OPERATOR, "POST", "/runs", RUN).status_code == 403
    assert centre.call(TRAINER, "GET", f"/runs/{'00' * 16}").status_code == 404
    no_code = begin(centre, parameters={}, status="draft")
    assert centre.call(TRAINER, "POST", f"/runs/{no_code}/enqueue", {}).status_code == 409


def test_runs_are_found_by_tag_and_come_in_the_order_asked(any_centre: PeopleHub) -> None:
    hub = any_centre
    for number, name in enumerate(("b", "a", "c")):
        run_id = begin(hub, run_id=f"{number:032x}", name=name)
        tags = ["base"] if name == "b" else ["baseline", "x.y"]
        hub.ok(TRAINER, "PATCH", f"/runs/{run_id}", {"tags": tags})

    def names(asked: str) -> list[str]:
        return [row["name"] for row in hub.ok(VIEWER, "GET", f"/runs?{asked}")["items"]]

    assert names("sort=name") == ["a", "b", "c"]
    assert names("sort=-name&tag=baseline") == ["c", "a"]
    assert names("tag=base") == ["b"]
    assert names("sort=finished_at&limit=1&tag=x.y") == ["a"]
    assert hub.call(VIEWER, "GET", "/runs?sort=note").status_code == 422
