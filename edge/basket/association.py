"""How well boxes of several cameras agree on being one item.

Flow: boxes with shapes -> agreement of every pair and height -> worth of a group of boxes

A group has at most one box per camera. It is good where one height explains all its boxes, and
where cameras that have no box of it could not have seen it. grouping.py looks for the best groups.
Knows no time: what was linked before comes in as `prior`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from edge.basket.basket_events import Place
from edge.basket.counter_map import BOTTOMS_CM, SPANS_CM, TOPS_CM, FloatArray
from edge.basket.occlusion import cut_edges, iou_with_cut, unseen
from edge.basket.shape_book import BoxShapes, ShapeBook
from sync.decision import SkuScores

LEAST_AGREEMENT = 0.40  # boxes join where they agree better than this, if nothing else speaks
STACKED_COST = 0.05  # of an item that lies on another one; most do not
UNSEEN_COST = 0.20  # for each camera that should have seen an item and did not
NO_AGREEMENT = 0.08  # below this no missing box can make two boxes one item
IMPOSSIBLE = -50.0  # finite, so that sums and differences stay numbers
PRIOR_BONUS = 0.10  # keeps links while they are nearly as good as others
SKU_WEIGHT = 0.30  # full agreement against none on what the item is
SURE_WEIGHT = 0.3  # two views that are sure of two SKUs
REST_BONUS = 0.05  # put down at the same moment
REST_SAME_NS = 200_000_000
REST_OTHER_NS = 1_500_000_000
CHANCE_NS = 150_000_000  # a camera that looked so long after an item rested could have seen it

Key = tuple[str, int]
"""camera_id, track_id."""


@dataclass(frozen=True)
class View:
    """One box of one camera, ready to be compared.

    Attributes:
        xyxy: float64 (4,), pixels.
        rested_at_ns: 0 where unknown.
    """

    key: Key
    xyxy: FloatArray
    scores: SkuScores | None = None
    rested_at_ns: int = 0


class Agreement:
    """Every pair of boxes and every height, worked out once."""

    def __init__(
        self,
        views: Sequence[View],
        book: ShapeBook,
        prior: Mapping[Key, str] | None = None,
        watching: Mapping[str, int] | None = None,
    ) -> None:
        """Work out the agreement.

        Args:
            book: of all calibrated cameras.
            prior: which item a track showed before.
            watching: camera -> capture time of its newest frame, for cameras whose silence counts.
        """
        self.views = views
        self.cameras = [view.key[0] for view in views]
        self.by_camera = {
            name: [i for i, camera in enumerate(self.cameras) if camera == name]
            for name in dict.fromkeys(self.cameras)
        }
        self._maps = book.maps
        self._boxes = {
            name: np.array([views[i].xyxy for i in rows]) for name, rows in self.by_camera.items()
        }
        self._shapes: dict[str, list[BoxShapes]] = {
            name: book.shapes(name, boxes) for name, boxes in self._boxes.items()
        }
        self._cut = {name: cut_edges(book.maps[name], boxes) for name, boxes in self._boxes.items()}
        count = len(views)
        self.table = np.full((count, len(SPANS_CM), count), -1.0)
        for first in self.by_camera:
            for second in self.by_camera:
                if first != second:
                    rows, columns = self.by_camera[first], self.by_camera[second]
                    every = range(len(SPANS_CM))
                    self.table[np.ix_(rows, every, columns)] = self._seen_from(first, second)
        self._add_evidence(prior or {})
        is_void = self.table < NO_AGREEMENT
        self._gain = np.where(is_void, IMPOSSIBLE, self.table - LEAST_AGREEMENT)
        self._unseen = {
            name: self._missing_in(name, newest_ns) for name, newest_ns in (watching or {}).items()
        }
        self._effort = self._own_effort()
        self._known_worth: dict[tuple[int, ...], float] = {}

    def worth(self, group: Sequence[int]) -> float:
        """What a group adds to the sum that is made large."""
        key = tuple(sorted(group))
        if key not in self._known_worth:
            best = (float(self._curve(i, key).max()) for i in key)
            self._known_worth[key] = max(best, default=0.0)
        return self._known_worth[key]

    def place(self, group: Sequence[int]) -> Place:
        """Where the item of a group lies."""
        leader = max(group, key=lambda i: float(self._curve(i, group).max()))
        curve = self._curve(leader, group)
        likely = np.flatnonzero(curve >= curve.max() - 0.02)
        height = int(likely[len(likely) // 2])
        camera = self.cameras[leader]
        shapes = self._shapes[camera][self.by_camera[camera].index(leader)]
        x, y, width, depth = (float(v) for v in shapes.extent[height])
        return Place(x, y, width, depth, float(TOPS_CM[height]))

    def _curve(self, leader: int, group: Sequence[int]) -> FloatArray:
        """Worth of a group per height if the shape of `leader` is the item's, float64 (H,)."""
        curve = -self._effort[leader]
        speaking = {self.cameras[i] for i in group}
        for name, missing in self._unseen.items():
            if name not in speaking:
                curve = curve - UNSEEN_COST * missing[leader]
        for j in group:
            if j != leader:
                curve = curve + self._gain[leader, :, j]
        return np.asarray(curve)

    def _explained(self, camera: str) -> FloatArray:
        """How well each height explains a box by itself; says nothing about one that is cut."""
        is_cut = np.asarray(self._cut[camera].any(axis=1))[:, None]
        own = np.array([shapes.own_iou for shapes in self._shapes[camera]])
        return np.asarray(np.where(is_cut, 1.0, own))

    def _seen_from(self, source: str, target: str) -> FloatArray:
        """Agreement of each shape of one camera with each box of another, (N, H, M)."""
        picture = self._maps[target].image_size
        predicted = np.clip(self._predicted(source, target), 0.0, np.array([*picture, *picture]))
        return iou_with_cut(predicted, self._boxes[target], self._cut[target])

    def _predicted(self, source: str, target: str) -> FloatArray:
        """Boxes in `target` of the shapes behind the boxes of `source`, (N, H, 4)."""
        return np.array([shapes.boxes[target] for shapes in self._shapes[source]])

    def _missing_in(self, camera: str, newest_ns: int) -> FloatArray:
        """How surely `camera` would show the item of each view, float64 (N, H)."""
        missing = np.zeros((len(self.views), len(SPANS_CM)))
        boxes = self._boxes.get(camera, np.zeros((0, 4)))
        for name, rows in self.by_camera.items():
            if name != camera:
                predicted = self._predicted(name, camera)
                missing[rows] = unseen(self._maps[camera], predicted, boxes)
        is_too_new = [view.rested_at_ns + CHANCE_NS > newest_ns > 0 for view in self.views]
        missing[is_too_new] = 0.0
        return missing

    def _own_effort(self) -> FloatArray:
        """How badly each height explains a box by itself, float64 (N, H)."""
        effort = np.zeros((len(self.views), len(SPANS_CM)))
        for name, rows in self.by_camera.items():
            own = self._explained(name)
            effort[rows] = own.max(axis=1, keepdims=True) - own
        effort += np.where(BOTTOMS_CM > 0, STACKED_COST, 0.0)
        return effort

    def _add_evidence(self, prior: Mapping[Key, str]) -> None:
        for i, j in combinations(range(len(self.views)), 2):
            if self.cameras[i] != self.cameras[j]:
                extra = _evidence(self.views[i], self.views[j], prior)
                self.table[i, :, j] += extra
                self.table[j, :, i] += extra


def _evidence(first: View, second: View, prior: Mapping[Key, str]) -> float:
    """What speaks for or against a pair apart from geometry."""
    extra = 0.0
    linked = prior.get(first.key), prior.get(second.key)
    if linked[0] is not None and linked[0] == linked[1]:
        extra += PRIOR_BONUS
    if first.scores is not None and second.scores is not None:
        agreement = sku_agreement(first.scores, second.scores)
        extra += SKU_WEIGHT * (agreement - 0.5)
        extra -= SURE_WEIGHT * _sureness(first.scores) * _sureness(second.scores) * (1 - agreement)
    if first.rested_at_ns and second.rested_at_ns:
        apart = abs(first.rested_at_ns - second.rested_at_ns)
        extra += REST_BONUS * ((apart < REST_SAME_NS) - (apart > REST_OTHER_NS))
    return extra


def _sureness(scores: SkuScores) -> float:
    """How far the first guess is ahead of all others together, in [0, 1]."""
    return max(0.0, 2.0 * float(np.exp(scores.log_probs[0])) - 1.0)


def sku_agreement(first: SkuScores, second: SkuScores) -> float:
    """Bhattacharyya coefficient of two score lists, in [0, 1]."""
    other = dict(zip(second.sku_ids, second.log_probs, strict=True))
    shared = [
        (log_prob + other[sku_id]) / 2
        for sku_id, log_prob in zip(first.sku_ids, first.log_probs, strict=True)
        if sku_id in other
    ]
    return float(min(np.exp(shared).sum(), 1.0)) if shared else 0.0
