"""What the pixels of one frame say about boxes that the detector gives.

Flow: SceneMemory + Change + Tracks -> answers for the tracker

The detector draws boxes around hands that hold items and around halves of items. Pixels tell
whether an item has left its place, and whether anything new lies where a box is.
"""

import numpy as np
from numpy.typing import NDArray

from edge.perception.change_gate import Change
from edge.perception.scene_memory import Novelty, PlaceState, SceneMemory
from edge.perception.track import Track


class FrameEvidence:
    """The answers for one frame and the tracks as they stand before it."""

    def __init__(self, scene: SceneMemory, change: Change, tracks: list[Track]) -> None:
        self._scene, self._change = scene, change
        self._patches = [t.patch for t in tracks if t.patch is not None]

    def shows(self, track: Track) -> bool:
        """The place of a resting track looks as it did: the item has not moved."""
        return (
            track.patch is not None
            and self._scene.place(self._change, track.patch) is PlaceState.ITEM
        )

    def has_left(self, track: Track, xyxy: NDArray[np.float32]) -> bool:
        """The part of a track's place outside a new box shows the counter, or cannot tell."""
        if track.patch is None:
            return True
        return self._scene.is_vacated(self._change, track.patch, xyxy)

    def novelty(self, xyxy: NDArray[np.float32]) -> Novelty:
        """What a box that nobody continues shows."""
        return self._scene.novelty(self._change, xyxy, self._patches)
