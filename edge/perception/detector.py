"""Where products are in a picture.

Flow: view of the counter -> Detections

One class, "product"; what they are is the embedder's work. One network may look in two sizes: a
quick one while things move, and a finer one for a counter on which nothing does. The output form is
written down in trainer/training/README.md. A network that fails, or answers with another shape or
with numbers that are none, raises: nothing found and nothing known are two things.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.errors import InferenceError
from edge.perception.backend import InferenceBackend, warm_up
from sync.boxes import clip_to, nms
from sync.bundle import Preprocess
from sync.preprocess import letterbox, normalise

MAX_CANDIDATES = 300  # before suppression; a counter of 40 items gives about 10 boxes per item
MIN_SIDE_PX = 3.0  # of the network input; smaller boxes are decoding noise

FloatArray = NDArray[np.float32]
Picture = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Detections:
    """Boxes in pixels of the frame, best first.

    Attributes:
        xyxy: float32 (N, 4).
        score: float32 (N,) in [0, 1].
        pixel_px: frame pixels per pixel of the network input; boxes are no finer than that.
    """

    xyxy: FloatArray
    score: FloatArray
    pixel_px: float

    def __len__(self) -> int:
        return len(self.score)

    def only(self, rows: NDArray[np.bool_]) -> "Detections":
        """Those of these rows."""
        return Detections(self.xyxy[rows], self.score[rows], self.pixel_px)


@dataclass(frozen=True, slots=True)
class _InputSize:
    """One size of the network's input, pixels, and the centres of its cells, (N, 2)."""

    width: int
    height: int
    centres: FloatArray


class Detector:
    """A detection network with the preparation it was trained with."""

    def __init__(self, backend: InferenceBackend, preprocess: Preprocess, nms_iou: float) -> None:
        """Bind a network to its cells.

        Raises:
            ValueError: the input is no multiple of the strides.
        """
        self.backend = backend
        self._preprocess = preprocess
        self._nms_iou = nms_iou
        self._usual, self._fine = (
            _InputSize(*size, cell_centres(*size, preprocess.detector_strides))
            for size in (preprocess.detector_size, preprocess.detector_fine_size)
        )
        self._input = backend.inputs[0].name
        self._output = backend.outputs[0].name

    @property
    def has_fine(self) -> bool:
        """Whether there is a finer input than the usual one."""
        return self._fine.width != self._usual.width or self._fine.height != self._usual.height

    def warm_up(self) -> None:
        """Run once over zeros, in every size.

        Raises:
            InferenceError: the network does not run here, or its output has another form.
        """
        for size in (self._usual, self._fine) if self.has_fine else (self._usual,):
            shape = (1, 3, size.height, size.width)
            warm_up(self.backend, {self._input: shape})
            self._run(np.zeros(shape, dtype=np.float32), size)

    def detect(
        self,
        view: Picture,
        score_threshold: float,
        left: float = 0.0,
        top: float = 0.0,
        *,
        is_fine: bool = False,
    ) -> Detections:
        """Find products.

        Args:
            view: uint8 BGR (H, W, 3), read only.
            score_threshold: least score.
            left: x of the view in the frame.
            top: y of the view in the frame.
            is_fine: in the finer size, where there is one.

        Raises:
            InferenceError: the network failed or its answer cannot be read.
        """
        size = self._fine if is_fine else self._usual
        padded, placed = letterbox(view, size.width, size.height)
        mean, scale = float(self._preprocess.mean), float(self._preprocess.scale)
        heads = self._run(normalise([padded], mean, scale), size)
        xyxy, score = decode(heads, size.centres, score_threshold)
        keep = nms(xyxy, score, self._nms_iou)
        boxes = clip_to(placed.to_picture(xyxy[keep]), view.shape[1], view.shape[0])
        boxes += np.asarray([left, top, left, top], dtype=np.float32)
        return Detections(boxes, score[keep], 1.0 / placed.scale)

    def _run(self, images: FloatArray, size: _InputSize) -> FloatArray:
        heads = self.backend.run({self._input: images})[self._output]
        if heads.shape != (1, len(size.centres), 5):
            raise InferenceError(
                f"detector answered {heads.shape}, expected (1, {len(size.centres)}, 5)",
                hint="detector and manifest must come from one bundle",
            )
        if not np.isfinite(heads).all():
            raise InferenceError(
                "detector answered with numbers that are none",
                hint="use the other precision of this bundle, or the previous bundle",
            )
        return np.asarray(heads[0], dtype=np.float32)


def cell_centres(width: int, height: int, strides: tuple[int, ...]) -> FloatArray:
    """Centre of every cell in input pixels, row-major per stride, float32 (N, 2).

    Raises:
        ValueError: a side is no multiple of a stride.
    """
    levels = []
    for stride in strides:
        if width % stride or height % stride:
            raise ValueError(f"input {width} x {height} is no multiple of stride {stride}")
        y, x = np.mgrid[0 : height // stride, 0 : width // stride]
        levels.append(np.stack([x.ravel(), y.ravel()], axis=1) * stride + stride / 2)
    return np.concatenate(levels).astype(np.float32)


def decode(
    heads: FloatArray, centres: FloatArray, score_threshold: float
) -> tuple[FloatArray, FloatArray]:
    """Boxes (K, 4) in input pixels and scores (K,) of the cells above the threshold, best first.

    Args:
        heads: float32 (N, 5): distances left, top, right, bottom from the cell centre; score.
        centres: float32 (N, 2).
    """
    (rows,) = np.nonzero(heads[:, 4] >= score_threshold)
    score = heads[rows, 4]
    order = np.argsort(-score, kind="stable")[:MAX_CANDIDATES]
    rows, score = rows[order], score[order]
    xyxy = np.concatenate(
        [centres[rows] - heads[rows, :2], centres[rows] + heads[rows, 2:4]], axis=1
    )
    is_large = np.all(xyxy[:, 2:] - xyxy[:, :2] >= MIN_SIDE_PX, axis=1)
    return xyxy[is_large].astype(np.float32), score[is_large].astype(np.float32)
