"""Stores, their prices, and the list that boxes read, through HTTP."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from sync.price_list import PriceList
from tests.fakes.people_hub import PeopleHub
from tests.fakes.signing_hub import make_repository, published_index, signing_hub
from trainer.store.api_tokens import Role

OPERATOR, VIEWER = Role.OPERATOR, Role.VIEWER
STORE = {"store_id": "s1", "name": "Main street", "tax_rates": {"standard": 1900}}


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[PeopleHub]:
    make_repository(tmp_path)
    with signing_hub(tmp_path) as hub:
        stock(hub)
        yield hub


def stock(hub: PeopleHub) -> None:
    for name in ("milk", "tea"):
        hub.ok(OPERATOR, "POST", "/skus", {"sku_id": name, "names": {"en": name.title()}})
    hub.ok(OPERATOR, "POST", "/stores", STORE)
    hub.ok(OPERATOR, "PUT", "/stores/s1/prices/milk", {"amount_minor": 119})


def test_a_store_is_made_changed_and_cloned_with_its_prices(any_centre: PeopleHub) -> None:
    hub = any_centre
    stock(hub)
    changed = hub.ok(OPERATOR, "PATCH", "/stores/s1", {"time_zone": "Europe/Berlin"})
    assert (changed["time_zone"], changed["num_prices"]) == ("Europe/Berlin", 1)
    body = {"store_id": "s2", "name": "Harbour"}
    clone = hub.ok(OPERATOR, "POST", "/stores/s1/clone", body)
    assert (clone["time_zone"], clone["num_prices"], clone["channel"]) == ("Europe/Berlin", 1, "s2")
    assert [s["store_id"] for s in hub.ok(VIEWER, "GET", "/stores")] == ["s1", "s2"]
    assert hub.ok(VIEWER, "GET", "/skus?store_id=s2")["items"][0]["amount_minor"] == 119
    charged = hub.ok(VIEWER, "GET", "/skus/milk")["prices"]
    assert [(p["store_id"], p["amount_minor"]) for p in charged] == [("s1", 119), ("s2", 119)]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        pytest.param({**STORE, "store_id": "../x"}, 422, id="id"),
        pytest.param({**STORE, "store_id": "s9", "time_zone": "Mars/Base"}, 422, id="zone"),
        pytest.param({**STORE, "store_id": "s9", "currency": "euro"}, 422, id="currency"),
        pytest.param(STORE, 409, id="taken"),
        pytest.param({**STORE, "store_id": "s9", "channel": "s1"}, 409, id="channel of another"),
    ],
)
def test_a_bad_store_is_refused(centre: PeopleHub, body: dict[str, Any], status: int) -> None:
    centre.ok(OPERATOR, "POST", "/stores", STORE)
    assert centre.call(OPERATOR, "POST", "/stores", body).status_code == status


def test_a_coming_price_stands_beside_the_one_in_force(centre: PeopleHub) -> None:
    stock(centre)
    later = (datetime.now(UTC) + timedelta(days=2)).isoformat()
    body = {"amount_minor": 129, "valid_from": later}
    centre.ok(OPERATOR, "PUT", "/stores/s1/prices/milk", body)
    line = centre.ok(VIEWER, "GET", "/stores/s1/prices?q=milk")["items"][0]
    assert (line["amount_minor"], line["coming"]["amount_minor"]) == (119, 129)


def test_what_is_published_is_what_a_box_of_the_channel_reads(
    shop: PeopleHub, tmp_path: Path
) -> None:
    told = shop.ok(VIEWER, "GET", "/stores/s1/price-list")
    assert (told["version"], told["can_publish"], told["problems"]) == (1, True, [])
    made = shop.ok(OPERATOR, "POST", "/stores/s1/price-list/publish", {})
    shop.ok(OPERATOR, "PUT", "/stores/s1/prices/tea", {"amount_minor": 249})
    second = shop.ok(OPERATOR, "POST", "/stores/s1/price-list/publish", {})
    assert (made["version"], second["version"], second["num_prices"]) == (1, 2, 2)
    entry = published_index(tmp_path, "s1").prices[-1]
    raw = (tmp_path / "hub" / "updates" / "blobs" / entry.sha256).read_bytes()
    prices = PriceList.model_validate_json(raw).at(datetime.now(UTC))
    assert {name: p.amount_minor for name, p in prices.items()} == {"milk": 119, "tea": 249}
    history = shop.ok(VIEWER, "GET", "/stores/s1/price-list")["published"]
    assert [h["version"] for h in history] == [2, 1]
    entries = shop.ok(Role.ADMIN, "GET", "/audit?action=price_list_published")
    assert entries[0]["actor"] == "token:operator"


def test_a_list_with_a_problem_is_not_published(shop: PeopleHub) -> None:
    shop.ok(OPERATOR, "PATCH", "/stores/s1", {"tax_rates": {"reduced": 700}})
    told = shop.ok(VIEWER, "GET", "/stores/s1/price-list")
    assert "tax class standard has no rate" in told["problems"][0]
    reply = shop.call(OPERATOR, "POST", "/stores/s1/price-list/publish", {})
    assert (reply.status_code, reply.json()["code"]) == (409, "prices.problems")


def test_a_hub_without_keys_says_where_they_belong(centre: PeopleHub) -> None:
    stock(centre)
    reply = centre.call(OPERATOR, "POST", "/stores/s1/price-list/publish", {})
    assert (reply.status_code, reply.json()["code"]) == (409, "publish.no_key")
    assert "catalogue_keys" in reply.json()["hint"]


def test_prices_go_out_and_in_as_a_file(centre: PeopleHub) -> None:
    stock(centre)
    text = centre.call(VIEWER, "GET", "/stores/s1/prices-export").text + "tea,249,,,\n"
    url = "/stores/s1/prices-import"
    shown = centre.call(OPERATOR, "POST", url, data=text.encode()).json()
    assert (shown["is_preview"], shown["num_prices"], shown["errors"]) == (True, 2, [])
    centre.call(OPERATOR, "POST", f"{url}?preview=false", data=text.encode())
    assert centre.ok(VIEWER, "GET", "/stores/s1/prices")["total"] == 2
    bad = b"sku_id,amount_minor\ntea,cheap\n"
    errors = centre.call(OPERATOR, "POST", f"{url}?preview=false", data=bad).json()["errors"]
    assert errors[0]["line"] == 2
    unknown = centre.call(
        OPERATOR, "POST", f"{url}?preview=false", data=b"sku_id,amount_minor\nx,1\n"
    )
    assert unknown.status_code == 409


def test_a_promotion_is_set_listed_and_dropped(any_centre: PeopleHub) -> None:
    hub = any_centre
    stock(hub)
    promotion = {
        "promotion_id": "p1", "sku_id": "milk", "kind": "multi_buy", "quantity": 2,
        "amount_minor": 200, "names": {"en": "2 for 2"}, "valid_from": "2026-01-01T00:00:00Z",
    }  # fmt: skip
    happy = {"weekdays": [4, 5], "from_time": "17:00", "until_time": "19:00"}
    hub.ok(OPERATOR, "POST", "/stores/s1/promotions", {**promotion, **happy})
    (told,) = hub.ok(VIEWER, "GET", "/stores/s1/promotions")
    assert (told["quantity"], {name: told[name] for name in happy}) == (2, happy)
    wrong = {**promotion, "from_time": "25:00"}
    assert hub.call(OPERATOR, "POST", "/stores/s1/promotions", wrong).status_code == 422
    assert hub.ok(VIEWER, "GET", "/stores/s1/price-list")["num_promotions"] == 1
    assert hub.call(OPERATOR, "DELETE", "/stores/s1/promotions/p1").status_code == 204
    assert hub.call(OPERATOR, "DELETE", "/stores/s1/promotions/p1").status_code == 404
