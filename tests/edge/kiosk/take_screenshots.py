"""Takes a picture of every state of the kiosk: `python -m tests.edge.kiosk.take_screenshots DIR`.

Each look is a size, a theme and a language; each goes through the same shopping trip over a box in
memory that sells a bundle's own catalogue.
"""

import argparse
import json
import socket
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from edge.kiosk.handhelds import HandheldDesk
from sync.catalog import load_catalog
from sync.price_list import load_price_list
from tests.edge.kiosk.kiosk_page import PIN, RunningKiosk
from tests.fakes.chromium import FLAGS, chromium_program
from tests.fakes.in_memory_feed import InMemoryFeed

CALM_MS = 450


@dataclass(frozen=True)
class Look:
    """How one shopper sees the page."""

    name: str
    size: tuple[int, int]
    language: str = "en"
    preferences: dict[str, object] = field(default_factory=dict)


LOOKS = (
    Look("portrait", (1080, 1920)),
    Look("landscape", (1920, 1080)),
    Look("phone", (390, 844)),
    Look("dark", (1920, 1080), "de", {"theme": "dark"}),
    Look("contrast", (1080, 1920), "fr", {"theme": "contrast"}),
    Look("arabic", (1080, 1920), "ar"),
    Look("arabic-wide", (1920, 1080), "ar", {"theme": "dark"}),
    Look("large", (1080, 1920), "de", {"isLarge": True}),
    Look("large-wide", (1920, 1080), "fr", {"isLarge": True}),
    Look("reach", (1080, 1920), "es", {"isReachable": True}),
)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--catalogue", type=Path, default=Path("edge/bundles/factory"))
    parser.add_argument("--look", choices=[look.name for look in LOOKS], action="append")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    program = chromium_program()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=FLAGS)
        for look in LOOKS:
            if arguments.look and look.name not in arguments.look:
                continue
            desk = HandheldDesk(
                Path(tempfile.mkdtemp()) / "paired.json",
                lambda: ("https://192.168.10.20:8601",),
                ":".join(["A4", "1F"] * 16),
            )
            kiosk = RunningKiosk(box_of(arguments.catalogue), free_port(), desk)
            kiosk.start()
            width, height = look.size
            context = browser.new_context(
                viewport={"width": width, "height": height}, reduced_motion="reduce"
            )
            page = context.new_page()
            wishes = {"preferences": json.dumps(look.preferences), "language": look.language}
            page.add_init_script(f"Object.assign(sessionStorage, {json.dumps(wishes)})")
            try:
                Trip(page, kiosk, arguments.out, look.name).walk()
            finally:
                context.close()
                kiosk.stop()
    return 0


@dataclass
class Trip:
    """One shopping trip, photographed."""

    page: Page
    kiosk: RunningKiosk
    out: Path
    look: str

    def walk(self) -> None:
        page, feed = self.page, self.kiosk.feed
        page.goto(self.kiosk.address)
        page.wait_for_selector(".welcome")
        self.shoot("01-welcome")
        page.locator(".welcome .button-main").click()
        self.shoot("02-start")
        put_groceries(feed)
        page.locator("[data-sku=jam_apricot_340]").wait_for()
        self.shoot("03-basket")
        feed.put("tea_mint_20", 10, -9, doubt=("tea_chamomile_20", "tea_berry_20"))
        page.locator(".ask .tile").first.wait_for()
        self.shoot("04-question")
        page.locator(".ask .tile").first.click()
        feed.put("potato_each", 24, -9, doubt=())
        page.locator(".ask[data-kind=weigh]").wait_for()
        self.shoot("05-weigh")
        page.locator(".ask-ways .button-quiet").click()
        page.locator(".ask").wait_for(state="detached")
        page.locator(".action").first.click()
        page.locator(".result-tiles .tile").first.wait_for()
        page.locator(".search input").fill(feed.catalog.by_id()["wine_red_750"].gtin)
        page.locator(".result-tiles .tile >> nth=1").wait_for(state="detached")
        self.shoot("06-search")
        page.locator(".result-tiles .tile").first.click()
        page.locator(".age-note").wait_for()
        self.shoot("07-age")
        page.locator("[data-sku=cereal_honey_375] .line-open").click()
        self.shoot("08-why")
        page.keyboard.press("Escape")
        self.second_tray_and_trouble(feed)
        self.staff_and_payment()

    def second_tray_and_trouble(self, feed: InMemoryFeed) -> None:
        page = self.page
        page.locator(".action").nth(1).click()
        for number in list(feed.placed):
            feed.take(number)
        feed.put("honey_500", 0, 0)
        page.locator("[data-sku=honey_500]").wait_for()
        self.shoot("09-second-tray")
        feed.lost = {"left"}
        page.locator("[data-notice='camera.lost']").wait_for()
        self.shoot("10-camera-lost")
        feed.lost = {"left", "top", "right"}
        page.locator("[data-notice=blind]").wait_for()
        self.shoot("11-blind")
        feed.lost = set()
        page.locator("[data-notice=blind]").wait_for(state="detached")

    def staff_and_payment(self) -> None:
        page = self.page
        page.locator(".top-actions .button").last.click()
        self.shoot("12-help")
        page.locator(".sheet .button-quiet").last.click()
        self.shoot("13-pin")
        page.locator(".pin input").fill(PIN)
        page.keyboard.press("Enter")
        page.locator(".staff-queue").wait_for()
        self.shoot("14-staff")
        page.locator(".queue-ways .button-main").click()
        page.locator(".queue-ways .button-main").wait_for(state="detached")
        page.keyboard.press("Escape")
        page.locator(".line-open").first.click()
        page.locator(".about-more .button", has=page.locator("path")).nth(1).click()
        page.locator(".price-sheet").wait_for()
        page.locator(".price-sheet .button-soft").nth(1).click()
        page.locator(".choices-grid > .button").first.click()
        self.shoot("21-price")
        page.locator(".price-sheet .button-main").click()
        page.locator(".price-sheet").wait_for(state="detached")
        page.locator(".loyalty").click()
        page.locator(".loyalty-field").fill("11112222")
        page.keyboard.press("Enter")
        page.locator(".pin-problem", has_text=" ").wait_for()
        self.shoot("20-loyalty")
        page.locator(".loyalty-field").fill("987654321000")
        page.keyboard.press("Enter")
        page.locator(".loyalty-field").wait_for(state="detached")
        page.locator(".top-actions .button").nth(1).click()
        self.shoot("15-display")
        page.keyboard.press("Escape")
        page.locator(".pay").click()
        page.locator(".paying").wait_for()
        self.shoot("16-paying")
        page.locator(".practice .button").nth(2).click()
        self.shoot("17-unclear")
        page.locator(".practice .button").first.click()
        page.locator(".slip").wait_for()
        self.shoot("18-receipt")
        page.locator(".paid .button-main").click()
        self.desk_and_practice()
        self.states()
        self.kiosk.stop()
        page.locator("[data-notice=reconnecting]").wait_for()
        self.shoot("19-offline")
        self.kiosk.start()

    def desk_and_practice(self) -> None:
        page, feed = self.page, self.kiosk.feed
        for number in list(feed.placed):
            feed.take(number)
        page.reload()  # the language is forgotten after a sale; the pictures want it again
        page.locator(".welcome, .shopping").first.wait_for()
        page.locator(".top-actions .button").last.click()
        page.locator(".sheet .button-quiet").last.click()
        page.locator(".pin input").fill(PIN)
        page.keyboard.press("Enter")
        page.locator(".staff-queue").wait_for()
        page.keyboard.press("Escape")
        staff = page.locator(".top-actions .button-soft")
        for name, wanted in (("22-sales", 0), ("24-totals", 1), ("25-handheld", 2)):
            staff.click()
            page.locator(".staff-lane").last.locator(".button").nth(wanted).click()
            page.locator(".sale-row, .day-total, .qr").first.wait_for()
            self.shoot(name)
            if wanted == 0:
                page.locator(".sale-row").first.click()
                page.locator(".stepper .button").nth(1).click()
                page.locator(".choices .button").first.click()
                self.shoot("23-refund")
                page.locator(".sheet .button-main").click()
                page.locator(".sale-row").wait_for()
            page.locator(".sheet-head .button").click()
            page.locator(".sheet-head .button").click()
            page.locator(".sheet").wait_for(state="detached")
        staff.click()
        page.locator(".staff-lane").first.locator(".button").nth(1).click()
        page.locator(".practice-band").wait_for()
        feed.put("honey_500", 0, 0)
        page.locator("[data-sku=honey_500]").wait_for()
        self.shoot("26-practice")
        page.locator(".pay").click()
        page.locator(".practice .button").first.click()
        page.locator(".slip-practice").wait_for()
        self.shoot("27-practice-receipt")
        page.locator(".practice-band .button").click()
        page.locator(".practice-band").wait_for(state="detached")

    def states(self) -> None:
        """Every trouble has a calm next step; each is made for real."""
        page, feed = self.page, self.kiosk.feed
        page.locator(".calm").wait_for()
        self.shoot("30-left-behind")
        for number in list(feed.placed):
            feed.take(number)
        page.locator(".calm").wait_for(state="detached")
        feed.put("milk_whole_1l", -20, 8)
        page.locator("[data-sku=milk_whole_1l]").wait_for()
        feed.conditions = ("covered",)
        page.locator("[data-notice='camera.covered']").wait_for()
        self.shoot("31-covered")
        feed.conditions, feed.notices = (), ("model.loading", "hub.offline")
        page.locator("[data-notice='model.loading']").wait_for()
        self.shoot("32-loading")
        feed.notices = ("bundle.swapping",)
        page.locator("[data-notice='bundle.swapping']").wait_for()
        self.shoot("33-swap")
        feed.notices, feed.is_perceiving = (), False
        page.locator("[data-notice='blind']").wait_for()
        self.shoot("34-scanner-mode")
        feed.is_perceiving = True
        page.locator("[data-notice='blind']").wait_for(state="detached")
        feed.now_ns += 105 * 10**9  # nobody moved
        page.locator(".sheet-lead").wait_for()
        self.shoot("35-still-there")
        feed.now_ns += 30 * 10**9
        page.locator(".calm").wait_for()
        self.shoot("36-parked")
        feed.counter.refuse("journal.unwritable")
        page.locator(".calm h1").wait_for()
        page.wait_for_timeout(300)
        self.shoot("37-refused")
        feed.counter.recover()

    def shoot(self, name: str) -> None:
        self.page.wait_for_timeout(CALM_MS)
        self.page.screenshot(path=str(self.out / f"{self.look}-{name}.png"))


def box_of(folder: Path) -> InMemoryFeed:
    catalog = load_catalog(folder / "catalog.json")
    names = [sku.picture for sku in catalog.skus if sku.picture]
    pictures = {name: (folder / name).read_bytes() for name in names}
    return InMemoryFeed(catalog, load_price_list(folder / "prices.json"), pictures)


def put_groceries(feed: InMemoryFeed) -> None:
    feed.put("milk_whole_1l", -20, 8)
    feed.put("cereal_honey_375", -6, 9, size_cm=(14, 8, 6))
    feed.put("cola_330", 10, 8, size_cm=(7, 7, 11))
    feed.put("choc_dark_100", 22, 8, size_cm=(8, 14, 1.5))
    feed.put("choc_dark_100", -19, -9, size_cm=(8, 14, 1.5))
    feed.put("jam_apricot_340", -5, -9, size_cm=(7, 7, 9))


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


if __name__ == "__main__":
    sys.exit(main())
