"""When an item rests.

Flow: Tracks + Change + arms -> Tracks that rest

An item rests when its box and the pixels in it have stood still. A hand stands still too: what
hangs on an arm rests when it is let go of, or sooner the more it looks like a product. Finds and
ends nothing.
"""

import numpy as np
from numpy.typing import NDArray

from edge.perception.change_gate import Change
from edge.perception.counter_region import CounterRegion
from edge.perception.pipeline_settings import MS, PipelineSettings
from edge.perception.track import Track
from sync.boxes import areas, intersections

STIRRED_SHARE = 0.2  # of the blocks in a box must move before its pixels count as moving
NEAR_BLOCKS = 3  # around a box: 72 pixels of 1080p
NEAR_SHARE = 0.05  # of the blocks in and around a box must move before something is there
HELD_SHARE = 0.15  # of the blocks in a box hang on an arm
SURROUNDED_SHARE = 0.6  # of a resting item's box
OVERLAP_SHARE = 0.25  # of its own box: a hand over an item makes a box of the rest of it

BoolGrid = NDArray[np.bool_]


def settle(
    tracks: list[Track],
    change: Change,
    at_ns: int,
    region: CounterRegion,
    arms: BoolGrid | None,
    settings: PipelineSettings,
    *,
    is_hand_present: bool,
) -> None:
    """Judge every track by the pixels of this frame; call once per frame, after matching.

    Args:
        arms: blocks of what hangs together with the border; None where nothing does.
    """
    for track in tracks:
        held = 0.0 if arms is None else float(np.mean(arms[change.grid.slices(track.xyxy)]))
        track.is_held = held >= HELD_SHARE
        if change.moving_share_in(track.xyxy) > STIRRED_SHARE:
            track.stirred_ns = at_ns
            if not track.is_resting:
                track.still_since_ns = at_ns
                track.anchor_xyxy = track.xyxy
        if change.moving_share_in(track.place_xyxy, NEAR_BLOCKS) > NEAR_SHARE:
            track.disturbed_ns = at_ns
        if is_hand_present or track.disturbed_ns == at_ns:
            track.covered_until_ns = at_ns
        if _has_settled(track, tracks, at_ns, region, settings):
            track.is_resting = True
            track.displaced_runs = 0
            track.velocity = np.zeros(2, dtype=np.float32)
            track.rest_since_ns = track.still_since_ns
            track.rest_xyxy = track.xyxy


def _has_settled(
    track: Track,
    tracks: list[Track],
    at_ns: int,
    region: CounterRegion,
    settings: PipelineSettings,
) -> bool:
    if track.is_resting or not track.is_believed or track.is_unseen:
        return False
    if areas(track.xyxy[None])[0] > settings.max_resting_share * region.area_px:
        return False
    still_ms = (at_ns - track.still_since_ns) / MS
    if at_ns - track.disturbed_ns > settings.rest_doubtful_ms * MS:
        return still_ms >= settings.rest_ms  # it lay there before it was found
    needed_ms = settings.rest_ms
    surrounds, overlaps = _on_others(track, tracks)
    if track.is_held:
        needed_ms = 0 if overlaps else track.held_wait_ms
        needed_ms = needed_ms or settings.rest_held_ms
    if region.is_at_border(track.xyxy) or surrounds:
        needed_ms = max(needed_ms, settings.rest_doubtful_ms)
    return still_ms >= needed_ms


def _on_others(track: Track, tracks: list[Track]) -> tuple[bool, bool]:
    """Whether a box surrounds the place of another item, and whether it lies on one."""
    others = [t.place_xyxy for t in tracks if t.rest_xyxy is not None and t is not track]
    if not others:
        return False, False
    boxes = np.stack(others)
    shared = intersections(track.xyxy[None], boxes)[0]
    surrounds = np.any(shared >= SURROUNDED_SHARE * areas(boxes))
    overlaps = shared.sum() >= OVERLAP_SHARE * areas(track.xyxy[None])[0]
    return bool(surrounds), bool(overlaps)
