"""What browser tests of the kiosk share: sizes, places on the page, what axe finds."""

from pathlib import Path
from typing import Any

from tests.edge.kiosk.kiosk_page import PIN

PORTRAIT = {"width": 1080, "height": 1920}
LANDSCAPE = {"width": 1920, "height": 1080}
PHONE = {"width": 390, "height": 844}
AXE = Path(__file__).resolve().parents[3] / "node_modules/axe-core/axe.min.js"


def line(page: Any, sku_id: str) -> Any:
    return page.locator(f".line[data-sku={sku_id}]")


def total(page: Any) -> str:
    return str(page.locator(".total-total dd").inner_text())


def open_desk(page: Any) -> None:
    """Help, Staff, PIN."""
    page.locator(".top-actions .button", has_text="Help").click()
    page.locator(".sheet .button", has_text="Staff").click()
    page.locator(".pin input").fill(PIN)
    page.keyboard.press("Enter")
    page.locator(".staff-queue").wait_for()


def serious_faults(page: Any) -> list[str]:
    """What axe calls serious or critical, and content that is wider than the screen."""
    found = page.evaluate(
        """async () => {
          const { violations } = await axe.run(document, { resultTypes: ['violations'] });
          const serious = violations.filter((v) => ['serious', 'critical'].includes(v.impact));
          const isWide = document.documentElement.scrollWidth > window.innerWidth;
          const words = serious.map((v) => v.id + ': ' + v.nodes.map((n) => n.target).join(' '));
          return [...(isWide ? ['too wide'] : []), ...words];
        }"""
    )
    return [str(fault) for fault in found]
