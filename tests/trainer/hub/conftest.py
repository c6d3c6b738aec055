"""A hub for each test, on each kind of database; a furnished one per module for browsers."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.chromium import chromium_program
from tests.fakes.furnished_hub import DESKTOP, furnished_hub
from tests.fakes.hub_process import HubProcess
from tests.fakes.people_hub import PeopleHub, people_hub
from trainer.hub.dashboard import STATIC_DIR


@pytest.fixture
def centre(tmp_path: Path) -> Iterator[PeopleHub]:
    with people_hub(tmp_path) as hub:
        yield hub


@pytest.fixture
def any_centre(database_url: str, tmp_path: Path) -> Iterator[PeopleHub]:
    with people_hub(tmp_path, database_url) as hub:
        yield hub


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubProcess]:
    """A hub with people, three boxes (one in trouble, one waiting), a catalogue and cases."""
    if chromium_program() is None:
        pytest.skip("no Chromium on this machine: apt install chromium")
    if not (STATIC_DIR / "index.html").exists():
        pytest.skip("the page is not built: python -m tools.checks.web_build")
    with furnished_hub(tmp_path_factory.mktemp("hub")) as running:
        yield running


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    """An empty page; any error of the page's code, or of its policy, fails the test."""
    context = browser.new_context(viewport=DESKTOP, reduced_motion="reduce")
    opened = context.new_page()
    opened.set_default_timeout(20_000)
    errors: list[str] = []
    opened.on("pageerror", lambda error: errors.append(str(error)))
    opened.on("console", lambda m: errors.append(m.text) if "Content Security" in m.text else None)
    yield opened
    context.close()
    assert not errors
