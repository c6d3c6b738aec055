"""Every state of the page: nothing serious for axe, nothing cut off, all of it by keyboard."""

from pathlib import Path
from typing import Any

import pytest

from tests.edge.kiosk.page_parts import AXE, keyboard_faults, layout_faults, serious_faults
from tests.edge.kiosk.state_tour import Tour
from tests.edge.kiosk.take_screenshots import LOOKS, Look, opened

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(600)]

ANSWERED_BY_ANY_KEY = "35-still-there"
FACTORY = Path(__file__).resolve().parents[3] / "edge/bundles/factory"


@pytest.mark.parametrize("look", LOOKS, ids=[look.name for look in LOOKS])
def test_no_state_has_a_serious_fault(browser: Any, look: Look) -> None:
    if not AXE.exists():
        pytest.skip("axe-core is not installed: npm ci")
    faults: list[str] = []

    def judge(name: str) -> None:
        page.evaluate(AXE.read_text())
        found = [*serious_faults(page), *layout_faults(page)]
        faults.extend(f"{name}: {fault}" for fault in found)

    with opened(browser, look, FACTORY) as (page, kiosk):
        Tour(page, kiosk, judge).walk()
    assert not faults


def test_every_control_of_every_state_is_reached_by_keyboard(browser: Any) -> None:
    faults: list[str] = []

    def walk(name: str) -> None:
        found = keyboard_faults(page) if name != ANSWERED_BY_ANY_KEY else []
        faults.extend(f"{name}: {fault}" for fault in found)

    with opened(browser, LOOKS[0], FACTORY) as (page, kiosk):
        Tour(page, kiosk, walk).walk()
    assert not faults
