"""Which boxes of several cameras show one and the same item.

Flow: boxes with shapes -> agreement of every pair and height -> groups, one box per camera

A group is good where one height explains all its boxes; the sum over all groups is made as large
as possible (assignment camera by camera, then moves and swaps). Knows no time: what was linked
before comes in as `prior`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from edge.basket.basket_events import Place
from edge.basket.counter_map import (
    HEIGHTS_CM,
    CounterMap,
    FloatArray,
    Shapes,
    iou_with,
    shapes_behind,
)
from sync.decision import SkuScores

LEAST_AGREEMENT = 0.15  # boxes join where they agree better than this
TRUNCATION_TRUST = 0.7  # how far a box that may be cut off is judged by what it does show
PRIOR_BONUS = 0.10  # keeps links while they are nearly as good as others
SKU_WEIGHT = 0.20  # full agreement against none on what the item is
REST_BONUS = 0.05  # put down at the same moment
REST_SAME_NS = 200_000_000
REST_OTHER_NS = 1_500_000_000
TOUCH_SHARE = 0.02  # boxes that overlap by this share of the smaller may hide one another
NUM_IMPROVEMENTS = 6  # rounds of moves and swaps; 2 are enough in nearly every scene

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
    """How well every pair of boxes agrees, per height."""

    def __init__(
        self,
        views: Sequence[View],
        maps: Mapping[str, CounterMap],
        prior: Mapping[Key, str],
        shapes: Mapping[str, Shapes] | None = None,
    ) -> None:
        self.views = views
        self.cameras = [view.key[0] for view in views]
        self.by_camera = {
            name: [i for i, camera in enumerate(self.cameras) if camera == name]
            for name in dict.fromkeys(self.cameras)
        }
        self.shapes = shapes or {
            name: shapes_behind(maps[name], np.array([views[i].xyxy for i in rows]))
            for name, rows in self.by_camera.items()
        }
        count = len(views)
        self._pair = np.full((count, count, len(HEIGHTS_CM)), -1.0)
        for first, second in combinations(self.by_camera, 2):
            self._fill(first, second, maps)
        self._add_evidence(prior)

    def quality(self, group: Sequence[int]) -> float:
        """Mean agreement of a group at its best height; 1 for one box."""
        if len(group) == 1:
            return 1.0
        return float(self._curve(group).max())

    def place(self, group: Sequence[int]) -> Place:
        """Where the item of a group lies: mean over its boxes at the height they agree on."""
        height = self._height_index(group)
        rows = [self._shape_row(i, height) for i in group]
        x, y, width, depth = (float(v) for v in np.mean(rows, axis=0))
        return Place(x, y, width, depth, float(HEIGHTS_CM[height]))

    def worth(self, group: Sequence[int]) -> float:
        """What a group adds to the sum that is made large."""
        if len(group) < 2:
            return 0.0
        return (len(group) - 1) * (self.quality(group) - LEAST_AGREEMENT)

    def _height_index(self, group: Sequence[int]) -> int:
        """The height that explains a group best; for one box a middling one of those that do."""
        if len(group) > 1:
            return int(self._curve(group).argmax())
        camera = self.cameras[group[0]]
        own = self.shapes[camera].own_iou[self.by_camera[camera].index(group[0])]
        likely = np.flatnonzero(own >= own.max() - 0.02)
        return int(likely[len(likely) // 2])

    def _shape_row(self, i: int, height: int) -> FloatArray:
        """Centre and extent along the world's axes of one box's shape, float64 (4,)."""
        shapes = self.shapes[self.cameras[i]]
        row = self.by_camera[self.cameras[i]].index(i)
        extent = np.abs(shapes.axes.T) @ shapes.sides_cm[row, height]
        return np.concatenate([shapes.centre_cm[row, height], extent])

    def _curve(self, group: Sequence[int]) -> FloatArray:
        pairs = list(combinations(group, 2))
        total = self._pair[pairs[0]]
        for pair in pairs[1:]:
            total = total + self._pair[pair]
        return np.asarray(total / len(pairs))

    def _fill(self, first: str, second: str, maps: Mapping[str, CounterMap]) -> None:
        rows, columns = self.by_camera[first], self.by_camera[second]
        there = self._seen_from(first, second, maps)  # (N, H, M)
        back = self._seen_from(second, first, maps)  # (M, H, N)
        both = (there.transpose(0, 2, 1) + back.transpose(2, 0, 1)) / 2  # (N, M, H)
        own = np.minimum(
            self.shapes[first].own_iou[:, None, :], self.shapes[second].own_iou[None, :, :]
        )
        self._pair[np.ix_(rows, columns)] = both * own
        self._pair[np.ix_(columns, rows)] = (both * own).transpose(1, 0, 2)

    def _seen_from(self, source: str, target: str, maps: Mapping[str, CounterMap]) -> FloatArray:
        predicted = self.shapes[source].boxes_in(maps[target])
        boxes = np.array([self.views[i].xyxy for i in self.by_camera[target]])
        iou, of_smaller = iou_with(predicted, boxes)
        cut = self._may_be_cut(source, maps)[:, None, None] | self._may_be_cut(target, maps)
        return np.asarray(iou + np.where(cut, TRUNCATION_TRUST * (of_smaller - iou), 0.0))

    def _may_be_cut(self, camera: str, maps: Mapping[str, CounterMap]) -> NDArray[np.bool_]:
        """Boxes that touch another one or the border: they may show a part only; bool (N,)."""
        boxes = np.array([self.views[i].xyxy for i in self.by_camera[camera]])
        width, height = maps[camera].image_size
        at_border = (boxes[:, :2] <= 1).any(1) | (boxes[:, 2:] >= (width - 1, height - 1)).any(1)
        shares = iou_with(boxes[:, None, :], boxes)[1][:, 0, :]
        np.fill_diagonal(shares, 0.0)
        return np.asarray(at_border | (shares > TOUCH_SHARE).any(1))

    def _add_evidence(self, prior: Mapping[Key, str]) -> None:
        for i, j in combinations(range(len(self.views)), 2):
            if self.cameras[i] != self.cameras[j]:
                extra = _evidence(self.views[i], self.views[j], prior)
                self._pair[i, j] += extra
                self._pair[j, i] += extra


def group_views(agreement: Agreement) -> list[list[int]]:
    """Group the boxes so that the summed worth is as large as can be found.

    Returns:
        Indices into the views; each view stands in exactly one group.
    """
    groups: list[list[int]] = []
    order = sorted(agreement.by_camera, key=lambda name: -len(agreement.by_camera[name]))
    for camera in order:
        _assign_camera(agreement, groups, agreement.by_camera[camera])
    for _ in range(NUM_IMPROVEMENTS):
        if not _improve(agreement, groups):
            break
    return [sorted(group) for group in groups]


def best_assignment(gain: FloatArray) -> list[int]:
    """Column for each row with the largest summed gain; rows <= columns.

    Source: Kuhn-Munkres with potentials, O(n^2 m).
    """
    rows, columns = gain.shape
    cost = -gain
    row_potential, column_potential = np.zeros(rows + 1), np.zeros(columns + 1)
    owner = np.zeros(columns + 1, dtype=int)
    for row in range(1, rows + 1):
        owner[0], column = row, 0
        least = np.full(columns + 1, np.inf)
        came_from, done = np.zeros(columns + 1, dtype=int), np.zeros(columns + 1, dtype=bool)
        while owner[column]:
            done[column] = True
            reduced = cost[owner[column] - 1] - row_potential[owner[column]] - column_potential[1:]
            better = ~done[1:] & (reduced < least[1:])
            least[1:][better], came_from[1:][better] = reduced[better], column
            free = np.where(done[1:], np.inf, least[1:])
            nearest = int(free.argmin()) + 1
            delta = free[nearest - 1]
            row_potential[owner[done]] += delta
            column_potential[done] -= delta
            least[~done] -= delta
            column = nearest
        while column:
            owner[column] = owner[came_from[column]]
            column = int(came_from[column])
    answer = [0] * rows
    for column in range(1, columns + 1):
        if owner[column]:
            answer[owner[column] - 1] = column - 1
    return answer


def _assign_camera(agreement: Agreement, groups: list[list[int]], rows: Sequence[int]) -> None:
    """Join each box of one camera to the group it fits, or begin a group with it."""
    gain = np.zeros((len(rows), len(groups) + len(rows)))
    for r, i in enumerate(rows):
        for g, group in enumerate(groups):
            gain[r, g] = agreement.worth([*group, i]) - agreement.worth(group)
    chosen = best_assignment(gain)
    for i, column in zip(rows, chosen, strict=True):
        if column < len(groups):
            groups[column].append(i)
    groups.extend(
        [i] for i, column in zip(rows, chosen, strict=True) if column >= gain.shape[1] - len(rows)
    )


def _improve(agreement: Agreement, groups: list[list[int]]) -> bool:
    """One round of moves and swaps; True if anything became better."""
    improved = False
    for a in range(len(groups)):
        for b in range(len(groups)):
            if a != b:
                improved |= _exchange(agreement, groups, a, b)
        improved |= _split(agreement, groups, a)
    groups[:] = [group for group in groups if group]
    return improved


def _exchange(agreement: Agreement, groups: list[list[int]], a: int, b: int) -> bool:
    """Give one box of group `a` to group `b`, taking that camera's box in return."""
    before = agreement.worth(groups[a]) + agreement.worth(groups[b])
    for i in groups[a]:
        camera = agreement.cameras[i]
        back = [j for j in groups[b] if agreement.cameras[j] == camera]
        new_a = [j for j in groups[a] if j != i] + back
        new_b = [j for j in groups[b] if j not in back] + [i]
        if agreement.worth(new_a) + agreement.worth(new_b) > before + 1e-9:
            groups[a], groups[b] = new_a, new_b
            return True
    return False


def _split(agreement: Agreement, groups: list[list[int]], a: int) -> bool:
    """Let one box stand alone."""
    for i in groups[a]:
        rest = [j for j in groups[a] if j != i]
        if rest and agreement.worth(rest) > agreement.worth(groups[a]) + 1e-9:
            groups[a] = rest
            groups.append([i])
            return True
    return False


def _evidence(first: View, second: View, prior: Mapping[Key, str]) -> float:
    """What speaks for or against a pair apart from geometry."""
    extra = 0.0
    linked = prior.get(first.key), prior.get(second.key)
    if linked[0] is not None and linked[0] == linked[1]:
        extra += PRIOR_BONUS
    if first.scores is not None and second.scores is not None:
        extra += SKU_WEIGHT * (sku_agreement(first.scores, second.scores) - 0.5)
    if first.rested_at_ns and second.rested_at_ns:
        apart = abs(first.rested_at_ns - second.rested_at_ns)
        extra += REST_BONUS * ((apart < REST_SAME_NS) - (apart > REST_OTHER_NS))
    return extra


def sku_agreement(first: SkuScores, second: SkuScores) -> float:
    """Bhattacharyya coefficient of two score lists, in [0, 1]."""
    other = dict(zip(second.sku_ids, second.log_probs, strict=True))
    shared = [
        (log_prob + other[sku_id]) / 2
        for sku_id, log_prob in zip(first.sku_ids, first.log_probs, strict=True)
        if sku_id in other
    ]
    return float(min(np.exp(shared).sum(), 1.0)) if shared else 0.0
