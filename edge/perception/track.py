"""One item in one camera, over time: where it is, whether it rests, what it looked like.

Mutable on purpose: a track is the memory of a pipeline, owned by its tracker. What leaves the
pipeline are messages (edge/messages/perception_messages.py).
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from edge.perception.pipeline_settings import MS
from edge.perception.scene_memory import Patch
from edge.perception.sku_vote import SkuVote

FloatArray = NDArray[np.float32]

MIN_HITS = 2  # detections before a track is believed: one alone is a reflection or a blur


@dataclass(slots=True, eq=False)
class Track:
    """One item in one camera. Boxes are float32 (4,), pixels of the frame.

    Attributes:
        xyxy: where it is; while it rests, the mean of its detections.
        anchor_xyxy: the first box of the present stand-still; movement is measured from here.
        velocity: float32 (2,), pixels per second of the centre; 0 while it rests.
        seen_ns: capture time of the last frame in which the detector found it.
        missed_runs: detector runs since then that did not.
        still_since_ns: capture time of the first frame in which box and pixels stood still.
        steady_since_ns: the same for the box alone: a hand that withdraws moves pixels in it.
        steady_xyxy: the box then.
        placed_since_ns: the same, though a hand that lets go still uncovered more of it; its date.
        placed_xyxy: the box then.
        moved_share: how far its last detection lay from the one before, in sides.
        rest_xyxy: place where it last rested; None once it was seen to have left it.
        rest_since_ns: since when it rested there.
        stirred_ns: last time the pixels in its box moved.
        displaced_runs: detector runs in a row that found it elsewhere than its resting box.
        disturbed_ns: last time something moved in or around its box.
        is_in_place: its resting place looked as before in the last detector run.
        held_wait_ms: how long it must stand still in a hand to rest there, by its last look; 0
            before the first.
        clear_since_ns: since when the detector is so sure of it that nothing can stand before it; 0
            while it is not.
        is_confirmed: it was found again at rest with nothing near.
        is_held: it hangs together with an arm in this frame.
        covered_until_ns: the same, or a hand anywhere over the counter.
        empty_since_ns: since when its place is seen empty; 0 while it is not.
        is_shown: the detector missed it, but its place looks as it did with it.
        alone_ns: when that was first so; 0 before.
        patch: appearance when it was last found at rest with nothing moving on it.
        look_xyxy: box of the last look; look_patch its appearance, look_ns its time.
    """

    track_id: int
    xyxy: FloatArray
    score: float
    born_ns: int
    seen_ns: int
    still_since_ns: int
    anchor_xyxy: FloatArray
    steady_since_ns: int
    steady_xyxy: FloatArray
    moved_share: float = 1.0
    placed_since_ns: int = 0
    placed_xyxy: FloatArray | None = None
    velocity: FloatArray = field(default_factory=lambda: np.zeros(2, dtype=np.float32))
    hits: int = 1
    missed_runs: int = 0
    is_resting: bool = False
    rest_xyxy: FloatArray | None = None
    rest_since_ns: int = 0
    stirred_ns: int = 0
    displaced_runs: int = 0
    disturbed_ns: int = 0
    is_held: bool = False
    held_wait_ms: int = 0
    clear_since_ns: int = 0
    is_confirmed: bool = False
    is_in_place: bool = False
    covered_until_ns: int = 0
    empty_since_ns: int = 0
    is_shown: bool = False
    alone_ns: int = 0
    patch: Patch | None = None
    vote: SkuVote = field(default_factory=SkuVote)
    look_xyxy: FloatArray | None = None
    look_patch: Patch | None = None
    look_ns: int = 0
    is_look_clean: bool = False

    @property
    def is_believed(self) -> bool:
        """Found often enough to be told about."""
        return self.hits >= MIN_HITS

    @property
    def is_unseen(self) -> bool:
        """The last detector run did not find it."""
        return self.missed_runs > 0

    @property
    def is_clearly_looked_at(self) -> bool:
        """Nothing stands before it, and it was looked at since that is so."""
        return 0 < self.clear_since_ns <= self.look_ns

    @property
    def found_in_place_ms(self) -> float:
        """From the first detection at this place to the last; a spared detector proves nothing."""
        return (self.seen_ns - self.placed_since_ns) / MS

    @property
    def first_guess(self) -> str:
        """The SKU its looks speak for; empty before the first."""
        pooled = self.vote.pooled
        return pooled.sku_ids[0] if pooled is not None and pooled.sku_ids else ""

    @property
    def place_xyxy(self) -> FloatArray:
        """Where to look whether it is still there."""
        return self.xyxy if self.rest_xyxy is None else self.rest_xyxy

    def forget_looks(self) -> None:
        """Look again at the next chance: other models, or another item."""
        self.vote = SkuVote()
        self.look_xyxy, self.look_patch, self.look_ns, self.is_look_clean = None, None, 0, False
