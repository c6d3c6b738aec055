"""The command line: exit codes, JSON and hints."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

pytest.importorskip("mitsuba", reason="Mitsuba comes with the extra [sim]")

from tools.lane_sim.__main__ import app

RUNNER = CliRunner()
TINY = ["--width", "64", "--height", "36", "--spp", "1", "--variant", "scalar", "--json"]


def run(*arguments: str) -> tuple[int, dict[str, object]]:
    result = RUNNER.invoke(app, list(arguments))
    return result.exit_code, json.loads(result.stdout.splitlines()[-1])


def test_a_folder_that_is_no_packs_folder_ends_with_2_and_a_hint(tmp_path: Path) -> None:
    code, answer = run("render", "--packs", str(tmp_path), "--out", str(tmp_path / "o"), *TINY)
    assert code == 2
    assert answer["error"] == "sim.packs"
    assert "skus.csv" in str(answer["message"])
    assert answer["hint"]


@pytest.mark.parametrize(
    ("extra", "message"),
    [
        pytest.param(["--sku", "nothing"], "no SKU 'nothing'", id="an unknown SKU"),
        pytest.param(["--not", "/nowhere.txt"], "no such file", id="a missing list"),
    ],
)
def test_a_choice_that_names_nothing_ends_with_2(
    extra: list[str], message: str, packs_folder: Path, tmp_path: Path
) -> None:
    out = ["--packs", str(packs_folder), "--out", str(tmp_path / "o")]
    code, answer = run("render", *out, *extra, *TINY)
    assert code == 2
    assert message in str(answer["message"])


def test_an_unknown_world_ends_with_2(packs_folder: Path, tmp_path: Path) -> None:
    out = ["--packs", str(packs_folder), "--out", str(tmp_path / "o")]
    code, answer = run("render", *out, "--world", "moon", "--scenes", "1", *TINY)
    assert code == 2
    assert answer["error"] == "sim.argument"


def test_probe_names_a_variant_that_runs_here() -> None:
    code, answer = run("probe", "--json")
    assert code == 0
    assert answer["variant"] in ("scalar_rgb", "llvm_ad_rgb")
