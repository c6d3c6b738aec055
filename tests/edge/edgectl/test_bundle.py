"""edgectl bundle and catalogue: what differs, and what a box that does not run still does."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from edge.edgectl.__main__ import app
from sync.bundle import describe_file, open_bundle
from tests.system.running_box import make_bundle, make_config

RUNNER = CliRunner()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    make_config(tmp_path)
    make_bundle(tmp_path / "other", version="2")
    return tmp_path


def run(folder: Path, *words: str) -> tuple[int, dict[str, object]]:
    done = RUNNER.invoke(app, [*words, "-c", str(folder / "edge.toml"), "--json"])
    return done.exit_code, json.loads(done.stdout)


def test_two_equal_shops_under_two_versions_differ_in_nothing_that_counts(folder: Path) -> None:
    code, told = run(folder, "bundle", "diff", "active", str(folder / "other"))
    assert (code, told["before"]) == (0, open_bundle(folder / "bundle").bundle_id)
    assert told["changes"] == {"files": [], "SKUs": [], "prices": [], "thresholds": []}


def test_a_changed_price_and_a_missing_sku_are_named(folder: Path) -> None:
    text = (folder / "other" / "prices.json").read_text().replace(":149,", ":159,")
    (folder / "other" / "prices.json").write_text(text)
    manifest = json.loads((folder / "other" / "manifest.json").read_text())
    entry = describe_file(folder / "other", folder / "other" / "prices.json", "prices")
    manifest["files"] = [
        json.loads(entry.model_dump_json()) if f["role"] == "prices" else f
        for f in manifest["files"]
    ]
    (folder / "other" / "manifest.json").write_text(json.dumps(manifest))
    code, told = run(folder, "bundle", "diff", str(folder / "bundle"), str(folder / "other"))
    changes = told["changes"]
    assert isinstance(changes, dict)
    assert (code, changes["prices"]) == (1, [["pasta from 2026-01-01", "149", "159"]])
    assert [row[0] for row in changes["files"]] == ["prices.json"]


def test_a_bundle_that_is_not_here_is_refused_with_a_hint(folder: Path) -> None:
    code, told = run(folder, "bundle", "diff", "active", "ffff")
    assert (code, told["hint"]) == (4, "see edgectl bundles")


def test_a_stick_without_a_known_root_is_refused(folder: Path) -> None:
    (folder / "stick" / "metadata").mkdir(parents=True)
    (folder / "stick" / "metadata" / "1.root.json").write_text("{}")
    code, told = run(folder, "bundle", "import", str(folder / "stick"))
    assert (code, told["code"]) == (4, "update.root_mismatch")


def test_nothing_came_yet_and_nothing_can_be_reverted(folder: Path) -> None:
    code, told = run(folder, "catalogue", "list")
    assert (code, told["generation"], told["segments"]) == (0, 0, [])
    code, told = run(folder, "catalogue", "revert", "abc")
    assert (code, told["code"]) == (4, "uplink.refused")
    assert run(folder, "forget", "box-a-1-1") == (
        0, {"is_done": True, "code": "", "message": "0 pictures of it are gone from this box"},
    )  # fmt: skip
