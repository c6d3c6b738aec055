"""A tour of every state of the kiosk page, over a box in memory.

`see(name)` is called in each state: to take a picture, to ask axe, to walk with the Tab key. Every
state is made for real: goods are put down, cameras go away, the server ends.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from playwright.sync_api import Page

from edge.basket.judgement import RuleSettings
from edge.kiosk.live_feed import Terminal
from sync.catalog import load_catalog
from sync.price_list import Promotion, load_price_list
from tests.edge.kiosk.kiosk_page import PIN, RunningKiosk
from tests.fakes.in_memory_feed import START, InMemoryFeed

WORDS = "apple bridge candle drift ember fossil"
WITHOUT_PRICE = "jam_strawberry_340"
CALM_MS = 400
PATIENCE_S = 3_600  # a busy machine takes its time to judge a state
SHOWN = """() => Promise.all([...document.images].map((image) => image.decode().catch(() => 0)))
  .then(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))))
  .then(() => true)"""


@dataclass
class Tour:
    """One shopper, one attendant and every trouble there is."""

    page: Page
    kiosk: RunningKiosk
    see: Callable[[str], None]

    def walk(self) -> None:
        """From the first screen to a counter that takes a break."""
        self.shopping()
        self.second_tray_and_trouble(self.kiosk.feed)
        self.staff_and_payment()
        self.desk_and_practice()
        self.states()
        self.other_terminals()

    def shopping(self) -> None:
        page, feed = self.page, self.kiosk.feed
        page.goto(self.kiosk.address)
        page.wait_for_selector(".welcome")
        self.shoot("01-welcome")
        feed.enrol_words = WORDS
        page.locator(".enrol").wait_for()
        self.shoot("01b-enrolment")
        feed.enrol_words = ""
        page.locator(".enrol").wait_for(state="detached")
        page.locator(".welcome .button-main").click()
        self.shoot("02-start")
        jam = feed.put(WITHOUT_PRICE, -15, 0)
        page.locator(".ask-scan").wait_for()
        self.shoot("02b-no-idea")
        feed.take(jam)
        page.locator(".ask").wait_for(state="detached")
        strange = feed.put("honey_500", 15, 0, is_strange=True)
        page.locator(".ask .tile").wait_for()
        self.shoot("02c-is-it-this-one")
        feed.take(strange)
        page.locator(".ask").wait_for(state="detached")
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
        page.locator(".search input").fill("zzz")
        page.locator(".result-tiles .tile").first.wait_for(state="detached")
        self.shoot("06b-nothing-found")
        page.locator(".search input").fill("")
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

    def second_tray_and_trouble(self, feed: InMemoryFeed) -> None:
        page = self.page
        page.locator(".action").nth(1).click()
        page.locator(".tray-title").first.wait_for()
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
        page.locator(".sheet .button-danger").click()
        self.shoot("12b-cancel")
        page.keyboard.press("Escape")
        page.locator(".sheet").wait_for(state="detached")
        page.locator(".top-actions .button").last.click()
        page.locator(".sheet .button-quiet").last.click()
        page.locator(".pin input").fill("0000")
        page.keyboard.press("Enter")
        page.locator(".pin-problem", has_text=" ").wait_for()
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
        page.locator(".practice .button").nth(1).click()
        page.locator(".hint-card").wait_for()
        self.shoot("17b-declined")
        page.locator(".pay").click()
        page.locator(".practice .button").first.click()
        page.locator(".slip-lines small").first.wait_for()
        self.shoot("18-receipt")
        page.locator(".paid .button-main").click()
        page.locator(".calm").wait_for()
        self.shoot("18b-take-your-items")

    def desk_and_practice(self) -> None:
        page, feed = self.page, self.kiosk.feed
        for number in list(feed.placed):
            feed.take(number)
        page.reload()  # the language is forgotten after a sale; the pictures want it again
        page.locator(".welcome, .shopping").first.wait_for()
        self.sign_in()
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
        strange = feed.put("potato_each", 15, 0, is_strange=True)
        page.locator(".ask").wait_for()
        page.locator(".top-actions .button-soft").click()
        page.locator(".queue-row img").wait_for()
        self.shoot("30b-queue")
        page.keyboard.press("Escape")
        feed.take(strange)
        page.locator(".ask").wait_for(state="detached")
        feed.conditions = ("covered",)
        page.locator("[data-notice='camera.covered']").wait_for()
        self.shoot("31-covered")
        self.kiosk.stop()
        page.locator("[data-notice=reconnecting]").wait_for()
        self.shoot("19-offline")
        self.kiosk.start()
        page.locator("[data-notice=reconnecting]").wait_for(state="detached")
        feed.conditions, feed.notices = (), ("model.loading", "hub.offline")
        page.locator("[data-notice='model.loading']").wait_for()
        self.shoot("32-loading")
        feed.notices = ("bundle.swapping",)
        page.locator("[data-notice='bundle.swapping']").wait_for()
        self.shoot("33-swap")
        feed.notices = ("scanner.mode",)
        page.locator("[data-notice='scanner.mode']").wait_for()
        self.shoot("33b-scan")
        feed.notices, feed.is_perceiving = (), False
        page.locator("[data-notice='blind']").wait_for()
        self.shoot("34-scanner-mode")
        feed.is_perceiving = True
        page.locator("[data-notice='blind']").wait_for(state="detached")
        feed.now_ns += (PATIENCE_S - 15) * 10**9  # nobody moved
        page.locator(".sheet-lead").wait_for()
        self.shoot("35-still-there")
        feed.now_ns += 30 * 10**9
        page.locator(".calm").wait_for()
        self.shoot("36-parked")
        feed.counter.refuse("journal.unwritable")
        page.locator(".app[data-screen=refused]").wait_for()
        self.shoot("37-refused")
        feed.counter.recover()

    def other_terminals(self) -> None:
        """A sale where a cash desk or a person takes the money; the page begins anew."""
        page, feed = self.page, self.kiosk.feed
        for number in list(feed.placed):
            feed.take(number)
        feed.terminal = Terminal.EXTERNAL
        page.reload()
        page.locator(".app[data-screen=suspended] .calm .button-main").click()
        page.locator(".app[data-screen=welcome]").wait_for()
        feed.put("honey_500", 0, 0)
        page.locator("[data-sku=honey_500]").wait_for()
        page.locator(".pay").click()
        page.locator(".paying-wait").wait_for()
        self.shoot("38-external")
        feed.terminal = Terminal.ATTENDANT
        page.reload()
        page.locator(".paying").wait_for()
        self.shoot("39-at-the-desk")
        self.sign_in()
        page.keyboard.press("Escape")
        page.locator(".practice-answers .button").nth(2).wait_for()
        self.shoot("39b-kinds-of-payment")

    def sign_in(self) -> None:
        page = self.page
        page.locator(".top-actions .button").last.click()
        page.locator(".sheet .button-quiet").last.click()
        page.locator(".pin input").fill(PIN)
        page.keyboard.press("Enter")
        page.locator(".staff-queue").wait_for()

    def shoot(self, name: str) -> None:
        """Let things come to rest, then look."""
        self.page.wait_for_timeout(CALM_MS)
        self.page.evaluate(SHOWN)
        self.see(name)


def box_of(folder: Path) -> InMemoryFeed:
    """A bundle's own catalogue, with one promotion and one price missing."""
    catalog = load_catalog(folder / "catalog.json")
    prices = load_price_list(folder / "prices.json")
    two = Promotion(
        promotion_id="two", sku_id="choc_dark_100", kind="multi_buy", quantity=2, amount_minor=250,
        names={"en": "2 for €2.50", "de": "2 für 2,50 €"}, valid_from=START - timedelta(days=1),
    )  # fmt: skip
    entries = tuple(entry for entry in prices.entries if entry.sku_id != WITHOUT_PRICE)
    prices = prices.model_copy(update={"promotions": (two,), "entries": entries})
    names = [sku.picture for sku in catalog.skus if sku.picture]
    pictures = {name: (folder / name).read_bytes() for name in names}
    rules = RuleSettings(walk_away_s=PATIENCE_S)
    return InMemoryFeed(catalog, prices, pictures, rules)


def put_groceries(feed: InMemoryFeed) -> None:
    feed.put("milk_whole_1l", -20, 8)
    feed.put("cereal_honey_375", -6, 9, size_cm=(14, 8, 6))
    feed.put("cola_330", 10, 8, size_cm=(7, 7, 11))
    feed.put("choc_dark_100", 22, 8, size_cm=(8, 14, 1.5))
    feed.put("choc_dark_100", -19, -9, size_cm=(8, 14, 1.5))
    feed.put("jam_apricot_340", -5, -9, size_cm=(7, 7, 9))
