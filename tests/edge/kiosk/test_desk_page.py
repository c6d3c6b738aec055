"""The attendant's desk, practice and paired phones, with a finger on a real page."""

import asyncio
import datetime
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from edge.kiosk.handheld_tls import load_or_make_certificate
from edge.kiosk.handhelds import HandheldDesk
from edge.kiosk.kiosk_app import KioskSettings, create_app, create_handheld_app, kiosk_server
from tests.edge.kiosk.kiosk_page import (
    PIN,
    PIN_HASH,
    TOKEN,
    RunningKiosk,
    serve_until_told,
    small_box,
)
from tests.edge.kiosk.page_parts import AXE, PHONE, line, open_desk, serious_faults, total
from tests.fakes.in_memory_feed import InMemoryFeed
from tests.system.running_box import free_port

pytestmark = pytest.mark.browser


def test_a_price_change_a_loyalty_card_a_refund_and_the_day(page: Any, kiosk: RunningKiosk) -> None:
    kiosk.feed.put("milk", -15, 0)
    kiosk.feed.put("pasta", 15, 0)
    line(page, "pasta").wait_for()
    open_desk(page)
    page.keyboard.press("Escape")
    line(page, "milk").locator(".line-open").click()
    page.locator(".sheet .button", has_text="Change price").click()
    page.locator(".sheet .button", has_text="−50").click()
    page.locator(".sheet .button", has_text="Damaged").click()
    page.locator(".sheet .button-main", has_text="Enter").click()
    line(page, "milk").locator(".line-saving", has_text="€1.19").wait_for()
    assert total(page) == "€2.09"  # 0.60 + 1.49

    page.locator(".loyalty").click()
    page.locator(".loyalty-field").fill("11112222")
    page.keyboard.press("Enter")
    page.locator(".pin-problem", has_text="do not know").wait_for()
    page.locator(".loyalty-field").fill("987654321000")
    page.keyboard.press("Enter")
    page.locator(".loyalty", has_text="1000").wait_for()
    page.locator(".pay").click()
    page.locator(".practice .button", has_text="Approved").click()
    page.locator(".slip", has_text="ending 1000").wait_for()
    page.locator(".button", has_text="Done").click()

    page.locator(".top-actions .button-soft").click()
    page.locator(".sheet .button", has_text="Sales and refunds").click()
    page.locator(".sale-row").click()
    page.locator(".refund-line", has_text="Milk").locator(".stepper .button").last.click()
    page.locator(".choices .button", has_text="Damaged").click()
    page.locator(".sheet .button-main", has_text="Give back €0.60").click()
    page.locator(".sale-total", has_text="€0.60 given back").wait_for()
    page.locator(".sheet-head .button").click()
    page.locator(".sheet .button", has_text="Day totals").click()
    page.locator(".day-total strong", has_text="€1.49").wait_for()
    assert "× 1" in page.locator(".day-row", has_text="Refunds").inner_text()


def test_practice_is_marked_on_every_screen_and_anybody_ends_it(
    page: Any, kiosk: RunningKiosk
) -> None:
    open_desk(page)
    page.locator(".sheet .button", has_text="Practise").click()
    page.locator(".practice-band").wait_for()
    kiosk.feed.put("pasta", 0, 0)
    line(page, "pasta").wait_for()
    page.locator(".pay").click()
    page.locator(".practice .button", has_text="Approved").click()
    page.locator(".slip-practice", has_text="PRACTICE").wait_for()
    page.locator(".practice-band .button").click()
    page.locator(".practice-band").wait_for(state="detached")
    page.locator("h1", has_text="still on the counter").wait_for()
    assert [type(event.body).__name__ for event in kiosk.feed.journal] == [
        "PracticeStarted",
        "PracticeEnded",
    ]


def test_every_trouble_is_on_the_screen_with_a_next_step(page: Any, kiosk: RunningKiosk) -> None:
    feed = kiosk.feed
    feed.put("milk", 0, 0)
    line(page, "milk").wait_for()
    feed.conditions = ("covered",)
    notice(page, "camera.covered", "move what is in front")
    feed.conditions, feed.notices = (), ("model.loading",)
    notice(page, "model.loading", "search or scan meanwhile")
    feed.notices = ("hub.offline", "bundle.swapping")
    notice(page, "hub.offline", "shop and pay as usual")
    notice(page, "bundle.swapping", "between customers")
    feed.notices, feed.is_perceiving = (), False
    notice(page, "blind", "you can scan or search")
    feed.is_perceiving = True
    page.locator("[data-notice=blind]").wait_for(state="detached")
    feed.now_ns += 105 * 10**9
    page.locator(".sheet .button", has_text="Yes, I am here").wait_for()
    page.keyboard.press("Enter")  # the warning has the focus
    page.locator(".sheet").wait_for(state="detached")
    wait_until_heard(page, feed)
    feed.now_ns += 125 * 10**9
    page.locator("h1", has_text="parked").wait_for()
    page.locator(".button", has_text="Start a new basket").click()
    page.locator("h1", has_text="still on the counter").wait_for()
    page.locator(".calm canvas").wait_for()
    feed.counter.refuse("journal.unwritable")
    page.locator("h1", has_text="taking a break").wait_for()
    page.locator(".calm .button", has_text="Call someone").wait_for()


def wait_until_heard(page: Any, feed: InMemoryFeed) -> None:
    """The page's sign of life has reached the box."""
    while "basket.walk_away_soon" in feed.counter.snapshot(feed.now_ns).notices:
        page.wait_for_timeout(20)


def notice(page: Any, code: str, step: str) -> None:
    page.locator(f"[data-notice='{code}']", has_text=step).wait_for()


@pytest.fixture
def phones(tmp_path: Path) -> Iterator[tuple[InMemoryFeed, HandheldDesk, str]]:
    """A box that serves phones under TLS, and its desk."""
    feed, port = small_box(), free_port()
    address = f"https://127.0.0.1:{port}"
    certificate = load_or_make_certificate(tmp_path, "box", datetime.datetime.now(datetime.UTC))
    desk = HandheldDesk(tmp_path / "paired.json", lambda: (address,), certificate.fingerprint)
    settings = KioskSettings(token=TOKEN, attendant_pin_hash=PIN_HASH)
    app = create_app(feed, settings, desk)
    server = kiosk_server(create_handheld_app(app, settings), port, certificate)

    async def serve() -> None:
        cameras = asyncio.create_task(feed.run())
        await serve_until_told(server)
        cameras.cancel()

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    for _ in range(1_000):  # a busy machine lets it listen late
        if server.started:
            break
        threading.Event().wait(0.02)
    yield feed, desk, address
    server.should_exit = True
    thread.join()


def test_a_phone_is_paired_and_helps_a_lane(
    browser: Any, phones: tuple[InMemoryFeed, HandheldDesk, str], screenshots: Path
) -> None:
    feed, desk, address = phones
    feed.put("wine", 0, 0)
    context = browser.new_context(viewport=PHONE, ignore_https_errors=True)
    page = context.new_page()
    page.set_default_timeout(15_000)
    page.goto(address)
    page.locator("h1", has_text="Pair this phone").wait_for()
    page.locator("input").fill(desk.invite(time.monotonic_ns()).code)
    page.locator("button").click()
    page.locator(".handheld .pin input").fill(PIN)
    page.keyboard.press("Enter")
    page.locator(".queue-row", has_text="Age check").wait_for()
    page.evaluate(AXE.read_text())
    assert serious_faults(page) == []
    page.screenshot(path=str(screenshots / "handheld.png"))
    page.locator(".queue-ways .button-main", has_text="Old enough").click()
    page.locator(".queue-calm").wait_for()
    context.close()
    shot = feed.snapshot("1")
    assert shot is not None
    assert shot.age_checked == 18
