"""Operators and approvers at the dashboard: a release goes out, is watched and is taken back."""

from pathlib import Path
from typing import Any

import pytest

from tests.fakes.furnished_hub import shoot, sign_in
from tests.fakes.hub_process import HubProcess
from tests.fakes.monitored_shop import report_a_month

pytestmark = pytest.mark.browser

PROOF = {"ties": 900, "wins": 4, "losses": 1, "log_e_no_worse": 5.0, "log_e_worse": -1.0}


def tell(hub: HubProcess, box_id: str, step: str, bundle_id: str, **facts: Any) -> None:
    progress = {"bundle_id": bundle_id, "step": step, "policy": "production", **facts}
    hub.check_in(box_id, progress=progress)


def confirm(page: Any, action: str, note: str, name: str = "") -> None:
    page.get_by_label("Why").fill(note)
    sheet = page.locator("dialog")
    if name:
        sheet.get_by_label(f"Type {name}").fill(name)
    sheet.get_by_role("button", name=action, exact=True).click()


def test_a_model_is_approved_rolled_out_let_on_and_taken_back(
    page: Any, hub: HubProcess, screenshots: Path
) -> None:
    sign_in(page, hub, "ada", "/models")
    page.locator(".row-link").first.click()
    page.get_by_role("button", name="Approve").click()
    confirm(page, "Approve", "looked at the one basket that was lost")
    page.get_by_role("button", name="Roll out").click()
    page.get_by_role("button", name="early (1)").click()
    page.get_by_role("button", name="wide (1)").click()
    page.locator("dialog").get_by_role("button", name="Roll out", exact=True).click()
    early = page.locator(".rings li", has_text="1. early").first
    early.get_by_text("Offered to 1").wait_for()

    (row,) = hub.ok("GET", "/api/v1/rollouts")
    tell(hub, "main-1", "confirmed", row["bundle_id"], **PROOF)
    page.get_by_role("button", name="Let on").click()
    confirm(page, "Let on", "one shop is enough for today")
    early.get_by_text("Confirmed 1", exact=True).wait_for()
    tell(hub, "main-2", "held", row["bundle_id"], reason="memory: 90 MiB short")
    page.get_by_role("button", name="Hold").click()
    confirm(page, "Hold", "the store asked for a quiet day")
    page.locator(".row-link", has_text="main-2").wait_for()
    page.get_by_text("Needed").first.wait_for()
    shoot(page, screenshots, "rollout")

    withdraw = page.get_by_role("button", name="Take back")
    withdraw.click()
    page.get_by_label("Why").fill("the lamps were changed")
    sure = page.locator("dialog").get_by_role("button", name="Take back", exact=True)
    assert sure.get_attribute("aria-disabled") == "true"
    page.keyboard.press("Escape")
    withdraw.click()
    confirm(page, "Take back", "the lamps were changed", f"{row['name']} {row['version']}")
    page.locator(".banner", has_text="Taken back").wait_for()
    told = hub.ok("GET", f"/api/v1/rollouts/{row['rollout_id']}")
    assert [ring["told"] for ring in told["rings"]] == ["withdrawn", "withdrawn"]
    assert [one["action"] for one in told["decisions"]] == [
        "start", "next", "hold", "withdraw",
    ]  # fmt: skip


def test_drift_is_seen_and_settled_and_insights_are_drawn(
    page: Any, hub: HubProcess, screenshots: Path
) -> None:
    report_a_month(hub, "main-1", first_seq=1000)
    sign_in(page, hub, "ada", "/overview")
    page.locator(".panel", has_text="Needs you").get_by_text("Store s1 looks different").click()
    store = page.locator("section[aria-label='store:s1']")
    store.locator(".badge", has_text="Alarm").first.wait_for()
    page.locator("figure.plot").first.wait_for()
    shoot(page, screenshots, "monitoring")
    page.get_by_role("button", name="I look at it: store:s1").click()
    confirm(page, "I look at it", "new packs of milk")
    page.locator("li.alert", has_text="store:s1").get_by_text("Seen", exact=True).wait_for()
    store.get_by_role("button", name="This is normal now").click()
    confirm(page, "This is normal now", "the packs stay")
    page.locator("li.alert", has_text="store:s1").wait_for(state="detached")
    page.get_by_role("button", name="Close: ring:early").click()
    confirm(page, "Close", "the same packs")
    page.locator("li.alert", has_text="ring:early").wait_for(state="detached")
    left = hub.ok("GET", "/api/v1/alerts?state=active")["items"]
    assert "store:s1" not in [alert["place"] for alert in left]


def test_a_trigger_votes_fires_by_hand_and_its_secret_is_shown_once(
    page: Any, hub: HubProcess
) -> None:
    sign_in(page, hub, "ada", "/settings")
    page.get_by_role("button", name="New trigger").click()
    page.get_by_label("Name").fill("weekly")
    page.get_by_role("button", name="Add the condition").click()
    page.get_by_label("Condition").select_option("drift")
    page.get_by_role("button", name="Add the condition").click()
    page.get_by_label("Votes needed").fill("2")
    page.get_by_role("button", name="Make the trigger").click()
    assert len(page.locator(".secret").inner_text()) > 20
    page.get_by_role("button", name="Done").click()
    page.get_by_role("button", name="Fire now: weekly").click()
    confirm(page, "Fire now", "the shelf was rebuilt")
    page.locator("summary", has_text="Fired 1 time").wait_for()
    assert hub.ok("GET", "/api/v1/triggers")[0]["plan"]["votes"] == 2


def test_a_webhook_to_a_private_address_is_refused_in_words(page: Any, hub: HubProcess) -> None:
    sign_in(page, hub, "ada", "/settings")
    page.get_by_role("button", name="New webhook").click()
    page.get_by_label("Address").fill("https://127.0.0.1/hook")
    page.get_by_role("button", name="Make the webhook").click()
    page.locator(".fault").wait_for()
    assert hub.ok("GET", "/api/v1/webhooks") == []
