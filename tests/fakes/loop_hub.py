"""A hub process in which the loop can begin: catalogue, labelled cases, a data set, a champion."""

import json
from pathlib import Path
from typing import Any

from sync.bundle import open_bundle
from tests.fakes.golden_cases import BUNDLE, golden_scenes, send_golden_case
from tests.fakes.hub_process import HubProcess
from trainer.worker_hub import WorkerHub

PEOPLE = {"rita": "reviewer", "tom": "trainer", "ann": "approver"}


def fill_loop(hub: HubProcess, num_cases: int = 6) -> None:
    """A store, its SKUs, people, and cases that a reviewer has answered from truth."""
    hub.ok("POST", "/api/v1/stores", {"store_id": "s1", "name": "Main street", "currency": "EUR"})
    address = "/api/v1/skus-import?format=json&preview=false"
    assert hub.admin.post(address, content=(BUNDLE / "catalog.json").read_bytes()).is_success
    for name, role in PEOPLE.items():
        hub.add_person(name, role)
    box = hub.add_box("box-1", store_id="s1")
    scenes = list(golden_scenes())
    for seq in range(1, num_cases + 1):
        scene = scenes[seq % len(scenes)]
        case_id = send_golden_case(box, seq, scene, hub.sealing_key, num_items=5)
        hub.ok("POST", f"/api/v1/cases/{case_id}/answer", truth_of(scene))


def truth_of(scene: str) -> dict[str, Any]:
    """The right answer about a golden scene."""
    pictures = [
        {
            "camera_id": frame["camera"],
            "boxes": [
                {"item_id": f"track-{i}", "xyxy": item["xyxy"], "kind": "sku",
                 "sku_id": item["sku_id"]}
                for i, item in enumerate(frame["items"][:5])
            ],
        }
        for frame in golden_scenes()[scene]
    ]  # fmt: skip
    return {"seconds": 4.0, "pictures": pictures}


def register_champion(hub: HubProcess, token: str, folder: Path) -> str:
    """The factory bundle: its files as artefacts, its manifest as a model; its id."""
    bundle = open_bundle(BUNDLE)
    speaker = WorkerHub(hub.address, token, None, folder)
    speaker.send_bundle(BUNDLE)
    body = {"manifest": json.loads(bundle.manifest.canonical()), "note": "factory"}
    hub.ok("POST", "/api/v1/models", body)
    return bundle.bundle_id


def token_for(hub: HubProcess, role: str) -> str:
    """A token of a role."""
    return str(hub.ok("POST", "/v1/operator/tokens", {"name": f"t-{role}", "role": role})["token"])
