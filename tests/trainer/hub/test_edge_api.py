"""The hub half of the wire, driven as a box drives it: signed requests over HTTP."""

import base64
import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from sync.device_identity import create_key
from sync.protocol import ENDPOINTS
from tests.fakes.signing_box import SigningBox, item
from trainer.hub.edge_api import EdgeServices
from trainer.hub.hub_app import create_hub_app
from trainer.store import enrolment, fleet
from trainer.store.blobs import FolderBlobs
from trainer.store.database import open_database, reading, writing
from trainer.store.inbox import count_received

NOW = datetime.now(UTC)


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    engine = open_database(database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def client(engine: Engine, tmp_path: Path) -> Iterator[TestClient]:
    repository = tmp_path / "tuf"
    repository.mkdir()
    (repository / "timestamp.json").write_text('{"signed": {"version": 7}}')
    services = EdgeServices(
        engine=engine,
        blobs=FolderBlobs(tmp_path / "blobs"),
        repository=repository,
        root_sha256="ab" * 32,
        sealing_public_key="cd" * 32,
        check_in_interval_s=60,
    )
    with TestClient(create_hub_app(services)) as client:
        yield client


def claim_code(engine: Engine, box_id: str = "") -> str:
    with writing(engine) as connection:
        return enrolment.create_claim_code(connection, now=NOW, actor="op", box_id=box_id)


@pytest.fixture
def box(client: TestClient, engine: Engine) -> SigningBox:
    box = SigningBox(client)
    assert box.enrol(claim_code(engine)).json()["status"] == "enrolled"
    return box


def code_of(reply: object) -> str:
    return str(reply.json()["code"])  # type: ignore[attr-defined]


def test_a_claim_code_enrols_one_box_once(client: TestClient, engine: Engine) -> None:
    code = claim_code(engine)
    reply = SigningBox(client).enrol(code).json()
    assert reply["status"] == "enrolled"
    assert reply["root_sha256"] == "ab" * 32
    assert len(reply["fingerprint_words"].split()) == 6
    second = SigningBox(client, "box-2").enrol(code)
    assert (second.status_code, code_of(second)) == (403, "fleet.enrolment")


@pytest.mark.parametrize("code", ["guess", "0" * 20])
def test_a_guessed_claim_code_is_refused(client: TestClient, code: str) -> None:
    assert SigningBox(client).enrol(code).status_code == 403


def test_a_code_for_one_name_serves_no_other(client: TestClient, engine: Engine) -> None:
    code = claim_code(engine, "box-7")
    assert SigningBox(client, "box-8").enrol(code).status_code == 403
    assert SigningBox(client, "box-7").enrol(code).status_code == 200


def test_an_expired_code_is_refused(client: TestClient, engine: Engine) -> None:
    with writing(engine) as connection:
        code = enrolment.create_claim_code(connection, now=NOW - timedelta(days=3), actor="op")
    assert "expired" in SigningBox(client).enrol(code).json()["message"]


def test_a_box_without_a_code_waits_until_a_person_accepts(
    client: TestClient, engine: Engine
) -> None:
    box = SigningBox(client)
    assert box.enrol().json()["status"] == "pending"
    assert box.check_in().status_code == 403
    words = box.enrol().json()["fingerprint_words"]
    with writing(engine) as connection:
        enrolment.accept(connection, "box-1", now=NOW, actor="op", words=words)
    assert box.enrol().json()["status"] == "enrolled"
    assert box.check_in().status_code == 200


def test_a_listed_key_is_accepted_without_a_code(client: TestClient, engine: Engine) -> None:
    box = SigningBox(client)
    with writing(engine) as connection:
        enrolment.preauthorise(connection, box.key.public_key, "box-1", now=NOW, actor="factory")
    assert box.enrol().json()["status"] == "enrolled"


def test_a_name_that_is_taken_is_not_given_to_another_key(
    client: TestClient, engine: Engine, box: SigningBox
) -> None:
    thief = SigningBox(client, box.box_id)
    assert thief.enrol(claim_code(engine)).status_code == 403


def test_check_in_turns_the_nonce_and_tells_the_updates_version(box: SigningBox) -> None:
    before = box.nonce
    reply = box.check_in().json()
    assert reply["updates_version"] == 7
    assert box.nonce != before


def test_a_lost_answer_is_no_clone(box: SigningBox) -> None:
    kept = box.nonce
    box.check_in()
    box.nonce = kept  # the answer never arrived
    assert box.check_in().status_code == 200
    assert box.check_in().status_code == 200


def test_a_copy_of_a_box_is_noticed_and_shut_out(box: SigningBox) -> None:
    stolen = box.nonce
    box.check_in()
    own, box.nonce = box.nonce, stolen
    box.check_in()  # the copy
    box.nonce = own
    reply = box.check_in()  # the box itself
    assert (reply.status_code, code_of(reply)) == (409, "identity.cloned")
    assert box.check_in().status_code == 403


def test_a_request_is_good_once(box: SigningBox) -> None:
    headers = box.headers("GET", "/v1/tuf/timestamp.json", b"")
    assert box.client.get("/v1/tuf/timestamp.json", headers=headers).status_code == 200
    again = box.client.get("/v1/tuf/timestamp.json", headers=headers)
    assert (again.status_code, code_of(again)) == (409, "identity.replayed")


def test_a_clock_far_off_is_refused(box: SigningBox) -> None:
    box.skew = timedelta(hours=-20)
    assert box.check_in().status_code == 401


def test_a_revoked_box_gets_nothing(box: SigningBox, engine: Engine) -> None:
    with writing(engine) as connection:
        enrolment.set_status(connection, "box-1", "revoked", now=NOW, actor="op", reason="stolen")
    assert box.check_in().status_code == 403
    assert box.call("GET", "/v1/tuf/timestamp.json").status_code == 403


def test_a_new_key_takes_over_with_its_first_use(box: SigningBox) -> None:
    new = create_key()
    proof = new.sign(f"tillsight-rekey-1\n{box.box_id}\n{new.public_key}".encode())
    assert box.call("POST", "/v1/rekey", {"public_key": new.public_key, "proof": proof}).is_success
    old, box.key = box.key, new
    assert box.check_in().status_code == 200
    box.key = old
    assert box.check_in().status_code == 401


def test_a_new_key_must_sign_for_itself(box: SigningBox) -> None:
    body = {"public_key": create_key().public_key, "proof": "00" * 64}
    assert box.call("POST", "/v1/rekey", body).status_code == 401


def test_rows_are_acknowledged_once_and_counted_once(box: SigningBox, engine: Engine) -> None:
    first = box.send(item(1), item(2), item(4)).json()
    assert (first["acked_through"], first["acked"]) == (2, [1, 2, 4])
    again = box.send(item(2), item(3), item(4)).json()
    assert (again["acked_through"], again["acked"]) == (4, [2, 3, 4])
    with reading(engine) as connection:
        assert count_received(connection) == {"telemetry": 4}


def test_a_number_with_another_content_is_a_conflict(box: SigningBox) -> None:
    box.send(item(1))
    reply = box.send(item(1, colour="green"))
    assert (reply.status_code, code_of(reply)) == (409, "outbox.epoch_conflict")


def test_what_is_here_is_acknowledged_before_a_conflict_is_told(box: SigningBox) -> None:
    box.send(item(1), item(2))
    reply = box.send(item(1), item(2, colour="green"), item(3)).json()
    assert reply["acked"] == [1]
    again = box.send(item(2, colour="green"), item(3))
    assert (again.status_code, code_of(again)) == (409, "outbox.epoch_conflict")


def test_the_same_words_at_another_time_are_another_row(box: SigningBox) -> None:
    box.send(item(1))
    later = {**item(1), "created_at": "2026-11-21T12:00:01+00:00"}
    assert code_of(box.send(later)) == "outbox.epoch_conflict"


def test_a_row_reported_as_dropped_may_come_after_all(box: SigningBox, engine: Engine) -> None:
    box.send(item(1, "dropped", reason="quota"), item(2))
    assert box.send(item(1), item(2), item(3)).json()["acked"] == [1, 2, 3]
    with reading(engine) as connection:
        assert count_received(connection) == {"telemetry": 3}


def test_a_given_up_row_of_a_restored_disk_is_no_row_of_ours(box: SigningBox) -> None:
    box.send(item(1))
    dropped = item(1, "dropped", reason="quota")
    assert box.send(dropped).json()["acked"] == [1]
    other = {**dropped, "created_at": "2026-11-21T12:00:01+00:00"}
    assert code_of(box.send(other)) == "outbox.epoch_conflict"


def test_a_part_that_was_damaged_on_its_way_is_told_apart_from_a_forged_one(
    box: SigningBox,
) -> None:
    name = hashlib.sha256(b"right").hexdigest()
    digest = base64.b64encode(hashlib.sha256(b"right").digest()).decode()
    headers = {
        **box.headers("PUT", f"/v1/blobs/{name}", b"right"),
        "Upload-Offset": "0",
        "Upload-Length": "5",
        "Content-Digest": f"sha-256=:{digest}:",
    }
    reply = box.client.put(f"/v1/blobs/{name}", content=b"wrong", headers=headers)
    assert (reply.status_code, code_of(reply)) == (400, "request.damaged")
    assert upload(box, name, b"right") == 201


def test_an_altered_row_is_refused_and_the_others_are_taken(box: SigningBox) -> None:
    reply = box.send({**item(1), "body": {"number": 99}}, item(2)).json()
    assert reply["refused"] == {"1": "body_altered"}
    assert reply["acked"] == [2]


def test_a_case_waits_for_its_pictures(box: SigningBox) -> None:
    picture = b"sealed picture"
    name = hashlib.sha256(picture).hexdigest()
    case = {**item(1, "case", reason="unknown", value=3, case_id="c1"), "blobs": [name]}
    assert box.send(case).json()["missing_blobs"] == [name]
    upload(box, name, picture)
    assert box.send(case).json()["acked"] == [1]


def upload(box: SigningBox, name: str, data: bytes, offset: int = 0, total: int = 0) -> int:
    headers = {"Upload-Offset": str(offset), "Upload-Length": str(total or len(data))}
    return box.call("PUT", f"/v1/blobs/{name}", data, headers=headers).status_code


def test_an_upload_goes_on_where_it_stopped(box: SigningBox) -> None:
    data = bytes(range(256)) * 40
    name = hashlib.sha256(data).hexdigest()
    assert upload(box, name, data[:4000], 0, len(data)) == 202
    assert box.call("HEAD", f"/v1/blobs/{name}").headers["upload-offset"] == "4000"
    assert upload(box, name, data[5000:], 5000, len(data)) == 409
    assert upload(box, name, data[4000:], 4000, len(data)) == 201
    assert box.call("GET", f"/v1/blobs/{name}").content == data


def test_a_part_of_a_blob_is_served_by_range(box: SigningBox) -> None:
    data = b"0123456789"
    name = hashlib.sha256(data).hexdigest()
    upload(box, name, data)
    reply = box.call("GET", f"/v1/blobs/{name}", headers={"Range": "bytes=4-"})
    assert (reply.status_code, reply.content) == (206, b"456789")
    assert reply.headers["content-range"] == "bytes 4-9/10"


def test_a_blob_that_is_not_what_it_is_named_is_dropped(box: SigningBox) -> None:
    name = hashlib.sha256(b"right").hexdigest()
    assert upload(box, name, b"wrong") == 422
    assert box.call("HEAD", f"/v1/blobs/{name}").headers["upload-offset"] == "0"
    assert upload(box, name, b"right") == 201


def test_a_remote_command_is_sent_until_it_is_answered(box: SigningBox, engine: Engine) -> None:
    with writing(engine) as connection:
        command_id = fleet.ask_box(connection, "box-1", "logs", now=NOW, actor="op")
    assert box.check_in().json()["commands"][0]["command_id"] == command_id
    assert len(box.check_in().json()["commands"]) == 1
    done = {"command_id": command_id, "is_done": True}
    assert box.call("POST", "/v1/command-results", done).status_code == 204
    assert box.check_in().json()["commands"] == []
    assert box.call("POST", "/v1/command-results", {**done, "command_id": "x"}).status_code == 404


@pytest.mark.parametrize(
    "name",
    ["../hub.db", "..%2fhub.db", "a/../../hub.db", "timestamp.json/x", "%2e%2e/hub.db"],
)
def test_no_name_of_metadata_leaves_its_folder(box: SigningBox, name: str) -> None:
    assert box.call("GET", f"/v1/tuf/{name}").status_code in (401, 404)


@pytest.mark.parametrize(
    "name", [n for n, endpoint in ENDPOINTS.items() if endpoint.authentication == "box"]
)
def test_every_endpoint_but_health_refuses_an_unsigned_request(
    client: TestClient, name: str
) -> None:
    path = ENDPOINTS[name].path.replace("{sha256}", "0" * 64).replace("{name}", "root.json")
    body = b"{}" if ENDPOINTS[name].max_bytes else b""
    assert client.request(ENDPOINTS[name].method, path, content=body).status_code == 401


def test_health_needs_no_name(client: TestClient) -> None:
    assert client.get("/health").json()["status"] == "ok"


def test_a_body_that_is_too_large_is_refused(box: SigningBox) -> None:
    assert box.call("POST", "/v1/check-in", b"x" * 70_000).status_code == 413


def test_a_malformed_body_names_the_place(box: SigningBox) -> None:
    reply = box.call("POST", "/v1/check-in", {"nonce": 5})
    assert reply.status_code == 422
    assert "sent_at" in reply.json()["message"] or "nonce" in reply.json()["message"]


def test_the_published_table_is_what_the_application_serves(client: TestClient) -> None:
    assert isinstance(client.app, FastAPI)
    served = client.app.openapi()["paths"]
    missing = [
        name
        for name, endpoint in ENDPOINTS.items()
        if endpoint.method.lower() not in served.get(endpoint.path, {})
    ]
    assert not missing


def test_the_hub_shows_no_page_that_loads_scripts_from_elsewhere(client: TestClient) -> None:
    assert client.get("/docs").status_code == 404
    assert client.get("/redoc").status_code == 404
