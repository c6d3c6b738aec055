"""A whole shopping trip on the running demo: its clips, its models, its processes, one browser.

The clip's last picture is held for a while, so that a finger has time, and the clip then begins
anew: that is the second tray. One price is missing, so the box must ask.
"""

import json
import os
import signal
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import cv2
import pytest

from edge.config import FACTORY_BUNDLE
from edge.processes.desk_records import DeskRecords
from edge.processes.supervisor import STATUS_NAME
from sync.price_list import load_price_list
from tools.demo_run.clip_folder import ClipFolder, read_clips
from tools.demo_run.demo_box import DemoBox, running_box, wait_until_ready

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(500)]

SIZE = {"width": 1080, "height": 1920}
HOLD_S = 40.0
WITHOUT_PRICE = "jam_strawberry_340"
PACKED = {"milk_whole_1l", "jam_apricot_340"}


def test_a_whole_trip_with_an_ask_a_removal_two_trays_a_lost_camera_and_restarts(
    browser: Any, screenshots: Path, tmp_path: Path
) -> None:
    clip = held(read_clips()[0], tmp_path / "clips")
    prices = without_price(tmp_path / "prices.json", WITHOUT_PRICE)
    context = browser.new_context(viewport=SIZE)
    with running_box(tmp_path, clip, is_looped=True, prices_file=prices) as box:
        wait_until_ready(box)
        page = context.new_page()
        page.set_default_timeout(90_000)
        errors: list[str] = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(box.kiosk_url)

        # An ask, answered by search.
        line(page, "milk_whole_1l").wait_for()
        line(page, "cereal_honey_375").wait_for()
        page.locator(".ask[data-kind=unknown]").wait_for()
        page.screenshot(path=str(screenshots / "trip-ask.png"))
        page.locator(".ask .button", has_text="Search").click()
        page.keyboard.type("apricot")
        page.locator(".result-tiles .tile", has_text="Apricot").first.click()
        line(page, "jam_apricot_340").wait_for()
        page.locator(".ask").wait_for(state="detached")

        # A removal by hand: the line goes, the item is left out.
        line(page, "cereal_honey_375").locator(".line-remove").click()
        line(page, "cereal_honey_375").wait_for(state="detached")
        page.locator("[data-notice='item.left_out']").wait_for()

        # The second tray: what is packed stays, whatever happens to the counter from here on.
        page.locator(".action", has_text="More items").click()
        page.locator(".toast", has_text="Kept").wait_for()
        packed = page.locator(".tray-title:has-text('Round 1') + ul .line")
        packed.nth(1).wait_for()
        assert skus(packed) == PACKED

        # A camera loss: its file is gone, its process dies, the others go on.
        lost = clip.videos["cam2"]
        lost.rename(lost.with_suffix(".away"))
        kill(box, "cam2")
        page.locator("[data-notice='camera.lost']").wait_for()
        assert skus(packed) == PACKED
        lost.with_suffix(".away").rename(lost)
        page.locator("[data-notice='camera.lost']").wait_for(state="detached")

        # The page's server and the basket's own process end without a word.
        kill(box, "kiosk")
        page.locator("[data-notice=reconnecting]").wait_for()
        assert skus(packed) == PACKED
        page.locator("[data-notice=reconnecting]").wait_for(state="detached")
        kill(box, "basket")

        # The clip's next round is the second tray; its question is left out.
        second = page.locator(".tray-title:has-text('On the counter now') + ul .line")
        second.filter(has_text="Milk").wait_for()
        second.filter(has_text="Cereal").wait_for()
        page.locator(".ask .button", has_text="Leave it out").click()
        page.locator(".ask").wait_for(state="detached")
        assert skus(packed) == PACKED
        page.screenshot(path=str(screenshots / "trip-second-tray.png"))

        page.locator(".pay").click()
        page.locator(".practice .button", has_text="Approved").click()
        page.locator(".slip").wait_for()
        paid = page.locator(".slip-total dd").inner_text()
        day = DeskRecords(box.config).day_totals("lane-1", 0, datetime.now(UTC))
        assert (day.num_sales, f"€{day.sales_minor / 100:.2f}") == (1, paid)
    context.close()
    assert not errors


def line(page: Any, sku_id: str) -> Any:
    return page.locator(f".line[data-sku={sku_id}]").first


def skus(lines: Any) -> set[str]:
    return set(lines.evaluate_all("lines => lines.map((l) => l.dataset.sku)"))


def kill(box: DemoBox, part: str) -> None:
    """SIGKILL to the process whose name holds `part`."""
    status = json.loads((box.config.paths.run_dir / STATUS_NAME).read_text())
    (pid,) = [p["pid"] for p in status["processes"] if part in p["name"]]
    os.kill(pid, signal.SIGKILL)


def without_price(path: Path, sku_id: str) -> Path:
    """The demo's prices without one of them."""
    known = load_price_list(FACTORY_BUNDLE / "prices.json")
    entries = tuple(entry for entry in known.entries if entry.sku_id != sku_id)
    path.write_text(known.model_copy(update={"entries": entries}).model_dump_json())
    return path


def held(clip: ClipFolder, folder: Path) -> ClipFolder:
    """The clip with its last picture held for `HOLD_S`."""
    folder.mkdir()
    videos = {name: hold(video, folder / video.name) for name, video in clip.videos.items()}
    return replace(clip, videos=videos, duration_s=clip.duration_s + HOLD_S)


def hold(source: Path, target: Path) -> Path:
    capture = cv2.VideoCapture(str(source))
    fps = capture.get(cv2.CAP_PROP_FPS)
    is_read, frame = capture.read()
    height, width = frame.shape[:2]
    writer = cv2.VideoWriter(str(target), cv2.VideoWriter.fourcc(*"mp4v"), fps, (width, height))
    while is_read:
        last = frame
        writer.write(last)
        is_read, frame = capture.read()
    for _ in range(round(HOLD_S * fps)):
        writer.write(last)
    writer.release()
    capture.release()
    return target
