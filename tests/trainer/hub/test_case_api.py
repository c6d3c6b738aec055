"""Review through HTTP: from a sealed picture of a box to a label, second opinion, undo."""

import json
from typing import Any

import pytest

from sync.hard_case import CaseReason
from tests.fakes.case_sender import BOX_A, BOX_B, CaseSender, answer
from tests.fakes.people_hub import PeopleHub
from trainer.store.api_tokens import Role

OPERATOR, REVIEWER, TRAINER, ADMIN = Role.OPERATOR, Role.REVIEWER, Role.TRAINER, Role.ADMIN
MILK = (("milk", 520), ("milk_low", 410))
TEA = (("tea", 480), ("tea_mint", 300))
SURE = (("milk", 980), ("milk_low", 10))
# Names whose turn for a second look it is not; and one whose turn it is.
ALONE, ALONE_2, TURN = "case-alone-a", "case-alone-b", "case-twice-b"


def stocked(hub: PeopleHub) -> CaseSender:
    for name in ("milk", "milk_low", "tea", "tea_mint"):
        hub.ok(OPERATOR, "POST", "/skus", {"sku_id": name, "names": {"en": name.title()}})
    return CaseSender(hub)


@pytest.fixture
def sender(centre: PeopleHub) -> CaseSender:
    return stocked(centre)


@pytest.fixture
def any_sender(any_centre: PeopleHub) -> CaseSender:
    return stocked(any_centre)


def next_id(hub: PeopleHub, role: Role = REVIEWER, *exclude: str) -> str | None:
    case = hub.ok(role, "POST", "/cases/next", {"exclude": list(exclude)})
    return None if case is None else str(case["case_id"])


def status_of(hub: PeopleHub, case_id: str) -> str:
    return str(hub.ok(REVIEWER, "GET", f"/cases/{case_id}")["status"])


def test_the_names_have_the_turns_they_say() -> None:
    assert [sum(name.encode()) % 10 == 0 for name in (ALONE, ALONE_2, TURN)] == [0, 0, 1]


def test_a_case_is_looked_at_answered_and_becomes_a_label(any_sender: CaseSender) -> None:
    hub = any_sender.hub
    jpeg = any_sender.send(ALONE, (BOX_A, MILK), (BOX_B, TEA))
    case = hub.ok(REVIEWER, "POST", "/cases/next", {})
    candidates = case["pictures"][0]["items"][0]["candidates"]
    assert [(c["sku_id"], c["name"], c["per_mille"]) for c in candidates] == [
        ("milk", "Milk", 520),
        ("milk_low", "Milk_Low", 410),
    ]
    url = case["pictures"][0]["url"].removeprefix("/api/v1")
    assert hub.call(REVIEWER, "GET", url).content == jpeg
    drawn = answer(("i0", BOX_A, "milk"), ("i1", BOX_B, "<not_item>"), ("new", (1, 1, 9, 9), "tea"))
    verdict = hub.ok(REVIEWER, "POST", f"/cases/{ALONE}/answer", drawn)
    assert (verdict["status"], verdict["gold"]) == ("labelled", None)
    coco = json.loads(hub.call(TRAINER, "GET", "/labels/export").text)
    names = {c["id"]: c["name"] for c in coco["categories"]}
    assert [(names[a["category_id"]], a["bbox"]) for a in coco["annotations"]] == [
        ("milk", [100, 80, 160, 220]),
        ("tea", [1, 1, 8, 8]),
    ]
    mine = hub.ok(REVIEWER, "GET", "/review/stats/mine")
    assert (mine["num_answers"], mine["num_boxes"], mine["median_seconds"]) == (1, 3, 4.0)


def test_valuable_cases_come_first_and_their_like_waits(sender: CaseSender) -> None:
    hub = sender.hub
    sender.send("case-1-milk", (BOX_A, MILK), value=900)
    sender.send("case-2-milk", (BOX_A, MILK), value=890)
    sender.send("case-3-tea", (BOX_A, TEA), value=600)
    first = next_id(hub)
    assert first == "case-1-milk"
    hub.ok(REVIEWER, "POST", f"/cases/{first}/answer", answer(("i0", BOX_A, "milk")))
    assert next_id(hub) == "case-3-tea"


def test_two_people_are_not_given_the_same_case(sender: CaseSender) -> None:
    sender.send(ALONE, (BOX_A, MILK))
    assert next_id(sender.hub) == ALONE
    assert next_id(sender.hub, ADMIN) is None
    assert next_id(sender.hub) == ALONE
    assert next_id(sender.hub, REVIEWER, ALONE) is None


@pytest.mark.parametrize(
    ("second", "status", "agreed"),
    [pytest.param("tea", "labelled", 1, id="agree"), pytest.param("milk", "disputed", 0, id="not")],
)
def test_who_contradicts_a_sure_box_gets_a_second_opinion(
    sender: CaseSender, second: str, status: str, agreed: int
) -> None:
    hub = sender.hub
    sender.send(ALONE, (BOX_A, SURE))
    url = f"/cases/{ALONE}/answer"
    assert hub.ok(REVIEWER, "POST", url, answer(("i0", BOX_A, "tea")))["status"] == "second"
    assert next_id(hub) is None
    assert next_id(hub, ADMIN) == ALONE
    assert hub.ok(ADMIN, "POST", url, answer(("i0", BOX_A, second)))["status"] == status
    stats = {s["reviewer"]: s for s in hub.ok(TRAINER, "GET", "/review/stats")}
    assert stats["token:reviewer"]["num_compared"] == 1
    assert stats["token:reviewer"]["num_agreed"] == agreed


def test_every_tenth_case_is_answered_twice_and_a_third_person_decides(
    sender: CaseSender,
) -> None:
    hub = sender.hub
    hub.add_person("third", REVIEWER)
    sender.send(TURN, (BOX_A, MILK))
    url = f"/cases/{TURN}/answer"
    hub.ok(REVIEWER, "POST", url, answer(("i0", BOX_A, "milk")))
    assert hub.ok(ADMIN, "POST", url, answer(("i0", BOX_A, "milk_low")))["status"] == "disputed"
    csrf = hub.log_in("third").json()["csrf_token"]
    reply = hub.client.post(
        f"/api/v1{url}", json=answer(("i0", BOX_A, "milk")), headers={"X-CSRF-Token": csrf}
    )
    assert reply.json()["status"] == "labelled"
    assert len(hub.ok(TRAINER, "GET", f"/cases/{TURN}/answers")) == 3


def test_an_answer_is_taken_back_and_the_case_is_mine_again(any_sender: CaseSender) -> None:
    hub = any_sender.hub
    any_sender.send(ALONE, (BOX_A, MILK))
    given = hub.ok(REVIEWER, "POST", f"/cases/{ALONE}/answer", answer(("i0", BOX_A, "tea")))
    undone = hub.ok(REVIEWER, "POST", "/review/undo")
    assert undone == {"case_id": ALONE, "answer_id": given["answer_id"]}
    assert status_of(hub, ALONE) == "new"
    assert json.loads(hub.call(TRAINER, "GET", "/labels/export").text)["annotations"] == []
    assert next_id(hub, ADMIN) is None
    assert next_id(hub) == ALONE
    assert hub.call(REVIEWER, "POST", "/review/undo").status_code == 409


def test_a_gold_question_looks_like_any_other_and_is_counted(sender: CaseSender) -> None:
    hub = sender.hub
    sender.send("case-gold-1", (BOX_A, MILK), value=999)
    truth = {"pictures": answer(("i0", BOX_A, "milk"))["pictures"]}
    hub.ok(TRAINER, "PUT", "/cases/case-gold-1/gold", truth)
    assert next_id(hub) is None
    names = [f"case-plain-{i:02d}" for i in range(14)]
    for name in names:
        sender.send(name, (BOX_A, MILK))
        hub.ok(REVIEWER, "POST", f"/cases/{name}/answer", answer(("i0", BOX_A, "milk")))
    case = hub.ok(REVIEWER, "POST", "/cases/next", {})
    assert case["case_id"] == "case-gold-1"
    assert "gold" not in json.dumps({**case, "case_id": "", "pictures": []})
    told = hub.ok(REVIEWER, "POST", "/cases/case-gold-1/answer", answer(("i0", BOX_A, "tea")))
    assert told["gold"] == {"is_right": False, "num_wrong": 1}
    stats = hub.ok(REVIEWER, "GET", "/review/stats/mine")
    assert (stats["num_gold"], stats["num_gold_right"]) == (1, 0)
    assert hub.call(REVIEWER, "POST", "/review/undo").status_code == 409


@pytest.mark.parametrize(
    ("body", "status"),
    [
        pytest.param(answer(), 422, id="item without an answer"),
        pytest.param(answer(("i0", BOX_A, "caviar")), 422, id="unknown SKU"),
        pytest.param(answer(("i0", (0, 0, 641, 10), "milk")), 422, id="outside the picture"),
        pytest.param(answer(("i0", (9, 9, 9, 20), "milk")), 422, id="empty box"),
        pytest.param({"seconds": 1, "pictures": []}, 422, id="no camera"),
        pytest.param({**answer(("i0", BOX_A, "milk")), "seconds": -1}, 422, id="negative time"),
    ],
)
def test_an_answer_that_does_not_fit_is_refused(
    sender: CaseSender, body: dict[str, Any], status: int
) -> None:
    sender.send(ALONE, (BOX_A, MILK))
    assert sender.hub.call(REVIEWER, "POST", f"/cases/{ALONE}/answer", body).status_code == status
    assert status_of(sender.hub, ALONE) == "new"


def test_nobody_answers_twice_and_a_settled_case_stays(sender: CaseSender) -> None:
    hub = sender.hub
    sender.send(ALONE, (BOX_A, MILK))
    url = f"/cases/{ALONE}/answer"
    hub.ok(REVIEWER, "POST", url, answer(("i0", BOX_A, "milk")))
    assert hub.call(REVIEWER, "POST", url, answer(("i0", BOX_A, "tea"))).status_code == 409
    assert hub.call(ADMIN, "POST", url, answer(("i0", BOX_A, "tea"))).status_code == 409


def test_a_case_nobody_can_tell_is_put_aside(sender: CaseSender) -> None:
    hub = sender.hub
    sender.send(ALONE, (BOX_A, MILK), reason=CaseReason.UNKNOWN_OBJECT)
    hub.ok(REVIEWER, "POST", f"/cases/{ALONE}/skip", {"reason": "too dark"})
    queue = hub.ok(REVIEWER, "GET", "/review/queue")
    assert queue == {"new": 0, "second": 0, "disputed": 0, "labelled": 0, "skipped": 1}
    assert hub.ok(REVIEWER, "GET", "/cases?status=skipped&reason=unknown_object")["total"] == 1


@pytest.mark.parametrize("form", ["coco", "label_studio"])
def test_labels_go_out_and_come_back_to_the_pixel(any_sender: CaseSender, form: str) -> None:
    hub = any_sender.hub
    any_sender.send(ALONE, (BOX_A, MILK), (BOX_B, TEA))
    any_sender.send(ALONE_2, (BOX_A, MILK))
    given = answer(("i0", (101, 83, 257, 299), "milk"), ("i1", BOX_B, "<unknown>"))
    hub.ok(REVIEWER, "POST", f"/cases/{ALONE}/answer", given)
    out = hub.call(TRAINER, "GET", f"/labels/export?format={form}").content
    url = f"/labels/import?format={form}&preview="
    shown = hub.call(TRAINER, "POST", f"{url}true", data=out).json()
    assert shown == {"is_preview": True, "num_cases": 1, "num_boxes": 2, "errors": []}
    moved = out.replace(ALONE.encode(), ALONE_2.encode())
    assert hub.call(TRAINER, "POST", f"{url}false", data=moved).json()["errors"] == []
    assert status_of(hub, ALONE_2) == "labelled"
    both = json.loads(hub.call(TRAINER, "GET", "/labels/export").text)
    boxes = [a["bbox"] for a in both["annotations"]]
    assert boxes[:2] == boxes[2:]


def test_what_waits_is_labelled_in_label_studio_and_comes_back(sender: CaseSender) -> None:
    hub = sender.hub
    sender.send(ALONE, (BOX_A, MILK), (BOX_B, TEA))
    sender.send(ALONE_2, (BOX_A, MILK))
    out = "/labels/export?format=label_studio&status=waiting"
    tasks = hub.ok(TRAINER, "GET", out)
    assert len(tasks) == 2
    by_case = {task["data"]["file_name"].partition("/")[0]: task for task in tasks}
    (guess,) = by_case[ALONE].pop("predictions")
    assert "annotations" not in by_case[ALONE]
    told = [r["value"]["rectanglelabels"] for r in guess["result"]]
    assert told == [["milk"], ["tea"]]
    guess["result"][0]["value"]["rectanglelabels"] = ["tea"]  # somebody knows better
    by_case[ALONE]["annotations"] = [{"result": guess["result"]}]
    by_case[ALONE_2]["annotations"] = [{"was_cancelled": True, "result": []}]  # skipped there
    data = json.dumps(tasks).encode()
    taken = hub.call(TRAINER, "POST", "/labels/import?format=label_studio&preview=false", data=data)
    assert taken.json() == {"is_preview": False, "num_cases": 1, "num_boxes": 2, "errors": []}
    assert (status_of(hub, ALONE), status_of(hub, ALONE_2)) == ("labelled", "new")
    labels = hub.ok(TRAINER, "GET", "/labels/export?format=label_studio")
    names = [r["value"]["rectanglelabels"][0] for r in labels[0]["annotations"][0]["result"]]
    assert names == ["tea", "tea"]
    assert len(hub.ok(TRAINER, "GET", out.replace("label_studio", "coco"))["annotations"]) == 1


@pytest.mark.parametrize("form", ["coco", "label_studio"])
@pytest.mark.parametrize("data", [b"", b"{}", b"[1]", b'{"images": 3}', b"[" * 100_000])
def test_a_file_that_holds_no_labels_is_refused(centre: PeopleHub, form: str, data: bytes) -> None:
    reply = centre.call(TRAINER, "POST", f"/labels/import?format={form}", data=data)
    assert (reply.status_code, reply.json()["code"]) == (422, "labels.malformed")
