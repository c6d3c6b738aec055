"""One photograph of a new product as a counter may show it: turned, from afar, from a low angle.

Flow: crop -> 12 crops -> the embedder -> up to 12 rows of the gallery for an SKU

Nothing is trained and nothing is drawn at random, so the same photographs give the same rows. Never
mirrored: mirrored print is on no pack.
"""

import cv2
import numpy as np

from sync.preprocess import Picture

NUM_TURNS = 4  # right angles: a pack lies on a counter either way up
COARSE_SHARE = 0.45  # of the crop's pixels along a side: an item far from the camera
SHORTENED = 0.2  # of the far edge, cut at each end, as a camera sees that looks down at 45 degrees
NUM_VIEWS = 3 * NUM_TURNS
# Rows of a new SKU in its segment: of one photograph every appearance, of several as many centres.
# Base galleries have 1 to 3, from hundreds of views; means of a dozen blur what is seen only once.
ROWS_PER_SKU = NUM_VIEWS


def enrolment_views(crop: Picture) -> list[Picture]:
    """The crop itself first, then its other appearances, uint8 BGR of the same size.

    Args:
        crop: uint8 (S, S, 3), as the embedder gets it.
    """
    turned = [np.ascontiguousarray(np.rot90(crop, turn)) for turn in range(NUM_TURNS)]
    forms = (turned, [_coarse(t) for t in turned], [_shortened(t) for t in turned])
    return [np.asarray(picture, np.uint8) for form in forms for picture in form]


def _coarse(crop: Picture) -> Picture:
    side = crop.shape[0]
    few = max(8, round(side * COARSE_SHARE))
    small = cv2.resize(crop, (few, few), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(small, (side, side), interpolation=cv2.INTER_LINEAR), np.uint8)


def _shortened(crop: Picture) -> Picture:
    side = float(crop.shape[0])
    cut = side * SHORTENED
    corners = np.asarray([[0, 0], [side, 0], [side, side], [0, side]], dtype=np.float32)
    seen = np.asarray([[cut, cut], [side - cut, cut], [side, side], [0, side]], dtype=np.float32)
    matrix = cv2.getPerspectiveTransform(corners, seen)
    size = (crop.shape[0], crop.shape[0])
    return np.asarray(
        cv2.warpPerspective(crop, matrix, size, borderMode=cv2.BORDER_REPLICATE), np.uint8
    )
