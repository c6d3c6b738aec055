"""Prices the golden basket of a bundle: three still pictures through the whole path of a frame.

Flow: golden pictures of one scene -> Pipeline -> Counter -> ReplayedBasket
"""

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from cameras.frame import Frame
from edge.basket.counter import Offer
from edge.basket.counter_map import CounterMap
from edge.edgectl.recordings import SCENE_FPS, SCENE_FRAMES
from edge.edgectl.replay_run import NS_PER_S, Setup, in_time_order, replay_basket
from edge.perception.models import Models
from sync.bundle import Bundle
from sync.errors import BundleError
from sync.golden import GOLDEN_NAME, load_golden
from sync.replay_result import ReplayedBasket


def price_golden_basket(bundle: Bundle, models: Models, offer: Offer) -> ReplayedBasket | None:
    """The first golden scene as a basket, with one camera; None where the bundle has none.

    One camera, because golden frames carry no calibration; so the truth is what that camera sees.

    Raises:
        BundleError: a picture is missing or damaged.
    """
    golden = load_golden(bundle.directory / GOLDEN_NAME)
    if not golden.frames:
        return None
    frame = max(golden.frames, key=lambda f: sum(item.is_sure for item in f.items))
    truth: dict[str, int] = {}
    for item in frame.items:
        truth[item.sku_id] = truth.get(item.sku_id, 0) + 1
    maps: dict[str, CounterMap | None] = {frame.camera: None}
    streams = {frame.camera: _still(frame.camera, bundle.directory / frame.picture)}
    setup = Setup(models, offer, maps, truth=truth)
    return replay_basket("golden", in_time_order(streams), setup)


def _still(camera_id: str, path: Path) -> Iterator[Frame]:
    picture = cv2.imread(str(path))
    if picture is None:
        raise BundleError(f"golden picture {path.name} cannot be read", hint="fetch it again")
    pixels = np.asarray(picture, dtype=np.uint8)
    for number in range(SCENE_FRAMES):
        at_ns = NS_PER_S + round(number * NS_PER_S / SCENE_FPS)
        yield Frame(pixels, camera_id, "lane-1", number, at_ns, clip_time_ns=at_ns - NS_PER_S)
