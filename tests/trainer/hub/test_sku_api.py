"""The catalogue through HTTP: found, changed, retired, exchanged, quick at 12,600 SKUs."""

import time
from typing import Any

import cv2
import numpy as np
import pytest

from tests.fakes.people_hub import PeopleHub
from tests.fakes.small_shop import demo_gtin, small_pictures
from trainer.store.api_tokens import Role

OPERATOR, VIEWER = Role.OPERATOR, Role.VIEWER
MILK = {
    "sku_id": "milk",
    "gtin": demo_gtin(1),
    "names": {"en": "Whole milk 1 l", "de": "Vollmilch 1 l"},
    "category_path": ["dairy", "milk"],
    "expected_weight_g": 1030.0,
    "allergens": ["milk"],
}
WINE = {"sku_id": "wine", "names": {"en": "Red wine"}, "age_limit": 18, "unit": "each"}
NUM_SKUS = 12_600


def ids(page: dict[str, Any]) -> list[str]:
    return [item["sku_id"] for item in page["items"]]


def add(hub: PeopleHub, *skus: dict[str, Any]) -> None:
    for sku in skus:
        hub.ok(OPERATOR, "POST", "/skus", sku)


def test_an_sku_is_made_found_changed_and_its_history_told(any_centre: PeopleHub) -> None:
    hub = any_centre
    add(hub, MILK, WINE)
    assert ids(hub.ok(VIEWER, "GET", "/skus?q=vollm")) == ["milk"]
    assert ids(hub.ok(VIEWER, "GET", f"/skus?q={demo_gtin(1)[1:]}")) == ["milk"]
    assert ids(hub.ok(VIEWER, "GET", "/skus?category=dairy")) == ["milk"]
    assert ids(hub.ok(VIEWER, "GET", "/skus?missing=weight")) == ["wine"]
    assert ids(hub.ok(VIEWER, "GET", "/skus?sort=sku_id&order=desc")) == ["wine", "milk"]
    changed = hub.ok(OPERATOR, "PUT", "/skus/milk?version=1", {**MILK, "deposit_minor": 25})
    assert (changed["version"], changed["deposit_minor"]) == (2, 25)
    history = hub.ok(VIEWER, "GET", "/skus/milk/history")
    assert [(e["action"], e["actor"]) for e in history] == [
        ("sku_changed", "token:operator"),
        ("sku_created", "token:operator"),
    ]
    assert history[0]["details"] == {"deposit_minor": "0 -> 25"}
    assert hub.ok(VIEWER, "GET", "/categories")[1] == {"path": "dairy/milk", "num_skus": 1}


def test_two_people_cannot_overwrite_each_other(centre: PeopleHub) -> None:
    add(centre, MILK)
    centre.ok(OPERATOR, "PUT", "/skus/milk?version=1", {**MILK, "deposit_minor": 25})
    reply = centre.call(OPERATOR, "PUT", "/skus/milk?version=1", {**MILK, "deposit_minor": 8})
    assert (reply.status_code, reply.json()["code"]) == (409, "sku.changed")


def test_a_retired_sku_is_kept_and_can_come_back(centre: PeopleHub) -> None:
    add(centre, MILK)
    assert centre.call(OPERATOR, "DELETE", "/skus/milk").status_code == 204
    assert ids(centre.ok(VIEWER, "GET", "/skus")) == []
    assert ids(centre.ok(VIEWER, "GET", "/skus?status=retired")) == ["milk"]
    assert centre.ok(OPERATOR, "POST", "/skus/milk/restore")["status"] == "active"


@pytest.mark.parametrize(
    ("change", "status"),
    [
        pytest.param({"gtin": "123"}, 422, id="gtin of no length"),
        pytest.param({"gtin": "09520000000003"}, 422, id="wrong check digit"),
        pytest.param({"names": {"de": "Milch"}}, 422, id="no English name"),
        pytest.param({"sku_id": "../milk"}, 422, id="id that leaves its folder"),
        pytest.param({"names": {"en": "a\x00b"}}, 422, id="NUL in a name"),
        pytest.param({"deposit_minor": 10**30}, 422, id="number without end"),
        pytest.param({"colour": "white"}, 422, id="unknown field"),
        pytest.param({"sku_id": "milk"}, 409, id="id that is taken"),
        pytest.param({"sku_id": "other"}, 409, id="gtin that is taken"),
    ],
)
def test_a_bad_sku_is_refused(any_centre: PeopleHub, change: dict[str, Any], status: int) -> None:
    add(any_centre, MILK)
    base = {**MILK, "sku_id": "new", "gtin": demo_gtin(1) if "sku_id" in change else ""}
    assert any_centre.call(OPERATOR, "POST", "/skus", {**base, **change}).status_code == status


def test_a_picture_is_kept_small_and_without_metadata(centre: PeopleHub) -> None:
    add(centre, MILK)
    large = np.full((900, 1200, 3), 90, np.uint8)
    data = bytes(cv2.imencode(".png", large)[1].data)
    assert centre.call(OPERATOR, "PUT", "/skus/milk/picture", data=data).status_code == 204
    reply = centre.call(VIEWER, "GET", "/skus/milk/picture")
    assert reply.headers["content-type"] == "image/jpeg"
    shape = cv2.imdecode(np.frombuffer(reply.content, np.uint8), cv2.IMREAD_COLOR).shape
    assert shape[:2] == (300, 400)
    assert centre.ok(VIEWER, "GET", "/skus/milk")["has_picture"] is True


JPEG = small_pictures()["milk.jpg"]
BOMB = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + (60_000).to_bytes(4, "big") * 2 + b"\x08\x02"


@pytest.mark.parametrize(
    ("data", "status"),
    [
        pytest.param(b"", 422, id="nothing"),
        pytest.param(b"<svg onload=alert(1)>", 422, id="svg"),
        pytest.param(b"PK\x03\x04" + bytes(100), 422, id="archive"),
        pytest.param(BOMB, 422, id="bomb of 3,600 million pixels"),
        pytest.param(JPEG[: len(JPEG) // 8], 422, id="cut short"),
        pytest.param(b"\xff\xd8\xff" + b"\xff" * 500, 422, id="markers without end"),
        pytest.param(JPEG + bytes(9 * 1024 * 1024), 413, id="too large"),
    ],
)
def test_a_hostile_picture_is_refused(centre: PeopleHub, data: bytes, status: int) -> None:
    add(centre, MILK)
    assert centre.call(OPERATOR, "PUT", "/skus/milk/picture", data=data).status_code == status


def test_a_file_is_shown_before_it_is_taken_and_taken_whole(any_centre: PeopleHub) -> None:
    hub = any_centre
    add(hub, MILK)
    text = hub.call(VIEWER, "GET", "/skus-export?format=csv").text
    changed = text.replace("Vollmilch", "Frische Vollmilch") + "tea,,,each,,,5.0,0.0,,0,standard"
    data = (changed + ",,,,,,Tee,Tea\n").encode()
    preview = hub.call(OPERATOR, "POST", "/skus-import?preview=true", data=data).json()
    assert (preview["num_created"], preview["num_changed"], preview["errors"]) == (1, 1, [])
    assert preview["changes"][0]["fields"]["names"][1].count("Frische") == 1
    assert hub.ok(VIEWER, "GET", "/skus")["total"] == 1
    taken = hub.call(OPERATOR, "POST", "/skus-import?preview=false", data=data).json()
    assert taken["is_preview"] is False
    assert hub.ok(VIEWER, "GET", "/skus?q=frische")["total"] == 1
    again = hub.call(OPERATOR, "POST", "/skus-import?preview=true", data=data).json()
    assert (again["num_created"], again["num_changed"], again["num_unchanged"]) == (0, 0, 2)


def test_the_lengths_of_a_pack_go_through_a_csv_file(centre: PeopleHub) -> None:
    add(centre, {"sku_id": "tin", "names": {"en": "Tin"}, "size_cm": [7.5, 7.5, 4.0]})
    text = centre.call(VIEWER, "GET", "/skus-export?format=csv").text
    assert "7.5|7.5|4.0" in text
    data = text.replace("7.5|7.5|4.0", "8|7.5|4").encode()
    centre.call(OPERATOR, "POST", "/skus-import?preview=false", data=data)
    assert centre.ok(VIEWER, "GET", "/skus/tin")["size_cm"] == [8.0, 7.5, 4.0]
    bad = text.replace("7.5|7.5|4.0", "8|7.5").encode()
    told = centre.call(OPERATOR, "POST", "/skus-import?preview=true", data=bad).json()
    assert "size_cm" in told["errors"][0]["message"]


def test_one_bad_line_keeps_the_whole_file_out_and_is_named(centre: PeopleHub) -> None:
    data = b"sku_id,name_en,age_limit\ntea,Tea,\nwine,Wine,old\n"
    reply = centre.call(OPERATOR, "POST", "/skus-import?preview=false", data=data).json()
    assert reply["is_preview"] is True
    assert reply["errors"][0]["line"] == 3
    assert reply["errors"][0]["message"].startswith("age_limit")
    assert centre.ok(VIEWER, "GET", "/skus")["total"] == 0


def test_a_cell_is_never_a_formula(centre: PeopleHub) -> None:
    add(centre, {"sku_id": "evil", "names": {"en": "=HYPERLINK(1)"}})
    text = centre.call(VIEWER, "GET", "/skus-export").text
    assert "'=HYPERLINK(1)" in text
    again = centre.call(OPERATOR, "POST", "/skus-import", data=text.encode()).json()
    assert again["num_unchanged"] == 1


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"\xff\xfe\x00s", id="not UTF-8"),
        pytest.param(b"name_en\nTea\n", id="no id"),
        pytest.param(b'sku_id\n"open', id="quote without end"),
        pytest.param(b"sku_id,name_en\ntea\n", id="cell missing"),
        pytest.param(b"sku_id\n" + b"x" * 200_000, id="cell without end"),
    ],
)
def test_a_file_that_is_no_catalogue_is_refused(centre: PeopleHub, data: bytes) -> None:
    reply = centre.call(OPERATOR, "POST", "/skus-import", data=data)
    assert (reply.status_code, reply.json()["code"]) == (422, "import.malformed")


def test_nested_json_without_end_is_refused(centre: PeopleHub) -> None:
    reply = centre.call(OPERATOR, "POST", "/skus-import?format=json", data=b"[" * 100_000)
    assert reply.status_code == 422


def test_a_page_of_12600_skus_comes_well_under_a_second(centre: PeopleHub) -> None:
    lines = [
        f"sku-{i:05d},Product {i} of aisle {i % 60},aisle {i % 60}|shelf {i % 7},brand-{i % 300}"
        for i in range(NUM_SKUS)
    ]
    data = "\n".join(["sku_id,name_en,category_path,family", *lines]).encode()
    reply = centre.call(OPERATOR, "POST", "/skus-import?preview=false", data=data)
    assert reply.json()["num_created"] == NUM_SKUS
    began = time.process_time()
    page = centre.ok(VIEWER, "GET", "/skus?q=product&category=aisle 59&sort=updated_at&offset=150")
    spent_s = time.process_time() - began
    assert page["total"] == 210
    assert len(page["items"]) == 50
    assert spent_s < 0.5


def test_the_size_of_an_sku_is_kept(any_centre: PeopleHub) -> None:
    sku = {"sku_id": "small_tin", "names": {"en": "Small tin"}, "size_cm": [7.5, 7.5, 4.0]}
    made = any_centre.ok(Role.OPERATOR, "POST", "/skus", sku)
    assert made["size_cm"] == [7.5, 7.5, 4.0]
    told = {**sku, "size_cm": None}
    changed = any_centre.ok(
        Role.OPERATOR, "PUT", f"/skus/small_tin?version={made['version']}", told
    )
    assert changed["size_cm"] is None
