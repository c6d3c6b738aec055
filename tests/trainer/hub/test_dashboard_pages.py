"""People at the dashboard: a browser's finger on a real hub process with real boxes and cases."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.furnished_hub import (
    AXE,
    DESKTOP,
    PHONE,
    serious_faults,
    shoot,
    sign_in,
)
from tests.fakes.hub_process import HubProcess
from tests.fakes.people_hub import PASSWORD
from tests.fakes.product_photos import jpeg, photo_of

pytestmark = pytest.mark.browser


def test_a_wrong_password_is_told_and_the_right_one_opens_the_page(
    page: Any, hub: HubProcess
) -> None:
    page.goto(hub.address + "/fleet")
    page.get_by_label("Name").fill("ada")
    page.get_by_label("Password").fill("not this one at all")
    page.keyboard.press("Enter")
    page.locator(".fault", has_text="Name or password is wrong").wait_for()
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.locator("h1", has_text="Fleet").wait_for()
    page.locator(".me").click()
    page.get_by_role("button", name="Sign out", exact=True).click()
    page.locator("h1", has_text="Sign in to the hub").wait_for()


def test_a_role_sees_only_its_pages(page: Any, hub: HubProcess) -> None:
    sign_in(page, hub, "rita")
    shown = page.locator(".nav-link").all_inner_texts()
    assert "Review" in shown
    assert "Audit" not in shown
    page.goto(hub.address + "/audit")
    page.locator("h2", has_text="Your role does not show this page").wait_for()


def test_a_box_comes_in_by_six_words_and_goes_by_its_typed_name(page: Any, hub: HubProcess) -> None:
    words = hub.boxes["harbour-1"].enrol().json()["fingerprint_words"]
    sign_in(page, hub, "ada", "/fleet")
    page.get_by_role("button", name="Compare words").click()
    page.get_by_label("Six words").fill("one two three four five six")
    page.get_by_role("button", name="Let it in").click()
    page.locator(".fault", has_text="not the six words").wait_for()
    page.get_by_label("Six words").fill(words)
    page.get_by_role("button", name="Let it in").click()
    page.locator(".toast", has_text="harbour-1 is let in").wait_for()

    page.locator(".row-link", has_text="harbour-1").click()
    page.locator("h1", has_text="harbour-1").wait_for()
    page.get_by_role("button", name="Get logs").click()
    page.locator(".badge", has_text="Waits for the box").wait_for()
    hub.boxes["harbour-1"].enrol()
    asked = hub.check_in("harbour-1")["commands"]
    assert [command["kind"] for command in asked] == ["logs"]

    page.get_by_role("button", name="More", exact=True).click()
    page.get_by_role("button", name="Revoke").click()
    page.get_by_label("Why").fill("stolen from the shop")
    revoke = page.locator("dialog").get_by_role("button", name="Revoke", exact=True)
    page.get_by_label("Type harbour-1").fill("harbour")
    assert revoke.get_attribute("aria-disabled") == "true"
    page.get_by_label("Type harbour-1").fill("harbour-1")
    revoke.click()
    page.locator(".banner, .badge", has_text="Revoked").first.wait_for()
    page.locator(".audit-entry", has_text="stolen from the shop").wait_for()


def test_what_a_box_in_trouble_says_is_shown(page: Any, hub: HubProcess, screenshots: Path) -> None:
    sign_in(page, hub, "ada", "/overview")
    page.locator(".tile", has_text="With trouble").locator(".tile-figure", has_text="1").wait_for()
    shoot(page, screenshots, "overview")
    page.locator(".tile", has_text="With trouble").click()
    page.locator(".row-link", has_text="main-2").click()
    page.locator(".banner", has_text="camera.lost").wait_for()
    page.locator("a[aria-label='Picture of cam0'] img").wait_for()
    page.get_by_text("picture of", exact=False).first.wait_for()
    page.get_by_role("button", name="Picture of now").click()
    page.get_by_text("A picture is on its way").wait_for()
    page.locator(".panel", has_text="Cameras").get_by_text("Lost", exact=True).wait_for()
    assert "63.9 ms" in page.locator(".panel", has_text="Figures").first.inner_text()


def test_a_product_is_found_changed_and_its_history_tells(page: Any, hub: HubProcess) -> None:
    sign_in(page, hub, "ada", "/catalogue")
    page.get_by_label("Search name").fill("apple")
    page.locator(".hint", has_text=re.compile(r"^[1-5] products?$")).wait_for()
    page.locator(".row-link", has_text="juice_apple_1l").click()
    page.get_by_label("Age limit").fill("16")
    page.get_by_role("button", name="Save").click()
    page.locator(".toast", has_text="Saved").wait_for()
    page.locator(".audit-entry", has_text="age limit").wait_for()
    assert hub.ok("GET", "/api/v1/skus/juice_apple_1l")["age_limit"] == 16


def test_a_file_is_taken_only_after_its_preview(page: Any, hub: HubProcess) -> None:
    before = hub.ok("GET", "/api/v1/skus?limit=1")["total"]
    sign_in(page, hub, "ada", "/catalogue")
    page.get_by_role("button", name="Import").click()
    sku = {"sku_id": "fig_dried_200", "names": {"en": "Dried figs 200 g"}}
    file = {
        "name": "new.json",
        "mimeType": "application/json",
        "buffer": json.dumps({"skus": [sku]}).encode(),
    }
    page.locator(".drop input").set_input_files(file)
    page.locator(".badge", has_text="1 new").wait_for()
    assert hub.ok("GET", "/api/v1/skus?limit=1")["total"] == before
    page.get_by_role("button", name="Take over 1 change").click()
    page.locator(".toast", has_text="1 product taken over").wait_for()
    assert hub.ok("GET", "/api/v1/skus?limit=1")["total"] == before + 1


def test_twenty_cases_are_reviewed_by_keyboard(
    page: Any, hub: HubProcess, screenshots: Path
) -> None:
    page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    sign_in(page, hub, "rita", "/review")
    page.locator(".candidate").first.wait_for()
    page.keyboard.press("2")
    page.locator(".case-item[data-kind=sku]").first.wait_for()
    page.keyboard.press("z")
    page.locator(".case-item[data-kind=sku]").wait_for(state="detached")
    page.keyboard.press("x")
    page.locator(".case-item[data-kind=not_item]").first.wait_for()
    page.keyboard.press("n")
    stage = page.locator(".case-stage svg").bounding_box()
    page.mouse.move(stage["x"] + 20, stage["y"] + 20)
    page.mouse.down()
    page.mouse.move(stage["x"] + 120, stage["y"] + 110)
    page.mouse.up()
    page.locator(".case-item[data-item^=drawn]").wait_for()
    shoot(page, screenshots, "review")
    page.keyboard.press("u")
    for number in range(1, 21):
        page.keyboard.press("Enter")
        page.locator(".figures dd").first.get_by_text(str(number), exact=True).wait_for()
    page.keyboard.press("z")
    page.locator(".figures dd").first.get_by_text("19", exact=True).wait_for()
    mine = hub.ok("GET", "/api/v1/review/stats")
    assert [(row["reviewer"], row["num_answers"]) for row in mine] == [("rita", 19)]


def test_a_new_product_is_photographed_published_and_called_for(
    page: Any, hub: HubProcess, screenshots: Path
) -> None:
    sign_in(page, hub, "ada", "/onboarding/+new")
    page.get_by_label("Name").fill("Lime tea 20 bags")
    page.get_by_role("button", name="On to the photos").click()
    page.locator("h1", has_text="Lime tea 20 bags").wait_for()
    assert page.get_by_role("button", name="Publish now").get_attribute("aria-disabled") == "true"
    for number, side in enumerate(("front", "back", "left", "right")):
        card = page.locator(f".side-card[data-side={side}]")
        photo = {"name": "p.jpg", "mimeType": "image/jpeg", "buffer": jpeg(photo_of(5, number))}
        card.locator("input").set_input_files(photo)
        card.locator(".photo img").wait_for()
    page.locator(".meter", has_text="Enough").wait_for()
    shoot(page, screenshots, "onboarding")
    yes = page.get_by_label("I have seen the look-alikes")
    if yes.count():
        yes.check()
    page.get_by_role("button", name="Publish now").click()
    page.locator(".badge", has_text="Published at").wait_for()
    page.locator("li", has_text="main-1").get_by_text("Not heard yet").wait_for()
    hub.check_in("main-1")
    page.locator("li", has_text="main-1").get_by_text("Was told").wait_for()


def test_a_judged_model_is_approved_with_a_note(
    page: Any, hub: HubProcess, screenshots: Path
) -> None:
    sign_in(page, hub, "ada", "/models")
    page.locator(".row-link").first.click()
    gate = page.locator(".panel", has=page.locator("h2", has_text="Gate"))
    gate.locator(".badge", has_text="Pass").first.wait_for()
    assert "99.5 %" in gate.inner_text()
    shoot(page, screenshots, "model")
    page.get_by_role("button", name="Approve").click()
    page.get_by_label("Why").fill("looked at the one basket that was lost")
    page.locator("dialog").get_by_role("button", name="Approve", exact=True).click()
    page.locator("li", has_text="looked at the one basket").first.wait_for()
    page.get_by_role("button", name="Assign without watching").wait_for()


def test_a_price_is_changed_and_the_list_is_signed(page: Any, hub: HubProcess) -> None:
    hub.ok("PUT", "/api/v1/stores/s1/prices/milk_whole_1l", {"amount_minor": 119})
    sign_in(page, hub, "ada", "/stores/s1")
    page.get_by_role("button", name=re.compile("^Change: ")).first.click()
    page.get_by_label("Price in EUR").fill("1,29")
    page.get_by_role("button", name="Save").click()
    page.locator("td", has_text="€1.29").wait_for()
    page.get_by_role("button", name="Publish the list").click()
    page.locator(".toast", has_text="is signed").wait_for()
    assert hub.ok("GET", "/api/v1/stores/s1/price-list")["published"][0]["num_prices"] == 1


def test_an_account_is_made_and_closed(page: Any, hub: HubProcess) -> None:
    sign_in(page, hub, "ada", "/accounts")
    page.get_by_role("button", name="New account").click()
    page.get_by_label("Name", exact=True).fill("tom")
    page.get_by_label("Trainer").check()
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Make the account").click()
    page.get_by_role("button", name="Edit: tom").click()
    page.get_by_role("button", name="Close the account").click()
    page.locator("tr", has_text="tom").get_by_text("Closed").wait_for()
    found = {one["name"]: one for one in hub.ok("GET", "/api/v1/accounts")}
    assert (found["tom"]["roles"], found["tom"]["is_active"]) == (["viewer", "trainer"], False)


def test_a_box_is_split_and_merged_and_an_answer_becomes_a_test_case(
    page: Any, hub: HubProcess
) -> None:
    sign_in(page, hub, "ada", "/review")
    boxes = page.locator(".case-stage .case-item")
    boxes.first.wait_for()
    before = boxes.count()
    page.keyboard.press("c")
    page.locator(".case-stage .case-item[data-item^=drawn]").wait_for()
    assert boxes.count() == before + 1
    page.keyboard.press("m")
    page.locator(".case-stage .case-item[data-item^=drawn]").wait_for(state="detached")
    page.keyboard.press("Enter")
    page.locator(".toast", has_text="Case sent").wait_for()
    page.goto(hub.address + "/cases")
    page.get_by_label("State").select_option("labelled")
    page.locator("td", has_text="Answered").first.wait_for()
    page.locator(".row-link").first.click()
    page.locator(".case-name").first.wait_for()
    page.get_by_role("button", name="Make it a test case").click()
    page.locator(".toast", has_text="A test case now").wait_for()
    page.locator(".toast").get_by_role("button", name="Undo").click()
    page.locator(".toast", has_text="No test case any more").wait_for()


def test_a_store_is_made_like_another_and_sells_cheaper_for_a_while(
    page: Any, hub: HubProcess
) -> None:
    sign_in(page, hub, "ada", "/stores/s1")
    page.get_by_role("button", name="New store like this one").click()
    page.locator("dialog").get_by_label("Name").fill("Harbour")
    page.get_by_label("Store code").fill("s2")
    page.get_by_role("button", name="Make the store").click()
    page.locator("h1", has_text="Harbour").wait_for()
    page.get_by_role("button", name="New promotion").click()
    page.locator("dialog").get_by_label("Search name").fill("apple")
    page.locator(".sku-tile").first.click()
    page.get_by_label("Together, in EUR").fill("3,00")
    page.get_by_label("Fri").check()
    page.get_by_label("From what hour").fill("17:00")
    page.get_by_role("button", name="Make the promotion").click()
    page.get_by_text("2 for €3.00").wait_for()
    (made,) = hub.ok("GET", "/api/v1/stores/s2/promotions")
    assert (made["quantity"], made["amount_minor"]) == (2, 300)
    assert (made["weekdays"], made["from_time"], made["until_time"]) == ([4], "17:00", "")
    page.get_by_text("Fri 17:00 to 24:00").wait_for()
    page.get_by_role("button", name="Take away").click()
    page.locator(".toast").get_by_role("button", name="Undo").click()
    page.get_by_text("2 for €3.00").wait_for()
    page.goto(hub.address + "/catalogue/juice_apple_1l")
    page.get_by_role("button", name="Set a price: Harbour").click()
    page.get_by_label("Price in EUR").fill("1,99")
    page.locator("dialog").get_by_role("button", name="Save").click()
    page.locator("li", has_text="Harbour").get_by_text("€1.99").wait_for()


EVERY_PAGE = (
    "/overview", "/fleet", "/fleet/main-2", "/catalogue?q=tea", "/catalogue/juice_apple_1l",
    "/onboarding", "/review", "/audit?subject=main-2", "/models", "/stores/s1", "/accounts",
    "/rollouts", "/monitoring", "/settings", "/cases", "/stores",
)  # fmt: skip


@pytest.mark.parametrize(
    ("size", "theme", "paths"),
    [
        pytest.param(DESKTOP, "light", EVERY_PAGE, id="desktop light"),
        pytest.param(PHONE, "dark", EVERY_PAGE[:4:2], id="phone dark"),
    ],
)
def test_no_page_is_wider_than_its_glass_and_axe_finds_nothing_serious(
    page: Any, hub: HubProcess, size: dict[str, int], theme: str, paths: tuple[str, ...]
) -> None:
    if not AXE.exists():
        pytest.skip("axe-core is not installed: npm ci")
    page.set_viewport_size(size)
    page.goto(hub.address)
    page.evaluate(f"localStorage['tillsight.preferences'] = '{json.dumps({'theme': theme})}'")
    page.get_by_label("Name").wait_for()
    faults = {"/sign-in": serious_faults(page)}
    sign_in(page, hub, "ada")
    for path in paths:
        page.goto(hub.address + path)
        page.locator("main:not(:has(.waiting)) h1").wait_for()
        faults[path] = serious_faults(page)
    assert faults == dict.fromkeys(faults, [])
