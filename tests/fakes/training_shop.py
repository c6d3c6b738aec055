"""A hub process that has learned: cases, two versions, three runs, a model, a sale, a job."""

import hashlib
import json
import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sync.box_report import SaleLine, SaleReport
from sync.bundle import open_bundle
from tests.fakes.furnished_hub import STORE, fill_catalogue
from tests.fakes.golden_cases import BUNDLE, golden_scenes, send_golden_case
from tests.fakes.hub_process import HubProcess, hub_process
from tests.fakes.signing_box import item

BASKET = "main-1-lane-1-0-9"
PARAMETERS: dict[str, Any] = {
    "fit": {"path": "warm", "epochs": 12, "learning_rate": 0.001, "augment": True},
    "recipe": "embedder",
    "sizes": [224, 256],
}
CAPTURE = {
    "entry": "train.py",
    "commit": "3f9c2a7d51b84e0f",
    "hardware": {"cpu": "8 cores", "gpu": "none", "memory_gib": 24},
    "seed": 7,
    "packages": ["numpy==2.4.1", "torch==2.15.0"],
}


@dataclass
class TrainingShop:
    """The hub and the names of what is in it."""

    hub: HubProcess
    versions: list[str]
    runs: list[str]
    job_id: str
    lease: dict[str, str]


@contextmanager
def training_shop(folder: Path) -> Iterator[TrainingShop]:
    """One store, one box, seven cases of which the last is labelled after the first version."""
    with hub_process(folder) as hub:
        hub.ok("POST", "/api/v1/stores", STORE)
        hub.add_person("ada", "admin", display_name="Ada")
        hub.add_person("tom", "trainer", display_name="Tom")
        hub.add_person("vera", "viewer", display_name="Vera")
        hub.add_box("main-1", ring="early", store_id="s1")
        fill_catalogue(hub)
        scenes = list(golden_scenes())
        for seq in range(1, 8):
            scene = scenes[seq % 3]
            _label(hub, send_golden_case(hub.boxes["main-1"], seq, scene, hub.sealing_key), scene)
            if seq == 2:
                first = _version(hub)
        versions = [first, _version(hub)]
        runs = [_run(hub, n, versions[1]) for n in range(3)]
        _sell(hub, _model(hub, versions[1], runs[0]))
        yield TrainingShop(hub, versions, runs, *_job(hub, runs[2]))


def _label(hub: HubProcess, case_id: str, scene: str) -> None:
    pictures = [
        {
            "camera_id": frame["camera"],
            "boxes": [
                {"item_id": f"track-{i}", "xyxy": found["xyxy"], "kind": "sku",
                 "sku_id": found["sku_id"]}
                for i, found in enumerate(frame["items"][:2])
            ],
        }
        for frame in golden_scenes()[scene]
    ]  # fmt: skip
    body = {"seconds": 3.0, "pictures": pictures}
    hub.ok("POST", f"/api/v1/cases/{case_id}/answer", body)


def _version(hub: HubProcess) -> str:
    split = {"by": "basket", "validation_percent": 0, "test_percent": 0}
    made = hub.ok("POST", "/api/v1/datasets", {"name": "shop", "split": split})
    return str(made["version_id"])


def _run(hub: HubProcess, number: int, dataset: str) -> str:
    run_id = f"{number + 1:032x}"
    fit = {**PARAMETERS["fit"], "learning_rate": 0.001 * (number + 1)}
    body = {
        "run_id": run_id, "name": ("warm start", "twice the rate", "thrice the rate")[number],
        "kind": "pipeline", "parameters": {**PARAMETERS, "fit": fit, "dataset": dataset},
        "capture": {**CAPTURE, "seed": 7 + number}, "status": "running",
    }  # fmt: skip
    hub.ok("POST", "/api/v1/runs", body)
    speed = 1 + number / 2
    points = [
        point
        for step in range(0, 1000, 20)
        for point in (
            {"name": "loss", "step": step, "value": 2.4 * math.exp(-step * speed / 400) + 0.1},
            {"name": "accuracy", "step": step, "value": 1 - 0.9 * math.exp(-step * speed / 300)},
        )
    ]
    hub.ok("POST", f"/api/v1/runs/{run_id}/scalars", {"points": points})
    if number < 2:
        result = {"accuracy": 0.97 + number / 100, "bundle": "ab" * 32}
        hub.ok("POST", f"/api/v1/runs/{run_id}/finish", {"status": "done", "result": result})
    hub.ok("PATCH", f"/api/v1/runs/{run_id}", {"tags": ["baseline"] if not number else ["rate"]})
    return run_id


def _model(hub: HubProcess, dataset: str, run_id: str) -> str:
    manifest = open_bundle(BUNDLE).manifest.model_dump(mode="json")
    lineage = {"dataset": dataset, "run_id": run_id}
    body = {"manifest": manifest, "lineage": lineage}
    return str(hub.ok("POST", "/api/v1/models", body)["bundle_id"])


def _sell(hub: HubProcess, bundle_id: str) -> None:
    taught = hub.ok("GET", "/api/v1/datasets")["items"][0]["version_id"]
    sku = hub.ok("GET", f"/api/v1/datasets/{taught}/items")["items"][0]["skus"][0]
    sale = SaleReport(
        lane_id="lane-1", basket_id=BASKET, bundle_id=bundle_id, currency="EUR", total_minor=119,
        pieces={sku: 1}, by_origin={"vision": 1},
        lines=(SaleLine(sku_id=sku, pieces=1, origin="vision"),),
    )  # fmt: skip
    body = sale.model_dump(mode="json")
    canonical = json.dumps(body, sort_keys=True, separators=(",", ":")).encode()
    row = {**item(8, "sale"), "body": body, "body_sha256": hashlib.sha256(canonical).hexdigest()}
    reply = hub.boxes["main-1"].send({**row, "blobs": []})
    assert reply.json()["acked"] == [8], reply.text


def _job(hub: HubProcess, run_id: str) -> tuple[str, dict[str, str]]:
    """A worker holds one job and has told how far it is; another worker waits."""
    asked = {"kind": "pipeline", "parameters": {"run_id": run_id, "fit": {"path": "warm"}}}
    job_id = hub.ok("POST", "/api/v1/jobs", asked)["job_id"]
    worker = {"worker": "gpu-1", "kinds": ["pipeline", "script"], "num_gpus": 1, "lease_s": 600}
    lease = {"lease_id": hub.ok("POST", "/api/v1/jobs-lease", worker)["lease_id"]}
    call_in(hub, str(job_id), lease)
    text = "".join(f"epoch {n}: loss {2.4 / n:.3f}\n" for n in range(1, 6))
    hub.ok("POST", f"/api/v1/jobs/{job_id}/logs", {**lease, "text": text})
    return str(job_id), lease


def call_in(hub: HubProcess, job_id: str, lease: dict[str, str]) -> None:
    """Both workers are heard: the one with its job, the one without."""
    hub.ok("POST", "/api/v1/jobs-lease", {"worker": "cpu-2", "kinds": ["gate"], "num_gpus": 0})
    beat = {**lease, "progress": 40, "message": "fit: epoch 5 of 12", "lease_s": 600}
    hub.ok("POST", f"/api/v1/jobs/{job_id}/heartbeat", beat)
