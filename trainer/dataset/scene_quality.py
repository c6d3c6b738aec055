"""Which labelled counter pictures and boxes may teach; what may not is put aside with its code.

Flow: scenes + catalogue -> usable scenes, and what was put aside

Pictures are judged by their bytes (picture_problem.py), labels by the catalogue and by the picture
they lie in. The same faults have the same codes as in a list of photographs; a version of a data
set has its own (quality.py). Nothing is deleted and nothing is guessed.
"""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from trainer.dataset.coco_scenes import ScenePicture
from trainer.dataset.picture_problem import picture_problem
from trainer.onboarding.picture_form import PictureError, read_header

UNKNOWN, SINGLE, OUTSIDE = "label.unknown", "label.single", "label.box"
MIN_SIDE_PX = 16


@dataclass(frozen=True, slots=True)
class SceneAside:
    """A picture, or one box of it, that is not used, and why, as a stable code."""

    picture: str
    code: str
    what: str = ""


def usable_scenes(
    scenes: Sequence[ScenePicture],
) -> tuple[list[ScenePicture], list[SceneAside]]:
    """Pictures that can be opened, without the boxes that lie outside them.

    A box that is put aside becomes an ignored region where it can: there is a product, after all.
    """
    kept: list[ScenePicture] = []
    aside: list[SceneAside] = []
    for scene in scenes:
        data = scene.path.read_bytes()
        problem = picture_problem(data, MIN_SIDE_PX)
        if problem:
            aside.append(SceneAside(scene.path.name, f"photo.{problem}"))
            continue
        is_inside = _inside(scene, data)
        aside += [
            SceneAside(scene.path.name, OUTSIDE, str(box.tolist()))
            for box in scene.boxes[~is_inside]
        ]
        kept.append(scene if is_inside.all() else _only(scene, is_inside))
    return kept, aside


def teachable(
    scenes: Sequence[ScenePicture], known_skus: Collection[str]
) -> tuple[list[ScenePicture], list[SceneAside]]:
    """Only boxes of known SKUs that occur at least twice; the others are put aside by name.

    An SKU that is known and occurs nowhere is no class at all: it is never answered.
    """
    counts = Counter(sku for scene in scenes for sku in scene.sku_ids if sku in known_skus)
    kept: list[ScenePicture] = []
    aside: list[SceneAside] = []
    for scene in scenes:
        codes = [_label_code(sku, counts) for sku in scene.sku_ids]
        aside += [
            SceneAside(scene.path.name, code, sku)
            for sku, code in zip(scene.sku_ids, codes, strict=True)
            if code
        ]
        kept.append(_only(scene, np.asarray([not code for code in codes], np.bool_)))
    return kept, aside


def told(aside: Sequence[SceneAside]) -> list[str]:
    """One line per code, the most frequent first, with a few examples."""
    lines = []
    for code, count in Counter(row.code for row in aside).most_common():
        examples = [row for row in aside if row.code == code][:3]
        names = ", ".join(f"{row.picture} {row.what}".strip() for row in examples)
        lines.append(f"put aside: {count} x {code}: {names}")
    return lines


def _label_code(sku_id: str, counts: Counter[str]) -> str:
    if sku_id not in counts:
        return UNKNOWN
    return SINGLE if counts[sku_id] == 1 else ""


def _inside(scene: ScenePicture, data: bytes) -> NDArray[np.bool_]:
    """Boxes of finite corners and some area, whose middle lies in the picture."""
    boxes = scene.boxes
    try:
        header = read_header(data)
    except PictureError:  # a kind that only OpenCV reads
        width, height = np.inf, np.inf
    else:
        width, height = max(header.width, header.height), max(header.width, header.height)
        if data[:2] != b"\xff\xd8":  # a JPEG may be turned by its EXIF; nothing else is
            width, height = header.width, header.height
    middle = (boxes[:, :2] + boxes[:, 2:]) / 2
    size = boxes[:, 2:] - boxes[:, :2]
    is_finite = np.isfinite(boxes).all(axis=1)
    return np.asarray(
        is_finite & (size >= 1).all(axis=1) & (middle >= 0).all(axis=1)
        & (middle[:, 0] < width) & (middle[:, 1] < height),
        np.bool_,
    )  # fmt: skip


def _only(scene: ScenePicture, is_kept: NDArray[np.bool_]) -> ScenePicture:
    """The scene with these boxes; the others are neither wanted nor wrong."""
    left = scene.boxes[~is_kept]
    left = left[np.isfinite(left).all(axis=1)]
    return replace(
        scene,
        boxes=scene.boxes[is_kept],
        sku_ids=tuple(s for s, k in zip(scene.sku_ids, is_kept, strict=True) if k),
        item_ids=tuple(s for s, k in zip(scene.item_ids, is_kept, strict=True) if k),
        visible=scene.visible[is_kept],
        ignored=np.concatenate([scene.ignored, left]).astype(np.float32),
    )
