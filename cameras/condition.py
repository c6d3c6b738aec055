"""What is wrong with a camera's picture: blurred, dark, covered or moved, and what to do about it.

Flow: pixels (once per second) -> Condition names

Measures are pure functions of one picture; the monitor adds memory: its own learned sharpness, a
reference view, and hysteresis by time, which is an argument. The connection is judged in
connection_quality.py; nothing here knows items or hands.
"""

from dataclasses import dataclass, replace
from enum import StrEnum

import cv2
import numpy as np
from numpy.typing import NDArray

from cameras.view_shift import ReferenceView

CHECK_INTERVAL_NS = 1_000_000_000
WORK_WIDTH_PX = 480
TILE_ROWS, TILE_COLUMNS = 6, 8
# A tile whose grey values deviate less than this has nothing on it: sensor noise is 1 to 3.
FLAT_TILE_STD = 4.0
# Nothing learned yet: only a picture without anything in 9 of 10 tiles is surely covered.
FLAT_SHARE_UNLEARNED = 0.9
# A covered tile has lost this much of its texture and changed its grey by so much. Blur takes
# the texture alone, less light takes both in proportion.
LOST_TEXTURE = 0.35
CHANGED_GREY = 12.0
_NS = 1_000_000_000


class Condition(StrEnum):
    """Stable names, as on the bus and in JSON."""

    BLURRED = "blurred"
    DARK = "dark"
    COVERED = "covered"
    MOVED = "moved"

    @property
    def next_step(self) -> str:
        """What a person at the counter does."""
        return _NEXT_STEPS[self]


@dataclass(frozen=True, slots=True, eq=False)
class PictureMeasures:
    """One picture in numbers.

    Attributes:
        bright: 95th percentile of grey, 0 to 255.
        sharpness: variance of the Laplacian over the squared mean, so that light cancels out;
            of the tile that 9 of 10 do not exceed.
        tile_mean, tile_std: grey of each tile, float32 (48,).
    """

    bright: float
    sharpness: float
    tile_mean: NDArray[np.float32]
    tile_std: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class ConditionPolicy:
    """When a measure becomes a condition, and when it stops being one: enter is the worse value.

    Attributes:
        dark_enter, dark_leave: of `bright`.
        covered_enter, covered_leave: share of the textured tiles that are covered.
        blurred_enter, blurred_leave: share of the learned sharpness.
        moved_enter, moved_leave: shift of the picture's corners as a share of its width.
        raise_after_s, clear_after_s: for so long without a break; a passing hand is shorter.
        moved_after_s: longer, because a big bag before the camera looks like another view.
        learn_views: checks without a condition before the baseline counts.
    """

    dark_enter: float = 40.0
    dark_leave: float = 55.0
    covered_enter: float = 0.5
    covered_leave: float = 0.35
    blurred_enter: float = 0.25
    blurred_leave: float = 0.4
    moved_enter: float = 0.02
    moved_leave: float = 0.01
    raise_after_s: float = 4.0
    clear_after_s: float = 2.0
    moved_after_s: float = 10.0
    learn_views: int = 10


@dataclass(frozen=True, slots=True)
class Baseline:
    """What this camera's picture is like when all is well; worth keeping across restarts."""

    sharpness: float = 0.0
    tile_mean: tuple[float, ...] = ()
    tile_std: tuple[float, ...] = ()
    num_views: int = 0


def measure(pixels: NDArray[np.uint8]) -> PictureMeasures:
    """Measures of a picture: uint8 (H, W, 3) BGR or (H, W) grey."""
    grey = work_picture(pixels)
    counts = np.bincount(grey.ravel(), minlength=256).cumsum()
    bright = float(np.searchsorted(counts, 0.95 * grey.size))
    # A light blur first, so that sensor noise does not pass for sharpness.
    smooth = cv2.GaussianBlur(grey, (3, 3), 0)
    tiles = _tiles(smooth)
    tile_mean, tile_std = tiles.mean(axis=(1, 3)), tiles.std(axis=(1, 3))
    detail = _tiles(cv2.Laplacian(smooth, cv2.CV_32F)).var(axis=(1, 3))
    # The sharpest tenth: a bare counter is smooth nearly everywhere and still has its edges, and
    # one big dark bag changes the variance of the whole picture but not of those tiles.
    sharpness = float(np.quantile(detail / (tile_mean + 8.0) ** 2, 0.9))
    return PictureMeasures(bright, sharpness, tile_mean, tile_std)


def covered_share(measures: PictureMeasures, baseline: Baseline | None) -> float:
    """Share of the tiles that had texture and are covered now, 0 to 1."""
    if baseline is None:
        flat_share = float((measures.tile_std < FLAT_TILE_STD).mean())
        return 1.0 if flat_share >= FLAT_SHARE_UNLEARNED else 0.0
    mean_then, std_then = np.array(baseline.tile_mean), np.array(baseline.tile_std)
    had_texture = std_then >= FLAT_TILE_STD
    if not had_texture.any():
        return 0.0
    has_lost = had_texture & (measures.tile_std.ravel() < LOST_TEXTURE * std_then)
    kept = had_texture & ~has_lost
    ratio = measures.tile_mean.ravel() / (mean_then + 1.0)
    gain = float(np.median(ratio[kept])) if kept.any() else 1.0
    has_changed = np.abs(measures.tile_mean.ravel() - gain * mean_then) > CHANGED_GREY
    return float((has_lost & has_changed).sum() / had_texture.sum())


def work_picture(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Grey and at most 480 px wide; larger pictures are reduced by area."""
    width = pixels.shape[1]
    if width > WORK_WIDTH_PX:
        height = max(1, round(pixels.shape[0] * WORK_WIDTH_PX / width))
        small = cv2.resize(pixels, (WORK_WIDTH_PX, height), interpolation=cv2.INTER_AREA)
        pixels = small.astype(np.uint8, copy=False)
    if pixels.ndim == 2:
        return pixels
    return cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY).astype(np.uint8, copy=False)


class ConditionMonitor:
    """The conditions of one camera over time."""

    def __init__(
        self,
        policy: ConditionPolicy | None = None,
        baseline: Baseline | None = None,
        reference: NDArray[np.uint8] | None = None,
    ) -> None:
        """`reference` is a picture of the view as calibrated; without one the first good view is
        taken.
        """
        self._policy = policy or ConditionPolicy()
        self._baseline = baseline or Baseline()
        self._view = None if reference is None else work_picture(reference)
        self._reference = None if self._view is None else ReferenceView(self._view)
        self._next_check_ns: int | None = None
        self._latches = {name: _Latch() for name in Condition}

    @property
    def baseline(self) -> Baseline:
        """What has been learned so far."""
        return self._baseline

    @property
    def view(self) -> NDArray[np.uint8] | None:
        """The grey picture that "moved" is measured against; None before the first good one."""
        return self._view

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """What holds now, in the order of Condition."""
        return tuple(name for name, latch in self._latches.items() if latch.is_on)

    def is_due(self, now_ns: int) -> bool:
        """Whether a second has passed since the last check; saves handing pixels over."""
        return self._next_check_ns is None or now_ns >= self._next_check_ns

    def check(self, pixels: NDArray[np.uint8], now_ns: int) -> tuple[Condition, ...]:
        """Look at a picture if a check is due, and say what holds."""
        if not self.is_due(now_ns):
            return self.conditions
        self._next_check_ns = now_ns + CHECK_INTERVAL_NS
        grey = work_picture(pixels)
        measures = measure(grey)
        wanted = self._claims(grey, measures)
        policy = self._policy
        for name, latch in self._latches.items():
            raise_after_s = (
                policy.moved_after_s if name is Condition.MOVED else policy.raise_after_s
            )
            latch.update(wanted[name], now_ns, raise_after_s, policy.clear_after_s)
        if not any(claim is True for claim in wanted.values()):
            self._learn(grey, measures)
        return self.conditions

    def accept_view(self, pixels: NDArray[np.uint8]) -> None:
        """The camera has been put right or calibrated anew: this is the view from now on."""
        self._view = work_picture(pixels)
        self._reference = ReferenceView(self._view)
        self._baseline = Baseline()
        self._latches = {name: _Latch() for name in Condition}

    def _claims(
        self, grey: NDArray[np.uint8], measures: PictureMeasures
    ) -> dict[Condition, bool | None]:
        """True: worse than enter. False: better than leave. None: between, or cannot be told."""
        policy, base = self._policy, self._baseline
        is_learned = base.num_views >= policy.learn_views
        dark = _below(measures.bright, policy.dark_enter, policy.dark_leave)
        share_covered = covered_share(measures, base if is_learned else None)
        covered = _below(-share_covered, -policy.covered_enter, -policy.covered_leave)
        blurred: bool | None = False
        if is_learned:
            share = measures.sharpness / max(base.sharpness, 1e-6)
            blurred = _below(share, policy.blurred_enter, policy.blurred_leave)
        # The cause is named, not its effects: what is dark is flat and soft as well, and what is
        # blurred or covered cannot be compared with the reference.
        covered = None if dark is not False else covered
        blurred = None if dark is not False or covered is True else blurred
        can_compare = dark is False and covered is not True and blurred is not True
        return {
            Condition.BLURRED: blurred,
            Condition.DARK: dark,
            Condition.COVERED: covered,
            Condition.MOVED: self._moved(grey) if can_compare else None,
        }

    def _moved(self, grey: NDArray[np.uint8]) -> bool | None:
        if self._reference is None:
            return False
        shift = self._reference.shift_of(grey)
        if shift is None:
            return None
        return _below(-shift, -self._policy.moved_enter, -self._policy.moved_leave)

    def _learn(self, grey: NDArray[np.uint8], measures: PictureMeasures) -> None:
        base = self._baseline
        if self._reference is None:
            self._view, self._reference = grey, ReferenceView(grey)
        # A plain mean at first, then slow: an hour of a dirty lens must not become normal.
        weight = max(1.0 / (base.num_views + 1), 1.0 / 3_600.0)
        self._baseline = replace(
            base,
            sharpness=base.sharpness + weight * (measures.sharpness - base.sharpness),
            tile_mean=_nearer(base.tile_mean, measures.tile_mean, weight),
            tile_std=_nearer(base.tile_std, measures.tile_std, weight),
            num_views=base.num_views + 1,
        )


class _Latch:
    """One condition with hysteresis in time."""

    def __init__(self) -> None:
        self.is_on = False
        self._against_since_ns: int | None = None

    def update(
        self, claim: bool | None, now_ns: int, raise_after_s: float, clear_after_s: float
    ) -> None:
        if claim is None or claim is self.is_on:
            self._against_since_ns = None
            return
        if self._against_since_ns is None:
            self._against_since_ns = now_ns
        hold_s = clear_after_s if self.is_on else raise_after_s
        if now_ns - self._against_since_ns >= hold_s * _NS:
            self.is_on = claim
            self._against_since_ns = None


def _below(value: float, enter: float, leave: float) -> bool | None:
    """True at or below `enter`, False at or above `leave`, None between."""
    if value <= enter:
        return True
    return False if value >= leave else None


def _tiles(grey: NDArray[np.integer | np.floating]) -> NDArray[np.float32]:
    height = grey.shape[0] // TILE_ROWS * TILE_ROWS
    width = grey.shape[1] // TILE_COLUMNS * TILE_COLUMNS
    tiles = grey[:height, :width].astype(np.float32)
    return tiles.reshape(TILE_ROWS, height // TILE_ROWS, TILE_COLUMNS, -1)


def _nearer(old: tuple[float, ...], new: NDArray[np.float32], weight: float) -> tuple[float, ...]:
    target = new.ravel()
    start = np.array(old) if old else target
    return tuple((start + weight * (target - start)).tolist())


_NEXT_STEPS: dict[Condition, str] = {
    Condition.BLURRED: "wipe the lens with a soft cloth; if it stays blurred, focus the camera",
    Condition.DARK: "switch on the light over the counter, or remove what shades the camera",
    Condition.COVERED: "remove what hangs or stands in front of the camera",
    Condition.MOVED: "push the camera back into its old position, or run edgectl calibrate",
}
