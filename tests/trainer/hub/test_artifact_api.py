"""Artefacts through HTTP: resumable in, by Range out, and never what a box has sent."""

import hashlib
import os
from datetime import UTC, datetime

import httpx2 as httpx

from tests.fakes.people_hub import PeopleHub
from trainer.store.api_tokens import Role
from trainer.store.database import writing
from trainer.store.uploads import note_blob

TRAINER, APPROVER, REVIEWER, OPERATOR = Role.TRAINER, Role.APPROVER, Role.REVIEWER, Role.OPERATOR
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


def test_what_is_published_for_boxes_can_be_read(centre: PeopleHub) -> None:
    folder = centre.services.repository.parent / "blobs"
    (folder / NAME).write_bytes(DATA)
    assert get(centre, TRAINER, NAME).content == DATA
