"""A store's own margins at the hub: from labels over HTTP to a signed document, and who may ask."""

import zlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from sync.bundle import open_bundle
from sync.hard_case import CaseReason, ItemEvidence
from sync.store_margins import StoreMargins
from tests.fakes.case_sender import BOX_A, BOX_B, CaseSender, answer
from tests.fakes.people_hub import PeopleHub, people_hub
from tests.fakes.signing_hub import make_repository, open_repository, signing_hub
from tests.fakes.small_shop import demo_gtin
from tests.system.running_box import make_bundle
from trainer.store.api_tokens import Role

ENOUGH = 460  # charged without an error: 0.5 % at 90 %


class Days:
    """The hub's clock, so many days ahead."""

    ahead = 0

    def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(self.ahead)


@pytest.fixture(scope="module")
def days() -> Days:
    return Days()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("margins")


@pytest.fixture(scope="module")
def hub(folder: Path, days: Days) -> Iterator[PeopleHub]:
    """One hub for all: making its keys takes longer than any of these tests; a store for each."""
    make_repository(folder)
    with signing_hub(folder, clock=days.now) as hub:
        furnish(hub, folder)
        yield hub


def furnish(hub: PeopleHub, folder: Path) -> None:
    """Two products, and the bundle that the boxes run."""
    for number, sku_id in enumerate(("milk", "tea")):
        names, gtin = {"en": sku_id}, demo_gtin(number + 1)
        body = {"sku_id": sku_id, "gtin": gtin, "names": names, "unit": "each"}
        hub.ok(Role.OPERATOR, "POST", "/skus", body)
    make_bundle(folder / "bundle")
    bundle = open_bundle(folder / "bundle")
    for file in bundle.manifest.files:
        hub.services.blobs.put((bundle.directory / file.path).read_bytes())
    hub.services.blobs.put(bundle.manifest.canonical())


class Shop:
    """A store with a box, and cases whose items somebody named."""

    def __init__(self, hub: PeopleHub, folder: Path, name: str) -> None:
        self.hub, self.folder, self.num_sent = hub, folder, 0
        self.store_id = f"s-{zlib.crc32(name.encode()):08x}"
        self.bundle_id = open_bundle(folder / "bundle").bundle_id
        hub.ok(Role.OPERATOR, "POST", "/stores", {"store_id": self.store_id, "name": "Main street"})
        self.sender = CaseSender(hub, f"box-{self.store_id}", self.store_id)

    def send(
        self, count: int, *, margin: float = 5.0, truth: str = "milk", how: str = "scan",
        basket_id: str = "", **changes: Any,
    ) -> str:  # fmt: skip
        """A case of so many items that the box took for milk; empty `how`: nobody said anything."""
        self.num_sent += 1
        case_id = f"case-{self.store_id}-{self.num_sent}"
        told = [
            ItemEvidence(
                item_id=f"i{n}", best="milk", second="tea", margin_mnat=round(1000 * margin),
                similarity_ppm=900_000,
            ).model_dump(mode="json")
            for n in range(count)
        ]  # fmt: skip
        places = (BOX_A, BOX_B)
        changes = {"bundle_id": self.bundle_id, "evidence": told, **changes}
        self.sender.send(
            case_id, *[(places[n % 2], (("milk", 600),)) for n in range(count)],
            reason=CaseReason.CORRECTED if how else CaseReason.RANDOM,
            said=((truth, how),) * count if how else (),
            basket_id=basket_id or f"basket-{self.num_sent}", **changes,
        )  # fmt: skip
        return case_id

    def review(self, case_id: str, name: str) -> None:
        """Two reviewers agree on the one item of a case."""
        body = answer(("i0", BOX_A, name))
        for role in (Role.REVIEWER, Role.ADMIN):
            reply = self.hub.call(role, "POST", f"/cases/{case_id}/answer", body)
            assert reply.status_code in (200, 409), reply.text

    def compute(self) -> dict[str, Any]:
        told: dict[str, Any] = self.hub.ok(Role.OPERATOR, "POST", f"{self.path}/compute")
        return told

    @property
    def path(self) -> str:
        return f"/stores/{self.store_id}/margins"

    def audit(self) -> list[dict[str, Any]]:
        found = self.hub.ok(Role.ADMIN, "GET", f"/audit?subject=store:{self.store_id}")
        return [row for row in found if row["action"].startswith("store_margins")]

    def signed(self) -> StoreMargins | None:
        return open_repository(self.folder).margins(self.store_id)


@pytest.fixture
def shop(hub: PeopleHub, folder: Path, request: pytest.FixtureRequest) -> Shop:
    return Shop(hub, folder, request.node.name)


def pair(told: dict[str, Any]) -> tuple[float, float]:
    (bundle,) = told["bundles"]
    return round(bundle["accept_margin"], 2), round(bundle["family_margin"], 2)


def test_few_labels_say_nothing_to_the_boxes(shop: Shop) -> None:
    shop.send(299)
    told = shop.compute()
    (bundle,) = told["bundles"]
    assert (bundle["state"], bundle["num_labels"], told["num_needed"]) == ("waiting", 299, 300)
    assert (bundle["is_signed"], told["signed_generation"], shop.signed()) == (False, 0, None)


def test_margins_are_doubled_signed_and_later_proven_and_each_step_is_in_the_audit(
    shop: Shop,
) -> None:
    shop.send(300)
    told = shop.compute()
    assert (told["bundles"][0]["state"], pair(told)) == ("doubled", (2.0, 4.0))
    assert told["bundles"][0]["own_accept_margin"] == 1.0
    signed = shop.signed()
    assert signed is not None
    assert (signed.generation, signed.store_id) == (1, shop.store_id)
    entry = signed.entry_for(shop.bundle_id)
    assert entry is not None
    assert (entry.accept_margin_mnat, entry.num_labels, entry.is_proven) == (2000, 300, False)
    shop.send(10)
    shop.compute()
    assert shop.signed() == signed  # ten more labels change no margin: nothing is signed anew
    shop.send(ENOUGH - 310)
    told = shop.compute()
    assert (told["bundles"][0]["state"], pair(told)) == ("proven", (1.0, 2.0))
    assert (told["signed_generation"], told["bundles"][0]["is_signed"]) == (2, True)
    steps = [(row["action"], row["actor"]) for row in shop.audit()]
    assert steps == [("store_margins_signed", "hub"), ("store_margins_computed", "hub")] * 2


def test_an_error_raises_the_margin_above_itself(shop: Shop) -> None:
    shop.send(ENOUGH, margin=9.0)
    shop.send(1, margin=6.0, truth="tea")
    told = shop.compute()
    assert pair(told) == (6.7, 2.0)  # 1.1 x 6 + 0.1; no error among look-alikes
    assert told["bundles"][0]["num_wrong"] == 0  # above the new margin there is none


def test_a_reviewer_counts_before_everybody_and_an_item_counts_once(shop: Shop) -> None:
    shop.send(ENOUGH, margin=9.0)
    shop.compute()
    case_id = shop.send(1, margin=6.0, truth="milk", basket_id="twice")
    shop.review(case_id, "tea")
    shop.send(1, margin=6.0, truth="milk", basket_id="twice")
    told = shop.compute()
    (bundle,) = told["bundles"]
    assert (bundle["num_labels"], bundle["num_reviewed"]) == (ENOUGH + 1, 1)
    assert pair(told) == (6.7, 2.0)


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        pytest.param("milk", (0, 1.0), id="right, as charged"),
        pytest.param("<not_item>", (0, 6.7), id="nothing lay there"),
        pytest.param("<unknown>", (1, 1.0), id="nobody can tell"),
    ],
)
def test_what_a_reviewer_says_of_a_charged_line(
    shop: Shop, name: str, wanted: tuple[int, float]
) -> None:
    shop.send(ENOUGH, margin=9.0)
    shop.review(shop.send(1, margin=6.0, how=""), name)
    told = shop.compute()
    assert (told["bundles"][0]["num_unclear"], pair(told)[0]) == wanted


@pytest.mark.parametrize(
    ("truth", "counts", "state"),
    [
        pytest.param("milk", (0, 1), "proven", id="agrees, not vetted yet: waits"),
        pytest.param("tea", (1, 0), "doubled", id="contradicts: no proof, and no margin rises"),
    ],
)
def test_a_shoppers_word_alone_raises_no_margin(
    shop: Shop, truth: str, counts: tuple[int, int], state: str
) -> None:
    shop.send(ENOUGH, margin=9.0)
    shop.send(1, margin=40.0, truth=truth, how="answer")
    (bundle,) = shop.compute()["bundles"]
    assert (bundle["num_contested"], bundle["num_waiting"]) == counts
    assert (bundle["num_labels"], bundle["state"]) == (ENOUGH, state)
    assert bundle["accept_margin"] == (1.0 if state == "proven" else 2.0)


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"bundle_id": "f" * 64}, id="a bundle that is not at this hub"),
        pytest.param({"evidence": []}, id="an older box"),
        pytest.param({"evidence": [{"item_id": "i0", "best": "milk", "margin_mnat": -1,
                                    "similarity_ppm": 1}]}, id="a margin below nothing"),
        pytest.param({"evidence": "lots"}, id="no list"),
        pytest.param({"evidence": [{"item_id": "other", "best": "milk", "margin_mnat": 10**9,
                                    "similarity_ppm": 1}]}, id="of an item nobody named"),
    ],
)  # fmt: skip
def test_evidence_that_is_of_no_use_gives_no_margins(shop: Shop, changes: dict[str, Any]) -> None:
    shop.send(1, **changes)
    assert shop.compute()["bundles"] == []
    shop.send(300)
    assert shop.compute()["bundles"][0]["state"] == "doubled"


def test_an_approver_switches_a_store_back_and_on_again_with_a_reason(shop: Shop) -> None:
    shop.send(300)
    shop.compute()
    path = shop.path
    off = {"is_on": False, "note": "scanner labels were spoiled"}
    assert shop.hub.call(Role.TRAINER, "PUT", path, off).status_code == 403
    told = shop.hub.ok(Role.APPROVER, "PUT", path, off)
    assert (told["is_on"], told["signed_generation"]) == (False, 2)
    signed = shop.signed()
    assert signed is not None
    assert signed.entries == ()
    shop.send(10)
    assert shop.compute()["signed_generation"] == 2  # new labels do not switch it on
    on = shop.hub.ok(Role.APPROVER, "PUT", path, {"is_on": True, "note": "labels were reviewed"})
    assert (on["is_on"], on["signed_generation"], on["bundles"][0]["is_signed"]) == (True, 3, True)
    said = [row for row in shop.audit() if row["action"] == "store_margins_off"]
    assert [row["details"] for row in said] == [{"note": "scanner labels were spoiled"}]


@pytest.mark.parametrize(
    ("role", "method", "path", "body", "status"),
    [
        pytest.param(Role.WORKER, "GET", "", None, 403, id="a worker reads"),
        pytest.param(Role.VIEWER, "POST", "/compute", None, 403, id="a viewer computes"),
        pytest.param(Role.APPROVER, "PUT", "", {"is_on": False}, 422, id="no reason"),
    ],
)
def test_who_may_not_and_what_is_not(
    shop: Shop, role: Role, method: str, path: str, body: Any, status: int
) -> None:
    assert shop.hub.call(role, method, shop.path + path, body).status_code == status


def test_there_are_no_margins_of_no_store(hub: PeopleHub) -> None:
    on = {"is_on": True, "note": "x"}
    for role, method, path, body in (
        (Role.VIEWER, "GET", "", None),
        (Role.OPERATOR, "POST", "/compute", None),
        (Role.APPROVER, "PUT", "", on),
    ):
        assert hub.call(role, method, f"/stores/s9/margins{path}", body).status_code == 404


def test_a_hub_without_keys_keeps_what_it_computed_and_says_so(tmp_path: Path) -> None:
    with people_hub(tmp_path) as hub:
        furnish(hub, tmp_path)
        shop = Shop(hub, tmp_path, "keyless")
        shop.send(300)
        reply = hub.call(Role.OPERATOR, "POST", f"{shop.path}/compute")
        assert (reply.status_code, reply.json()["code"]) == (409, "publish.no_key")
        (bundle,) = hub.ok(Role.VIEWER, "GET", shop.path)["bundles"]
        assert (bundle["state"], bundle["is_signed"]) == ("doubled", False)


def test_the_hub_does_it_by_itself_and_old_labels_take_no_margin_away(
    shop: Shop, days: Days
) -> None:
    shop.send(300)
    keeper = shop.hub.client.app.state.margins  # type: ignore[attr-defined]
    keeper.tick()
    signed = shop.signed()
    assert signed is not None
    days.ahead = 91
    keeper.tick()
    days.ahead = 0
    assert shop.signed() == signed
