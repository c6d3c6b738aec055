"""Whether a frame differs from what the detector saw last, and what moves in it.

Flow: view of the counter -> Change

Works on a picture of about 320 x 180 pixels in blocks of 4 x 4. A block has changed when its mean
difference exceeds what it does by itself (sensor noise, flicker, compression), which is learned
per block. A change of brightness over the whole picture is taken out first. Finds no items.
"""

from dataclasses import dataclass
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

SMALL_WIDTH_PX = 320
BLOCK_PX = 4  # a pack of gum at 1080p over 60 cm covers 9 x 3 blocks
LEAST_STEP = 6.0  # grey levels above noise: video codecs flicker by 3 to 5, glass differs by 10
NOISE_FACTOR = 2.0  # further multiples of a block's own noise
START_NOISE = 1.5  # grey levels, until a block is known
NOISE_RATE = 0.05  # per frame: settles within two seconds at 15 per second
LEAK_RATE = 0.004  # for blocks above the threshold: a screen in view is noise after a minute
LEAST_BLOCKS = 2  # one block alone is a hot pixel

Picture = NDArray[np.uint8]
BoolGrid = NDArray[np.bool_]
FloatGrid = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class BlockGrid:
    """Where the blocks lie in the frame: origin and size in frame pixels."""

    left: float
    top: float
    block_width: float
    block_height: float
    columns: int
    rows: int

    def slices(self, xyxy: NDArray[np.float32], grow: int = 0) -> tuple[slice, slice]:
        """Rows and columns of the blocks that a box in frame pixels touches, at least one."""
        x1, y1, x2, y2 = (float(v) for v in xyxy)
        column = _span(x1 - self.left, x2 - self.left, self.block_width, self.columns, grow)
        row = _span(y1 - self.top, y2 - self.top, self.block_height, self.rows, grow)
        return row, column


@dataclass(frozen=True, slots=True)
class Change:
    """What differs.

    Attributes:
        small: uint8 (h, w, 3), the shrunk view, brightness as it is.
        changed: bool (rows, columns), against the frame the detector saw last; all True at first.
        moving: bool (rows, columns), against the frame before.
        threshold: float32 (rows, columns), grey levels that count as a change.
    """

    grid: BlockGrid
    small: Picture
    changed: BoolGrid
    moving: BoolGrid
    threshold: FloatGrid
    is_first: bool

    @property
    def is_changed(self) -> bool:
        """Enough blocks differ from what the detector saw last."""
        return int(np.count_nonzero(self.changed)) >= LEAST_BLOCKS

    @property
    def moving_share(self) -> float:
        """Share of the blocks that move."""
        return float(np.count_nonzero(self.moving)) / self.moving.size

    def moving_share_in(self, xyxy: NDArray[np.float32], grow: int = 0) -> float:
        """Share of the blocks under a box that move."""
        part = self.moving[self.grid.slices(xyxy, grow)]
        return float(np.count_nonzero(part)) / part.size


class Region(Protocol):
    """Where a view lies in the frame and which of its blocks count (counter_region.py)."""

    @property
    def left(self) -> int:
        """X of the view in the frame."""
        ...

    @property
    def top(self) -> int:
        """Y of the view in the frame."""
        ...

    def blocks(self, grid: BlockGrid) -> BoolGrid | None:
        """Blocks that count; None where all do."""
        ...


class ChangeGate:
    """Remembers the last frame, the frame the detector saw last, and each block's noise."""

    def __init__(self) -> None:
        self._shape: tuple[int, ...] = ()
        self._previous: Picture | None = None
        self._reference: Picture | None = None
        self._current: Picture | None = None
        self._noise: FloatGrid = np.zeros((0, 0), dtype=np.float32)

    def compare(self, view: Picture, region: "Region | None" = None) -> Change:
        """Look at the next frame.

        Args:
            view: uint8 BGR (H, W, 3), read only; another size than before starts afresh.
            region: where the view lies in the frame, and which blocks count; all where None.
        """
        if view.shape != self._shape:
            self._start_afresh(view.shape)
        small = shrink(view)
        rows, columns = small.shape[0] // BLOCK_PX, small.shape[1] // BLOCK_PX
        if self._noise.shape != (rows, columns):
            self._noise = np.full((rows, columns), START_NOISE, dtype=np.float32)
        threshold = self._noise + np.maximum(LEAST_STEP, NOISE_FACTOR * self._noise)
        moving = np.zeros((rows, columns), dtype=bool)
        if self._previous is not None:
            moved_by = block_difference(small, self._previous)
            moving = moved_by > threshold
            self._learn_noise(moved_by, moving)
        changed = np.ones((rows, columns), dtype=bool)
        if self._reference is not None:
            changed = block_difference(small, self._reference) > threshold
        is_first = self._reference is None
        self._previous = self._current = small
        height, width = view.shape[:2]
        corner = (0, 0) if region is None else (region.left, region.top)
        grid = BlockGrid(*corner, width / columns, height / rows, columns, rows)
        mask = None if region is None else region.blocks(grid)
        if mask is not None:
            moving, changed = moving & mask, changed & mask
        return Change(grid, small, changed, moving, threshold.astype(np.float32), is_first)

    def remember(self) -> None:
        """The detector has seen the frame of the last compare()."""
        self._reference = self._current

    def forget(self) -> None:
        """What the detector saw does not count any more: other models, or it failed."""
        self._reference = None

    def _start_afresh(self, shape: tuple[int, ...]) -> None:
        self._shape = shape
        self._previous = self._reference = self._current = None

    def _learn_noise(self, moved_by: FloatGrid, moving: BoolGrid) -> None:
        rate = np.where(moving, np.float32(LEAK_RATE), np.float32(NOISE_RATE))
        self._noise += rate * (np.minimum(moved_by, 30.0) - self._noise)


def shrink(view: Picture) -> Picture:
    """About 320 pixels wide, a multiple of BLOCK_PX on both sides.

    Every n-th pixel first, then area means: the mean over all pixels of 1080p costs six times as
    much, and the noise that is left is learned anyway.
    """
    step = max(1, view.shape[1] // (2 * SMALL_WIDTH_PX))
    height, width = view.shape[0] // step, view.shape[1] // step
    coarse = cv2.resize(view, (width, height), interpolation=cv2.INTER_NEAREST)
    scale = min(1.0, SMALL_WIDTH_PX / width)
    size = (_multiple(width * scale), _multiple(height * scale))
    return np.asarray(cv2.resize(coarse, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def block_difference(first: Picture, second: Picture) -> FloatGrid:
    """Mean absolute difference per block in the channel that differs most, float32 (rows, columns).

    The median brightness shift of the picture, per channel, is taken out.
    """
    size = (first.shape[1] // BLOCK_PX, first.shape[0] // BLOCK_PX)
    shift = _median_shift(first, second)
    if np.abs(shift).max() >= 1.0:
        second = np.asarray(np.clip(second + shift, 0, 255), dtype=np.uint8)
    difference = cv2.absdiff(first, second)
    blocks = cv2.resize(difference, size, interpolation=cv2.INTER_AREA)
    return np.asarray(blocks.max(axis=2), dtype=np.float32)


def _median_shift(first: Picture, second: Picture) -> NDArray[np.int16]:
    sample = slice(None, None, 2 * BLOCK_PX)
    shift = first[sample, sample].astype(np.int16) - second[sample, sample].astype(np.int16)
    return np.asarray(np.median(shift, axis=(0, 1)), dtype=np.int16)


def _multiple(length: float) -> int:
    return max(BLOCK_PX, round(length / BLOCK_PX) * BLOCK_PX)


def _span(low: float, high: float, block: float, count: int, grow: int) -> slice:
    first = min(max(int(low // block) - grow, 0), count - 1)
    last = min(max(int(np.ceil(high / block)) + grow, first + 1), count)
    return slice(first, last)
