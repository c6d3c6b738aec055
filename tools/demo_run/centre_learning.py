"""The centre's first half: cases come in, are labelled, become a data set, a model is fitted.

Flow: box's outbox -> cases -> scripted reviewers -> data set version -> pipeline job -> model

The reviewers are a script that knows the truth and speaks HTTP like the review page. The fit is the
product's own worker, a process of its own, on the fast path.
"""

import time
from pathlib import Path
from typing import Any

from tools.demo_run.centre_box import StoreBox
from tools.demo_run.centre_hub import STORE
from tools.demo_run.centre_scenes import Look
from tools.demo_run.loop_shop import LoopShop, NotSeenError
from tools.demo_run.loop_timeline import Step, Timeline
from trainer.hubctl.digest_file import fetch_files

ENDED = ("done", "failed", "cancelled")
SILENCE_LIMIT_S = 300.0  # of a job: a worker at work renews its lease every few seconds
POLL_S = 1.0


def ingest(
    shop: LoopShop, box: StoreBox, cases: list[Look], baskets: list[Look], timeline: Timeline
) -> tuple[dict[str, Look], dict[str, Look]]:
    """Cases and recordings reach the hub by the box's road; id -> look, of both."""
    with timeline.step("1", "a store's box sends hard cases and recorded baskets") as step:
        code = shop.as_("operator").call("POST", "/claim-codes", {"store_id": STORE})
        store = box.enrol(str(code["claim_code"]))
        seen = {box.note_case(look): look for look in cases}
        taped = {box.note_recording(look): look for look in baskets}
        num_acked = box.deliver()
        total = int(shop.as_("reviewer").api("GET", "/cases?limit=1")["total"])
        if (total, num_acked) != (len(seen), len(seen) + len(taped)):
            raise NotSeenError(f"{len(seen)} cases left the box, the hub has {total}")
        timeline.say(
            step, f"the box of {store} is enrolled; {num_acked} rows acknowledged, with sealed "
            f"pictures, in signed requests: {total} cases, {len(taped)} recordings",
        )  # fmt: skip
        return seen, taped


def label(shop: LoopShop, truth: dict[str, Look], timeline: Timeline) -> None:
    """Two reviewers answer until nothing waits."""
    with timeline.step("2", "scripted reviewers answer from the truth") as step:
        answered = {name: _answer_all(shop, name, truth) for name in ("reviewer", "second")}
        queue = shop.as_("reviewer").api("GET", "/review/queue")
        timeline.say(step, f"answers: {answered}; cases by status: {queue}")
        if queue["labelled"] != len(truth):
            raise NotSeenError(f"{queue['labelled']} of {len(truth)} cases are labelled")


def make_dataset(shop: LoopShop, timeline: Timeline) -> str:
    """A version of everything that was labelled; its digest."""
    with timeline.step("3", "a data set is versioned") as step:
        trainer = shop.as_("trainer")
        while trainer.api("POST", "/datasets/measure", {"limit": 200})["num_measured"]:
            pass
        body = {"name": "demo", "rules": {"near_duplicate_bits": 0},
                "split": {"by": "basket", "validation_percent": 20, "test_percent": 0}}  # fmt: skip
        made = trainer.api("POST", "/datasets", body)
        counts = made["counts"]
        timeline.say(
            step, f"version {made['version_id'][:12]}: {counts['items']} pictures, "
            f"{counts['boxes']} boxes of {counts['skus']} SKUs, {counts['quarantined']} in "
            "quarantine",
        )  # fmt: skip
        if not counts["boxes"]:
            raise NotSeenError(f"the data set is empty: {counts}")
        return str(made["version_id"])


def fit(shop: LoopShop, dataset: str, timeline: Timeline) -> str:
    """A pipeline job done by the worker's process; the model it registered."""
    with timeline.step("4", "a worker fits a model") as step:
        asked = {"dataset": dataset, "champion": shop.base_id, "path": "fast", "skip": ["tune"],
                 "version": "1.1.0", "note": "the centre's demo"}  # fmt: skip
        job = run_job(shop, "/jobs", {"kind": "pipeline", "parameters": asked})
        result = job["result"]
        seconds = ", ".join(f"{name} {s:.1f}" for name, s in result["seconds"].items())
        timeline.say(step, f"job by {job['worker']}: {seconds} s; run {result['run_id'][:12]}")
        timeline.say(step, _figures(result["evaluation"]))
        model = shop.as_("trainer").api("GET", f"/models/{result['bundle_id']}")
        if model["lineage"].get("dataset") != dataset:
            raise NotSeenError(f"the model's lineage is {model['lineage']}")
        timeline.say(
            step, f"model {model['bundle_id'][:12]} is {model['stage']} by "
            f"{model['registered_by']}, lineage: run and data set {dataset[:12]}",
        )  # fmt: skip
        return str(model["bundle_id"])


def run_job(shop: LoopShop, path: str, body: dict[str, Any]) -> dict[str, Any]:
    """Ask for a job as the trainer and wait until a worker has done it, however long it takes.

    Raises:
        NotSeenError: it failed, or its worker gives no sign of life any more.
    """
    trainer = shop.as_("trainer")
    place = f"/jobs/{trainer.api('POST', path, body)['job_id']}"
    sign, since = "", time.monotonic()
    while (job := trainer.api("GET", place))["status"] not in ENDED:
        now = f"{job['status']} {job['lease_until']} {job['progress']} {job['message']}"
        if now != sign:
            sign, since = now, time.monotonic()
        elif time.monotonic() - since > SILENCE_LIMIT_S:
            raise NotSeenError(f"{path}: silent for {SILENCE_LIMIT_S:.0f} s ({sign})")
        time.sleep(POLL_S)
    if job["status"] != "done":
        raise NotSeenError(f"{job['kind']} {job['status']}: {job['message'][:400]}")
    return dict(job)


def fetch_model(shop: LoopShop, model: str, step: Step, timeline: Timeline) -> Path:
    """The folder of a model that passed, fetched from the hub and verified."""
    folder = shop.folder / "fetched" / model[:12]
    fetch_files(shop.as_("trainer"), model, folder, "/artifacts/{sha256}")
    timeline.say(step, "its files were fetched from the hub and verified")
    return folder


def _answer_all(shop: LoopShop, name: str, truth: dict[str, Look]) -> int:
    session, number = shop.as_(name), 0
    while (case := session.api("POST", "/cases/next", {"exclude": []})) is not None:
        look = truth[case["case_id"]]
        pictures = [_labelled(picture, look) for picture in case["pictures"]]
        body = {"seconds": 1.0, "pictures": pictures}
        session.api("POST", f"/cases/{case['case_id']}/answer", body)
        number += 1
    return number


def _labelled(picture: dict[str, Any], look: Look) -> dict[str, Any]:
    boxes = []
    for item in picture["items"]:
        sku_id = look.sku_at(item["xyxy"])
        box = {"item_id": item["item_id"], "xyxy": item["xyxy"],
               "kind": "sku" if sku_id else "not_item"}  # fmt: skip
        boxes.append(box | ({"sku_id": sku_id} if sku_id else {}))
    return {"camera_id": picture["camera_id"], "boxes": boxes}


def _figures(evaluation: dict[str, Any]) -> str:
    """How champion and candidate name labelled looks that were not trained on."""
    told = []
    for group in ("all", "old", "new"):
        before, after = (evaluation[name][group] for name in ("champion", "candidate"))
        if after["num_items"]:
            shares = f"{before['top1_pooled']:.0%} -> {after['top1_pooled']:.0%}"
            told.append(f"{group} {shares} of {after['num_items']} items")
    return f"its evaluation, champion -> candidate named right: {', '.join(told)}"
