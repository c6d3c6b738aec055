"""Redacted pictures of a basket that two models price differently, for a label at the centre.

Flow: Recorded + SpoolReader -> redact -> ShadowPicture

The first picture of each camera is the empty counter, the last one the goods at payment. What
redaction does not let through gives no picture.
"""

import math

import numpy as np

from edge.bundles.frame_spool import SpoolReader
from edge.hard_cases.redaction import RedactedPicture, redact
from edge.messages.perception_messages import Observations, TrackObservation
from edge.messages.shadow_messages import ShadowPicture, SpooledFrame
from edge.processes.shadow_recorder import Recorded

MAX_GUESSES = 5


def redacted_pictures(basket: Recorded, reader: SpoolReader) -> tuple[ShadowPicture, ...]:
    """One picture per camera that may leave."""
    found = (
        _picture(seen, basket.ends[camera_id][0], basket.ends[camera_id][1], reader)
        for camera_id, seen in sorted(basket.last_seen.items())
        if camera_id in basket.ends
    )
    return tuple(picture for picture in found if picture is not None)


def _picture(
    seen: Observations, first: SpooledFrame, last: SpooledFrame, reader: SpoolReader
) -> ShadowPicture | None:
    empty = reader.picture(first.offset, first.length)
    goods = reader.picture(last.offset, last.length)
    if goods is None:
        return None
    boxes = np.asarray([t.xyxy for t in seen.tracks], dtype=np.float32).reshape(-1, 4)
    boxes -= np.asarray([last.left, last.top, last.left, last.top], dtype=np.float32)
    found = redact(goods, boxes, empty, is_hand_present=seen.is_hand_present)
    if not isinstance(found, RedactedPicture):
        return None
    height, width = goods.shape[:2]
    guesses = tuple(_guesses(track) for track in seen.tracks)
    return ShadowPicture(seen.camera_id, found.jpeg, width, height, found.boxes, guesses)


def _guesses(track: TrackObservation) -> tuple[tuple[str, int], ...]:
    """SKU and per mille, best first."""
    if track.scores is None:
        return ()
    pairs = list(zip(track.scores.sku_ids, track.scores.log_probs, strict=False))[:MAX_GUESSES]
    return tuple((sku_id, round(1000 * math.exp(min(value, 0.0)))) for sku_id, value in pairs)
