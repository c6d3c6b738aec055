"""A kiosk over a box in memory."""

import socket
from collections.abc import Iterator
from typing import Any

import pytest

from tests.edge.kiosk.kiosk_page import RunningKiosk, small_box
from tests.edge.kiosk.page_parts import LANDSCAPE


@pytest.fixture
def kiosk() -> Iterator[RunningKiosk]:
    """A real server over a box in memory."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    running = RunningKiosk(small_box(), port)
    running.start()
    yield running
    running.stop()


@pytest.fixture
def page(browser: Any, kiosk: RunningKiosk) -> Iterator[Any]:
    """The welcome screen; any error of the page's code fails the test."""
    context = browser.new_context(viewport=LANDSCAPE, reduced_motion="reduce")
    opened = context.new_page()
    opened.set_default_timeout(15_000)
    errors: list[str] = []
    opened.on("pageerror", lambda error: errors.append(str(error)))
    opened.goto(kiosk.address)
    opened.wait_for_selector(".welcome")
    yield opened
    context.close()
    assert not errors
