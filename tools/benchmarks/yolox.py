"""YOLOX-nano as its authors export it: the detector that ours is measured against.

Flow: picture -> letterbox 416 -> network -> boxes of any class

Eighty classes are read as one: a box's score is objectness times its best class. A peer to measure
against; nothing of it ships.

Source: Ge et al. 2021, arXiv:2107.08430; the export of its repository (ONNXRuntime demo).
"""

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnxruntime
from numpy.typing import NDArray

from sync.boxes import clip_to, nms
from sync.preprocess import PAD_VALUE

YOLOX_PX = 416
STRIDES = (8, 16, 32)
NMS_IOU = 0.65  # the authors' test setting

FloatArray = NDArray[np.float32]
Picture = NDArray[np.uint8]


def open_session(path: Path, num_threads: int = 1) -> Any:
    """A network on the CPU with capped threads that do not spin, as on a box."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = num_threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.add_session_config_entry("session.set_denormal_as_zero", "1")
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


class YoloxNano:
    """The network with its own preparation."""

    def __init__(self, path: Path, num_threads: int = 1) -> None:
        self._session = open_session(path, num_threads)
        self._input = self._session.get_inputs()[0].name
        self._cells, self._strides = _grid()

    def forward(self, prepared: FloatArray) -> FloatArray:
        """The network alone, float32 (1, 3549, 85)."""
        return np.asarray(self._session.run(None, {self._input: prepared})[0], dtype=np.float32)

    def detect(self, picture: Picture, score_threshold: float) -> tuple[FloatArray, FloatArray]:
        """Boxes (N, 4) in pixels of the picture and scores (N,), best first."""
        prepared, scale = prepare(picture)
        rows = self.forward(prepared)[0]
        score = rows[:, 4] * rows[:, 5:].max(axis=1)
        keep = score >= score_threshold
        centre = (rows[keep, :2] + self._cells[keep]) * self._strides[keep]
        half = np.exp(rows[keep, 2:4]) * self._strides[keep] / 2
        xyxy = np.concatenate([centre - half, centre + half], axis=1).astype(np.float32)
        chosen = nms(xyxy, score[keep], NMS_IOU)
        height, width = picture.shape[:2]
        boxes = clip_to((xyxy[chosen] / scale).astype(np.float32), width, height)
        return boxes, np.asarray(score[keep][chosen], dtype=np.float32)


def prepare(picture: Picture) -> tuple[FloatArray, float]:
    """Letterboxed at the top left, BGR 0 to 255, as the network was trained; and the scale."""
    height, width = picture.shape[:2]
    scale = min(YOLOX_PX / width, YOLOX_PX / height)
    size = (int(width * scale), int(height * scale))
    square = np.full((YOLOX_PX, YOLOX_PX, 3), PAD_VALUE, np.uint8)
    square[: size[1], : size[0]] = cv2.resize(picture, size, interpolation=cv2.INTER_LINEAR)
    return np.ascontiguousarray(square.transpose(2, 0, 1)[None].astype(np.float32)), scale


def _grid() -> tuple[FloatArray, FloatArray]:
    cells, strides = [], []
    for stride in STRIDES:
        side = YOLOX_PX // stride
        y, x = np.mgrid[0:side, 0:side]
        cells.append(np.stack([x.ravel(), y.ravel()], axis=1))
        strides.append(np.full((side * side, 1), stride))
    return (
        np.concatenate(cells).astype(np.float32),
        np.concatenate(strides).astype(np.float32),
    )
