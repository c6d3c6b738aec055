"""Shapes behind boxes, kept while the boxes stay: a still item is worked out once.

Flow: boxes of one camera -> their shapes and the boxes these have in every camera

Knows no tracks: a box is its own key. Forgets what was not asked for in two rounds.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from edge.basket.counter_map import CounterMap, FloatArray, shapes_behind

NUM_ROUNDS_KEPT = 2
_Key = tuple[str, bytes]


@dataclass(frozen=True)
class BoxShapes:
    """What stands behind one box, for each of H spans.

    Attributes:
        extent: float64 (H, 4): x and y of the centre, extent along x and y, cm.
        own_iou: float64 (H,); below 1 where the span cannot explain the box.
        boxes: camera -> float64 (H, 4), the box there, not cut at the border.
    """

    extent: FloatArray
    own_iou: FloatArray
    boxes: dict[str, FloatArray]


class ShapeBook:
    """Shapes of one set of cameras."""

    def __init__(self, maps: Mapping[str, CounterMap]) -> None:
        self.maps = dict(maps)
        self._known: dict[_Key, BoxShapes] = {}
        self._asked: dict[_Key, int] = {}
        self._round = 0

    def begin_round(self) -> None:
        """Forget what the last rounds did not ask for."""
        self._round += 1
        old = [k for k, asked in self._asked.items() if asked < self._round - NUM_ROUNDS_KEPT]
        for key in old:
            del self._known[key], self._asked[key]

    def shapes(self, camera: str, xyxy: FloatArray) -> list[BoxShapes]:
        """Shapes behind boxes (N, 4) of one camera; only new boxes are worked out."""
        keys = [(camera, row.tobytes()) for row in xyxy]
        new = [i for i, key in enumerate(keys) if key not in self._known]
        if new:
            self._work_out(camera, [keys[i] for i in new], xyxy[new])
        self._asked.update(dict.fromkeys(keys, self._round))
        return [self._known[key] for key in keys]

    def _work_out(self, camera: str, keys: list[_Key], xyxy: FloatArray) -> None:
        made = shapes_behind(self.maps[camera], xyxy)
        boxes = {name: made.boxes_in(other) for name, other in self.maps.items() if name != camera}
        extent = np.concatenate([made.centre_cm, made.sides_cm @ np.abs(made.axes)], axis=-1)
        for i, key in enumerate(keys):
            there = {name: rows[i] for name, rows in boxes.items()}
            self._known[key] = BoxShapes(extent[i], made.own_iou[i], there)
