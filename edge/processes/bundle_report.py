"""What the keeper of bundles tells people and the centre: the numbers behind a verdict, the step.

Flow: BundleState, ShadowVerdict, SwapPolicy -> words, WishProgress

Pure. The centre's judge (trainer/release/rollout.py) reads nothing of a box but this.
"""

from collections.abc import Mapping
from typing import Literal

import msgspec

from edge.bundles.evidence import PairedCounts, log_no_worse_e, log_worse_e
from edge.bundles.state import BundlePhase, BundleState
from edge.bundles.swap import ShadowVerdict
from edge.messages.bundle_messages import WishProgress
from sync.protocol import BundleProgress
from sync.swap_policy import SwapPolicy

Step = Literal["fetched", "held", "refused", "swapped", "confirmed", "rolled_back"]


def shadow_words(verdict: ShadowVerdict | None, policy: SwapPolicy) -> dict[str, str]:
    """The numbers behind the newest verdict; empty before the first."""
    if verdict is None:
        return {}
    counts, wanted = verdict.counts, 1.0 / policy.alpha
    return {
        "exit": verdict.exit.value,
        "reasons": ",".join(verdict.reasons),
        "policy": f"{policy.name} (alpha {policy.alpha:g}, margin {policy.margin:g})",
        "baskets": f"{counts.total} of {policy.min_baskets}",
        "winners": f"candidate {counts.wins}, active {counts.losses}, nobody {counts.ties}",
        "coverage": f"{verdict.coverage:.1%}",
        "worse_e": f"{verdict.worse_e:.3g} (out at {wanted:g})",
        "no_worse_e": f"{verdict.no_worse_e:.3g} of {wanted:g}",
    }


def step_of(state: BundleState, quarantined: Mapping[str, str]) -> Step:
    """How far the wish has come on this box."""
    if state.candidate == state.wish:
        return "swapped" if state.drill == "back" else "fetched"
    if state.active == state.wish and state.phase is not BundlePhase.SCANNER:
        return "swapped" if state.phase is BundlePhase.PROBATION else "confirmed"
    if state.wish_swapped_utc:
        return "rolled_back"
    return "refused" if state.wish in quarantined else "held"


def progress_of(
    state: BundleState,
    quarantined: Mapping[str, str],
    verdict: ShadowVerdict | None,
    policy: SwapPolicy,
    waits_for: str,
) -> WishProgress | None:
    """What became of the wish; None where the centre has wished for nothing yet."""
    if not state.wish:
        return None
    step = step_of(state, quarantined)
    waiting = waits_for if step == "fetched" else ""
    counts = verdict.counts if verdict is not None else PairedCounts()
    num_open = verdict.num_open if verdict is not None else 0
    sceptical = counts + PairedCounts(losses=num_open)
    return WishProgress(
        bundle_id=state.wish,
        generation=state.wish_generation,
        step=step,
        reason=(waiting or quarantined.get(state.wish, "") or state.reason)[:300],
        policy=policy.name,
        swapped_utc=state.wish_swapped_utc,
        wins=counts.wins,
        losses=counts.losses,
        ties=counts.ties,
        num_open=num_open,
        log_e_worse=log_worse_e(counts),
        log_e_no_worse=log_no_worse_e(sceptical, policy.margin),
        baskets=state.baskets,
        troubled=state.troubled,
        drills=dict(state.drills),
    )


def as_progress(told: WishProgress | None) -> BundleProgress | None:
    """As it travels to the centre."""
    if told is None:
        return None
    facts = msgspec.structs.asdict(told)
    swapped = facts.pop("swapped_utc")
    return BundleProgress(**facts, swapped_at=swapped or None)
