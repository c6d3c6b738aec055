"""One photograph of a new product as a counter may show it: turned, far off and low, in parts.

Flow: crop -> 28 crops -> the embedder -> up to 12 rows of the gallery for an SKU

What one photograph leaves wrong is mostly an item that shows one of its sides alone, slanted or
half hidden; a corner or a half of the photograph looks like that. Nothing is trained and nothing is
drawn at random, so the same photographs give the same rows. Never mirrored: mirrored print is on no
pack.
"""

import cv2
import numpy as np

from sync.preprocess import PAD_VALUE, Picture

NUM_TURNS = 4  # right angles: a pack lies on a counter either way up
COARSE_SHARE = 0.45  # of the crop's pixels along a side: an item far from the camera
SHORTENED = 0.2  # of the far edge, cut at each end, as a camera sees that looks down at 45 degrees
CORNER_SHARE = 0.65  # of a side: about one face of a pack of which three are seen
NUM_CORNERS = 4
NUM_VIEWS = NUM_TURNS * (3 + NUM_CORNERS)
# Rows of a new SKU in its segment: centres of all appearances of all photographs.
# Base galleries have 1 to 3, from hundreds of views; means of a dozen blur what is seen only once.
ROWS_PER_SKU = 12


def enrolment_views(crop: Picture) -> list[Picture]:
    """The crop itself first, then its other appearances, uint8 BGR of the same size.

    Args:
        crop: uint8 (S, S, 3), as the embedder gets it.
    """
    turned = _turns(crop)
    forms = (
        turned,
        [_coarse(_shortened(t)) for t in turned],
        [_half(t) for t in turned],
        *(_turns(corner) for corner in _corners(crop)),
    )
    return [picture for form in forms for picture in form]


def _turns(crop: Picture) -> list[Picture]:
    return [np.ascontiguousarray(np.rot90(crop, turn), np.uint8) for turn in range(NUM_TURNS)]


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


def _half(crop: Picture) -> Picture:
    """The lower half as an item of its own, cut as the box cuts one: grey above and below."""
    kept = crop[round(crop.shape[0] / 2) :]
    square = np.full_like(crop, PAD_VALUE)
    top = (len(crop) - len(kept)) // 2
    square[top : top + len(kept)] = kept
    return square


def _corners(crop: Picture) -> list[Picture]:
    """Each corner as large as the crop."""
    side = crop.shape[0]
    kept = round(side * CORNER_SHARE)
    return [
        np.asarray(
            cv2.resize(
                crop[y : y + kept, x : x + kept], (side, side), interpolation=cv2.INTER_LINEAR
            ),
            np.uint8,
        )
        for y in (0, side - kept)
        for x in (0, side - kept)
    ]
