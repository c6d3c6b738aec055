"""Step 6 of the loop: the hub dies and the line is cut while the counters sell; nothing is lost.

Flow: SIGKILL + cut -> sales go on, rows wait -> hub back, line mended -> both ends counted
"""

import time
from functools import partial

from tools.demo_run.event_count import EventCount, count_events
from tools.demo_run.loop_shop import LANE, LoopBox, LoopShop, NotSeenError, wait_until
from tools.demo_run.loop_timeline import Timeline

LEAST_SALES = 2  # per box, while nobody answers
DRAIN_LIMIT_S = 300.0


def outage(shop: LoopShop, timeline: Timeline) -> None:
    """Kill, cut, sell, mend."""
    with timeline.step("6", "the hub dies, the line is cut; nothing is lost") as step:
        assert shop.relay is not None
        shop.kill_hub()
        shop.relay.cut()
        began = time.monotonic()
        timeline.say(step, "the hub was killed (SIGKILL), the line to it is cut")
        for box in shop.boxes:
            wait_until(f"{box.box_id} sells on", partial(_sells_on, box, began))
        sold = {box.box_id: _sold(box, began) for box in shop.boxes}
        late = _count(shop).missing
        timeline.say(
            step, f"sold meanwhile: {sold}; {len(late)} baskets are paid here, not known there"
        )
        shop.start_hub()
        timeline.say(step, f"the hub is back after {time.monotonic() - began:.0f} s")
        shop.relay.mend()
        waited = wait_until(
            "what waited is at the hub",
            lambda: not set(late) & set(_count(shop).missing),
            DRAIN_LIMIT_S,
        )
        timeline.say(step, f"all of them are at the hub {waited:.0f} s after the line was mended")


def count_all(shop: LoopShop, timeline: Timeline) -> EventCount:
    """At the end: everybody goes home, the outboxes empty themselves, both ends are counted."""
    with timeline.step("6", "every event of the whole demo is counted") as step:
        for box in shop.boxes:
            box.shopper.stop()
        wait_until("the last rows are at the hub", lambda: not _count(shop).missing, DRAIN_LIMIT_S)
        found = _count(shop)
        timeline.say(step, found.words())
        if not found.is_whole:
            raise NotSeenError(f"not whole: {found}")
        return found


def _count(shop: LoopShop) -> EventCount:
    journals = [b.config.paths.state_dir / f"journal-{LANE}.db" for b in shop.boxes]
    return count_events(journals, shop.folder / "hub" / "hub.db")


def _sells_on(box: LoopBox, since: float) -> bool:
    return _sold(box, since) >= LEAST_SALES


def _sold(box: LoopBox, since: float) -> int:
    return sum(sale.at_s >= since for sale in box.shopper.diary.paid)
