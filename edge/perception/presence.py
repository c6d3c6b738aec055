"""Whether an item that the detector did not find is still there.

Flow: unseen Track + PlaceState of its place -> Fate

A take is reported only when the place is visible and empty. Everything else keeps the item, each
for a stated time. Pure; knows no picture.
"""

from enum import StrEnum

from edge.perception.pipeline_settings import MS, PipelineSettings
from edge.perception.scene_memory import PlaceState
from edge.perception.track import Track

LEAST_MISSES = 2  # detector runs, where only the detector can tell
UNCONFIRMED_MISSES = 3  # of a box that was never found again after it came to rest


class Fate(StrEnum):
    """What becomes of an unseen track."""

    KEEP = "keep"
    STILL_RESTING = "still_resting"
    GONE = "gone"


def fate_of(
    track: Track,
    place: PlaceState,
    at_ns: int,
    settings: PipelineSettings,
    *,
    is_hidden: bool,
    has_left: bool,
) -> Fate:
    """What becomes of a track that the last detector run did not find.

    Args:
        place: what its place shows in this frame.
        is_hidden: another resting item covers the place.
        has_left: it was last seen moving out through the border.
    """
    if track.rest_xyxy is None:
        wait_ms = 0 if has_left else settings.moving_lost_ms
        is_over = not track.is_believed or _since(track.seen_ns, at_ns) >= wait_ms
        return Fate.GONE if is_over else Fate.KEEP
    quiet_ms = _since(max(track.covered_until_ns, track.seen_ns), at_ns)
    if place is PlaceState.EMPTY:
        is_over = track.empty_since_ns > 0 and (
            _since(track.empty_since_ns, at_ns) >= settings.empty_ms
        )
    elif place is PlaceState.ITEM:
        is_over = _since(track.seen_ns, at_ns) >= settings.hold_unfound_ms or (
            not track.is_confirmed and track.missed_runs >= UNCONFIRMED_MISSES
        )
        if not is_over:
            return Fate.STILL_RESTING
    elif place is PlaceState.COVERED:
        hold_ms = settings.hold_hidden_ms if is_hidden else settings.hold_covered_ms
        is_over = quiet_ms >= hold_ms
    else:
        is_over = quiet_ms >= settings.unseen_ms and track.missed_runs >= LEAST_MISSES
    return Fate.GONE if is_over else Fate.KEEP


def misses_needed(track: Track) -> int:
    """Detector runs without it that are asked for soon, before an unseen track is judged."""
    return LEAST_MISSES if track.is_confirmed else UNCONFIRMED_MISSES


def _since(then_ns: int, now_ns: int) -> float:
    return (now_ns - then_ns) / MS
