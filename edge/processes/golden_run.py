"""Runs the golden frames of a bundle on this box's own networks.

Flow: Bundle + Models -> detector, embedder, gallery -> SelfTestResult
"""

import cv2
import numpy as np

from edge.bundles.self_test import FoundItem, SelfTestResult, compare_golden
from edge.perception.models import Models
from sync.bundle import Bundle
from sync.errors import BundleError
from sync.golden import GOLDEN_NAME, load_golden


def run_golden(bundle: Bundle, models: Models) -> SelfTestResult:
    """Answer every golden frame again and compare.

    Raises:
        BundleError: the golden frames are missing or damaged.
        InferenceError: a network failed.
    """
    golden = load_golden(bundle.directory / GOLDEN_NAME)
    found = {frame.picture: _look(bundle, frame.picture, models) for frame in golden.frames}
    return compare_golden(golden, found)


def _look(bundle: Bundle, name: str, models: Models) -> list[FoundItem]:
    picture = cv2.imread(str(bundle.directory / name))
    if picture is None:
        raise BundleError(f"golden picture {name} cannot be read", hint="fetch the bundle again")
    pixels = np.asarray(picture, dtype=np.uint8)
    detections = models.detector.detect(pixels, models.parameters.detector_score, 0, 0)
    if len(detections.xyxy) == 0:
        return []
    vectors = models.embedder.embed(pixels, detections.xyxy)
    scores = models.matcher.match(vectors)
    return [
        FoundItem((float(b[0]), float(b[1]), float(b[2]), float(b[3])), s.sku_ids[0])
        for b, s in zip(detections.xyxy, scores, strict=True)
    ]
