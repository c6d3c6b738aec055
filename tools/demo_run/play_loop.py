"""tools/demo --loop: from the counter to the centre and back, with real processes only.

Flow: shop -> steps 1 to 6, some at once -> timeline with evidence, exit code

A demo proves little and says so: its limits stand beside production's. What is scripted: what lies
on the counters (films), what shoppers and reviewers tap, and how two bundles are made bad.
"""

import shutil
import time
import webbrowser
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

from rich.console import Console

from sync.bundle import Bundle
from tools.demo_run.counter_film import NEW_SKU
from tools.demo_run.learning_step import candidates_folder, learn, offer_champion, start_worker
from tools.demo_run.loop_shop import LoopShop, NotSeenError, open_shop
from tools.demo_run.loop_timeline import Timeline
from tools.demo_run.outage_step import count_all, outage
from tools.demo_run.release_road import ReleaseRoad, register, release
from tools.demo_run.rollout_steps import (
    good_release,
    late_failure,
    policies_line,
    sabotaged_release,
)
from tools.demo_run.selling_steps import onboard_pack, unknown_pack
from tools.demo_run.store_bundles import SWAPPED_WITH, blind_at_dusk, swapped_labels
from trainer.errors import TrainerError


def play_loop(
    root: Path, console: Console, *, stays: bool, seconds: float, open_browser: bool
) -> tuple[bool, Timeline]:
    """Walk the loop in an empty folder; whether all of it was seen.

    Args:
        stays: go on selling afterwards, until Ctrl-C or for `seconds`.
    """
    folder = (root / "loop").absolute()
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    timeline = Timeline(console)
    with ExitStack() as stack:
        try:
            shop = _walk(folder, stack, timeline, open_browser=open_browser)
        except (NotSeenError, TrainerError) as err:
            console.print(f"[red]stopped: {err}[/red]; logs: {folder}", highlight=False)
            return False, timeline
        if stays:
            _stay(shop, console, seconds)
    return timeline.is_whole, timeline


def _walk(folder: Path, stack: ExitStack, timeline: Timeline, *, open_browser: bool) -> LoopShop:
    timeline.console.print(f"limits of the boxes' judgement: {policies_line()}", highlight=False)
    with timeline.step("0", "a hub, two boxes, keys and certificates made now") as step:
        shop = open_shop(folder, stack)
        offer_champion(shop)
        start_worker(shop)
        road = ReleaseRoad(shop)
        road.prepare()
        for line in addresses(shop):
            timeline.say(step, line)
    if open_browser:
        for box in shop.boxes:
            webbrowser.open(box.page)
    unknown_pack(shop, timeline)
    seconds = onboard_pack(shop, timeline)
    timeline.console.print(f"last photo to sold at both boxes: {seconds:.1f} s", highlight=False)
    good = learn(shop, road, timeline)
    _release_all(shop, road, good, timeline)
    count_all(shop, timeline)
    return shop


def addresses(shop: LoopShop) -> list[str]:
    """Pages to look at, and how to sign in."""
    pages = [f"kiosk of {box.box_id}: {box.page}" for box in shop.boxes]
    return [
        *pages,
        f"dashboard: {shop.hub_url} as demo, password {shop.password}",
        f"its certificate is new: {shop.folder}/hub/tls/hub.crt",
    ]


def _release_all(shop: LoopShop, road: ReleaseRoad, good: Bundle, timeline: Timeline) -> None:
    """The good one at the first box, the bad ones at the second, at the same time."""
    first, second = shop.boxes
    with ThreadPoolExecutor(1) as beside:
        watched: Future[None] = beside.submit(good_release, shop, first, good, timeline)
        folder = candidates_folder(shop)
        swapped = swapped_labels(
            good.directory, folder / "swapped", NEW_SKU, SWAPPED_WITH, "1.1.1-sabotaged"
        )
        trap = blind_at_dusk(good.directory, folder / "dusk", "1.1.2-blind-at-dusk")
        with timeline.step("5", "two bad models are made; both pass the offline gate") as step:
            for bundle, set_number in ((swapped, 0), (trap, 1)):
                register(shop, bundle, "sabotaged for the demo")
                release(road, bundle, timeline, step, set_number=set_number)
        sabotaged_release(shop, second, swapped, timeline)
        late_failure(shop, second, trap, timeline, shadowing=lambda: outage(shop, timeline))
        watched.result()


def _stay(shop: LoopShop, console: Console, seconds: float) -> None:
    """Sell on with the pages open."""
    for box in shop.boxes:
        box.send_in_shoppers()
        shop.stack.callback(box.shopper.stop)
    for line in addresses(shop):
        console.print(line, highlight=False)
    console.print("the counters play on; stop with Ctrl-C", highlight=False)
    deadline = time.monotonic() + seconds if seconds > 0 else None
    try:
        while deadline is None or time.monotonic() < deadline:
            time.sleep(0.5)
    except KeyboardInterrupt:
        console.print("stopping")
