"""Does the exported file decide as the trained network did? What may ship is settled here.

Flow: reference answers + candidate answers -> ParityReport

Decisions are compared, not numbers: which items are found, which SKU is nearest. A quantised file
ships only if it passes; otherwise the float file does.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from sync.boxes import FloatArray, iou_matrix
from sync.gallery import unit_rows

MIN_TOP1_AGREEMENT = 0.95  # of single crops, hopeless ones included, that choose the same SKU
MAX_ACCURACY_LOSS = 0.005  # 0.5 percentage points: DESIGN section 8
MAX_AP50_LOSS = 0.01
MATCH_IOU = 0.7  # two boxes this close are the same decision


@dataclass(frozen=True, slots=True)
class ParityReport:
    """How a candidate compares with its reference on the same inputs.

    Attributes:
        agreement: share of equal decisions, in [0, 1].
        reference_accuracy, candidate_accuracy: on labelled inputs, in [0, 1].
        passed: agreement and loss of accuracy are within the limits.
    """

    agreement: float
    reference_accuracy: float
    candidate_accuracy: float
    passed: bool


class OnnxModel:
    """An ONNX file on one CPU thread, for comparison."""

    def __init__(self, path: Path, num_threads: int = 1) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = num_threads
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.log_severity_level = 3
        self.session = onnxruntime.InferenceSession(
            str(path), options, providers=["CPUExecutionProvider"]
        )
        self.input_name = self.session.get_inputs()[0].name

    def __call__(self, batch: FloatArray) -> FloatArray:
        """The first output for one batch."""
        return np.asarray(self.session.run(None, {self.input_name: batch})[0], dtype=np.float32)


def embedder_parity(
    reference: FloatArray, candidate: FloatArray, gallery: FloatArray, labels: NDArray[np.int64]
) -> ParityReport:
    """Nearest prototype with reference and candidate embeddings of the same crops.

    Args:
        reference, candidate: float32 (N, D).
        gallery: float32 (S, D), one row per SKU, in the reference's space.
        labels: int64 (N,), row of the true SKU.
    """
    first = (unit_rows(reference) @ gallery.T).argmax(axis=1)
    second = (unit_rows(candidate) @ gallery.T).argmax(axis=1)
    agreement = float(np.mean(first == second))
    before, after = float(np.mean(first == labels)), float(np.mean(second == labels))
    passed = agreement >= MIN_TOP1_AGREEMENT and before - after <= MAX_ACCURACY_LOSS
    return ParityReport(agreement, before, after, passed)


def detector_parity(
    reference: Sequence[FloatArray],
    candidate: Sequence[FloatArray],
    reference_ap50: float,
    candidate_ap50: float,
) -> ParityReport:
    """Share of boxes that both find, and the loss of AP50.

    Args:
        reference, candidate: float32 (N, 4) per picture, after suppression at the box's threshold.
        reference_ap50, candidate_ap50: on the same labelled pictures.
    """
    same = sum(_num_matched(a, b) for a, b in zip(reference, candidate, strict=True))
    total = sum(len(a) for a in reference) + sum(len(b) for b in candidate)
    agreement = 2 * same / total if total else 1.0
    passed = reference_ap50 - candidate_ap50 <= MAX_AP50_LOSS
    return ParityReport(agreement, reference_ap50, candidate_ap50, passed)


def _num_matched(first: FloatArray, second: FloatArray) -> int:
    if len(first) == 0 or len(second) == 0:
        return 0
    overlaps = iou_matrix(first, second)
    mutual = overlaps.argmax(axis=1)[overlaps.argmax(axis=0)] == np.arange(len(second))
    return int(np.count_nonzero(mutual & (overlaps.max(axis=0) >= MATCH_IOU)))
