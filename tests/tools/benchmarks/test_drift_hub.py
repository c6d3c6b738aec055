"""Other packs in one of two shops, over HTTP: told once, signed, also through a kill -9."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tools.benchmarks.__main__ import app


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_other_packs_in_one_shop_are_told_once_and_signed(tmp_path: Path) -> None:
    out = tmp_path / "watch.json"
    done = CliRunner().invoke(app, ["watch", "--strict", "--out", str(out)])
    assert done.exit_code == 0, done.output
    figures = {row["name"]: row["value"] for row in json.loads(out.read_text())["figures"]}
    assert figures["firings after kill -9 and two more days"] == 1
