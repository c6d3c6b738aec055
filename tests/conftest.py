"""Rules for every test: a skip becomes a failure where TILLSIGHT_REQUIRE names the thing."""

import os
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from edge.kiosk.kiosk_app import STATIC_DIR
from tests.fakes.chromium import FLAGS, chromium_program

# Names that TILLSIGHT_REQUIRE may hold, comma separated: the marker whose skips become failures.
REQUIRABLE = ("browser", "postgres", "rtsp", "s3", "train", "sim", "gpu", "rtx", "loop", "data")

# A property is judged by what it says, never by how long a busy machine takes for it.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--screenshots",
        type=Path,
        metavar="DIR",
        help="keep the pictures that browser tests take of the running product",
    )


def pytest_configure(config: pytest.Config) -> None:
    for name in REQUIRABLE:
        config.addinivalue_line("markers", f"{name}: skipped where {name} is absent")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    required = set(os.environ.get("TILLSIGHT_REQUIRE", "").split(",")) - {""}
    if report.skipped and any(item.get_closest_marker(name) for name in required):
        report.outcome = "failed"
        report.longrepr = f"required by TILLSIGHT_REQUIRE but skipped: {report.longrepr}"
    return report


@pytest.fixture(scope="module")
def browser() -> Iterator[object]:
    """A Chromium; skipped with the reason where there is none, or no page for it."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    program = chromium_program()
    if program is None:
        pytest.skip("no Chromium on this machine: apt install chromium")
    if not (STATIC_DIR / "index.html").exists():
        pytest.skip("the page is not built: python -m tools.checks.web_build")
    with sync_api.sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=str(program), args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture
def screenshots(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Where a test leaves its pictures: the folder of --screenshots, or one that is thrown away."""
    chosen: Path | None = request.config.getoption("--screenshots")
    folder = chosen or tmp_path
    folder.mkdir(parents=True, exist_ok=True)
    return folder
