"""When an item rests.

Flow: Tracks + Change + arms -> Tracks that rest

An item rests when its box and the pixels in it have stood still. A hand stands still too: what
hangs on an arm rests when it is let go of, or sooner the more it looks like a product. What surely
is a product rests as soon as its box stands still: a hand that withdraws moves pixels for half a
second more. Finds and ends nothing.
"""

import numpy as np
from numpy.typing import NDArray

from edge.perception.change_gate import Change
from edge.perception.counter_region import CounterRegion
from edge.perception.pipeline_settings import MS, PipelineSettings
from edge.perception.track import Track
from sync.boxes import areas, intersections, iou_matrix, standing_before

STIRRED_SHARE = 0.2  # of the blocks in a box must move before its pixels count as moving
NEAR_BLOCKS = 3  # around a box: 72 pixels of 1080p
NEAR_SHARE = 0.05  # of the blocks in and around a box must move before something is there
HELD_SHARE = 0.15  # of the blocks in a box hang on an arm
SURROUNDED_SHARE = 0.6  # of a resting item's box
SAME_PLACE_IOU = 0.5  # a box at the place of an item that was not found may be that item
SHIFTED_SHARE = 0.06  # of the longer side: the jitter of a box
UNLIKE_NATS = 3.0  # a part of a pack looks somewhat like the pack, or like no product
OVERLAP_SHARE = 0.25  # of its own box: a hand over an item makes a box of the rest of it

BoolGrid = NDArray[np.bool_]
FloatArray = NDArray[np.float32]


def watch_pixels(
    tracks: list[Track],
    change: Change,
    at_ns: int,
    arms: BoolGrid | None,
    *,
    is_hand_present: bool,
) -> None:
    """Read every track's pixels in this frame; call once per frame, after matching.

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


def let_rest(
    tracks: list[Track], at_ns: int, region: CounterRegion, settings: PipelineSettings
) -> None:
    """Let rest what has stood still for long enough; call again where a look told more."""
    for track in [t for t in tracks if not t.is_resting and not t.is_unseen]:
        if track.placed_xyxy is None or _has_shifted(track.placed_xyxy, track.xyxy, region):
            track.placed_since_ns, track.placed_xyxy = track.steady_since_ns, track.xyxy
        if not track.is_believed:
            continue
        if areas(track.xyxy[None])[0] > settings.max_resting_share * region.area_px:
            continue
        if _has_settled(track, tracks, at_ns, region, settings):
            track.is_resting = True
            track.displaced_runs = 0
            track.velocity = np.zeros(2, dtype=np.float32)
            since = (track.still_since_ns, track.steady_since_ns, track.placed_since_ns)
            track.rest_since_ns = min(since)
            track.rest_xyxy = track.xyxy


def _has_settled(
    track: Track,
    tracks: list[Track],
    at_ns: int,
    region: CounterRegion,
    settings: PipelineSettings,
) -> bool:
    still_ms = (at_ns - track.still_since_ns) / MS
    is_at_border = region.is_at_border(track.xyxy)
    is_strange = track.held_wait_ms == settings.rest_held_ms  # its look is like nothing known
    if (is_at_border and is_strange) or any(_is_part_of(track, t, settings) for t in tracks):
        return still_ms >= settings.rest_held_ms
    may_be_arm = is_at_border and track.look_ns == 0  # the first look follows in this frame
    if at_ns - track.disturbed_ns > settings.rest_doubtful_ms * MS and not may_be_arm:
        return still_ms >= settings.rest_ms  # it lay there before it was found
    surrounds, overlaps = _on_others(track, tracks)
    is_sure = track.held_wait_ms == settings.rest_sure_ms and not overlaps
    is_recognised = is_sure and track.look_ns >= track.steady_since_ns
    is_doubtful = surrounds or (is_at_border and not is_recognised)
    needed_ms = settings.rest_ms
    if track.is_held and not is_sure:
        needed_ms = 0 if overlaps else track.held_wait_ms
        needed_ms = needed_ms or settings.rest_held_ms
    if is_doubtful:
        return still_ms >= max(needed_ms, settings.rest_doubtful_ms)
    if is_sure and track.is_clearly_looked_at and track.found_in_place_ms >= settings.rest_ms:
        return True
    steady_ms = (at_ns - track.steady_since_ns) / MS
    return still_ms >= needed_ms or (is_recognised and steady_ms >= settings.rest_sure_ms)


def _has_shifted(before: FloatArray, now: FloatArray, region: CounterRegion) -> bool:
    """Two opposite sides of a box went the same way; one alone is a hand that uncovers more.

    At the border one side cannot move, so any side counts there.
    """
    limit = SHIFTED_SHARE * float(np.max(now[2:] - now[:2]))
    if region.is_at_border(now):
        return bool(np.max(np.abs(now - before)) > limit)
    return shift_px(before, now) > limit


def shift_px(before: FloatArray, now: FloatArray) -> float:
    """How far two opposite sides of a box went the same way."""
    step = now - before
    both = np.minimum(np.abs(step[:2]), np.abs(step[2:]))
    return float(np.max(np.where(step[:2] * step[2:] > 0, both, 0.0)))


def is_small_part(part: FloatArray, whole: FloatArray) -> bool:
    """A box (4,) lies within another one and is much smaller."""
    return len(standing_before(whole, part[None])) > 0


def _is_part_of(track: Track, item: Track, settings: PipelineSettings) -> bool:
    """It appeared within an item that was never seen alone before: most likely a part of that.

    Unless its look is a product's and speaks against the item's: it lies on that, put down with it.
    """
    is_first = item.alone_ns == 0 or track.born_ns <= item.alone_ns
    if not (item.is_resting and is_first and is_small_part(track.xyxy, item.place_xyxy)):
        return False
    is_likely = 0 < track.held_wait_ms < settings.rest_held_ms
    return not (is_likely and _looks_unlike(track, item))


def _looks_unlike(track: Track, item: Track) -> bool:
    """The SKU that the item looks like is out of the question for the track."""
    seen = track.vote.pooled
    if seen is None or not item.first_guess:
        return False
    likelihood = dict(zip(seen.sku_ids, seen.log_probs, strict=True))
    return seen.log_probs[0] - likelihood.get(item.first_guess, seen.floor) >= UNLIKE_NATS


def _on_others(track: Track, tracks: list[Track]) -> tuple[bool, bool]:
    """Whether a box surrounds another item or stands for one; whether it may be a rest of one."""
    others = [t for t in tracks if t.rest_xyxy is not None and t is not track]
    if not others:
        return False, False
    boxes = np.stack([t.place_xyxy for t in others])
    shared = intersections(track.xyxy[None], boxes)[0]
    is_missed = np.asarray([t.is_unseen for t in others])
    surrounds = np.any(shared >= SURROUNDED_SHARE * areas(boxes)) or np.any(
        is_missed & (iou_matrix(track.xyxy[None], boxes)[0] >= SAME_PLACE_IOU)
    )
    is_alike = np.asarray([t.first_guess in ("", track.first_guess) for t in others])
    overlaps = shared[is_alike].sum() >= OVERLAP_SHARE * areas(track.xyxy[None])[0]
    return bool(surrounds), bool(overlaps)
