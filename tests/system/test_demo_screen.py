"""The demo as its visitor sees it: a box plays a clip, the kiosk page fills with its basket."""

from pathlib import Path
from typing import Any

import pytest

from tools.demo_run.clip_folder import read_clips
from tools.demo_run.demo_box import running_box, wait_until_ready

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]

SIZE = {"width": 1600, "height": 900}
# The share of the counter's canvas that is painted with something else than its background.
PAINTED = """() => {
  const canvas = document.querySelector('canvas');
  const context = canvas.getContext('2d');
  const data = context.getImageData(0, 0, canvas.width, canvas.height).data;
  let lit = 0;
  for (let i = 0; i < data.length; i += 4) lit += data[i] + data[i + 1] + data[i + 2] > 60;
  return lit / (data.length / 4);
}"""


def test_the_basket_of_a_clip_grows_on_the_page(
    browser: Any, screenshots: Path, tmp_path: Path
) -> None:
    clip = read_clips()[0]
    context = browser.new_context(viewport=SIZE)
    with running_box(tmp_path, clip, is_looped=True) as box:
        wait_until_ready(box)
        page = context.new_page()
        errors: list[str] = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(box.kiosk_url)

        for sku_id in clip.truth:
            page.locator(f".line[data-sku={sku_id}]").wait_for(timeout=60_000)

        assert page.locator(".line img").count() >= len(clip.truth)
        assert page.evaluate(PAINTED) > 0.5
        page.screenshot(path=str(screenshots / "shopping.png"))
    context.close()
    assert not errors
