"""The page of the decision: figures, sureness and pictures, nothing from elsewhere."""

from pathlib import Path

import pytest

from edge.config import FACTORY_BUNDLE
from sync.bundle import open_bundle
from sync.decision import Decision, Verdict
from tools.benchmarks.decision_page import write_decision_page
from tools.benchmarks.decision_quality import Outcome
from tools.benchmarks.errors import BenchOutputError
from tools.benchmarks.report import Figure, Report

REPORT = Report(
    "Decision", "two <items>", {"cpu": "a machine", "cores": 2}, figures=[Figure("asked", 0.5)],
    command="tools/bench decision DIR", versions={},
)  # fmt: skip
BUNDLE = open_bundle(FACTORY_BUNDLE, verify_files=False)


def outcome(sku_id: str, answered: str) -> Outcome:
    return Outcome(sku_id, Decision(Verdict.ACCEPT, answered, (), 0.9, 3.0, 0.8))


def test_a_page_shows_what_is_confused_with_both_pictures(tmp_path: Path) -> None:
    found = [outcome("cola_330", "cola_330"), outcome("cola_330", "cola_zero_330")]
    write_decision_page(tmp_path / "page.html", REPORT, found, BUNDLE)
    page = (tmp_path / "page.html").read_text()
    assert "two &lt;items&gt;" in page
    assert page.count("data:image/jpeg") == 2
    assert "http" not in page
    assert "<svg" in page


def test_a_place_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    with pytest.raises(BenchOutputError, match="cannot be written"):
        write_decision_page(tmp_path / "no" / "page.html", REPORT, [outcome("a", "a")], BUNDLE)
