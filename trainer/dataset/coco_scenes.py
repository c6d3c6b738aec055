"""Labelled counter pictures from COCO files, one per camera.

Flow: COCO file + pictures -> ScenePicture

A picture with the field `"complete": false` is partly annotated. Annotations may carry
`visible_fraction`; hardly visible items, and `iscrowd` regions, become `ignored`.
"""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from sync.boxes import FloatArray, from_xywh
from sync.preprocess import Picture
from trainer.errors import DatasetError

MIN_VISIBLE_FRACTION = 0.25  # below it a shopper could not name the item either


@dataclass(frozen=True, slots=True)
class ScenePicture:
    """One picture and its truth, in picture pixels.

    Attributes:
        scene: the same text for all cameras that look at one basket.
        boxes: float32 (N, 4).
        sku_ids: N entries, empty text where the SKU is not known.
        item_ids: N entries, the same physical item has the same text in every camera.
        visible: float32 (N,), share of the item that is not hidden.
        ignored: float32 (K, 4).
        is_complete: every product is labelled.
    """

    path: Path
    scene: str
    camera: str
    boxes: FloatArray
    sku_ids: tuple[str, ...]
    item_ids: tuple[str, ...]
    visible: FloatArray
    ignored: FloatArray
    is_complete: bool = True


def read_coco(file: Path, images_dir: Path) -> list[ScenePicture]:
    """All pictures of a COCO file.

    Raises:
        DatasetError: the file is missing, no COCO, or names a picture that is not there.
    """
    try:
        data = json.loads(file.read_bytes())
        images: Sequence[Mapping[str, Any]] = data["images"]
        annotations: Sequence[Mapping[str, Any]] = data["annotations"]
        categories = {c["id"]: str(c["name"]) for c in data.get("categories", [])}
    except (OSError, ValueError, KeyError, TypeError) as err:
        raise DatasetError(
            f"{file.name} is no COCO file: {err}", hint="needs images, annotations, categories"
        ) from err
    by_image: dict[int, list[Mapping[str, Any]]] = defaultdict(list)
    pictures = []
    try:
        for annotation in annotations:
            by_image[int(annotation["image_id"])].append(annotation)
        for image in images:
            own, path = by_image[int(image["id"])], images_dir / str(image["file_name"])
            pictures.append(_scene_picture(path, file.stem, image, own, categories))
    except (ValueError, KeyError, TypeError) as err:
        raise DatasetError(
            f"{file.name} holds an entry that is no COCO: {type(err).__name__} {err}",
            hint="needs image_id, bbox of four numbers, id, file_name",
        ) from err
    for picture in pictures:
        if not picture.path.is_file():
            raise DatasetError(
                f"{file.name} names {picture.path.name}, which is not in {images_dir.name}"
            )
    return pictures


def read_scene_folder(folder: Path) -> list[ScenePicture]:
    """All pictures of every COCO file in `folder`; pictures lie beside their file.

    Raises:
        DatasetError: no COCO file, or one of them is wrong.
    """
    files = [f for f in sorted(folder.glob("*.json")) if _is_coco(f)]
    if not files:
        raise DatasetError(
            f"{folder.name} holds no COCO file", hint="see trainer/dataset/README.md"
        )
    found = [scene for file in files for scene in read_coco(file, file.parent)]
    # Folders are mixed, and each counts its scenes from zero.
    return [replace(scene, scene=f"{folder.name}-{scene.scene}") for scene in found]


def read_picture(path: Path) -> Picture:
    """Pixels of a file as uint8 BGR.

    Raises:
        DatasetError: the file cannot be decoded.
    """
    picture = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if picture is None:
        raise DatasetError(f"{path.name} is no readable picture", hint="remove or replace the file")
    return np.asarray(picture, dtype=np.uint8)


def _is_coco(file: Path) -> bool:
    with file.open("rb") as stream:
        return b'"images"' in stream.read(4096)  # info and categories may stand before


def _scene_picture(
    path: Path,
    camera: str,
    image: Mapping[str, Any],
    annotations: Sequence[Mapping[str, Any]],
    categories: Mapping[int, str],
) -> ScenePicture:
    kept = [a for a in annotations if not a.get("iscrowd") and _visible(a) >= MIN_VISIBLE_FRACTION]
    kept_ids = {id(a) for a in kept}
    ignored = [a for a in annotations if id(a) not in kept_ids and _visible(a) > 0]
    return ScenePicture(
        path=path,
        scene=str(image.get("scene", path.stem)),
        camera=str(image.get("camera", camera)),
        boxes=_boxes(kept),
        sku_ids=tuple(_sku(a, categories) for a in kept),
        item_ids=tuple(str(a.get("item_id", a.get("id", ""))) for a in kept),
        visible=np.asarray([_visible(a) for a in kept], dtype=np.float32),
        ignored=_boxes(ignored),
        is_complete=bool(image.get("complete", True)),
    )


def _visible(annotation: Mapping[str, Any]) -> float:
    return float(annotation.get("visible_fraction", 1.0))


def _sku(annotation: Mapping[str, Any], categories: Mapping[int, str]) -> str:
    named = annotation.get("sku_id", annotation.get("sku"))
    return str(named) if named is not None else categories.get(annotation["category_id"], "")


def _boxes(annotations: Sequence[Mapping[str, Any]]) -> FloatArray:
    rows = np.asarray([a["bbox"] for a in annotations], dtype=np.float32).reshape(-1, 4)
    return from_xywh(rows)
