"""The queue through HTTP: a person enqueues and cancels, a worker leases, logs and finishes."""

from typing import Any

from tests.fakes.people_hub import PeopleHub
from trainer.store.api_tokens import Role

OPERATOR, TRAINER, VIEWER = Role.OPERATOR, Role.TRAINER, Role.VIEWER
WORKER = {"worker": "gpu-1", "kinds": ["fit"], "num_gpus": 1}


def enqueue(hub: PeopleHub, **more: Any) -> str:
    return str(hub.ok(OPERATOR, "POST", "/jobs", {"kind": "fit", **more})["job_id"])


def test_a_job_goes_from_the_queue_to_its_result(any_centre: PeopleHub) -> None:
    hub = any_centre
    job_id = enqueue(hub, parameters={"epochs": 3}, num_gpus=1)
    assert hub.ok(TRAINER, "POST", "/jobs-lease", {**WORKER, "num_gpus": 0}) is None
    assert hub.ok(TRAINER, "POST", "/jobs-lease", {**WORKER, "kinds": ["export"]}) is None
    job = hub.ok(TRAINER, "POST", "/jobs-lease", WORKER)
    assert (job["job_id"], job["attempt"], job["parameters"]) == (job_id, 1, {"epochs": 3})
    mine = {"lease_id": job["lease_id"]}
    hub.ok(TRAINER, "POST", f"/jobs/{job_id}/heartbeat", {**mine, "progress": 50})
    hub.ok(TRAINER, "POST", f"/jobs/{job_id}/logs", {**mine, "text": "epoch 1\n"})
    hub.ok(TRAINER, "POST", f"/jobs/{job_id}/logs", {**mine, "text": "epoch 2\n"})
    logs = hub.ok(VIEWER, "GET", f"/jobs/{job_id}/logs")
    assert [entry["text"] for entry in logs] == ["epoch 1\n", "epoch 2\n"]
    assert len(hub.ok(VIEWER, "GET", f"/jobs/{job_id}/logs?after={logs[0]['log_id']}")) == 1
    done = {**mine, "status": "done", "result": {"bundle": "ab"}}
    assert hub.ok(TRAINER, "POST", f"/jobs/{job_id}/finish", done)["progress"] == 100
    again = hub.call(TRAINER, "POST", f"/jobs/{job_id}/finish", done)
    assert (again.status_code, again.json()["code"]) == (409, "job.lease_lost")
    page = hub.ok(VIEWER, "GET", "/jobs?status=done")
    assert (page["total"], "lease_id" in page["items"][0]) == (1, False)


def test_a_cancelled_job_is_not_given_out(centre: PeopleHub) -> None:
    job_id = enqueue(centre)
    assert centre.ok(OPERATOR, "POST", f"/jobs/{job_id}/cancel")["status"] == "cancelled"
    assert centre.ok(TRAINER, "POST", "/jobs-lease", WORKER) is None
    assert centre.call(OPERATOR, "POST", f"/jobs/{job_id}/cancel").status_code == 409


def test_jobs_are_listed_in_the_order_that_is_asked_for(centre: PeopleHub) -> None:
    low, high = enqueue(centre, priority=1), enqueue(centre, priority=7)

    def listed(sort: str) -> list[str]:
        found = centre.ok(VIEWER, "GET", f"/jobs?sort={sort}")["items"]
        return [str(job["job_id"]) for job in found]

    assert listed("priority") == [low, high]
    assert listed("-priority") == [high, low]
    assert listed("created_at") == [low, high]
    assert centre.call(VIEWER, "GET", "/jobs?sort=lease_id").status_code == 422


def test_a_stranger_with_a_guessed_lease_changes_nothing(centre: PeopleHub) -> None:
    job_id = enqueue(centre)
    centre.ok(TRAINER, "POST", "/jobs-lease", WORKER)
    body = {"lease_id": "guess", "status": "failed"}
    assert centre.call(TRAINER, "POST", f"/jobs/{job_id}/finish", body).status_code == 409
    assert centre.ok(VIEWER, "GET", f"/jobs/{job_id}")["status"] == "leased"


def test_a_worker_that_called_is_listed_with_what_it_does(centre: PeopleHub) -> None:
    centre.ok(TRAINER, "POST", "/jobs-lease", {**WORKER, "worker": "idle-1", "kinds": ["b", "a"]})
    job_id = enqueue(centre)
    job = centre.ok(TRAINER, "POST", "/jobs-lease", WORKER)

    def does() -> list[tuple[str, str]]:
        return [(w["worker"], w["job_id"]) for w in centre.ok(VIEWER, "GET", "/workers")]

    assert does() == [("gpu-1", job_id), ("idle-1", "")]
    assert centre.ok(VIEWER, "GET", "/workers")[1]["kinds"] == ["a", "b"]
    mine = {"lease_id": job["lease_id"]}
    centre.ok(TRAINER, "POST", f"/jobs/{job_id}/heartbeat", mine)
    assert does()[0] == ("gpu-1", job_id)
    centre.ok(TRAINER, "POST", f"/jobs/{job_id}/finish", {**mine, "status": "done"})
    assert does()[0] == ("gpu-1", "")
