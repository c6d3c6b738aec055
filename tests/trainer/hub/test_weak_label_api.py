"""Weak labels through HTTP: vetted with real vectors, blocked ones reviewed, good ones teach."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sync.hard_case import CaseReason
from tests.fakes.case_sender import CaseSender, answer
from tests.fakes.furnished_hub import assign_factory_bundle
from tests.fakes.golden_cases import BUNDLE, catalogue_ids, golden_scenes
from tests.fakes.people_hub import PeopleHub, people_hub
from trainer.dataset.manifest import read_manifest
from trainer.store.api_tokens import Role

OPERATOR, REVIEWER, TRAINER, ADMIN = Role.OPERATOR, Role.REVIEWER, Role.TRAINER, Role.ADMIN
FRAMES = [frame for frames in golden_scenes().values() for frame in frames]
FRAME = max(FRAMES, key=lambda frame: sum(item["is_sure"] for item in frame["items"]))
ITEM, OTHER = sorted(FRAME["items"], key=lambda item: not item["is_sure"])[:2]
TRUE = ITEM["sku_id"]
WRONG = next(name for name in catalogue_ids() if name.split("_")[0] != TRUE.split("_")[0])
JPEG = (BUNDLE / FRAME["picture"]).read_bytes()


@pytest.fixture(scope="module")
def sender(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CaseSender]:
    """A hub whose boxes run the factory bundle, and four corrected cases."""
    folder: Path = tmp_path_factory.mktemp("hub")
    with people_hub(folder, extra=assign_factory_bundle(folder)) as hub:
        for name in catalogue_ids():
            hub.ok(OPERATOR, "POST", "/skus", {"sku_id": name, "names": {"en": name}})
        sent = CaseSender(hub)
        send(sent, "case-right-a", (TRUE, "answer"))
        send(sent, "case-wrong-b", (WRONG, "answer"))
        send(sent, "case-scan-c", (TRUE, "scan"))
        send(sent, "case-silent")
        yield sent


def send(sender: CaseSender, name: str, *said: tuple[str, str]) -> None:
    boxes = tuple((tuple(i["xyxy"]), ((i["sku_id"], 500),)) for i in (ITEM, OTHER))
    fresh = {"jpeg": JPEG, "reason": CaseReason.CORRECTED, "said": said, "basket_id": name}
    sender.send(name, *boxes, **fresh)


def weak(hub: PeopleHub, asked: str = "") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = hub.ok(TRAINER, "GET", f"/weak-labels{asked}")["items"]
    return found


def test_what_was_said_is_vetted_and_what_pictures_contradict_goes_to_a_person(
    sender: CaseSender,
) -> None:
    hub = sender.hub
    before = {row["case_id"]: row["value"] for row in hub.ok(REVIEWER, "GET", "/cases")["items"]}
    told = hub.ok(TRAINER, "POST", "/weak-labels/vet", {})
    assert (told["num_vetted"], told["num_accepted"], told["num_blocked"]) == (3, 2, 1)
    assert hub.ok(TRAINER, "POST", "/weak-labels/vet", {})["num_vetted"] == 0
    said = {row["case_id"]: (row["source"], row["status"]) for row in weak(hub)}
    assert said == {
        "case-right-a": ("shopper", "accepted"),
        "case-wrong-b": ("shopper", "blocked"),
        "case-scan-c": ("barcode", "accepted"),
    }
    (blocked,) = weak(hub, "?status=blocked")
    assert blocked["sku_id"] == WRONG
    assert len(weak(hub, "?source=barcode")) == 1
    after = {row["case_id"]: row["value"] for row in hub.ok(REVIEWER, "GET", "/cases")["items"]}
    assert {name for name in after if after[name] > before[name]} == {"case-wrong-b"}
    assert hub.ok(REVIEWER, "GET", "/review/queue")["new"] == 4
    entries = hub.ok(ADMIN, "GET", "/audit")
    assert [e["subject"] for e in entries if e["action"] == "weak_label_blocked"] == [
        "case:case-wrong-b"
    ]


def test_a_version_takes_weak_labels_only_where_it_is_asked_to(sender: CaseSender) -> None:
    hub = sender.hub
    hub.ok(TRAINER, "POST", "/weak-labels/vet", {})
    rules = {"min_pictures_per_sku": 1}
    asked = {"name": "weak", "rules": rules}
    assert hub.call(TRAINER, "POST", "/datasets", asked).status_code == 409
    made = hub.ok(TRAINER, "POST", "/datasets", {**asked, "with_weak": True})
    assert (made["counts"]["items"], made["counts"]["weak_boxes"]) == (1, 2)
    data = hub.call(TRAINER, "GET", f"/datasets/{made['version_id']}/manifest").content
    (item,) = read_manifest(data).items
    named = {box.sku_id: box.source for box in item.boxes}
    assert named in ({TRUE: "shopper", "": "shopper"}, {TRUE: "barcode", "": "shopper"})
    assert "case-wrong-b" not in data.decode()


def test_a_reviewer_has_the_last_word_and_labels_go_round_without_weak_ones(
    sender: CaseSender,
) -> None:
    hub = sender.hub
    drawn = answer(("i0", tuple(ITEM["xyxy"]), TRUE), ("i1", tuple(OTHER["xyxy"]), OTHER["sku_id"]))
    status = hub.ok(REVIEWER, "POST", "/cases/case-right-a/answer", drawn)["status"]
    assert status == "labelled"
    made = hub.ok(
        TRAINER, "POST", "/datasets",
        {"name": "both", "with_weak": True, "rules": {"min_pictures_per_sku": 1}},
    )  # fmt: skip
    data = hub.call(TRAINER, "GET", f"/datasets/{made['version_id']}/manifest").content
    manifest = read_manifest(data)
    assert {(bad.source_id, bad.reasons) for bad in manifest.quarantined} == {
        ("case-scan-c", ("quality.duplicate",))
    }
    assert {box.source for item in manifest.items for box in item.boxes} == {"reviewer"}
    for form in ("coco", "label_studio"):
        out = hub.call(TRAINER, "GET", f"/labels/export?format={form}").content
        assert b"case-right-a" in out
        assert b"case-wrong-b" not in out
        assert b"case-scan-c" not in out
        url = f"/labels/import?format={form}&preview="
        assert hub.call(TRAINER, "POST", f"{url}false", data=out).json()["errors"] == []
        again = hub.call(TRAINER, "GET", f"/labels/export?format={form}").content
        assert json.loads(again) == json.loads(out)
    imported = hub.ok(TRAINER, "POST", f"/datasets/{made['version_id']}/rebuild", {})
    changed = imported["changes"]["relabelled"][0]["boxes"]
    assert all("(import)" in after for _, _, after in changed)
