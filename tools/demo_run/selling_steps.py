"""Steps 1 and 2 of the loop: an unknown pack is asked about; its photos make both boxes know it.

Flow: kiosk's question -> shopper's answer -> hard case ; photos -> signed segment -> sold unasked

The shopper speaks to the kiosk's page, the shop assistant to the hub over HTTP; nothing is put into
a box by hand.
"""

import time
from functools import partial

from tools.demo_run.counter_film import NEW_SKU, pack_photos
from tools.demo_run.kiosk_shopper import PaidBasket
from tools.demo_run.loop_shop import CHANNEL, LoopBox, LoopShop, NotSeenError, wait_until
from tools.demo_run.loop_timeline import Step, Timeline

CLOSED_S = 12.0  # an idle counter is learned from five frames over ten seconds
PATIENCE_S = 400.0


def open_doors(shop: LoopShop, timeline: Timeline, step: Step) -> None:
    """The counters were empty for long enough; the first shoppers come."""
    known = time.monotonic() + CLOSED_S
    wait_until("the empty counters are learned", lambda: time.monotonic() > known)
    for box in shop.boxes:
        box.show("day.mp4")
        box.shopper.start()
    timeline.say(step, f"two counters, a film of {shop.round_s:.0f} s each, over and over")


def unknown_pack(shop: LoopShop, timeline: Timeline) -> None:
    """The pack is put down, the kiosk asks, the shopper answers and pays; a hard case is made."""
    with timeline.step("1", "an unknown pack: the kiosk asks, the shopper answers") as step:
        open_doors(shop, timeline, step)
        for box in shop.boxes:
            diary = box.shopper.diary
            wait_until("a question", partial(getattr, diary, "questions"), PATIENCE_S)
            asked = diary.questions[0]
            timeline.say(
                step, f"{box.box_id} asks ({asked.kind}, {asked.num_buttons} buttons); "
                f"the shopper names {asked.answer}",
            )  # fmt: skip
        for box in shop.boxes:
            sale = _wait_for_sale(box, "answer")
            timeline.say(
                step, f"{box.box_id} sold {_words(sale)}, {sale.origins[NEW_SKU]} by the shopper, "
                f"total {sale.total_minor} minor units",
            )  # fmt: skip
        waited = wait_until("a hard case at the hub", lambda: num_cases(shop) > 0, PATIENCE_S)
        timeline.say(step, f"{num_cases(shop)} hard cases at the hub, {waited:.1f} s later")


def onboard_pack(shop: LoopShop, timeline: Timeline) -> float:
    """Photos over HTTP, one signed segment; seconds until both boxes sell it unasked."""
    with timeline.step("2", "its photos are onboarded; both boxes sell it unasked") as step:
        operator = shop.as_("operator")
        made = operator.api("POST", "/onboarding", {"sku_id": NEW_SKU})
        url = f"/onboarding/{made['onboarding_id']}"
        for side, jpeg in pack_photos():
            made = operator.send("POST", f"{url}/photos?side={side}", jpeg)
        last_photo = time.monotonic()
        timeline.say(step, f"{len(made['photos'])} photos, done to {made['done_percent']} %")
        signed = operator.api("POST", f"{url}/publish", {"channel": CHANNEL})
        segment = signed["segments"][0]
        timeline.say(
            step, f"signed: {segment['rows']} rows, {segment['size']} bytes, "
            f"{time.monotonic() - last_photo:.1f} s after the last photo",
        )  # fmt: skip
        seconds = 0.0
        for box in shop.boxes:
            sale = _wait_for_sale(box, "vision", last_photo)
            seconds = max(seconds, sale.at_s - last_photo)
            timeline.say(
                step, f"{box.box_id} sold {_words(sale)} by its cameras, "
                f"{sale.at_s - last_photo:.1f} s after the last photo (paid; a film's round is "
                f"{shop.round_s:.0f} s)",
            )  # fmt: skip
        return seconds


def num_cases(shop: LoopShop) -> int:
    """Hard cases that the hub has committed."""
    return int(shop.as_("reviewer").api("GET", "/cases?limit=1")["total"])


def _wait_for_sale(box: LoopBox, origin: str, since: float = 0.0) -> PaidBasket:
    """The first sale since then in which the pack came in by this road."""

    def found() -> PaidBasket | None:
        mine = (s for s in box.shopper.diary.paid if s.at_s >= since)
        return next((s for s in mine if s.origins.get(NEW_SKU) == origin), None)

    wait_until(f"{box.box_id} sells {NEW_SKU} by {origin}", found, PATIENCE_S)
    sale = found()
    if sale is None:
        raise NotSeenError(f"{box.box_id}: the sale is gone")
    return sale


def _words(sale: PaidBasket) -> str:
    return ", ".join(f"{number} {sku_id}" for sku_id, number in sorted(sale.lines.items()))
