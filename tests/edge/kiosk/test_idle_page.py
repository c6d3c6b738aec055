"""Nothing that somebody chose on the page goes without a warning."""

from typing import Any

import pytest

from tests.edge.kiosk.kiosk_page import RunningKiosk

pytestmark = pytest.mark.browser

SOON_S, OVER_S = 45, 25  # of 60 s, the last 20 with the warning


def test_a_chosen_language_is_forgotten_only_after_a_warning(
    browser: Any, kiosk: RunningKiosk
) -> None:
    context = browser.new_context(reduced_motion="reduce")
    page = context.new_page()
    page.set_default_timeout(15_000)
    page.clock.install()
    page.goto(kiosk.address)
    page.locator(".languages .button", has_text="Deutsch").click()
    page.locator("html[lang=de]").wait_for()
    page.clock.fast_forward(SOON_S * 1_000)
    page.locator(".sheet .button", has_text="Ja, ich bin da").wait_for()
    page.keyboard.press("Enter")  # the warning has the focus
    page.locator(".sheet").wait_for(state="detached")
    page.clock.fast_forward(SOON_S * 1_000)
    page.locator(".sheet", has_text="beginnt dieser Bildschirm gleich von vorn").wait_for()
    page.clock.fast_forward(OVER_S * 1_000)
    page.locator("html[lang=en]").wait_for()
    assert page.locator(".sheet").count() == 0
    context.close()
