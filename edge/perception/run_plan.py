"""Whether the detector has to look at a frame, and how finely.

Flow: Change + Tracks -> yes or no; Change -> fine or quick

On change, and while a question about an item is open; seldom while an arm passes, because what it
hides cannot be charged, but at once where an item is about to come to rest. Once nothing moves any
more it looks finely: what lies half under another product is seen by that. Runs nothing itself.
"""

from edge.perception.change_gate import Change
from edge.perception.pipeline_settings import MS, PipelineSettings
from edge.perception.presence import misses_needed
from edge.perception.track import Track

SLOW_SHARE = 0.2  # of its side between two detections: it slows down, or stands


def must_detect(
    change: Change,
    tracks: list[Track],
    since_ns: int | None,
    at_ns: int,
    settings: PipelineSettings,
    *,
    is_fine_due: bool = False,
) -> bool:
    """Whether the detector can learn anything from this frame.

    Args:
        since_ns: since its last run; None before the first.
        is_fine_due: its last run was a quick one, though it could look finely.
    """
    if change.is_first or since_ns is None:
        return True
    if change.moving_share >= settings.hand_share:
        is_urgent = any(_may_rest_soon(track, at_ns, settings) for track in tracks)
        return is_urgent or since_ns >= settings.busy_interval_ms * MS
    is_open = any(
        not t.is_believed or t.displaced_runs or 0 < t.missed_runs < misses_needed(t)
        for t in tracks
    )
    return change.is_changed or is_open or is_fine_due or since_ns >= settings.refresh_ms * MS


def may_look_finely(change: Change, since_fine_ns: int | None, settings: PipelineSettings) -> bool:
    """Nothing moves, or something small never stops.

    Args:
        since_fine_ns: since the last fine run; None before the first.
    """
    if change.is_first:
        return True
    if change.moving_share >= settings.hand_share:
        return False
    is_late = since_fine_ns is None or since_fine_ns >= settings.refresh_ms * MS
    return is_late or not change.is_changed


def _may_rest_soon(track: Track, at_ns: int, settings: PipelineSettings) -> bool:
    """It is new, or slows down; but an arm that lingers must not keep the detector busy."""
    if track.is_resting or track.is_unseen:
        return False
    if at_ns - track.steady_since_ns > settings.rest_doubtful_ms * MS:
        return False
    return not track.is_believed or track.moved_share <= SLOW_SHARE
