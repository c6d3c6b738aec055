"""What one camera claims at the moment: its tracks, hands, and whether it can be believed.

Flow: Observations -> CameraView -> fusion

A frame that was not understood changes nothing here: unknown is never empty.
"""

import numpy as np

from edge.basket.counter_map import FloatArray
from edge.messages.perception_messages import (
    Observations,
    ObservationStatus,
    SkuScoresMessage,
    TrackObservation,
)
from sync.decision import SkuScores

UNDERSTOOD = (ObservationStatus.SEEN, ObservationStatus.UNCHANGED)
GAP_NS = 1_000_000_000  # after a longer silence, trackers begin anew
SETTLE_NS = 1_500_000_000  # and need this long before a missing track means anything
HIDING_SHARE = 0.25  # of an item's box under another box: it may be hidden, not gone
REPLACING_IOU = 0.7  # another item at rest in just this box stands in its place


class CameraView:
    """The newest understood claim of one camera.

    Attributes:
        understood_ns: capture time of the newest understood frame, 0 before the first.
        settled_ns: from here on a missing track means something.
        failure: status of the newest frame where it was not understood, else empty.
    """

    def __init__(self, camera_id: str) -> None:
        self.camera_id = camera_id
        self.tracks: dict[int, TrackObservation] = {}
        self.understood_ns = 0
        self.settled_ns = 0
        self.newest_ns = 0
        self.is_hand_present = False
        self.failure = ""
        self.bundle_id = ""

    def take(self, message: Observations) -> None:
        """Take in one message; an older one than the newest is dropped."""
        if message.captured_at_ns < self.newest_ns:
            return
        self.newest_ns = message.captured_at_ns
        if message.status not in UNDERSTOOD:
            self.failure = message.status.value
            return
        if not self.understood_ns or message.captured_at_ns - self.understood_ns > GAP_NS:
            self.settled_ns = message.captured_at_ns + SETTLE_NS
        self.failure = ""
        self.understood_ns = message.captured_at_ns
        self.is_hand_present = message.is_hand_present
        self.bundle_id = message.bundle_id
        if message.status is ObservationStatus.SEEN or message.tracks:
            self.tracks = {track.track_id: track for track in message.tracks}

    def may_hide(self, box: FloatArray, own_track: int | None) -> bool:
        """Another track covers so much of `box` that what lies there may be hidden."""
        for track in self.tracks.values():
            iou, share = overlap(np.array(track.xyxy), box)
            is_in_its_place = track.is_resting and iou >= REPLACING_IOU
            if track.track_id != own_track and share > HIDING_SHARE and not is_in_its_place:
                return True
        return False


def overlap(first: FloatArray, second: FloatArray) -> tuple[float, float]:
    """IoU of two boxes (4,), and the share of the second that lies in the first."""
    sides = np.minimum(first[2:], second[2:]) - np.maximum(first[:2], second[:2])
    if sides.min() <= 0:
        return 0.0, 0.0
    shared = float(sides[0] * sides[1])
    area_a = float((first[2] - first[0]) * (first[3] - first[1]))
    area_b = float((second[2] - second[0]) * (second[3] - second[1]))
    return shared / max(area_a + area_b - shared, 1e-9), shared / max(area_b, 1e-9)


def scores_of(message: SkuScoresMessage | None) -> SkuScores | None:
    """The scores as the decision reads them."""
    if message is None or not message.sku_ids:
        return None
    return SkuScores(
        message.sku_ids, message.log_probs, message.floor, message.similarity, message.num_looks
    )
