"""What the counter looks like where nothing lies, and what an item's place looked like with it.

Flow: Change + boxes of items -> background; Patch of a place -> PlaceState

A detector that misses an item for a moment and an item that was taken look alike in its answer.
They do not look alike in the picture: a place shows the item, the counter, or something else. All
comparisons are made at the background's brightness. Works on the small picture of change_gate.py.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.perception.change_gate import BLOCK_PX, Change
from edge.perception.pipeline_settings import MS

STILL_MS = 1500  # a block is background after so long without movement and without an item
FIRST_STILL_MS = 300  # the same where nothing is known yet
LEARN_EVERY_MS = 200
LEARN_RATE = 0.2
SAMPLED_BLOCKS = 2  # brightness is read from every second block
TOLERANCE = 12.0  # grey levels: the half shadow of an arm; packs differ from counters by 20 and up
SURE_SHARE = 0.6  # of the telling blocks must agree
VACATED_SHARE = 0.5  # of the telling blocks that an item left must show the counter
NEW_SHARE = 0.15  # of the blocks of a box must differ before something new lies there
KNOWN_SHARE = 0.3  # of its blocks must be known to tell
LATELY_MS = 2000  # a hand covers what it puts down no longer than that
MOVED_SHARE = 0.3  # of the blocks of a box must have moved lately before something came there
LEAST_TELLING = 3  # blocks; fewer cannot tell an item from the counter

Picture = NDArray[np.uint8]
FloatArray = NDArray[np.float32]
BoolGrid = NDArray[np.bool_]


class PlaceState(StrEnum):
    """What a place shows."""

    ITEM = "item"
    EMPTY = "empty"
    COVERED = "covered"
    UNCLEAR = "unclear"


class Novelty(StrEnum):
    """What a box shows that no known item explains."""

    NEW = "new"
    KNOWN_ITEM = "known_item"
    COUNTER = "counter"
    UNMOVED = "unmoved"


@dataclass(frozen=True, slots=True)
class Patch:
    """A place as it looked: its blocks, and float32 (h, w, 3) pixels at background brightness."""

    rows: slice
    columns: slice
    pixels: FloatArray


@dataclass(frozen=True, slots=True)
class _Blocks:
    """Blocks of a place: which tell item from counter, which look like the one or the other."""

    telling: BoolGrid
    is_item: BoolGrid
    is_counter: BoolGrid


class SceneMemory:
    """The empty counter of one camera, learned while it watches."""

    def __init__(self) -> None:
        self._background: FloatArray | None = None
        self._known: BoolGrid = np.zeros((0, 0), dtype=bool)
        self._moved_ns: NDArray[np.int64] = np.zeros((0, 0), dtype=np.int64)
        self._learned_ns = 0
        self._watched_ns = 0
        self._shift: FloatArray = np.zeros(3, dtype=np.float32)

    def watch(self, change: Change, at_ns: int, occupied: list[FloatArray]) -> None:
        """Take in a frame; call once per frame, before the other methods.

        Args:
            occupied: boxes of every item and every place that may hide one.
        """
        if self._background is None or self._known.shape != change.moving.shape:
            self._background = change.small.astype(np.float32)
            self._known = np.zeros(change.moving.shape, dtype=bool)
            self._moved_ns = np.full(change.moving.shape, at_ns, dtype=np.int64)
        self._moved_ns[change.moving] = at_ns
        self._watched_ns = at_ns
        self._shift = self._brightness_shift(change.small)
        if at_ns - self._learned_ns >= LEARN_EVERY_MS * MS:
            self._learned_ns = at_ns
            self._learn(change, at_ns, occupied)

    def patch(self, change: Change, xyxy: FloatArray) -> Patch:
        """The appearance of a place now."""
        rows, columns = change.grid.slices(xyxy)
        pixels = change.small[_pixels(rows), _pixels(columns)].astype(np.float32) - self._shift
        return Patch(rows, columns, pixels)

    def place(self, change: Change, item: Patch) -> PlaceState:
        """What the place of an item shows now, by the blocks in which item and counter differ."""
        if self._background is None or change.grid.rows < item.rows.stop:
            return PlaceState.UNCLEAR
        blocks = self._compare(change, item)
        if np.count_nonzero(blocks.telling) < LEAST_TELLING:
            is_counter_known = np.mean(self._known[item.rows, item.columns]) >= SURE_SHARE
            is_as_before = np.mean(blocks.is_item) > 1 - NEW_SHARE
            return PlaceState.UNCLEAR if is_counter_known or not is_as_before else PlaceState.ITEM
        if np.mean(blocks.is_item[blocks.telling]) >= SURE_SHARE:
            return PlaceState.ITEM
        if np.mean(blocks.is_counter[blocks.telling]) >= SURE_SHARE:
            return PlaceState.EMPTY
        return PlaceState.COVERED

    def is_vacated(self, change: Change, item: Patch, xyxy: FloatArray) -> bool:
        """Whether the place of an item, outside a box, shows the counter; True if unknown."""
        if self._background is None or change.grid.rows < item.rows.stop:
            return True
        blocks = self._compare(change, item)
        if np.count_nonzero(blocks.telling) < LEAST_TELLING:
            return True
        outside = np.ones((change.grid.rows, change.grid.columns), dtype=bool)
        outside[change.grid.slices(xyxy)] = False
        left = blocks.telling & outside[item.rows, item.columns]
        return bool(left.any() and np.mean(blocks.is_counter[left]) >= VACATED_SHARE)

    def _compare(self, change: Change, item: Patch) -> _Blocks:
        """The blocks of an item's place now, against the item and against the counter."""
        assert self._background is not None
        now = change.small[_pixels(item.rows), _pixels(item.columns)].astype(np.float32)
        now = now - self._shift
        counter = self._background[_pixels(item.rows), _pixels(item.columns)]
        limit = np.maximum(2.0 * change.threshold[item.rows, item.columns], TOLERANCE)
        known = self._known[item.rows, item.columns]
        to_item, to_counter = _block_means(now - item.pixels), _block_means(now - counter)
        return _Blocks(
            telling=(_block_means(item.pixels - counter) > limit) & known,
            is_item=(to_item < limit) & ((to_item < to_counter) | ~known),
            is_counter=(to_counter < limit) & (to_counter < to_item) & known,
        )

    def differs(self, change: Change, before: Patch) -> float:
        """Share of the blocks of a place that look different from before."""
        if change.grid.rows < before.rows.stop or change.grid.columns < before.columns.stop:
            return 1.0
        now = change.small[_pixels(before.rows), _pixels(before.columns)].astype(np.float32)
        difference = _block_means(now - self._shift - before.pixels)
        limit = np.maximum(2.0 * change.threshold[before.rows, before.columns], TOLERANCE)
        return float(np.mean(difference > limit))

    def novelty(self, change: Change, xyxy: FloatArray, items: Sequence[Patch]) -> Novelty:
        """Whether a box shows more than the counter with the items known to lie there.

        A part of an item, or a pattern of the counter, can look like a product to the detector;
        but nothing comes to lie anywhere without changing the picture, and nothing comes without
        moving its pixels. New where too little is known to tell.
        """
        if self._background is None:
            return Novelty.NEW
        rows, columns = change.grid.slices(xyxy)
        moved_lately = self._watched_ns - self._moved_ns[rows, columns] <= LATELY_MS * MS
        if np.mean(moved_lately) < MOVED_SHARE:
            return Novelty.UNMOVED
        expected = self._background[_pixels(rows), _pixels(columns)].copy()
        known = self._known[rows, columns].copy()
        laid = np.zeros_like(known)
        for item in items:
            _lay(expected, laid, rows, columns, item)
        known |= laid
        if np.mean(known) < KNOWN_SHARE:
            return Novelty.NEW
        now = change.small[_pixels(rows), _pixels(columns)].astype(np.float32) - self._shift
        differs = _block_means(now - expected) > change.threshold[rows, columns]
        if np.mean(differs[known]) >= NEW_SHARE:
            return Novelty.NEW
        return Novelty.KNOWN_ITEM if np.mean(laid) >= SURE_SHARE else Novelty.COUNTER

    def arms(self, change: Change, at_ns: int, lately_ms: int) -> BoolGrid:
        """Blocks of what is no counter, reaches the border and has moved lately.

        An item that an arm holds hangs together with it, and does no longer once it is let go.
        """
        if self._background is None:
            return np.zeros(change.moving.shape, dtype=bool)
        now = change.small.astype(np.float32) - self._shift
        differs = (_block_means(now - self._background) > change.threshold) & self._known
        _, labels = cv2.connectedComponents(differs.astype(np.uint8), connectivity=4)
        rim = np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]])
        moved = labels[at_ns - self._moved_ns <= lately_ms * MS]
        return np.asarray(np.isin(labels, np.intersect1d(rim[rim > 0], moved)))

    def _brightness_shift(self, small: Picture) -> FloatArray:
        """Median brightness of the picture over the background's, per channel."""
        if self._background is None or np.count_nonzero(self._known) < self._known.size / 2:
            return np.zeros(3, dtype=np.float32)
        sample = slice(BLOCK_PX // 2, None, SAMPLED_BLOCKS * BLOCK_PX)
        difference = small[sample, sample].astype(np.float32) - self._background[sample, sample]
        known = self._known[::SAMPLED_BLOCKS, ::SAMPLED_BLOCKS]
        return np.asarray(np.median(difference[known], axis=0), dtype=np.float32)

    def _learn(self, change: Change, at_ns: int, occupied: list[FloatArray]) -> None:
        assert self._background is not None
        wait_ns = np.where(self._known, STILL_MS * MS, FIRST_STILL_MS * MS)
        is_free = at_ns - self._moved_ns >= wait_ns
        for xyxy in occupied:
            is_free[change.grid.slices(xyxy, grow=1)] = False
        if not is_free.any():
            return
        rate = np.where(self._known, np.float32(LEARN_RATE), np.float32(1.0)) * is_free
        rate_px = rate.repeat(BLOCK_PX, axis=0).repeat(BLOCK_PX, axis=1)[..., None]
        target = change.small.astype(np.float32) - self._shift
        self._background += rate_px.astype(np.float32) * (target - self._background)
        self._known |= is_free


def _pixels(blocks: slice) -> slice:
    return slice(blocks.start * BLOCK_PX, blocks.stop * BLOCK_PX)


def _lay(expected: FloatArray, laid: BoolGrid, rows: slice, columns: slice, item: Patch) -> None:
    """Put the known appearance of an item into a picture of the blocks `rows` x `columns`."""
    top, bottom = max(rows.start, item.rows.start), min(rows.stop, item.rows.stop)
    left, right = max(columns.start, item.columns.start), min(columns.stop, item.columns.stop)
    if top >= bottom or left >= right:
        return
    there = (slice(top - rows.start, bottom - rows.start),
             slice(left - columns.start, right - columns.start))  # fmt: skip
    own = (slice(top - item.rows.start, bottom - item.rows.start),
           slice(left - item.columns.start, right - item.columns.start))  # fmt: skip
    laid[there] = True
    expected[_pixels(there[0]), _pixels(there[1])] = item.pixels[_pixels(own[0]), _pixels(own[1])]


def _block_means(difference: FloatArray) -> FloatArray:
    """Mean absolute difference per block in the channel that differs most."""
    rows, columns = difference.shape[0] // BLOCK_PX, difference.shape[1] // BLOCK_PX
    means = cv2.resize(np.abs(difference), (columns, rows), interpolation=cv2.INTER_AREA)
    return np.asarray(means.reshape(rows, columns, 3).max(axis=2), dtype=np.float32)
