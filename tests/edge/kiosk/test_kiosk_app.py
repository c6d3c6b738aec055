"""What the page's server answers: products, pictures, crops, receipts, status."""

import gzip
import json
from pathlib import Path

from fastapi.testclient import TestClient

from edge.kiosk.kiosk_app import KioskSettings, create_app
from edge.messages.basket_messages import Phase
from tests.edge.kiosk.kiosk_page import (
    ADDRESS,
    TOKEN,
    ask_for,
    signed_in,
    small_box,
    socket_of,
    wait_for,
)
from tests.fakes.small_shop import demo_gtin


def test_products_are_found_by_name_in_the_shopper_s_language_and_by_barcode() -> None:
    client = signed_in(small_box())
    by_name = client.get("/api/products", params={"query": "beeren", "language": "de"}).json()
    by_code = client.get("/api/products", params={"query": demo_gtin(4)}).json()
    assert [p["sku_id"] for p in by_name] == ["tea_berry"]
    assert [p["sku_id"] for p in by_code] == ["cola"]


def test_a_product_names_its_twins_and_allergens() -> None:
    product = signed_in(small_box()).get("/api/products/milk").json()
    assert product["twins"] == ["milk_low"]
    assert product["allergens"] == ["milk"]


def test_what_is_not_there_is_a_404() -> None:
    client = signed_in(small_box())
    paths = ("products/none", "pictures?name=../secret", "items/none/crop", "receipts/none")
    assert {client.get(f"/api/{path}").status_code for path in paths} == {404}


def test_a_picture_is_sent_once_and_then_known() -> None:
    client = signed_in(small_box())
    first = client.get("/api/pictures?name=milk.jpg")
    etag = first.headers["etag"]
    second = client.get("/api/pictures?name=milk.jpg", headers={"if-none-match": etag})
    assert first.headers["content-type"] == "image/jpeg"
    assert (second.status_code, second.content) == (304, b"")


def test_the_crop_of_an_item_on_the_counter_is_a_picture() -> None:
    feed = small_box()
    feed.put("milk", 0, 0)
    feed.step(15)
    item = feed.snapshot("1").items[0]
    answer = signed_in(feed).get(f"/api/items/{item.item_id}/crop")
    assert answer.content.startswith(b"\xff\xd8")


def test_a_paid_basket_has_a_receipt_and_an_open_one_has_none() -> None:
    feed = small_box()
    feed.put("cola", 0, 0)
    feed.step(15)
    basket_id = feed.snapshot("1").basket_id
    client = signed_in(feed)
    with client, socket_of(client) as socket:
        wait_for(socket, "basket")
        assert client.get(f"/api/receipts/{basket_id}").status_code == 404
        assert ask_for(socket, {"type": "finish"})["is_done"]
        assert ask_for(socket, {"type": "payment_result", "result": "approved"}, "2")["is_done"]
        assert feed.snapshot("1").phase is Phase.PAID
        receipt = json.loads(client.get(f"/api/receipts/{basket_id}").content)
    assert receipt["total_minor"] == 99 + 25
    assert receipt["lines"][0]["deposit_minor"] == 25
    assert receipt["store"] == "Corner"


def test_a_page_that_was_never_built_says_so(tmp_path: Path) -> None:
    app = create_app(small_box(), KioskSettings(token=TOKEN, static_dir=tmp_path))
    client = TestClient(app, base_url=ADDRESS)
    client.cookies.set("tillsight_kiosk_8600", TOKEN)
    answer = client.get("/")
    assert answer.status_code == 503
    assert "npm run build" in answer.text


def test_the_status_counts_screens_and_measures_painting() -> None:
    status = signed_in(small_box()).get("/api/status").json()
    assert status["screens"] == 0
    assert status["painted_p95_ms"] == -1.0
    assert {camera["state"] for camera in status["cameras"]} == {"live"}


def test_a_script_is_sent_compressed_where_the_browser_takes_it(tmp_path: Path) -> None:
    (tmp_path / "assets").mkdir()
    (tmp_path / "assets/page.js").write_text("let page = 1;")
    (tmp_path / "assets/page.js.gz").write_bytes(gzip.compress(b"let page = 1;"))
    app = create_app(small_box(), KioskSettings(token=TOKEN, static_dir=tmp_path))
    client = TestClient(app, base_url=ADDRESS, cookies={"tillsight_kiosk_8600": TOKEN})
    packed = client.get("/assets/page.js", headers={"accept-encoding": "gzip"})
    plain = client.get("/assets/page.js", headers={"accept-encoding": "identity"})
    assert packed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert packed.text == plain.text == "let page = 1;"
    assert "immutable" in packed.headers["cache-control"]
