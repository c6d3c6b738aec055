"""Steps 4 and 5 of the loop: a good release earns its place; two bad ones are found out.

Flow: rollout of the hub -> signed assignment -> box: shadow, verdict, swap, probation -> hub

Each release is offered to one lab lane, ring 0 of its rollout, by the hub's own rollout; the demo
only watches, and switches the light off after the second bad one has taken over.
"""

import contextlib
import time
from collections.abc import Callable
from typing import Any

from edge.messages.bundle_messages import BundlesState
from sync.bundle import Bundle
from sync.swap_policy import POLICIES
from tools.demo_run.kiosk_shopper import PaidBasket
from tools.demo_run.loop_shop import CHANNEL, LoopBox, LoopShop, NotSeenError, wait_until
from tools.demo_run.loop_timeline import Step, Timeline
from trainer.hubctl.hub_session import HubAnswerError

POLICY = "demo"
RELEASE_LIMIT_S = 1200.0  # a candidate at idle priority waits for a busy machine
LOOK_S = 1.2
PLAN: dict[str, Any] = {"soak_h": 0.0, "deadline_h": 1.0, "share_confirmed": 1.0, "is_lab": True}


def good_release(shop: LoopShop, box: LoopBox, bundle: Bundle, timeline: Timeline) -> None:
    """Shadowed, compared, swapped between baskets, drilled and confirmed, while baskets go on."""
    with timeline.step("4", "ring 0 shadows, compares, swaps between baskets") as step:
        began = time.monotonic()
        rollout = _offer(shop, box, bundle, timeline, step)
        told = _until_serving(box, bundle, timeline, step)
        timeline.say(step, f"{box.box_id} judged: {_verdict_words(told)}")
        sale = _next_sale(box, bundle.bundle_id)
        before = [s for s in box.shopper.diary.paid if began <= s.at_s < sale.at_s]
        timeline.say(
            step, f"{box.box_id} serves it since between two baskets: {len(before)} sold while it "
            f"was shadowed, the next one {sale.at_s - before[-1].at_s:.1f} s after the last",
        )  # fmt: skip
        _until(
            f"the rollout of {bundle.bundle_id[:12]} is done",
            lambda: _phase(shop, rollout) == "done",
        )
        timeline.say(
            step, f"confirmed; drills of the lab lane: {', '.join(_drills(shop, rollout))}"
        )
        refused = dict(box.shopper.diary.refused) or "none"
        timeline.say(step, f"taps refused, and tapped again: {refused}")


def sabotaged_release(shop: LoopShop, box: LoopBox, bundle: Bundle, timeline: Timeline) -> None:
    """Passed the gate; caught by the baskets of the counter; never served one."""
    title = "sabotaged, passed the gate: caught in shadow"
    with timeline.step("5a", title) as step:
        timeline.say(
            step, "sabotage: 2 of 70 SKUs carry each other's name; the blind set holds neither, "
            "every basket of this counter holds one",
        )  # fmt: skip
        rollout = _offer(shop, box, bundle, timeline, step)
        told = _watched(box, lambda seen: bundle.bundle_id in seen.quarantined)
        timeline.say(step, f"{box.box_id} threw it out: {told.quarantined[bundle.bundle_id]}")
        served = [s for s in box.shopper.diary.paid if s.bundle_id == bundle.bundle_id]
        if served:
            raise NotSeenError(f"{len(served)} baskets were sold by the sabotaged model")
        timeline.say(step, "it sold no basket; quarantined by digest and generation")
        _until_stopped(shop, rollout, timeline, step)


def late_failure(
    shop: LoopShop,
    box: LoopBox,
    bundle: Bundle,
    timeline: Timeline,
    *,
    shadowing: Callable[[], None],
) -> None:
    """Proved itself by day, swapped, fails at dusk, is rolled back by the box alone.

    Args:
        shadowing: called once the candidate is being compared; what happens then must not matter.
    """
    with timeline.step("5b", "turns bad after the swap: rolled back") as step:
        timeline.say(step, "its detector fails in every picture darker than by day, never before")
        rollout = _offer(shop, box, bundle, timeline, step)
        _watched(box, lambda seen: bool(seen.shadow))
        shadowing()
        told = _watched(box, lambda seen: _nears_swap(box, seen, bundle))
        told = _until_serving(box, bundle, timeline, step)
        timeline.say(step, f"{box.box_id} judged: {_verdict_words(told)}")
        box.show("dusk.mp4")
        dusk = time.monotonic()
        told = _watched(box, lambda seen: seen.active != bundle.bundle_id)
        timeline.say(
            step, f"the light is dimmed; rolled back {time.monotonic() - dusk:.1f} s later: "
            f"{told.quarantined.get(bundle.bundle_id, told.reason)}",
        )  # fmt: skip
        box.shopper.hesitates = False
        sale = _next_sale(box, told.active)
        timeline.say(step, f"{box.box_id} sells on at dusk by {sale.bundle_id[:12]}")
        box.show("day.mp4")
        _until_stopped(shop, rollout, timeline, step)


def policies_line() -> str:
    """The demo's limits beside production's."""
    lines = []
    for name in (POLICY, "production"):
        p = POLICIES[name]
        lines.append(
            f"{name}: alpha {p.alpha:g}, margin {p.margin:.1%} of baskets, at least "
            f"{p.min_baskets} baskets, confirmed after {p.confirm_baskets}"
        )
    return "; ".join(lines)


def _offer(shop: LoopShop, box: LoopBox, bundle: Bundle, timeline: Timeline, step: Step) -> int:
    """Start a rollout whose ring 0 is this box's; its number."""
    body = {
        "bundle_id": bundle.bundle_id, "channel": CHANNEL, "policy": POLICY,
        "plan": {"rings": [{"name": box.ring, **PLAN}]}, "note": "the loop's demo",
    }  # fmt: skip
    made = shop.as_("operator").api("POST", "/rollouts", body)
    began = time.monotonic()
    told = _watched(box, lambda seen: bundle.bundle_id in (seen.candidate, seen.active))
    timeline.say(
        step, f"rollout {made['rollout_id']} of {bundle.bundle_id[:12]}: {box.box_id} (ring "
        f"{box.ring}) fetched and verified it {time.monotonic() - began:.1f} s after the signature",
    )  # fmt: skip
    if told.policy and told.policy != POLICY:
        timeline.say(step, f"judged by policy {told.policy} (named by {told.policy_from})")
    return int(made["rollout_id"])


def _nears_swap(box: LoopBox, seen: BundlesState, bundle: Bundle) -> bool:
    """Whether it is warm or serves; from then on the shopper only looks, so it stays on trial."""
    is_near = seen.waits_for in ("warming", "between_baskets") or seen.active == bundle.bundle_id
    box.shopper.hesitates = is_near
    return is_near


def _until_serving(
    box: LoopBox, bundle: Bundle, timeline: Timeline, step: Step
) -> BundlesState:  # fmt: skip
    """Watch a candidate until it serves; what was said last about its verdict."""
    began, newest = time.monotonic(), [None]

    def is_serving(seen: BundlesState) -> bool:
        if bundle.bundle_id in seen.quarantined:
            raise NotSeenError(f"thrown out: {seen.quarantined[bundle.bundle_id]}")
        if seen.candidate == bundle.bundle_id and seen.shadow:
            newest[0] = seen  # type: ignore[call-overload]
        return seen.active == bundle.bundle_id

    told = _watched(box, is_serving)
    timeline.say(
        step, f"{box.box_id}: self-test passed, compared, warm, swapped after "
        f"{time.monotonic() - began:.0f} s",
    )  # fmt: skip
    return newest[0] or told


def _verdict_words(told: BundlesState) -> str:
    words = told.shadow
    names = ("baskets", "winners", "coverage", "worse_e", "no_worse_e", "policy")
    return ", ".join(f"{name} {words[name]}" for name in names if name in words) or "no figures"


def _watched(box: LoopBox, is_so: Callable[[BundlesState], bool]) -> BundlesState:
    """The first state of the box's bundles that is so."""
    seen: list[BundlesState] = []

    def look() -> bool:
        told = box.look(LOOK_S).bundles
        if told is None:
            return False
        seen.append(told)
        return is_so(told)

    _until(f"{box.box_id}: what its bundles process should say", look)
    return seen[-1]


def _until(what: str, is_so: Callable[[], bool]) -> None:
    wait_until(what, is_so, RELEASE_LIMIT_S)


def _next_sale(box: LoopBox, bundle_id: str) -> PaidBasket:
    began = time.monotonic() - LOOK_S

    def found() -> PaidBasket | None:
        sales = (s for s in box.shopper.diary.paid if s.at_s >= began)
        return next((s for s in sales if s.bundle_id == bundle_id), None)

    _until(f"{box.box_id} sells by {bundle_id[:12]}", lambda: found() is not None)
    sale = found()
    assert sale is not None
    return sale


def _rollout(shop: LoopShop, rollout: int) -> dict[str, Any]:
    told: dict[str, Any] = shop.as_("operator").api("GET", f"/rollouts/{rollout}")
    return told


def _drills(shop: LoopShop, rollout: int) -> list[str]:
    boxes = shop.as_("operator").api("GET", f"/rollouts/{rollout}/boxes")["items"]
    return [f"{name} ({found[:40]})" for box in boxes for name, found in box["drills"].items()]


def _phase(shop: LoopShop, rollout: int) -> str:
    """Of a rollout; empty while the hub is away."""
    with contextlib.suppress(HubAnswerError):
        return str(_rollout(shop, rollout)["phase"])
    return ""


def _until_stopped(shop: LoopShop, rollout: int, timeline: Timeline, step: Step) -> None:
    """The hub has stopped it by itself."""
    _until(
        f"the hub stops rollout {rollout}",
        lambda: _phase(shop, rollout) in ("stopped", "withdrawn"),
    )
    told = _rollout(shop, rollout)
    timeline.say(step, f"the hub {told['phase']} rollout {rollout} by itself: {told['reason']}")
