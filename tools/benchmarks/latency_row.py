"""Item at rest -> basket line, with all cameras of a counter, against a vote over 15 frames.

Flow: recordings with calibration, truth -> counter_play -> 95th percentiles of both

The peer sees the same frames at the same moments and computes for nothing, so the ratio says what
waiting costs, on any machine.
"""

from collections.abc import Mapping, Sequence

from edge.edgectl.recordings import Recording
from edge.perception.models import Models
from sync.bundle import Bundle
from tools.benchmarks.counter_play import Played, offer_of, play
from tools.benchmarks.ratio import Row, percentile
from tools.demo_run.line_times import LineTimes, Put

NAME = "item at rest -> basket line, p95"
PEER = "vote over 15 frames"
LIMIT_MS = 250.0
BAR = f"<= {LIMIT_MS:.0f} ms"


def rest_to_line_row(
    bundle: Bundle,
    models: Models,
    recordings: Sequence[Recording],
    puts: Mapping[str, Sequence[Put]] | None = None,
) -> Row:
    """Over every line of every recording.

    Args:
        puts: what comes to rest when, by the name of the recording, where a truth says so. The row
            then counts from the truth's frames of rest, and the box's own stand in the note: it
            dates a rest back to when the box of the item last moved, up to three frames earlier.
    """
    offer = offer_of(bundle, models)
    own: list[float] = []
    true: list[float] = []
    vote: list[float] = []
    num_cameras = num_skipped = num_frames = 0
    for recording in recordings:
        played = play(recording.open_frames(), models, offer, recording.maps)
        own += played.rest_to_line_ms
        vote += played.vote_ms
        true += since_true_rest(played, (puts or {}).get(recording.name, ()))
        num_skipped += played.num_skipped
        num_frames += played.num_skipped + len(played.frame_ms)
        num_cameras = max(num_cameras, len(recording.maps))
    ours = true or own
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
        f"{_words(true, own)}; one perception process, journal's fsync "
        f"included, {num_skipped} of {num_frames} frames skipped as too late",
    )


def since_true_rest(played: Played, puts: Sequence[Put]) -> list[float]:
    """Milliseconds from the truth's frame of rest to the line, of the puts that became one."""
    if played.start_ns is None:
        return []
    times = LineTimes(start_ns=played.start_ns, added=played.added)
    return [ms for ms in times.since_rest_ms(list(puts)) if ms is not None]


def _words(true: Sequence[float], own: Sequence[float]) -> str:
    of_own = f"p50 {percentile(own, 0.5):.0f}, p95 {percentile(own, 0.95):.0f} ms"
    if not true:
        return f"from the box's own rest {of_own}"
    return f"from the truth's rest p50 {percentile(true, 0.5):.0f} ms, from the box's own {of_own}"
