"""A whole shopping trip with a browser's finger, on a real server."""

from typing import Any

import pytest

from tests.edge.kiosk.kiosk_page import PIN, RunningKiosk
from tests.edge.kiosk.page_parts import (
    AXE,
    LANDSCAPE,
    PHONE,
    PORTRAIT,
    line,
    serious_faults,
    total,
)
from tests.fakes.small_shop import demo_gtin

pytestmark = pytest.mark.browser


def test_a_trip_with_a_question_a_removal_a_second_tray_and_payment(
    page: Any, kiosk: RunningKiosk
) -> None:
    box = kiosk.feed
    box.put("milk", -15, 0)
    cola = box.put("cola", 0, 0)
    line(page, "cola").wait_for()
    box.put("tea_mint", 15, 0, doubt=("tea_berry",))
    page.locator(".ask[data-kind=which]").wait_for()
    assert "question" in page.locator(".pay").inner_text()
    page.locator(".ask .tile", has_text="Berry tea").click()
    line(page, "tea_berry").wait_for()
    assert total(page) == "€4.92"  # 1.19 + 0.99 + 0.25 deposit + 2.49

    box.take(cola)
    line(page, "cola").wait_for(state="detached")
    line(page, "milk").locator(".line-remove").click()
    line(page, "milk").wait_for(state="detached")

    page.locator(".action", has_text="More items").click()
    page.locator(".toast", has_text="Kept").wait_for()
    for number in list(box.placed):
        box.take(number)
    box.put("pasta", 0, 0)
    line(page, "pasta").wait_for()
    assert page.locator(".tray-title").all_inner_texts() == [
        "On the counter now",
        "Round 1, already packed",
    ]
    page.locator(".pay").click()
    page.locator(".paying-total", has_text="€3.98").wait_for()
    page.locator(".practice .button", has_text="No answer").click()
    page.locator("h1", has_text="Checking your payment").wait_for()
    page.locator(".practice .button", has_text="Approved").click()
    page.locator(".slip", has_text="Penne 500 g").wait_for()
    page.locator(".button", has_text="Done").click()
    page.locator(".slip").wait_for(state="detached")


def test_paid_goods_that_still_lie_there_are_not_offered_for_payment_again(
    page: Any, kiosk: RunningKiosk
) -> None:
    page.locator(".button", has_text="Start").click()
    kiosk.feed.put("milk", 0, 0)
    line(page, "milk").wait_for()
    page.locator(".pay").click()
    page.locator(".practice .button", has_text="Approved").click()
    page.locator(".button", has_text="Done").click()
    page.locator("h1", has_text="Please take your items").wait_for()
    assert page.locator(".pay").count() == 0


def test_an_unknown_item_is_found_by_search_and_its_age_checked_by_staff(
    page: Any, kiosk: RunningKiosk
) -> None:
    kiosk.feed.put("wine", 0, 0, is_strange=True)
    page.locator(".ask[data-kind=unknown] .button", has_text="Something else").click()
    page.keyboard.type("wi")
    page.locator(".keyboard button", has_text="n").first.click()
    page.locator(".results .eyebrow", has_text="1 item found").wait_for()
    page.locator(".result-tiles .tile").click()
    line(page, "wine").wait_for()
    page.locator(".age-note").wait_for()
    page.locator(".pay").click()
    page.locator(".toast", has_text="age").wait_for()
    page.locator(".top-actions .button", has_text="Help").click()
    page.locator(".sheet .button", has_text="Staff").click()
    page.locator(".pin input").fill(PIN)
    page.keyboard.press("Enter")
    page.locator(".queue-row", has_text="Age check").wait_for()
    page.locator(".sheet .button", has_text="Old enough").click()
    page.locator(".age-done").wait_for()
    page.keyboard.press("Escape")
    page.locator(".pay").click()
    page.locator(".paying").wait_for()


def test_a_barcode_typed_by_a_hand_scanner_adds_its_item_anywhere(
    page: Any, kiosk: RunningKiosk
) -> None:
    page.evaluate(
        """(code) => [...code, 'Enter'].forEach((key) =>
          document.body.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true })))""",
        demo_gtin(6)[1:],
    )
    line(page, "pasta").wait_for()


def test_why_shows_what_the_camera_saw_and_a_twin_puts_it_right(
    page: Any, kiosk: RunningKiosk
) -> None:
    kiosk.feed.put("milk", 0, 0)
    line(page, "milk").locator(".line-open").click()
    page.locator(".evidence img").nth(1).wait_for()
    assert page.locator(".facts").inner_text() == "Contains milk"
    page.locator(".twins .tile").click()
    line(page, "milk_low").wait_for()


def test_blind_is_never_shown_as_empty(page: Any, kiosk: RunningKiosk) -> None:
    kiosk.feed.put("milk", 0, 0)
    line(page, "milk").wait_for()
    kiosk.feed.lost = {"top"}
    page.locator("[data-notice='camera.lost']").wait_for()
    page.locator(".camera-dot[data-away]").wait_for()
    kiosk.feed.lost = {"top", "left", "right"}
    page.locator("[data-notice=blind]").wait_for()
    assert line(page, "milk").count() == 1
    kiosk.feed.lost = set()
    page.locator("[data-notice=blind]").wait_for(state="detached")


def test_a_restarted_server_finds_the_screen_with_its_basket(
    page: Any, kiosk: RunningKiosk
) -> None:
    kiosk.feed.put("milk", 0, 0)
    line(page, "milk").wait_for()
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    kiosk.stop()
    page.locator("[data-notice=reconnecting]").wait_for()
    assert line(page, "milk").count() == 1
    page.reload()  # the service worker opens the page without a server
    line(page, "milk").wait_for()
    kiosk.start()
    page.locator("[data-notice=reconnecting]").wait_for(state="detached")
    kiosk.feed.put("pasta", 15, 0)
    line(page, "pasta").wait_for()


def test_arabic_runs_from_right_to_left_and_is_forgotten_after_the_sale(
    page: Any, kiosk: RunningKiosk
) -> None:
    page.locator(".languages .button", has_text="العربية").click()
    page.locator("html[dir=rtl][lang=ar]").wait_for()
    milk = kiosk.feed.put("milk", 0, 0)
    line(page, "milk").wait_for()
    page.locator(".pay").click()
    page.locator(".practice .button").first.click()
    page.locator(".paid .button-main").click()
    page.locator("h1", has_text="خذ مشترياتك").wait_for()
    kiosk.feed.take(milk)
    page.locator("html[dir=ltr][lang=en]").wait_for()


def test_the_trip_can_be_made_with_the_keyboard_alone(page: Any, kiosk: RunningKiosk) -> None:
    kiosk.feed.put("tea_mint", 0, 0, doubt=("tea_berry",))
    page.locator(".ask").wait_for()
    page.locator(".ask .tile").first.focus()
    page.keyboard.press("Enter")
    line(page, "tea_mint").wait_for()
    page.locator(".pay").focus()
    page.keyboard.press("Enter")
    page.locator(".paying").wait_for()


def test_a_painted_outline_is_measured_and_pictures_are_encoded_once(
    page: Any, kiosk: RunningKiosk
) -> None:
    kiosk.feed.put("milk", 0, 0)
    line(page, "milk").wait_for()
    page.wait_for_function(
        "fetch('/api/status').then(a => a.json()).then(s => s.painted_frames > 20)"
    )
    status = page.evaluate("fetch('/api/status').then(a => a.json())")
    assert 0 < status["painted_p50_ms"] < 1000
    assert kiosk.feed.num_encoded < status["painted_frames"] * 1.5 + 10


@pytest.mark.parametrize(
    ("size", "theme"),
    [
        pytest.param(PORTRAIT, "light", id="portrait light"),
        pytest.param(LANDSCAPE, "dark", id="landscape dark"),
        pytest.param(PHONE, "contrast", id="phone high contrast"),
    ],
)
def test_no_screen_is_wider_than_its_glass_and_axe_finds_nothing_serious(
    page: Any, kiosk: RunningKiosk, size: dict[str, int], theme: str
) -> None:
    if not AXE.exists():
        pytest.skip("axe-core is not installed: npm ci")
    page.set_viewport_size(size)
    page.evaluate(f"document.documentElement.dataset.theme = '{theme}'")
    page.evaluate(AXE.read_text())  # evaluated by the debugger: the page's policy stays as it is
    faults = {"welcome": serious_faults(page)}
    kiosk.feed.put("choc", -15, 0)
    line(page, "choc").wait_for()
    faults["basket"] = serious_faults(page)
    page.locator(".line-open").click()
    faults["line"] = serious_faults(page)
    page.keyboard.press("Escape")
    kiosk.feed.put("tea_mint", 15, 0, doubt=("tea_berry",))
    page.locator(".ask").wait_for()
    faults["ask"] = serious_faults(page)
    page.locator(".ask .button", has_text="Something else").click()
    page.locator(".result-tiles .tile").first.wait_for()
    faults["search"] = serious_faults(page)
    page.keyboard.press("Escape")
    page.locator(".top-actions .button", has_text="English").click()
    faults["settings"] = serious_faults(page)
    assert faults == dict.fromkeys(faults, [])
