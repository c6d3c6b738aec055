"""What a gate worker measured beside the two replays: each target's cost, parity, each part alone.

Flow: champion, candidate, blind recordings -> replays -> Evidence -> reasons that reject

Pure; gate_run.py runs the replays. The parts change no verdict: they say where a loss is from.
"""

from collections.abc import Mapping, Sequence

from pydantic import BaseModel, ConfigDict, Field

from sync.replay_result import ReplayResult
from trainer.release.gate import GatePolicy
from trainer.release.part_swap import PartEffect, effects, share_alike


class TargetCost(BaseModel):
    """Champion and candidate on one kind of machine.

    Attributes:
        provider: execution provider that ran, as the replay tells it.
        rss_mib: most memory that the replaying process held.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    provider: str = Field(max_length=60)
    champion_p95_ms: float = Field(ge=0)
    candidate_p95_ms: float = Field(ge=0)
    champion_rss_mib: float = Field(default=0.0, ge=0)
    candidate_rss_mib: float = Field(default=0.0, ge=0)


class Evidence(BaseModel):
    """Measured by the gate worker.

    Attributes:
        reference: the candidate's other export (GPU files) on the same recordings.
        swapped: part -> the champion with that part of the candidate.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    targets: tuple[TargetCost, ...] = Field(default=(), max_length=8)
    reference: ReplayResult | None = None
    swapped: dict[str, ReplayResult] = Field(default={}, max_length=8)


def evidence_rejects(candidate: ReplayResult, evidence: Evidence, policy: GatePolicy) -> list[str]:
    """Reasons that reject whatever the accuracy."""
    found = [reason for target in evidence.targets for reason in _cost_reasons(target, policy)]
    if evidence.reference is not None:
        alike = share_alike(evidence.reference, candidate)
        if alike < policy.parity_limit:
            found.append(
                f"two exports of the candidate agree on {alike:.2%} of baskets; "
                f"{policy.parity_limit:.2%} are asked for"
            )
    return found


def part_effects(champion: ReplayResult, evidence: Evidence) -> list[PartEffect]:
    """What each part does alone, the worst first."""
    return effects(champion, evidence.swapped)


def blamed(found: Sequence[PartEffect], num_baskets: int) -> str:
    """One line for a person: which part lost most alone; empty where none lost."""
    if not found or found[0].difference >= 0:
        return ""
    worst = found[0]
    return (
        f"the {worst.part} alone loses {worst.num_lost} and wins {worst.num_won} "
        f"of {num_baskets} baskets"
    )


def evidence_document(
    candidate: ReplayResult, evidence: Evidence, found: Sequence[PartEffect]
) -> Mapping[str, object]:
    """As the report keeps it: figures, no baskets."""
    reference = evidence.reference
    return {
        "targets": [target.model_dump() for target in evidence.targets],
        "parity": None if reference is None else share_alike(reference, candidate),
        "parts": [
            {"part": e.part, "difference": e.difference, "lost": e.num_lost, "won": e.num_won}
            for e in found
        ],
    }


def _cost_reasons(target: TargetCost, policy: GatePolicy) -> list[str]:
    found: list[str] = []
    before, after = target.champion_p95_ms, target.candidate_p95_ms
    if before > 0 and after > policy.latency_ratio_limit * before:
        found.append(f"{target.provider}: a frame takes {after:.1f} ms (p95), was {before:.1f} ms")
    held, holds = target.champion_rss_mib, target.candidate_rss_mib
    if held > 0 and holds > policy.memory_ratio_limit * held:
        found.append(f"{target.provider}: {holds:.0f} MiB of memory, was {held:.0f} MiB")
    return found
