"""Whoever trains, at the dashboard: data sets, runs, the queue and "why", on a real hub process."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.chromium import chromium_program
from tests.fakes.furnished_hub import AXE, serious_faults, shoot, sign_in
from tests.fakes.training_shop import BASKET, TrainingShop, call_in, training_shop
from trainer.hub.dashboard import STATIC_DIR

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TrainingShop]:
    """A hub with two versions, three runs, a model, a sale, a worker with a job."""
    if chromium_program() is None:
        pytest.skip("no Chromium on this machine: apt install chromium")
    if not (STATIC_DIR / "index.html").exists():
        pytest.skip("the page is not built: python -m tools.checks.web_build")
    with training_shop(tmp_path_factory.mktemp("training")) as running:
        yield running


def test_a_run_is_cloned_edited_beside_its_origin_and_enqueued(
    page: Any, shop: TrainingShop, screenshots: Path
) -> None:
    sign_in(page, shop.hub, "tom", "/runs?tag=baseline")
    page.locator(".row-link", has_text="warm start").click()
    page.get_by_role("button", name="Clone").click()
    page.locator(".parameter-row", has_text="fit.epochs").wait_for()
    page.get_by_label("fit.epochs").fill("many")
    page.locator(".fault", has_text="cannot be read as a number").wait_for()
    page.get_by_label("fit.epochs").fill("24")
    page.locator("td.differs", has_text="24").wait_for()
    row = page.locator("tr", has_text="fit.epochs")
    assert row.locator("td").all_inner_texts() == ["fit.epochs", "12", "24"]
    page.get_by_label("Priority").fill("5")
    shoot(page, screenshots, "run-draft")
    page.get_by_role("button", name="Put into the queue").click()
    page.locator(".toast", has_text="In the queue").wait_for()
    page.locator(".badge", has_text="Waits").first.wait_for()
    (run,) = shop.hub.ok("GET", "/api/v1/runs?status=queued")["items"]
    job = shop.hub.ok("GET", f"/api/v1/jobs/{run['job_id']}")
    assert (run["parent_id"], job["priority"]) == (shop.runs[0], 5)
    assert job["parameters"]["fit"]["epochs"] == 24
    assert job["parameters"]["sizes"] == [224, 256]


def test_runs_are_compared_and_a_point_is_read_by_keyboard(
    page: Any, shop: TrainingShop, screenshots: Path
) -> None:
    sign_in(page, shop.hub, "vera", "/runs?sort=name")
    for name in ("warm start", "twice the rate"):
        page.get_by_label(f"Compare {name}", exact=True).check()
    page.get_by_role("button", name="Compare 2 runs").click()
    page.locator("tr", has_text="fit.learning_rate").locator(".differs").wait_for()
    hand = page.get_by_role("slider", name="Values of loss")
    hand.focus()
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")
    told = page.locator(".plot-told")
    told.wait_for()
    assert "Step 20" in told.inner_text()
    assert "2.383" in told.inner_text()
    shoot(page, screenshots, "compare")
    assert page.get_by_role("button", name="Clone").count() == 0


def test_note_and_tags_of_a_run_that_ended_are_changed(page: Any, shop: TrainingShop) -> None:
    sign_in(page, shop.hub, "tom", f"/runs/{shop.runs[1]}")
    page.get_by_role("button", name="Edit", exact=True).click()
    page.get_by_label("Tags", exact=True).fill("rate, night")
    page.get_by_label("Note", exact=True).fill("too fast at the end")
    page.get_by_role("button", name="Save").click()
    page.locator(".note", has_text="too fast at the end").wait_for()
    assert shop.hub.ok("GET", f"/api/v1/runs/{shop.runs[1]}")["tags"] == ["rate", "night"]


def test_a_job_is_followed_and_stopped_after_a_question(page: Any, shop: TrainingShop) -> None:
    call_in(shop.hub, shop.job_id, shop.lease)
    sign_in(page, shop.hub, "tom", "/jobs")
    page.locator("li", has_text="cpu-2").get_by_text("Waits for work").wait_for()
    page.locator("li", has_text="gpu-1").get_by_text("At work").wait_for()
    page.goto(f"{shop.hub.address}/jobs/{shop.job_id}")
    page.locator(".log", has_text="epoch 5").wait_for()
    address = f"/api/v1/jobs/{shop.job_id}/logs"
    shop.hub.ok("POST", address, {**shop.lease, "text": "epoch 6: loss 0.400\n"})
    page.locator(".log", has_text="epoch 6").wait_for()
    page.get_by_role("button", name="Stop it").click()
    page.locator("dialog").get_by_role("button", name="Stop it").click()
    page.locator(".badge", has_text="Asked to stop").wait_for()
    assert shop.hub.ok("GET", f"/api/v1/jobs/{shop.job_id}")["is_cancel_asked"]


def test_a_version_is_compared_checked_and_a_new_one_made(
    page: Any, shop: TrainingShop, screenshots: Path
) -> None:
    before, after = shop.versions
    sign_in(page, shop.hub, "tom", f"/datasets/{after}?before={before}")
    page.get_by_role("button", name="Added").wait_for()
    page.locator(".reason", has_text="Same picture twice").click()
    page.locator(".picture-tile img").first.wait_for()
    shoot(page, screenshots, "dataset")
    page.get_by_role("button", name="Make it again and check").click()
    page.locator(".banner", has_text="each with its digest").wait_for()
    page.goto(shop.hub.address + "/datasets")
    page.get_by_role("button", name="New version").click()
    page.get_by_label("Name", exact=True).fill("strict")
    page.get_by_label("Kept together").select_option("basket")
    page.get_by_role("button", name="Make the version").click()
    page.locator("h1", has_text="strict").wait_for()
    assert shop.hub.ok("GET", "/api/v1/datasets?name=strict")["items"][0]["recipe"]["split.by"]


def test_a_receipt_line_leads_to_its_pictures_and_a_picture_back_to_the_model(
    page: Any, shop: TrainingShop
) -> None:
    sign_in(page, shop.hub, "ada", "/why")
    page.get_by_label("Number of the receipt").fill(BASKET)
    page.keyboard.press("Enter")
    page.locator(".walk-step", has_text="Labelled by").wait_for()
    page.locator(".picture-tile a").first.click()
    page.locator(".walk-step", has_text="Models that learned").locator("a").click()
    origin = page.locator(".panel", has=page.locator("h2", has_text="Where it comes from"))
    origin.locator(f"a[href='/datasets/{shop.versions[1]}']").wait_for()
    origin.locator(f"a[href='/runs/{shop.runs[0]}']").click()
    page.locator("h1", has_text="warm start").wait_for()


EVERY_PAGE = (
    "/datasets", "/datasets/{version}", "/runs", "/runs/{run}", "/runs/+compare?runs={run},{other}",
    "/jobs", "/jobs/{job}", "/why",
)  # fmt: skip


@pytest.mark.parametrize(
    ("width", "theme", "paths"),
    [
        pytest.param(1440, "light", EVERY_PAGE, id="desktop light", marks=pytest.mark.slow),
        pytest.param(390, "dark", EVERY_PAGE[1:4:2], id="phone dark"),
    ],
)
def test_no_page_of_training_is_wider_than_its_glass_and_axe_finds_nothing_serious(
    page: Any, shop: TrainingShop, width: int, theme: str, paths: tuple[str, ...]
) -> None:
    if not AXE.exists():
        pytest.skip("axe-core is not installed: npm ci")
    page.set_viewport_size({"width": width, "height": 850})
    page.goto(shop.hub.address)
    page.evaluate(f"localStorage['tillsight.preferences'] = '{json.dumps({'theme': theme})}'")
    sign_in(page, shop.hub, "ada")
    names = {"version": shop.versions[1], "run": shop.runs[0], "other": shop.runs[1]}
    faults = {}
    for path in paths:
        page.goto(shop.hub.address + path.format(job=shop.job_id, **names))
        page.locator("main:not(:has(.waiting)) h1").wait_for()
        faults[path] = serious_faults(page)
    assert faults == dict.fromkeys(faults, [])
