"""Which detection is which item.

Flow: Detections -> matched Tracks

Made for a counter: things mostly lie still, so a resting track keeps its box, and a detection must
show real displacement before it counts as movement. Position follows the detections, shape only
where nothing hides a part of it (decoupled, as in CheckSORT). What rests is said by stillness.py,
what is gone by presence.py.
"""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from edge.perception.assignment import assign
from edge.perception.change_gate import Change
from edge.perception.detector import Detections
from edge.perception.pipeline_settings import MS, PipelineSettings
from edge.perception.scene_memory import Novelty
from edge.perception.stillness import (
    NEAR_BLOCKS,
    NEAR_SHARE,
    SAME_PLACE_IOU,
    STIRRED_SHARE,
    is_small_part,
    shift_px,
)
from edge.perception.track import Track
from sync.boxes import INSIDE_SHARE, areas, intersections, iou_matrix, standing_before

LEAST_IOU = 0.25
IN_PLACE_IOU = 0.5  # the same for an item whose place looks as before
MAX_AREA_RATIO = 2.5  # a box that jumps keeps its size
REACH = 0.8  # of the box's side: how far a moving item may jump between two detector runs
LEAST_VISIBLE = 0.15  # of the resting box
MAX_COST = 1.5
PARTIAL_COST = 0.95
MOVED_INPUT_PX = 2.0  # pixels of the network input that a box jitters by itself
MOVED_SHARE = 0.06  # of the longer side, likewise
STIRRED_MS = 600  # a displaced box is believed when its pixels moved within this time
QUIET_RUNS = 3  # displaced detections without pixel movement before the new box is taken over
INSISTING_RUNS = {  # detector runs in a row that find what the picture speaks against
    Novelty.COUNTER: 3,  # it shows nothing there
    Novelty.UNMOVED: 10,  # nothing moved there for long: a part of an item, or one overlooked
}
SAME_IOU = 0.6
FAR_IOU = 0.7  # a stirred item found this far away has moved; nearer, a second run must agree
SMOOTHING = 0.2
VELOCITY_RATE = 0.5
MAX_STEP_S = 0.2  # a prediction reaches no further

FloatArray = NDArray[np.float32]


class PictureEvidence(Protocol):
    """What the pixels of this frame say about boxes (frame_evidence.py)."""

    def shows(self, track: Track) -> bool:
        """The place of a resting track looks as it did: the item has not moved."""
        ...

    def has_left(self, track: Track, xyxy: FloatArray) -> bool:
        """The part of a track's place outside a new box shows the counter, or cannot tell."""
        ...

    def novelty(self, xyxy: FloatArray) -> Novelty:
        """What a box that nobody continues shows."""
        ...


class Tracker:
    """The tracks of one camera; ids are unique per camera and boot."""

    def __init__(self, settings: PipelineSettings, first_id: int = 1) -> None:
        self.tracks: list[Track] = []
        self._settings = settings
        self._next_id = first_id
        self._doubted: list[tuple[FloatArray, int]] = []

    def match(
        self,
        found: Detections,
        change: Change,
        at_ns: int,
        score_threshold: float,
        picture: PictureEvidence | None = None,
    ) -> list[Track]:
        """Give every detection to its track, or to a new one where the score allows.

        Args:
            found: may hold scores below the threshold: they only continue believed tracks.
            picture: what the pixels say; None where only boxes count.

        Returns:
            Tracks that were born.
        """
        for track in self.tracks:
            track.is_in_place = picture is not None and track.is_resting and picture.shows(track)
        clear_score = score_threshold + self._settings.clear_share * (1 - score_threshold)
        pairs = assign(self._cost(found, change, at_ns, score_threshold), MAX_COST)
        for track in self.tracks:
            track.missed_runs += 1
            if change.moving_share_in(track.xyxy) > STIRRED_SHARE:
                track.stirred_ns = at_ns
        for row, column in pairs:
            self._follow(self.tracks[row], found, column, change, at_ns, picture)
        taken = {column for _, column in pairs}
        open_rows = [
            i for i in range(len(found)) if i not in taken and found.score[i] >= score_threshold
        ]
        news = {
            i: Novelty.NEW if picture is None else picture.novelty(found.xyxy[i]) for i in open_rows
        }
        doubtful = {i: INSISTING_RUNS[n] for i, n in news.items() if n in INSISTING_RUNS}
        fresh = [i for i in open_rows if news[i] is Novelty.NEW]
        born = [
            self._born(found.xyxy[i], float(found.score[i]), at_ns)
            for i in fresh + self._insisted(found, doubtful)
        ]
        self.tracks.extend(born)
        for track in self.tracks:
            is_clear = track.score >= clear_score and not track.is_unseen
            track.clear_since_ns = (track.clear_since_ns or at_ns) if is_clear else 0
        return born

    def _insisted(self, found: Detections, rows: dict[int, int]) -> list[int]:
        """Rows the detector insists on although the picture there looks like the counter.

        What lay there before the box was switched on may be taken for the counter.
        """
        before, self._doubted = self._doubted, []
        for row in rows:
            box = found.xyxy[row]
            again = [n for old, n in before if iou_matrix(old[None], box[None])[0, 0] >= SAME_IOU]
            self._doubted.append((box, max(again, default=0) + 1))
        counts = [count for _, count in self._doubted]
        return [row for row, n in zip(rows, counts, strict=True) if n >= rows[row]]

    def places(self) -> list[FloatArray]:
        """Boxes of every item and every place that may hide one."""
        rests = [t.rest_xyxy for t in self.tracks if t.rest_xyxy is not None]
        return [t.xyxy for t in self.tracks] + rests

    def absorb_doubles(self, at_ns: int) -> None:
        """End new tracks that show a part of an item under a number of its own.

        A hand before an item makes another box of its visible part; a bottle's foot looks like a
        bottle. What shows the same SKU and is much smaller within its box cannot be another one.
        """
        for double in [t for t in self.tracks if not t.is_resting and not t.is_unseen]:
            for item in [t for t in self.tracks if t is not double and t.is_believed]:
                if not double.first_guess or double.first_guess != item.first_guess:
                    continue
                if is_small_part(double.xyxy, item.xyxy):
                    self.tracks.remove(double)
                    break
                box, place = double.xyxy[None], item.place_xyxy[None]
                is_missed = item.is_resting and item.is_unseen
                if is_missed and iou_matrix(box, place)[0, 0] >= SAME_PLACE_IOU:
                    item.seen_ns, item.missed_runs, item.empty_since_ns = at_ns, 0, 0
                    self.tracks.remove(double)
                    break

    def before(self, track: Track) -> FloatArray:
        """Boxes (K, 4) of items that lie within this one's and are much smaller.

        They stand on it or before it: behind it nobody would see them.
        """
        others = [t.xyxy for t in self.tracks if t is not track and t.is_resting]
        return standing_before(track.xyxy, np.asarray(others, np.float32).reshape(-1, 4))

    def put_back(self, track: Track) -> None:
        """It never left the place where it rested, whatever its last box said."""
        assert track.rest_xyxy is not None
        if track.is_resting:
            return
        track.is_resting = True
        track.displaced_runs = 0
        track.xyxy = track.anchor_xyxy = track.rest_xyxy

    def scale(self, x: float, y: float) -> None:
        """The camera delivers another picture size: carry every box over."""
        factor = np.asarray([x, y, x, y], dtype=np.float32)
        for track in self.tracks:
            track.xyxy, track.anchor_xyxy = track.xyxy * factor, track.anchor_xyxy * factor
            track.steady_xyxy = track.steady_xyxy * factor
            track.placed_xyxy = None
            track.rest_xyxy = None if track.rest_xyxy is None else track.rest_xyxy * factor
            track.patch = track.look_patch = None

    def _take_id(self) -> int:
        self._next_id += 1
        return self._next_id - 1

    def _born(self, xyxy: FloatArray, score: float, at_ns: int) -> Track:
        return Track(
            track_id=self._take_id(),
            xyxy=xyxy,
            score=score,
            born_ns=at_ns,
            seen_ns=at_ns,
            still_since_ns=at_ns,
            anchor_xyxy=xyxy,
            steady_since_ns=at_ns,
            steady_xyxy=xyxy,
        )

    def _cost(
        self, found: Detections, change: Change, at_ns: int, threshold: float
    ) -> NDArray[np.float64]:
        """Cost of every pair; above MAX_COST where it is out of the question."""
        if not self.tracks or not len(found):
            return np.zeros((len(self.tracks), len(found)))
        expected = np.stack([_expected(track, at_ns) for track in self.tracks])
        iou = iou_matrix(expected, found.xyxy)
        side = np.sqrt(np.maximum(areas(expected), 1.0))[:, None]
        centres = (expected[:, None, :2] + expected[:, None, 2:]) / 2
        found_centres = (found.xyxy[None, :, :2] + found.xyxy[None, :, 2:]) / 2
        distance = np.linalg.norm(centres - found_centres, axis=2) / side
        is_resting = np.asarray([t.is_resting for t in self.tracks])[:, None]
        is_near = np.asarray(
            [change.moving_share_in(t.xyxy, NEAR_BLOCKS) > NEAR_SHARE for t in self.tracks]
        )[:, None]
        cost = (1.0 - iou) + 0.3 * np.minimum(distance, 1.5)
        is_in_place = np.asarray([t.is_in_place for t in self.tracks])[:, None]
        ratio = areas(found.xyxy)[None, :] / np.maximum(areas(expected), 1.0)[:, None]
        is_alike = (ratio > 1 / MAX_AREA_RATIO) & (ratio < MAX_AREA_RATIO)
        is_possible = (iou >= np.where(is_in_place, IN_PLACE_IOU, LEAST_IOU)) | (
            ~is_resting & (distance < REACH) & is_alike
        )
        inside = intersections(expected, found.xyxy)
        is_part = (
            is_resting
            & is_near
            & (inside >= INSIDE_SHARE * areas(found.xyxy)[None, :])
            & (inside >= LEAST_VISIBLE * areas(expected)[:, None])
        )
        cost = np.where(is_part, np.minimum(cost, PARTIAL_COST), cost)
        is_weak = (found.score < threshold)[None, :] & ~np.asarray(
            [t.is_believed for t in self.tracks]
        )[:, None]
        return np.where((is_possible | is_part) & ~is_weak, cost, 2 * MAX_COST).astype(np.float64)

    def _follow(
        self,
        track: Track,
        found: Detections,
        column: int,
        change: Change,
        at_ns: int,
        picture: PictureEvidence | None,
    ) -> None:
        xyxy = found.xyxy[column]
        tolerance = max(
            MOVED_INPUT_PX * found.pixel_px,
            MOVED_SHARE * float(np.max(track.anchor_xyxy[2:] - track.anchor_xyxy[:2])),
        )
        is_displaced = bool(np.max(np.abs(xyxy - track.anchor_xyxy)) > tolerance)
        side = float(np.max(track.xyxy[2:] - track.xyxy[:2]))
        track.moved_share = shift_px(track.xyxy, xyxy) / max(side, 1.0)
        if np.max(np.abs(xyxy - track.steady_xyxy)) > tolerance:
            track.steady_since_ns, track.steady_xyxy = at_ns, xyxy
        is_weak_shape = is_displaced and (
            track.is_in_place or _is_hidden_part(track, xyxy, tolerance, change)
        )
        elapsed_s = max(at_ns - track.seen_ns, 1) / 1e9
        track.seen_ns, track.missed_runs, track.empty_since_ns = at_ns, 0, 0
        track.hits += 1
        track.score = float(found.score[column])
        if not is_displaced:
            track.displaced_runs = 0
            track.xyxy = _blend(track.xyxy, xyxy, SMOOTHING)
            if track.is_resting:  # the drift of a box as its item is let go of is no movement
                track.anchor_xyxy = _blend(track.anchor_xyxy, xyxy, SMOOTHING)
        elif not track.is_resting:
            self._move(track, xyxy, at_ns, elapsed_s)
        elif not is_weak_shape:
            has_left = picture is None or picture.has_left(track, xyxy)
            self._doubt(track, xyxy, at_ns, elapsed_s, has_left=has_left)

    def _doubt(
        self, track: Track, xyxy: FloatArray, at_ns: int, elapsed_s: float, *, has_left: bool
    ) -> None:
        """A resting item was found elsewhere: believe it when pixels moved, or when it lasts."""
        is_stirred = at_ns - track.stirred_ns <= STIRRED_MS * MS
        if is_stirred and not has_left:
            return  # a hand before it, or on it, in one box with it
        track.displaced_runs += 1
        is_far = iou_matrix(xyxy[None], track.xyxy[None])[0, 0] < FAR_IOU
        if is_stirred and (track.displaced_runs >= 2 or is_far):
            track.is_resting = False
            track.displaced_runs = 0
            self._move(track, xyxy, at_ns, elapsed_s)
        elif track.displaced_runs >= QUIET_RUNS:
            track.displaced_runs = 0
            track.xyxy = track.anchor_xyxy = track.rest_xyxy = xyxy

    @staticmethod
    def _move(track: Track, xyxy: FloatArray, at_ns: int, elapsed_s: float) -> None:
        step = ((xyxy[:2] + xyxy[2:]) - (track.xyxy[:2] + track.xyxy[2:])) / 2
        speed = np.asarray(step / elapsed_s, dtype=np.float32)
        track.velocity = _blend(track.velocity, speed, VELOCITY_RATE)
        track.xyxy = track.anchor_xyxy = xyxy
        track.still_since_ns = at_ns
        if (
            track.rest_xyxy is not None
            and iou_matrix(xyxy[None], track.rest_xyxy[None])[0, 0] < 0.3
        ):
            track.rest_xyxy = None


def _expected(track: Track, at_ns: int) -> FloatArray:
    """Where a track should be found: moved on by its velocity while it moves."""
    if track.is_resting:
        return track.xyxy
    step = track.velocity * np.float32(min((at_ns - track.seen_ns) / 1e9, MAX_STEP_S))
    return np.asarray(track.xyxy + np.concatenate([step, step]), dtype=np.float32)


def _is_hidden_part(track: Track, xyxy: FloatArray, tolerance: float, change: Change) -> bool:
    """A resting box that shrank within itself, or grew by a hand, while something moves there."""
    if not track.is_resting or change.moving_share_in(track.xyxy, NEAR_BLOCKS) <= NEAR_SHARE:
        return False
    shrunk = np.all(xyxy[:2] >= track.xyxy[:2] - tolerance) and np.all(
        xyxy[2:] <= track.xyxy[2:] + tolerance
    )
    grown = np.all(xyxy[:2] <= track.xyxy[:2] + tolerance) and np.all(
        xyxy[2:] >= track.xyxy[2:] - tolerance
    )
    return bool(shrunk or grown)


def _blend(old: FloatArray, new: FloatArray, rate: float) -> FloatArray:
    return np.asarray(old + np.float32(rate) * (new - old), dtype=np.float32)
