"""A browser for the kiosk's page; skipped with the reason where there is none."""

import shutil
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.kiosk.kiosk_app import STATIC_DIR
from tests.edge.kiosk.kiosk_page import RunningKiosk, small_box

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def browser() -> Iterator[object]:
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    if program is None:
        pytest.skip("no Chromium on this machine: apt install chromium")
    if not (STATIC_DIR / "index.html").exists():
        pytest.skip("the page is not built: python -m tools.checks.web_build")
    with sync_api.sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=str(Path(program)), args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture
def kiosk() -> Iterator[RunningKiosk]:
    """A real server over a box in memory."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    running = RunningKiosk(small_box(), port)
    running.start()
    yield running
    running.stop()
