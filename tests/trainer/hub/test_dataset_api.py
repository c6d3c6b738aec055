"""Data sets through HTTP: made from labelled cases, rebuilt to the byte, compared, withdrawn."""

import hashlib
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from sync.recording import RecordedFrame, Recording
from sync.sealing import seal
from tests.fakes.case_sender import BOX_A, BOX_B, CaseSender, answer
from tests.fakes.people_hub import PeopleHub
from trainer.dataset import quality
from trainer.dataset.manifest import read_manifest
from trainer.store.api_tokens import Role

OPERATOR, REVIEWER, TRAINER, ADMIN = Role.OPERATOR, Role.REVIEWER, Role.TRAINER, Role.ADMIN
MILK, TEA = (("milk", 520), ("tea", 410)), (("tea", 480), ("milk", 300))
# Names whose turn for a second look it is not.
NAMES = [n for n in (f"case-number-{i:03d}" for i in range(60)) if sum(n.encode()) % 10]
BY_BASKET = {"split": {"by": "basket", "validation_percent": 20, "test_percent": 20}}


def stocked(hub: PeopleHub) -> CaseSender:
    for name in ("milk", "tea"):
        hub.ok(OPERATOR, "POST", "/skus", {"sku_id": name, "names": {"en": name}})
    hub.ok(OPERATOR, "POST", "/stores", {"store_id": "s1", "name": "Main street"})
    return CaseSender(hub, store_id="s1")


@pytest.fixture
def sender(centre: PeopleHub) -> CaseSender:
    return stocked(centre)


@pytest.fixture
def any_sender(any_centre: PeopleHub) -> CaseSender:
    return stocked(any_centre)


def label(sender: CaseSender, number: int, first: str = "milk", **changes: Any) -> bytes:
    """A case of its own basket with two items, sent and answered; its JPEG."""
    name = NAMES[number]
    given = {"basket_id": f"basket-{number}", "texture": number + 1, **changes}
    jpeg = sender.send(name, (BOX_A, MILK), (BOX_B, TEA), **given)
    drawn = answer(("i0", BOX_A, first), ("i1", BOX_B, "tea"))
    sender.hub.ok(REVIEWER, "POST", f"/cases/{name}/answer", drawn)
    return jpeg


def make(hub: PeopleHub, **changes: Any) -> dict[str, Any]:
    made = hub.ok(TRAINER, "POST", "/datasets", {"name": "shop", **BY_BASKET, **changes})
    assert isinstance(made, dict)
    return made


def test_a_version_is_made_and_rebuilt_to_the_byte(any_sender: CaseSender) -> None:
    hub = any_sender.hub
    jpegs = {hashlib.sha256(label(any_sender, n)).hexdigest() for n in range(8)}
    made = make(hub, note="the first")
    assert made["counts"]["items"] == 8
    assert made["counts"]["boxes"] == 16
    version = made["version_id"]
    data = hub.call(TRAINER, "GET", f"/datasets/{version}/manifest").content
    manifest = read_manifest(data, version_id=version)
    assert {item.picture for item in manifest.items} == jpegs
    assert {(i.store_id, i.box_id, i.lane_id) for i in manifest.items} == {
        ("s1", "box-1", "lane-1")
    }
    assert {b.source for i in manifest.items for b in i.boxes} == {"reviewer"}
    assert all(b.answer_id > 0 for i in manifest.items for b in i.boxes)
    rebuilt = hub.ok(TRAINER, "POST", f"/datasets/{version[:8]}/rebuild", {})
    assert (rebuilt["is_whole"], rebuilt["is_same_today"]) == (True, True)
    assert make(hub)["version_id"] == version
    assert len(hub.ok(TRAINER, "GET", "/datasets")["items"]) == 1


def test_a_changed_label_gives_another_version_and_the_difference_names_it(
    sender: CaseSender,
) -> None:
    hub = sender.hub
    for number in range(6):
        label(sender, number)
    before = make(hub)
    hub.ok(REVIEWER, "POST", "/review/undo")
    drawn = answer(("i0", BOX_A, "tea"), ("i1", BOX_B, "tea"))
    hub.ok(REVIEWER, "POST", f"/cases/{NAMES[5]}/answer", drawn)
    label(sender, 6)
    rebuilt = hub.ok(TRAINER, "POST", f"/datasets/{before['version_id']}/rebuild", {})
    assert (rebuilt["is_whole"], rebuilt["is_same_today"]) == (True, False)
    after = make(hub)
    said = hub.ok(TRAINER, "GET", f"/datasets/{before['version_id']}/diff/{after['version_id']}")
    assert said["counts"] == {
        "added": 1, "removed": 0, "relabelled": 1, "moved": 0, "newly_quarantined": 0,
        "released": 0,
    }  # fmt: skip
    assert said["relabelled"][0]["source_id"] == NAMES[5]
    assert ["100,80,260,300", "milk (reviewer)", "tea (reviewer)"] in said["relabelled"][0]["boxes"]
    assert said == rebuilt["changes"]


def test_a_page_holds_what_was_asked_and_the_pages_hold_all(any_sender: CaseSender) -> None:
    hub = any_sender.hub
    for number in range(7):
        label(any_sender, number, "milk" if number % 2 else "tea")
    version = make(hub)["version_id"]

    def walk(asked: str = "") -> list[dict[str, Any]]:
        after, found = -1, []
        for _ in range(5):
            url = f"/datasets/{version}/items?limit=2&after={after}{asked}"
            page = hub.ok(TRAINER, "GET", url)
            found += page["items"]
            after = page["after"] if page["after"] >= 0 else 10**9
        return found

    assert [row["position"] for row in walk()] == list(range(7))
    assert len(walk("&sku_id=milk")) == 3
    assert walk("&store_id=s2") == []
    splits = [len(walk(f"&split={name}")) for name in ("train", "validation", "test")]
    assert sum(splits) == 7
    row = walk("&sku_id=milk")[0]
    assert row["skus"] == ["milk", "tea"]
    jpeg = hub.call(TRAINER, "GET", f"/datasets/{version}/pictures/{row['picture']}").content
    assert hashlib.sha256(jpeg).hexdigest() == row["picture"]


def test_what_breaks_a_rule_is_quarantined_with_its_code_and_stays(sender: CaseSender) -> None:
    hub = sender.hub
    for number in range(3):
        label(sender, number)
    label(sender, 3, jpeg=b"no picture at all")
    label(sender, 4, texture=1)
    hub.ok(OPERATOR, "POST", "/skus", {"sku_id": "lone", "names": {"en": "lone"}})
    label(sender, 5, "lone")
    version = make(hub)["version_id"]
    rows = hub.ok(TRAINER, "GET", f"/datasets/{version}/quarantine")["items"]
    assert {row["source_id"]: row["reasons"] for row in rows} == {
        NAMES[3]: [quality.CORRUPT],
        NAMES[4]: [quality.DUPLICATE],
        NAMES[5]: [quality.RARE_SKU],
    }
    asked = f"/datasets/{version}/quarantine?reason={quality.CORRUPT}"
    assert len(hub.ok(TRAINER, "GET", asked)["items"]) == 1
    told = hub.ok(TRAINER, "GET", f"/datasets/{version}")
    assert told["quarantined_by_reason"][quality.DUPLICATE] == 1
    shares = hub.ok(TRAINER, "GET", f"/datasets/{version}/shares")
    assert sum(shares["stores"]["s1"].values()) == sum(shares["sources"]["case"].values()) == 3
    seen = {row["reasons"][0]: f"/datasets/{version}/pictures/{row['picture']}" for row in rows}
    assert hub.call(TRAINER, "GET", seen[quality.RARE_SKU]).headers["content-type"] == "image/jpeg"
    assert len(hub.ok(REVIEWER, "GET", "/cases?status=labelled")["items"]) == 6


def test_rules_and_filters_are_asked_for_and_kept_in_the_recipe(sender: CaseSender) -> None:
    hub = sender.hub
    for number in range(4):
        label(sender, number)
    made = make(hub, rules={"min_box_px": 9}, store_ids=["s1"], reasons=["uncertain"])
    assert made["counts"]["items"] == 4
    assert made["recipe"]["rules.min_box_px"] == "9"
    assert made["recipe"]["filter.store_ids"] == "s1"
    for nothing in ({"store_ids": ["s2"]}, {"until": "2020-01-01"}, {"rules": {"min_box_px": 999}}):
        reply = hub.call(TRAINER, "POST", "/datasets", {"name": "shop", **nothing})
        assert (reply.status_code, reply.json()["code"]) == (409, "dataset.refused")


def test_a_vanished_and_an_altered_picture_are_noticed(sender: CaseSender) -> None:
    hub = sender.hub
    for number in range(4):
        label(sender, number)
    version = make(hub)["version_id"]
    blobs = [hub.ok(REVIEWER, "GET", f"/cases/{name}") and sender.sent[name] for name in NAMES[:2]]
    sender.hub.services.blobs.path(blobs[0]).unlink()
    other = seal(b"another picture", sender.key, sender.box.box_id)
    sender.hub.services.blobs.path(blobs[1]).write_bytes(other)
    rebuilt = hub.ok(TRAINER, "POST", f"/datasets/{version}/rebuild", {})
    assert rebuilt["is_whole"] is False
    assert (len(rebuilt["missing"]), len(rebuilt["altered"])) == (1, 1)


def record(sender: CaseSender, recording_id: str, basket_id: str) -> str:
    """A whole basket, sent as a box sends it; its blob."""
    sealed = seal(b"frames of a whole basket", sender.key, sender.box.box_id)
    blob = hashlib.sha256(sealed).hexdigest()
    headers = {"Upload-Offset": "0", "Upload-Length": str(len(sealed))}
    sender.box.call("PUT", f"/v1/blobs/{blob}", sealed, headers=headers)
    frames = (RecordedFrame(camera_id="cam0", at_ms=0),)
    recording = Recording(
        recording_id=recording_id, basket_id=basket_id, lane_id="lane-1",
        bundle_id="ab" * 32, at=datetime.now(UTC), frames=frames, answer=(("milk", 1),), blob=blob,
    )  # fmt: skip
    sender.send_row("recording", recording.model_dump(mode="json"), blob)
    return blob


def test_a_basket_that_was_trained_on_is_in_no_blind_set_when_its_recording_comes_later(
    any_sender: CaseSender,
) -> None:
    hub = any_sender.hub
    for number in range(3):
        label(any_sender, number)
    make(hub)
    record(any_sender, "recording-trained", "basket-0")
    record(any_sender, "recording-unseen", "basket-unseen")
    asked = {"note": "by name", "recordings": {"recording-trained": None}}
    reply = hub.call(ADMIN, "POST", "/blind-sets", asked)
    assert (reply.status_code, reply.json()["code"]) == (409, "blind.refused")
    assert hub.ok(ADMIN, "POST", "/blind-sets", {"note": "all"})["num_recordings"] == 1


def test_nothing_of_a_basket_that_was_recorded_can_be_read_by_training(sender: CaseSender) -> None:
    hub = sender.hub
    for number in range(3):
        label(sender, number)
    jpeg = label(sender, 3, basket_id="basket-blind")
    blob = record(sender, "recording-1", "basket-blind")
    version = make(hub)["version_id"]
    manifest = hub.call(TRAINER, "GET", f"/datasets/{version}/manifest").text
    items = [json.loads(line) for line in manifest.splitlines()[1:]]
    assert [i["reasons"] for i in items if "reasons" in i] == [[quality.BLIND]]
    assert "basket-blind" not in manifest
    assert blob not in manifest
    secrets = (blob, hashlib.sha256(jpeg).hexdigest())
    for name in secrets:
        for url in (f"/datasets/{version}/pictures/{name}", f"/artifacts/{name}"):
            assert hub.call(TRAINER, "GET", url).status_code == 404
    token = {"Authorization": f"Bearer {hub.tokens[TRAINER]}"}
    assert hub.client.get(f"/v1/blobs/{blob}", headers=token).status_code == 401


def test_a_pinned_version_stays_until_it_is_let_go(sender: CaseSender) -> None:
    hub = sender.hub
    for number in range(3):
        label(sender, number)
    version = make(hub)["version_id"]
    hub.ok(TRAINER, "PUT", f"/datasets/{version}/pin", {"is_pinned": True})
    assert hub.call(TRAINER, "DELETE", f"/datasets/{version}").status_code == 409
    hub.ok(TRAINER, "PUT", f"/datasets/{version}/pin", {"is_pinned": False})
    assert hub.call(TRAINER, "DELETE", f"/datasets/{version}").status_code == 204
    assert hub.call(TRAINER, "GET", f"/datasets/{version}").status_code == 404
    assert make(hub)["version_id"] == version
    entries = hub.ok(ADMIN, "GET", "/audit?limit=50")
    actions = [entry["action"] for entry in entries]
    assert {"dataset_created", "dataset_pinned", "dataset_deleted"} <= set(actions)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({}, id="no name"),
        pytest.param({"name": "../x"}, id="name"),
        pytest.param({"name": "x", "split": {"by": "moon"}}, id="split"),
        pytest.param({"name": "x", "split": {"validation_percent": 46}}, id="too much held out"),
        pytest.param({"name": "x", "rules": {"near_duplicate_bits": 17}}, id="bits"),
        pytest.param({"name": "x", "since": "yesterday"}, id="day"),
        pytest.param({"name": "x", "store_ids": ["a,b"]}, id="store"),
    ],
)
def test_a_request_of_another_form_is_refused(centre: PeopleHub, body: dict[str, Any]) -> None:
    assert centre.call(TRAINER, "POST", "/datasets", body).status_code == 422


def test_more_pictures_than_one_request_may_look_at_are_looked_at_in_portions(
    sender: CaseSender,
) -> None:
    hub = sender.hub
    for number in range(5):
        label(sender, number)
    counts = [
        hub.ok(TRAINER, "POST", "/datasets/measure", {"limit": 2})["num_measured"] for _ in range(4)
    ]
    assert counts == [2, 2, 1, 0]
