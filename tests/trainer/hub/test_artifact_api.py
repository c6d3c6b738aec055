"""Artefacts through HTTP: resumable in, by Range out, and never what a box has sent."""

import hashlib
import json
import os
from datetime import UTC, datetime

import httpx2 as httpx

from tests.fakes.people_hub import PeopleHub
from trainer.store.api_tokens import Role
from trainer.store.database import writing
from trainer.store.uploads import note_blob

TRAINER, APPROVER, REVIEWER, OPERATOR = Role.TRAINER, Role.APPROVER, Role.REVIEWER, Role.OPERATOR
ADMIN, WORKER = Role.ADMIN, Role.WORKER
DATA = bytes(range(256)) * 40
NAME = hashlib.sha256(DATA).hexdigest()


def put(
    hub: PeopleHub, role: Role, name: str, data: bytes, offset: int = 0, total: int = len(DATA)
) -> httpx.Response:
    headers = {
        "Authorization": f"Bearer {hub.tokens[role]}",
        "Upload-Offset": str(offset),
        "Upload-Length": str(total),
    }
    return hub.client.put(f"/api/v1/artifacts/{name}", content=data, headers=headers)


def get(hub: PeopleHub, role: Role, name: str, **headers: str) -> httpx.Response:
    bearer = {"Authorization": f"Bearer {hub.tokens[role]}"}
    return hub.client.get(f"/api/v1/artifacts/{name}", headers=bearer | headers)


def test_an_upload_that_broke_goes_on_where_it_stopped(any_centre: PeopleHub) -> None:
    hub = any_centre
    assert put(hub, TRAINER, NAME, DATA[:4000]).status_code == 202
    place = hub.call(TRAINER, "HEAD", f"/artifacts/{NAME}")
    assert (place.headers["upload-offset"], place.headers["upload-complete"]) == ("4000", "?0")
    again = put(hub, TRAINER, NAME, DATA[:4000])
    assert (again.status_code, again.headers["upload-offset"]) == (409, "4000")
    assert put(hub, TRAINER, NAME, DATA[4000:], 4000).status_code == 201
    assert get(hub, APPROVER, NAME).content == DATA
    part = get(hub, OPERATOR, NAME, Range="bytes=100-199")
    assert (part.status_code, part.content) == (206, DATA[100:200])
    assert hub.call(TRAINER, "HEAD", f"/artifacts/{NAME}").headers["upload-complete"] == "?1"
    found = hub.ok(Role.ADMIN, "GET", f"/audit?subject=artifact:{NAME}")
    assert [entry["action"] for entry in found] == ["artifact_stored"]


def test_an_artefact_that_somebody_asks_for_to_name_it_is_young(centre: PeopleHub) -> None:
    assert put(centre, TRAINER, NAME, DATA).status_code == 201
    os.utime(centre.services.blobs.path(NAME), (1, 1))
    assert centre.call(TRAINER, "HEAD", f"/artifacts/{NAME}").headers["upload-complete"] == "?1"
    assert centre.services.blobs.age_s(NAME) < 3600


def test_bytes_under_a_wrong_name_are_dropped(centre: PeopleHub) -> None:
    reply = put(centre, TRAINER, "ab" * 32, DATA)
    assert (reply.status_code, reply.json()["code"]) == (422, "upload.digest")
    assert get(centre, TRAINER, "ab" * 32).status_code == 404


def test_who_may_not_write_does_not(centre: PeopleHub) -> None:
    assert put(centre, OPERATOR, NAME, DATA).status_code == 403
    assert get(centre, REVIEWER, NAME).status_code == 403


def test_what_a_box_sent_is_no_artefact_even_under_its_digest(centre: PeopleHub) -> None:
    sealed = centre.services.blobs.put(b"a sealed recording")
    with writing(centre.services.engine) as connection:
        note_blob(connection, sealed, 18, box_id="box-1", now=datetime.now(UTC))
    assert get(centre, TRAINER, sealed).status_code == 404
    claimed = put(centre, TRAINER, sealed, b"", 0, 18)
    assert (claimed.status_code, claimed.json()["code"]) == (409, "artifact.refused")
    assert get(centre, TRAINER, sealed).status_code == 404


def test_a_digest_alone_makes_nothing_an_artefact(centre: PeopleHub) -> None:
    photo = centre.services.blobs.put(DATA)  # a blob of another kind: a catalogue picture, say
    at_the_end = put(centre, TRAINER, photo, b"", len(DATA))
    assert (at_the_end.status_code, at_the_end.headers["upload-offset"]) == (409, "0")
    assert centre.call(TRAINER, "HEAD", f"/artifacts/{photo}").headers["upload-offset"] == "0"
    assert put(centre, TRAINER, photo, b"x" * len(DATA)).json()["code"] == "upload.digest"
    assert get(centre, TRAINER, photo).status_code == 404
    assert put(centre, TRAINER, photo, DATA).status_code == 201
    assert get(centre, TRAINER, photo).content == DATA
    assert put(centre, TRAINER, photo, b"", len(DATA)).status_code == 201  # the answer was lost


def test_an_artefact_that_nothing_names_is_swept_though_somebody_has_sent_it(
    centre: PeopleHub,
) -> None:
    assert put(centre, TRAINER, NAME, DATA).status_code == 201
    os.utime(centre.services.blobs.path(NAME), (1, 1))
    told = centre.ok(OPERATOR, "POST", "/blobs-sweep?dry_run=false")
    assert [blob["sha256"] for blob in told["doomed"]] == [NAME]
    assert get(centre, TRAINER, NAME).status_code == 404
    assert put(centre, TRAINER, NAME, b"", len(DATA)).status_code == 409
    assert put(centre, TRAINER, NAME, DATA).status_code == 201


def test_nobody_finishes_what_another_began(centre: PeopleHub) -> None:
    assert put(centre, TRAINER, NAME, DATA[:9000]).status_code == 202
    end = put(centre, WORKER, NAME, DATA[9000:], 9000)
    assert (end.status_code, end.headers["upload-offset"]) == (409, "0")
    assert put(centre, TRAINER, NAME, DATA[9000:], 9000).status_code == 201


def lease(hub: PeopleHub, kind: str, **parameters: object) -> str:
    """A job that the worker's token leases now; its lease."""
    hub.ok(TRAINER, "POST", "/jobs", {"kind": kind, "parameters": parameters})
    job = hub.ok(WORKER, "POST", "/jobs-lease", {"worker": "w", "kinds": [kind]})
    return f"{job['job_id']} {job['lease_id']}"


def test_a_worker_reads_what_its_leased_job_names_and_nothing_else(any_centre: PeopleHub) -> None:
    hub, other = any_centre, b"another's weights"
    tree = json.dumps({"files": [{"path": "a", "sha256": NAME}]}).encode()
    names = [hashlib.sha256(data).hexdigest() for data in (other, tree)]
    for name, data in zip([NAME, *names], (DATA, other, tree), strict=True):
        assert put(hub, TRAINER, name, data, 0, len(data)).status_code == 201
    assert [get(hub, WORKER, name).status_code for name in [NAME, *names]] == [404] * 3
    told = hub.call(WORKER, "HEAD", f"/artifacts/{NAME}")
    assert (told.headers["upload-offset"], told.headers["upload-complete"]) == ("0", "?0")
    job_id, lease_id = lease(hub, "step.fit", inputs={"shards": names[1]}).split()
    assert [get(hub, WORKER, name).status_code for name in [NAME, *names]] == [200, 404, 200]
    done = {"lease_id": lease_id, "status": "done", "result": {}}
    hub.ok(WORKER, "POST", f"/jobs/{job_id}/finish", done)
    assert [get(hub, WORKER, name).status_code for name in [NAME, *names]] == [404] * 3
    assert put(hub, WORKER, names[0], other, 0, len(other)).status_code == 201  # it has it too
    assert get(hub, WORKER, names[0]).content == other


def test_a_worker_reports_on_the_run_of_its_job_alone(centre: PeopleHub) -> None:
    run = centre.ok(TRAINER, "POST", "/runs", {"name": "mine", "kind": "script"})["run_id"]
    url, point = f"/runs/{run}/scalars", {"points": [{"name": "loss", "step": 1, "value": 0.5}]}
    assert centre.call(WORKER, "POST", url, point).status_code == 404
    lease(centre, "script", run_id=run)
    assert centre.call(WORKER, "POST", url, point).status_code == 204
    put(centre, TRAINER, NAME, DATA)
    link = {"name": "weights.pt", "sha256": NAME}
    assert centre.call(WORKER, "POST", f"/runs/{run}/files", link).status_code == 404
    for path in (
        f"/runs/{run}/enqueue",
        f"/runs/{run}/clone",
        "/jobs",
        f"/models/{NAME}/gate-jobs",
    ):
        assert centre.call(WORKER, "POST", path, {}).status_code == 403


def test_a_worker_fetches_the_data_set_of_its_job_alone(centre: PeopleHub) -> None:
    url = f"/datasets/{NAME}/manifest"
    assert "lease its job first" in centre.call(WORKER, "GET", url).text
    lease(centre, "pipeline", dataset=NAME)
    assert "lease its job first" not in centre.call(WORKER, "GET", url).text
    assert centre.call(WORKER, "GET", f"/datasets/{NAME}").status_code == 403


def test_what_is_published_for_boxes_can_be_read(centre: PeopleHub) -> None:
    folder = centre.services.repository.parent / "blobs"
    (folder / NAME).write_bytes(DATA)
    assert get(centre, TRAINER, NAME).content == DATA
