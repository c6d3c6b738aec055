"""How the box does since a swap against before it: speed, failed frames, help by people.

Flow: PerceptionState at the swap and now, BundleState -> ProbationFacts

Pure but for what it remembers of the swap. Judges nothing; swap.py does.
"""

from dataclasses import dataclass

from edge.bundles.evidence import PairedCounts
from edge.bundles.state import BundleState
from edge.bundles.swap import ProbationFacts
from edge.messages.perception_messages import PerceptionState

MIN_LATENCY_MS = 20.0  # a ratio of two tiny figures says nothing


@dataclass(slots=True)
class ProbationWatch:
    """How perception did when the candidate took over; zeros after a restart."""

    p95_ms: float = 0.0
    num_frames: int = 0
    num_failures: int = 0

    def note_swap(self, seen: PerceptionState | None) -> None:
        """The swap happens now."""
        if seen is not None:
            self.p95_ms, self.num_frames = seen.latency_p95_ms, seen.num_frames
            self.num_failures = seen.num_failures

    def facts(self, state: BundleState, now: PerceptionState | None) -> ProbationFacts:
        """Figures since the swap."""
        latency_ratio = null_share = 0.0
        if now is not None and now.bundle_id == state.active:
            if now.latency_p95_ms > MIN_LATENCY_MS and self.p95_ms > 0:
                latency_ratio = now.latency_p95_ms / max(self.p95_ms, MIN_LATENCY_MS)
            num_frames = now.num_frames - self.num_frames
            if num_frames > 0:
                null_share = max(0, now.num_failures - self.num_failures) / num_frames
        return ProbationFacts(
            num_baskets=state.baskets,
            num_deaths_this_boot=state.deaths,
            null_share=null_share,
            latency_ratio=latency_ratio,
            counts=PairedCounts(),
            num_troubled=state.troubled,
            usual_baskets=state.usual_baskets,
            usual_troubled=state.usual_troubled,
        )
