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


@dataclass(frozen=True, slots=True)
class PictureMeasures:
    """One picture in numbers.

    Attributes:
        bright: 95th percentile of grey, 0 to 255.
        sharpness: variance of the Laplacian over the variance of grey: light cancels out.
        flat_share: share of tiles without any texture, 0 to 1.
    """

    bright: float
    sharpness: float
    flat_share: float


@dataclass(frozen=True, slots=True)
class ConditionPolicy:
    """When a measure becomes a condition, and when it stops being one: enter is the worse value.

    Attributes:
        dark_enter, dark_leave: of `bright`.
        covered_enter, covered_leave: of `flat_share` above the learned one.
        blurred_enter, blurred_leave: share of the learned sharpness.
        moved_enter, moved_leave: shift of the picture's corners as a share of its width.
        raise_after_s, clear_after_s: for so long without a break; a passing hand is shorter.
        learn_views: checks without a condition before the baseline counts.
    """

    dark_enter: float = 40.0
    dark_leave: float = 55.0
    covered_enter: float = 0.5
    covered_leave: float = 0.35
    blurred_enter: float = 0.4
    blurred_leave: float = 0.6
    moved_enter: float = 0.02
    moved_leave: float = 0.01
    raise_after_s: float = 4.0
    clear_after_s: float = 2.0
    learn_views: int = 10


@dataclass(frozen=True, slots=True)
class Baseline:
    """What this camera's picture is like when all is well; worth keeping across restarts."""

    sharpness: float = 0.0
    flat_share: float = 0.0
    num_views: int = 0


def measure(pixels: NDArray[np.uint8]) -> PictureMeasures:
    """Measures of a picture: uint8 (H, W, 3) BGR or (H, W) grey."""
    grey = work_picture(pixels)
    bright = float(np.percentile(grey, 95))
    # A light blur first, so that sensor noise does not pass for sharpness.
    smooth = cv2.GaussianBlur(grey, (3, 3), 0)
    detail = float(cv2.Laplacian(smooth, cv2.CV_32F).var())
    return PictureMeasures(bright, detail / (float(grey.var()) + 1.0), _flat_share(smooth))


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
        self._reference = None if reference is None else ReferenceView(work_picture(reference))
        self._next_check_ns: int | None = None
        self._latches = {name: _Latch() for name in Condition}

    @property
    def baseline(self) -> Baseline:
        """What has been learned so far."""
        return self._baseline

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
        for name, latch in self._latches.items():
            latch.update(wanted[name], now_ns, self._policy)
        if not any(claim is True for claim in wanted.values()):
            self._learn(grey, measures)
        return self.conditions

    def accept_view(self, pixels: NDArray[np.uint8]) -> None:
        """The camera has been put right or calibrated anew: this is the view from now on."""
        self._reference = ReferenceView(work_picture(pixels))
        self._baseline = Baseline()
        self._latches = {name: _Latch() for name in Condition}

    def _claims(
        self, grey: NDArray[np.uint8], measures: PictureMeasures
    ) -> dict[Condition, bool | None]:
        """True: worse than enter. False: better than leave. None: between, or cannot be told."""
        policy, base = self._policy, self._baseline
        is_learned = base.num_views >= policy.learn_views
        dark = _below(measures.bright, policy.dark_enter, policy.dark_leave)
        excess = measures.flat_share - (base.flat_share if is_learned else 0.0)
        covered = _below(-excess, -policy.covered_enter, -policy.covered_leave)
        # A dark picture is flat and soft as well: the cause is named, not its effects.
        if dark is not False:
            return {
                Condition.BLURRED: None,
                Condition.DARK: dark,
                Condition.COVERED: None,
                Condition.MOVED: None,
            }
        blurred: bool | None = False
        if is_learned:
            share = measures.sharpness / max(base.sharpness, 1e-6)
            blurred = _below(share, policy.blurred_enter, policy.blurred_leave)
        if covered is not False:
            return {
                Condition.BLURRED: None,
                Condition.DARK: dark,
                Condition.COVERED: covered,
                Condition.MOVED: None,
            }
        return {
            Condition.BLURRED: blurred,
            Condition.DARK: dark,
            Condition.COVERED: covered,
            Condition.MOVED: None if blurred is not False else self._moved(grey),
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
            self._reference = ReferenceView(grey)
        # A plain mean at first, then slow: an hour of a dirty lens must not become normal.
        weight = max(1.0 / (base.num_views + 1), 1.0 / 3_600.0)
        self._baseline = replace(
            base,
            sharpness=base.sharpness + weight * (measures.sharpness - base.sharpness),
            flat_share=base.flat_share + weight * (measures.flat_share - base.flat_share),
            num_views=base.num_views + 1,
        )


class _Latch:
    """One condition with hysteresis in time."""

    def __init__(self) -> None:
        self.is_on = False
        self._against_since_ns: int | None = None

    def update(self, claim: bool | None, now_ns: int, policy: ConditionPolicy) -> None:
        if claim is None or claim is self.is_on:
            self._against_since_ns = None
            return
        if self._against_since_ns is None:
            self._against_since_ns = now_ns
        hold_s = policy.clear_after_s if self.is_on else policy.raise_after_s
        if now_ns - self._against_since_ns >= hold_s * _NS:
            self.is_on = claim
            self._against_since_ns = None


def _below(value: float, enter: float, leave: float) -> bool | None:
    """True at or below `enter`, False at or above `leave`, None between."""
    if value <= enter:
        return True
    return False if value >= leave else None


def _flat_share(grey: NDArray[np.integer | np.floating]) -> float:
    height = grey.shape[0] // TILE_ROWS * TILE_ROWS
    width = grey.shape[1] // TILE_COLUMNS * TILE_COLUMNS
    tiles = grey[:height, :width].reshape(TILE_ROWS, height // TILE_ROWS, TILE_COLUMNS, -1)
    return float((tiles.std(axis=(1, 3)) < FLAT_TILE_STD).mean())


_NEXT_STEPS: dict[Condition, str] = {
    Condition.BLURRED: "wipe the lens with a soft cloth; if it stays blurred, focus the camera",
    Condition.DARK: "switch on the light over the counter, or remove what shades the camera",
    Condition.COVERED: "remove what hangs or stands in front of the camera",
    Condition.MOVED: "push the camera back into its old position, or run edgectl calibrate",
}
