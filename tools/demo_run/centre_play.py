"""tools/demo --centre: a store's cases become a proven, approved, signed model; two are refused.

Flow: hub, workers, a store -> cases -> labels -> data set -> fit -> gate -> release -> two refusals

A demo proves little and says so: its policy stands beside production's. What is scripted: what lies
on the counters (pictures of the shipped clips), the reviewers' answers, and how one model is made
worse. Every figure is the hub's answer.
"""

import shutil
from contextlib import ExitStack
from pathlib import Path

from rich.console import Console

from sync.errors import SyncError
from tools.demo_run.centre_box import StoreBox
from tools.demo_run.centre_gate import (
    make_blind_set,
    policies_line,
    release,
    small_set,
    worse_model,
)
from tools.demo_run.centre_hub import offer_champion, open_centre, start_workers
from tools.demo_run.centre_learning import fit, ingest, label, make_dataset
from tools.demo_run.centre_scenes import (
    BLIND_CAMERAS,
    TRAINING_CAMERA,
    in_evening_light,
    looks_of,
)
from tools.demo_run.counter_film import NEW_SKU
from tools.demo_run.loop_shop import LoopShop, NotSeenError
from tools.demo_run.loop_timeline import Timeline
from tools.demo_run.real_processes import Transcript
from tools.demo_run.store_bundles import store_bundle
from trainer.errors import TrainerError
from trainer.steps.champion import open_champion


def play_centre(root: Path, console: Console) -> tuple[bool, Timeline]:
    """Walk it in an empty folder; whether all of it was seen."""
    folder = (root / "centre").absolute()
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    timeline = Timeline(console)
    with ExitStack() as stack:
        shop = LoopShop(folder, Transcript(folder, is_quiet=True), stack)
        try:
            _walk(shop, timeline)
        except (NotSeenError, TrainerError, SyncError) as err:
            console.print(f"[red]stopped: {err}[/red]; logs: {folder}", highlight=False)
            return False, timeline
    return timeline.is_whole, timeline


def _walk(shop: LoopShop, timeline: Timeline) -> None:
    with timeline.step("0", "a hub, accounts, workers and keys made now") as step:
        timeline.say(step, policies_line())
        bundle = store_bundle(shop.folder / "store-bundle", NEW_SKU)
        for line in open_centre(shop, bundle):
            timeline.say(step, line)
        offer_champion(shop, bundle)
        start_workers(shop)
        timeline.say(
            step, f"hub {shop.hub_url}, worker and gate worker run; champion "
            f"{bundle.bundle_id[:12]} does not know {NEW_SKU}",
        )  # fmt: skip
        cases = looks_of((TRAINING_CAMERA,))
        baskets = looks_of(BLIND_CAMERAS)
        trust = shop.folder / "hub" / "tls" / "hub.crt"
        champion = open_champion(bundle.directory)
        box = StoreBox(shop.folder / "box", shop.hub_url, trust, champion)
        shop.stack.callback(box.close)
    first, second = ([b for b in baskets if b.camera_id == c] for c in BLIND_CAMERAS)
    few = in_evening_light(first)
    large = [*baskets, *in_evening_light(second)]
    seen, taped = ingest(shop, box, [*cases, *in_evening_light(cases)], [*large, *few], timeline)
    label(shop, seen, timeline)
    dataset = make_dataset(shop, timeline)
    model = fit(shop, dataset, timeline)
    week = {name: look for name, look in taped.items() if look not in few}
    blind = make_blind_set(shop, week, timeline)
    good = release(shop, model, blind, timeline)
    worse_model(shop, good, week, blind, timeline)
    small_set(shop, good, {n: look for n, look in taped.items() if look in few}, timeline)
