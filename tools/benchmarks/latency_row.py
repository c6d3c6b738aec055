"""Item at rest -> basket line, with all cameras of a counter, against a vote over 15 frames.

Flow: recordings with calibration -> counter_play -> 95th percentiles of both

The peer sees the same frames at the same moments and computes for nothing, so the ratio says what
waiting costs, on any machine.
"""

from collections.abc import Sequence

from edge.edgectl.recordings import Recording
from edge.perception.models import Models
from sync.bundle import Bundle
from tools.benchmarks.counter_play import offer_of, play
from tools.benchmarks.ratio import Row, percentile

NAME = "item at rest -> basket line, p95"
PEER = "vote over 15 frames"
LIMIT_MS = 250.0
BAR = f"<= {LIMIT_MS:.0f} ms"


def rest_to_line_row(bundle: Bundle, models: Models, recordings: Sequence[Recording]) -> Row:
    """Over every line of every recording."""
    offer = offer_of(bundle, models)
    ours: list[float] = []
    vote: list[float] = []
    num_cameras = num_skipped = num_frames = 0
    for recording in recordings:
        played = play(recording.open_frames(), models, offer, recording.maps)
        ours += played.rest_to_line_ms
        vote += played.vote_ms
        num_skipped += played.num_skipped
        num_frames += played.num_skipped + len(played.frame_ms)
        num_cameras = max(num_cameras, len(recording.maps))
    if not ours or not vote:
        return Row(NAME, PEER, bar=BAR, skipped="no item became a line in these recordings")
    p95, vote_p95 = percentile(ours, 0.95), percentile(vote, 0.95)
    return Row(
        NAME,
        PEER,
        p95,
        vote_p95,
        "ms",
        vote_p95 / p95,
        num_repeats=1,
        bar=BAR,
        is_met=p95 <= LIMIT_MS,
        note=f"{len(ours)} lines in {len(recordings)} recordings, up to {num_cameras} cameras; "
        f"median {percentile(ours, 0.5):.0f} ms; one perception process, journal's fsync "
        f"included, {num_skipped} of {num_frames} frames skipped as too late",
    )
