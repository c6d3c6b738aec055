"""How far a camera has been pushed, measured against a reference picture of the same counter.

Flow: grey picture -> shift of the picture's corners as a share of its width

ORB features and a robust similarity transform; goods and hands on the counter are outliers. Where
the view has too few features phase correlation answers, and where that is unsure too, None does.
Source: Rublee et al. 2011, ORB; Guizar-Sicairos et al. 2008, phase correlation.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

NUM_FEATURES = 400
MIN_INLIERS = 20
# Of the matches: fewer agree only when the picture shows another scene altogether.
MIN_INLIER_SHARE = 0.25
MAX_HAMMING = 48
RANSAC_PX = 2.0
MIN_PHASE_RESPONSE = 0.15


class ReferenceView:
    """One picture of the view as it should be; its features are computed once."""

    def __init__(self, grey: NDArray[np.uint8]) -> None:
        self._grey = grey
        self._orb = cv2.ORB.create(NUM_FEATURES)
        self._points, self._words = self._features(grey)
        self._matcher = cv2.BFMatcher(cv2.NORM_HAMMING, crossCheck=True)

    def shift_of(self, grey: NDArray[np.uint8]) -> float | None:
        """Largest shift of a corner, as a share of the width; None if it cannot be told."""
        if grey.shape != self._grey.shape:
            return None
        by_features = self._by_features(grey)
        return by_features if by_features is not None else self._by_phase(grey)

    def _by_features(self, grey: NDArray[np.uint8]) -> float | None:
        points, words = self._features(grey)
        if len(points) < MIN_INLIERS or len(self._points) < MIN_INLIERS:
            return None
        matches = [m for m in self._matcher.match(self._words, words) if m.distance <= MAX_HAMMING]
        if len(matches) < MIN_INLIERS:
            return None
        before = self._points[[m.queryIdx for m in matches]]
        after = points[[m.trainIdx for m in matches]]
        # RANSAC draws from OpenCV's own generator; seeded, so the same pictures give one answer.
        cv2.setRNGSeed(0)
        matrix, inliers = cv2.estimateAffinePartial2D(
            before, after, method=cv2.RANSAC, ransacReprojThreshold=RANSAC_PX
        )
        num_inliers = 0 if inliers is None else int(np.count_nonzero(inliers))
        if num_inliers < max(MIN_INLIERS, MIN_INLIER_SHARE * len(matches)):
            return None
        height, width = grey.shape
        corners = np.array([[0, 0], [width, 0], [0, height], [width, height]], np.float64)
        moved = corners @ matrix[:, :2].T + matrix[:, 2]
        return float(np.linalg.norm(moved - corners, axis=1).max() / width)

    def _by_phase(self, grey: NDArray[np.uint8]) -> float | None:
        window = cv2.createHanningWindow((grey.shape[1], grey.shape[0]), cv2.CV_32F)
        before, after = self._grey.astype(np.float32), grey.astype(np.float32)
        (x, y), response = cv2.phaseCorrelate(before, after, window)
        if response < MIN_PHASE_RESPONSE:
            return None
        return float(np.hypot(x, y) / grey.shape[1])

    def _features(self, grey: NDArray[np.uint8]) -> tuple[NDArray[np.float64], NDArray[np.uint8]]:
        keypoints, words = self._orb.detectAndCompute(grey, None)
        if words is None or not len(keypoints):
            return np.zeros((0, 2)), np.zeros((0, 32), np.uint8)
        return np.array([k.pt for k in keypoints], np.float64), np.asarray(words, np.uint8)
