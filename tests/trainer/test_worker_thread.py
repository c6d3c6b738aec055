"""The whole thread: labelled cases, a data set, one POST, a worker process, a registered model."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from sync.bundle import BundleManifest
from tests.fakes.hub_process import ROOT, HubProcess, hub_process
from tests.fakes.loop_hub import fill_loop, register_champion, token_for

WORKER = [sys.executable, "-m", "trainer.hubctl", "worker", "run", "--poll-s", "0.2", "--max-jobs"]


def work(hub: HubProcess, folder: Path, num_jobs: int) -> str:
    """A worker with a disk of its own does so many jobs; what it said."""
    command = [*WORKER, str(num_jobs), "--hub", hub.address]
    command += ["--token-file", str(folder / "token"), "--state", str(folder / "worker")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stderr
    return done.stderr


def new_dataset(hub: HubProcess) -> str:
    assert hub.ok("POST", "/api/v1/datasets/measure", {})["num_missing"] == 0
    split = {"by": "basket", "validation_percent": 30, "test_percent": 0}
    return str(hub.ok("POST", "/api/v1/datasets", {"name": "a", "split": split})["version_id"])


def enqueue(hub: HubProcess, **parameters: Any) -> str:
    body = {"kind": "pipeline", "parameters": parameters}
    return str(hub.ok("POST", "/api/v1/jobs", body)["job_id"])


@pytest.mark.slow
@pytest.mark.timeout(1000)
def test_one_post_ends_in_a_registered_model(tmp_path: Path) -> None:
    with hub_process(tmp_path) as hub:
        fill_loop(hub)
        token = token_for(hub, "trainer")
        (tmp_path / "token").write_text(token_for(hub, "worker"))
        champion = register_champion(hub, token, tmp_path / "sender")
        dataset = new_dataset(hub)
        first = enqueue(hub, dataset=dataset, champion=champion)
        second = enqueue(hub, dataset=dataset, champion=champion, version="0.2.0")
        work(hub, tmp_path, 2)
        results = [hub.ok("GET", f"/api/v1/jobs/{job}") for job in (first, second)]
        assert [job["status"] for job in results] == ["done", "done"], results
        made = results[0]["result"]
        assert results[1]["result"]["reused"] == ["quality", "snapshot", "shards", "tune", "fit",
                                                  "export", "calibrate", "evaluate"]  # fmt: skip
        model = hub.ok("GET", f"/api/v1/models/{made['bundle_id']}")
        assert (model["stage"], model["lineage"]["dataset"]) == ("registered", dataset)
        assert model["lineage"]["champion"] == champion  # whose rows live on in it
        raw = hub.admin.get(f"/api/v1/artifacts/{made['bundle_id']}").content
        manifest = BundleManifest.model_validate_json(raw)
        assert manifest.bundle_id() == made["bundle_id"]
        sizes = [len(hub.admin.get(f"/api/v1/artifacts/{f.sha256}").content)
                 for f in manifest.files[:3]]  # fmt: skip
        assert sizes == [f.size for f in manifest.files[:3]]
