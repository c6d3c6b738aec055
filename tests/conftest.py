"""Rules for every test: a skip becomes a failure where TILLSIGHT_REQUIRE names the thing."""

import os
from collections.abc import Generator

import pytest

# Names that TILLSIGHT_REQUIRE may hold, comma separated: the marker whose skips become failures.
REQUIRABLE = ("browser", "postgres", "rtsp", "s3", "train", "sim", "gpu", "rtx", "data")


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
