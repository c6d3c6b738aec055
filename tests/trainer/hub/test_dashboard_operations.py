"""Operators and approvers at the dashboard: a release goes out, is watched and is taken back."""

from pathlib import Path
from typing import Any

import pytest

from tests.fakes.furnished_hub import shoot, sign_in
from tests.fakes.hub_process import HubProcess

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
    early.get_by_text("Told 1").wait_for()

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
