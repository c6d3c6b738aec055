"""Step 3 of the loop: hard cases are labelled, a data set is made, a worker trains a bundle.

Flow: cases -> scripted reviewer -> data set version -> pipeline job -> bundle -> gate -> release

The reviewer is a script that knows the film's truth and speaks HTTP like the review page; a second
one gives the second opinion. Training is the product's own worker and pipeline on the fast path.
"""

import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from sync.boxes import iou_matrix
from sync.bundle import Bundle, open_bundle
from tools.demo_run.counter_film import CAMERA, CLIP
from tools.demo_run.loop_shop import LoopShop, NotSeenError, wait_until
from tools.demo_run.loop_timeline import Step, Timeline
from tools.demo_run.real_processes import running_command
from tools.demo_run.release_road import ReleaseRoad, release
from tools.demo_run.selling_steps import num_cases
from trainer.worker_hub import WorkerHub

SAME_PLACE = 0.3  # intersection over union of a case's box with the truth's
LEAST_CASES = 4
PIPELINE_LIMIT_S = 900.0


def learn(shop: LoopShop, road: ReleaseRoad, timeline: Timeline) -> Bundle:
    """From hard cases to a signed bundle."""
    with timeline.step("3", "hard cases are labelled; training, gate, approval, signing") as step:
        wait_until("enough hard cases", lambda: num_cases(shop) >= LEAST_CASES)
        labelled = _review(shop)
        timeline.say(step, f"{num_cases(shop)} hard cases; answers over HTTP: {labelled}")
        dataset = _make_dataset(shop)
        counts = dataset["counts"]
        timeline.say(
            step, f"data set {dataset['version_id'][:12]}: {counts['items']} pictures, "
            f"{counts['boxes']} boxes of {counts['skus']} SKUs, {counts['quarantined']} in "
            "quarantine",
        )  # fmt: skip
        bundle = _train(shop, dataset["version_id"], timeline, step)
        release(road, bundle, timeline, step, set_number=0)
        return bundle


def _review(shop: LoopShop) -> dict[str, int]:
    """Answer every case that waits; answers per reviewer."""
    truth = _truth_boxes()
    answered = {}
    for duty in ("reviewer", "second"):
        session, number = shop.as_(duty), 0
        while (case := session.api("POST", "/cases/next", {"exclude": []})) is not None:
            pictures = [_labelled(picture, truth) for picture in case["pictures"]]
            body = {"seconds": 1.0, "pictures": pictures}
            session.api("POST", f"/cases/{case['case_id']}/answer", body)
            number += 1
        answered[duty] = number
    return answered


def _labelled(picture: dict[str, Any], truth: dict[str, list[float]]) -> dict[str, Any]:
    """Every box of a picture with what really lay there."""
    boxes = []
    for item in picture["items"]:
        found = np.asarray([item["xyxy"]], np.float32)
        overlaps = iou_matrix(found, np.asarray(list(truth.values()), np.float32))[0]
        best = int(overlaps.argmax())
        is_sku = overlaps[best] >= SAME_PLACE
        box = {"item_id": item["item_id"], "xyxy": item["xyxy"],
               "kind": "sku" if is_sku else "not_item"}  # fmt: skip
        boxes.append(box | ({"sku_id": list(truth)[best]} if is_sku else {}))
    return {"camera_id": picture["camera_id"], "boxes": boxes}


def _truth_boxes() -> dict[str, list[float]]:
    """Where each pack of the film lies at its end, from the clip's own truth."""
    told = json.loads((CLIP / f"{CAMERA}.json").read_bytes())
    last = max(image["id"] for image in told["images"])
    found = {}
    for note in told["annotations"]:
        if note["image_id"] == last:
            x, y, width, height = note["bbox"]
            found[str(note["sku"])] = [x, y, x + width, y + height]
    return found


def _make_dataset(shop: LoopShop) -> dict[str, Any]:
    """A version of everything that was labelled and onboarded."""
    trainer = shop.as_("trainer")
    while trainer.api("POST", "/datasets/measure", {"limit": 200})["num_measured"]:
        pass
    made = trainer.api(
        "POST", "/datasets",
        {"name": "demo", "rules": {"near_duplicate_bits": 0},
         "split": {"by": "basket", "validation_percent": 20, "test_percent": 0}},
    )  # fmt: skip
    dataset: dict[str, Any] = made
    if not dataset["counts"]["boxes"]:
        raise NotSeenError(f"the data set is empty: {dataset['counts']}")
    return dataset


def _train(shop: LoopShop, dataset: str, timeline: Timeline, step: Step) -> Bundle:
    """A pipeline job, done by a worker of its own process; the bundle it left."""
    trainer, began = shop.as_("trainer"), time.monotonic()
    asked = {"dataset": dataset, "champion": shop.base_id, "path": "fast", "skip": ["tune"],
             "version": "1.1.0-loop", "note": "the loop's demo"}  # fmt: skip
    job = trainer.api("POST", "/jobs", {"kind": "pipeline", "parameters": asked})
    path = f"/jobs/{job['job_id']}"
    ended = ("done", "failed", "cancelled")
    wait_until(
        "the pipeline ends", lambda: trainer.api("GET", path)["status"] in ended, PIPELINE_LIMIT_S
    )
    job = trainer.api("GET", path)
    if job["status"] != "done":
        raise NotSeenError(f"the pipeline {job['status']}: {job['message'][:300]}")
    result = job["result"]
    seconds = ", ".join(f"{name} {s:.1f}" for name, s in result["seconds"].items())
    timeline.say(
        step, f"worker {job['worker']} trained {result['bundle_id'][:12]} in "
        f"{time.monotonic() - began:.1f} s ({seconds} s); {_figures(result['evaluation'])}",
    )  # fmt: skip
    hub = _worker_hub(shop)
    return open_bundle(hub.fetch_bundle(result["bundle_id"]))


def offer_champion(shop: LoopShop) -> None:
    """Make the store's first bundle a model whose files workers may fetch."""
    bundle = open_bundle(shop.folder / "store-bundle")
    hub = _worker_hub(shop)
    for entry in bundle.manifest.files:
        hub.upload(bundle.directory / entry.path, entry.sha256)
    hub.upload_bytes(bundle.manifest.canonical())


def start_worker(shop: LoopShop) -> None:
    """A worker as its owner would start it."""
    words = [
        sys.executable, "-m", "trainer.hubctl", "worker", "run", "--hub", shop.hub_url,
        "--ca", "hub/tls/hub.crt", "--token-file", "trainer.token", "--state", "worker",
        "--poll-s", "0.3", "--name", "worker-1",
    ]  # fmt: skip
    shop.stack.enter_context(running_command(words, shop.folder, "worker.log"))


def _worker_hub(shop: LoopShop) -> WorkerHub:
    token = (shop.folder / "trainer.token").read_text().strip()
    return WorkerHub(
        shop.hub_url, token, shop.folder / "hub" / "tls" / "hub.crt", shop.folder / "fetched"
    )


def _figures(evaluation: dict[str, Any]) -> str:
    """The evaluation's first numbers, as they are."""
    flat = [f"{k} {v}" for k, v in evaluation.items() if isinstance(v, int | float | str)]
    return "; ".join(flat[:6])


def candidates_folder(shop: LoopShop) -> Path:
    """Where changed copies of the trained bundle lie."""
    folder = shop.folder / "candidates"
    folder.mkdir(exist_ok=True)
    return folder
