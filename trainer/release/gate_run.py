"""A gate worker's work on one candidate: replays of everything that the verdict rests on.

Flow: champion, candidate, blind recordings -> replays as subprocesses -> GateReplays

Champion and candidate first; then the candidate's other export, then the champion with one part of
the candidate at a time. Every replay is the box's own command in a process of its own, so its peak
memory is its own too. Nothing is sent from here.
"""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sync.bundle import Bundle
from sync.replay_result import ReplayResult
from trainer.release.blind_replay import MeasuredReplay, measured_replay
from trainer.release.gate_evidence import Evidence, TargetCost
from trainer.release.part_swap import differing_parts, reference_export, swap_part

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class GateReplays:
    """What a worker reports."""

    champion: ReplayResult
    candidate: ReplayResult
    evidence: Evidence


def run_gate(
    edgectl: str, champion: Bundle, candidate: Bundle, recordings: Path, scratch: Path, *,
    with_parts: bool, say: Say,
) -> GateReplays:  # fmt: skip
    """Replay all of it; hybrids are made in `scratch` and deleted at once.

    Raises:
        ReplayError: the box's code gave no answer.
    """
    say("champion")
    before = measured_replay(edgectl, champion.directory, recordings)
    say("candidate")
    after = measured_replay(edgectl, candidate.directory, recordings)
    cost = TargetCost(
        provider=after.result.provider,
        champion_p95_ms=_p95(before),
        candidate_p95_ms=_p95(after),
        champion_rss_mib=before.rss_mib,
        candidate_rss_mib=after.rss_mib,
    )
    reference = None
    swapped: dict[str, ReplayResult] = {}
    if with_parts:
        reference = _replay_reference(edgectl, candidate, recordings, scratch, say)
        for part in differing_parts(champion, candidate):
            say(f"champion with the candidate's {part}")
            with _folder(scratch / part) as folder:
                hybrid = swap_part(champion, candidate, part, folder)
                swapped[part] = measured_replay(edgectl, hybrid.directory, recordings).result
    evidence = Evidence(targets=(cost,), reference=reference, swapped=swapped)
    return GateReplays(before.result, after.result, evidence)


def _replay_reference(
    edgectl: str, candidate: Bundle, recordings: Path, scratch: Path, say: Say
) -> ReplayResult | None:
    with _folder(scratch / "reference") as folder:
        reference = reference_export(candidate, folder)
        if reference is None:
            return None
        say("the candidate's other export")
        return measured_replay(edgectl, reference.directory, recordings).result


@contextmanager
def _folder(place: Path) -> Iterator[Path]:
    try:
        yield place
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _p95(replay: MeasuredReplay) -> float:
    times = sorted(b.frame_ms_p95 for b in replay.result.baskets if b.frame_ms_p95 > 0)
    return times[len(times) // 2] if times else 0.0
