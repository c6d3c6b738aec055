"""Provenance through HTTP: a receipt line to its reviewers and back; a store that is forgotten."""

import hashlib
from typing import Any

import pytest

from sync.box_report import SaleLine, SaleReport
from sync.bundle import MANIFEST_NAME, read_manifest
from tests.fakes.case_sender import BOX_A, BOX_B, CaseSender, answer
from tests.fakes.golden_cases import BUNDLE
from tests.fakes.people_hub import PeopleHub
from trainer.store.api_tokens import Role

OPERATOR, REVIEWER, TRAINER, ADMIN = Role.OPERATOR, Role.REVIEWER, Role.TRAINER, Role.ADMIN
MILK, TEA = (("milk", 520), ("tea", 410)), (("tea", 480), ("milk", 300))
NAMES = [n for n in (f"case-number-{i:03d}" for i in range(60)) if sum(n.encode()) % 10]
MANIFEST = read_manifest(BUNDLE / MANIFEST_NAME)
BASKET = "box-1-lane-1-0-9"


class Shop:
    """Two stores, six labelled pictures of the first and two of the second, and two models."""

    def __init__(self, hub: PeopleHub) -> None:
        self.hub = hub
        self.pictures: list[str] = []
        for name in ("milk", "tea"):
            hub.ok(OPERATOR, "POST", "/skus", {"sku_id": name, "names": {"en": name}})
        for name in ("s1", "s2"):
            hub.ok(OPERATOR, "POST", "/stores", {"store_id": name, "name": name})
        self.first = CaseSender(hub, "box-1", "s1")
        self.second = CaseSender(hub, "box-2", "s2")
        for number in range(8):
            self.label(self.first if number < 6 else self.second, number)
        body = {"name": "shop", "split": {"validation_percent": 0, "test_percent": 0}}
        self.dataset = hub.ok(TRAINER, "POST", "/datasets", body)["version_id"]
        self.model = self.register("a", {"dataset": self.dataset, "run_id": "run-7"})
        self.child = self.register("b", {"dataset": "ff" * 32, "champion": self.model})

    def label(self, sender: CaseSender, number: int) -> None:
        name, basket_id = NAMES[number], f"basket-{number}"
        items = ((BOX_A, MILK), (BOX_B, TEA))
        jpeg = sender.send(name, *items, texture=number + 1, basket_id=basket_id)
        self.pictures.append(hashlib.sha256(jpeg).hexdigest())
        drawn = answer(("i0", BOX_A, "milk"), ("i1", BOX_B, "tea"))
        self.hub.ok(REVIEWER, "POST", f"/cases/{name}/answer", drawn)

    def register(self, version: str, lineage: dict[str, str]) -> str:
        manifest = MANIFEST.model_copy(update={"version": version})
        body = {"manifest": manifest.model_dump(mode="json"), "lineage": lineage}
        return str(self.hub.ok(TRAINER, "POST", "/models", body)["bundle_id"])

    def sell(self, bundle_id: str, lines: tuple[SaleLine, ...], basket_id: str = BASKET) -> None:
        sale = SaleReport(
            lane_id="lane-1", basket_id=basket_id, bundle_id=bundle_id, currency="EUR",
            total_minor=119, pieces={"milk": 1}, by_origin={"vision": 1}, lines=lines,
        )  # fmt: skip
        self.first.send_row("sale", sale.model_dump(mode="json"))

    def why(self, line_no: int, basket_id: str = BASKET) -> Any:
        path = f"/provenance/baskets/{basket_id}/lines/{line_no}"
        return self.hub.call(Role.APPROVER, "GET", path)


@pytest.fixture
def shop(any_centre: PeopleHub) -> Shop:
    return Shop(any_centre)


SEEN, SCANNED = (SaleLine(sku_id=s, pieces=1, origin=o) for s, o in
                 (("milk", "vision"), ("tea", "scan")))  # fmt: skip


def test_a_line_is_walked_to_the_reviewer_and_the_picture_back_to_the_model(shop: Shop) -> None:
    shop.sell(shop.model, (SEEN, SCANNED))
    said = shop.why(1).json()
    assert (said["line"]["sku_id"], said["line"]["store_id"]) == ("milk", "s1")
    assert (said["model"]["bundle_id"], said["run_id"]) == (shop.model, "run-7")
    assert (said["dataset"], said["num_pictures"]) == (shop.dataset, 8)
    assert sorted(p["picture"] for p in said["pictures"]) == sorted(shop.pictures)
    assert said["reviewers"] == {"token:reviewer": 8}
    assert said["missing"] == []
    assert shop.why(2).json()["missing"] == ["named by scan, not by the model"]
    back = shop.hub.ok(TRAINER, "GET", f"/provenance/pictures/{said['pictures'][0]['picture']}")
    assert back["cases"] == [said["pictures"][0]["source_id"]]
    assert back["reviewers"] == {"token:reviewer": 1}
    assert [d["split"] for d in back["datasets"]] == ["train"]
    assert {m["bundle_id"]: m["because_of"] for m in back["models"]} == {
        shop.model: shop.dataset,
        shop.child: shop.model,
    }
    work = shop.hub.ok(TRAINER, "GET", "/provenance/reviewers/token:reviewer")
    assert work["datasets"][0]["num_pictures"] == 8
    assert len(work["models"]) == 2
    nobody = shop.hub.ok(TRAINER, "GET", "/provenance/reviewers/nobody")
    assert nobody == {"cases": [], "reviewers": {}, "datasets": [], "models": []}


def test_a_walk_that_ends_early_says_where(shop: Shop) -> None:
    shop.sell("ab" * 32, (SEEN,))
    assert shop.why(1).json()["missing"] == [
        "bundle abababababab is no registered model of this hub"
    ]
    shop.sell(shop.register("c", {}), (SEEN,), "box-1-lane-1-0-10")
    assert len(shop.why(1, "box-1-lane-1-0-10").json()["missing"]) == 2
    assert "has 1 lines" in shop.why(2).json()["message"]
    shop.sell(shop.model, (), "box-1-lane-1-0-11")
    assert "without its lines" in shop.why(1, "box-1-lane-1-0-11").json()["message"]
    assert shop.why(1, "box-1-lane-1-0-12").status_code == 404
    unknown = shop.hub.call(TRAINER, "GET", f"/provenance/pictures/{'0' * 64}")
    assert unknown.status_code == 404


def test_a_forgotten_store_is_gone_and_what_must_be_retrained_is_named(shop: Shop) -> None:
    hub, url = shop.hub, "/stores/s1/forget"
    shown = hub.ok(ADMIN, "POST", url, {"is_dry_run": True})
    assert (shown["is_done"], shown["num_cases"], shown["num_blobs"]) == (False, 6, 6)
    assert (shown["num_labels"], shown["num_answers"]) == (12, 6)
    assert {m["bundle_id"] for m in shown["models"]} == {shop.model, shop.child}
    assert hub.ok(REVIEWER, "GET", "/cases?status=labelled")["total"] == 8
    assert hub.call(ADMIN, "POST", url, {"is_dry_run": False}).status_code == 409
    done = hub.ok(ADMIN, "POST", url, {"is_dry_run": False, "confirm": "s1"})
    assert done == {**shown, "is_done": True}
    assert hub.ok(REVIEWER, "GET", "/cases?status=labelled")["total"] == 2
    for name in NAMES[:6]:
        assert hub.call(REVIEWER, "GET", f"/cases/{name}").status_code == 404
        assert not hub.services.blobs.has(shop.first.sent[name])
    kept = hub.ok(TRAINER, "GET", f"/datasets/{shop.dataset}")
    assert kept["withdrawn"] == "store s1 was forgotten"
    rebuilt = hub.ok(TRAINER, "POST", f"/datasets/{shop.dataset}/rebuild", {})
    assert (rebuilt["is_whole"], len(rebuilt["missing"])) == (False, 6)
    assert rebuilt["changes"]["counts"]["removed"] == 6
    entry = next(e for e in hub.ok(ADMIN, "GET", "/audit") if e["action"] == "store_forgotten")
    assert entry["details"]["cases"] == "6"
    again = hub.ok(ADMIN, "POST", url, {"is_dry_run": True})
    assert (again["num_cases"], again["num_blobs"], again["num_labels"]) == (0, 0, 0)
    assert len(hub.ok(TRAINER, "GET", "/provenance/reviewers/token:reviewer")["datasets"]) == 1


def test_forgetting_a_store_erases_only_what_its_own_boxes_sent(centre: PeopleHub) -> None:
    for name in ("s1", "s2"):
        centre.ok(OPERATOR, "POST", "/stores", {"store_id": name, "name": name})
    liar, other = CaseSender(centre, "box-1", "s1"), CaseSender(centre, "box-2", "s2")
    other.send("case-of-another", (BOX_A, MILK))
    kept = centre.services.repository.parent / "kept"
    kept.write_bytes(b"no blob")
    for blob in (other.sent["case-of-another"], str(kept)):
        liar.send_row("recording", {"basket_id": "b", "blob": blob})
    liar.send_row("recording", {"basket_id": "b", "pictures": 5})
    done = centre.ok(ADMIN, "POST", "/stores/s1/forget", {"is_dry_run": False, "confirm": "s1"})
    assert (done["num_recordings"], done["num_blobs"]) == (3, 0)
    assert centre.services.blobs.has(other.sent["case-of-another"])
    assert kept.is_file()


def test_a_store_that_is_not_there_cannot_be_forgotten(centre: PeopleHub) -> None:
    assert centre.call(ADMIN, "POST", "/stores/none/forget", {}).status_code == 404
