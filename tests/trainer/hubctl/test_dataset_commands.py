"""`hubctl dataset` against a hub process: what is on disk is what the hub has, to the byte."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from tests.fakes.golden_cases import catalogue_ids, golden_scenes, send_golden_case
from tests.fakes.hub_process import HubProcess, hub_process
from trainer.hubctl.__main__ import app

NUM_CASES = 3
# Numbers of cases whose turn for a second look it is not.
ALONE = [n for n in range(1, 9) if sum(f"case-main-1-{n:04d}".encode()) % 10][:NUM_CASES]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("hub")


@pytest.fixture(scope="module")
def hub(folder: Path) -> Iterator[HubProcess]:
    """Three labelled scenes of the factory bundle's golden frames."""
    with hub_process(folder) as running:
        running.ok("POST", "/api/v1/stores", {"store_id": "s1", "name": "Main street"})
        for sku_id in catalogue_ids():
            running.ok("POST", "/api/v1/skus", {"sku_id": sku_id, "names": {"en": sku_id}})
        box = running.add_box("main-1", store_id="s1")
        for seq, scene in zip(ALONE, golden_scenes(), strict=False):
            case_id = send_golden_case(box, seq, scene, running.sealing_key)
            answer_as_guessed(running, case_id)
        yield running


def answer_as_guessed(running: HubProcess, case_id: str) -> None:
    case = running.ok("GET", f"/api/v1/cases/{case_id}")
    pictures = [
        {"camera_id": p["camera_id"], "boxes": [
            {"item_id": i["item_id"], "xyxy": i["xyxy"], "kind": "sku",
             "sku_id": i["candidates"][0]["sku_id"]} for i in p["items"]]}
        for p in case["pictures"]
    ]  # fmt: skip
    said = running.ok(
        "POST", f"/api/v1/cases/{case_id}/answer", {"seconds": 3.0, "pictures": pictures}
    )
    assert said["status"] == "labelled"


def hubctl(hub: HubProcess, folder: Path, *arguments: str, code: int = 0) -> Any:
    road = ["--hub", hub.address, "--token-file", str(folder / "hub" / "first-admin.token")]
    result = CliRunner().invoke(app, ["dataset", *arguments, *road, "--json"])
    assert result.exit_code == code, (result.output, result.exception)
    return json.loads(result.stdout) if result.stdout else None


def test_a_version_is_made_shown_rebuilt_on_disk_and_deleted(
    hub: HubProcess, folder: Path, tmp_path: Path
) -> None:
    made = hubctl(hub, folder, "create", "shop", "--by", "basket", "--note", "first")
    version = made["version_id"]
    assert made["counts"]["items"] + made["counts"]["quarantined"] == 3 * NUM_CASES
    assert [row["version_id"] for row in hubctl(hub, folder, "list")] == [version]
    assert hubctl(hub, folder, "show", version[:10])["recipe"]["split.by"] == "basket"
    for target in (tmp_path / "one", tmp_path / "two"):
        rebuilt = hubctl(hub, folder, "rebuild", version[:10], "--to", str(target))
        assert (rebuilt["is_whole"], rebuilt["is_same_today"]) == (True, True)
    one, two = (
        {p.relative_to(root): p.read_bytes() for p in root.rglob("*") if p.is_file()}
        for root in (tmp_path / "one", tmp_path / "two")
    )
    assert one == two
    assert hashlib.sha256(one[Path("manifest.jsonl")]).hexdigest() == version
    assert len(one) == made["counts"]["items"] + 1
    other = hubctl(hub, folder, "create", "shop", "--by", "store", "--validation", "0")
    said = hubctl(hub, folder, "diff", version[:10], other["version_id"])
    assert said["recipe"]["split.by"] == ["basket", "store"]
    hubctl(hub, folder, "quarantine", version)
    assert hubctl(hub, folder, "pin", version)["is_pinned"] is True
    hubctl(hub, folder, "delete", other["version_id"])
    assert len(hubctl(hub, folder, "list")) == 1
