"""Labels as COCO and as Label Studio JSON, out and in.

Flow: LabeledImage <-> COCO | Label Studio

A picture is named `<case>/<camera>.jpg` in both. Pure: pictures themselves are fetched over HTTP.
COCO has no place for "there is nothing": such boxes stay behind; Label Studio keeps every kind.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from trainer.errors import DegradedError
from trainer.labeling import Label, LabelKind

UNKNOWN, NOT_ITEM = "<unknown>", "<not_item>"
MAX_IMAGES = 200_000


class LabelFormError(DegradedError):
    """A file that is neither of the two forms."""

    code = "labels.malformed"


@dataclass(frozen=True, slots=True)
class LabeledImage:
    """One camera's picture with its boxes; `width` 0 where a file does not say."""

    case_id: str
    camera_id: str
    width: int
    height: int
    labels: tuple[Label, ...]

    @property
    def file_name(self) -> str:
        """Its name in both forms."""
        return f"{self.case_id}/{self.camera_id}.jpg"


def to_coco(images: Sequence[LabeledImage]) -> dict[str, Any]:
    """COCO detection form; categories are SKUs in order of id."""
    names = sorted({name_of(x) for image in images for x in image.labels} - {NOT_ITEM})
    number = {name: i + 1 for i, name in enumerate(names)}
    annotations: list[dict[str, Any]] = []
    for image_id, image in enumerate(images, 1):
        for label in image.labels:
            if label.kind != "not_item":
                x1, y1, x2, y2 = label.xyxy
                annotations.append(
                    {
                        "id": len(annotations) + 1,
                        "image_id": image_id,
                        "category_id": number[name_of(label)],
                        "bbox": [x1, y1, x2 - x1, y2 - y1],
                        "area": (x2 - x1) * (y2 - y1),
                        "iscrowd": 0,
                        "attributes": {"item_id": label.item_id},
                    }
                )
    return {
        "images": [
            {
                "id": image_id,
                "file_name": image.file_name,
                "width": image.width,
                "height": image.height,
                "coco_url": url_of(image),
            }
            for image_id, image in enumerate(images, 1)
        ],
        "categories": [{"id": number[name], "name": name} for name in names],
        "annotations": annotations,
    }


def from_coco(said: Any) -> list[LabeledImage]:
    """The reverse; boxes are rounded to whole pixels.

    Raises:
        LabelFormError: not of this form.
    """
    try:
        names = {entry["id"]: str(entry["name"]) for entry in said["categories"]}
        boxes: dict[Any, list[Label]] = {}
        for i, entry in enumerate(said["annotations"]):
            x, y, w, h = (float(v) for v in entry["bbox"])
            item_id = str(entry.get("attributes", {}).get("item_id") or f"coco-{i}")
            label = _label(item_id, (x, y, x + w, y + h), names[entry["category_id"]])
            boxes.setdefault(entry["image_id"], []).append(label)
        return [
            LabeledImage(*_case_and_camera(entry["file_name"]), int(entry["width"]),
                         int(entry["height"]), tuple(boxes.get(entry["id"], [])))
            for entry in said["images"][:MAX_IMAGES]
        ]  # fmt: skip
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as err:
        raise LabelFormError(f"no COCO file: {err!r}"[:300], hint="export one to see") from err


def to_label_studio(
    images: Sequence[LabeledImage], *, are_guesses: bool = False
) -> list[dict[str, Any]]:
    """Label Studio's JSON of tasks with `rectanglelabels`; places are per cent of the picture.

    Args:
        are_guesses: of the box, which a person there is to confirm: predictions, no annotations.
    """
    tasks: list[dict[str, Any]] = []
    for task_id, image in enumerate(images, 1):
        task = {"id": task_id, "data": {"image": url_of(image), "file_name": image.file_name}}
        result = [_rectangle(image, label) for label in image.labels]
        if are_guesses:
            tasks.append(task | {"predictions": [{"model_version": "box", "result": result}]})
        else:
            tasks.append(task | {"annotations": [{"result": result}]})
    return tasks


def from_label_studio(said: Any) -> list[LabeledImage]:
    """The reverse; of several annotations of one task the last one counts.

    A task that nobody annotated, or only skipped, says nothing.

    Raises:
        LabelFormError: not of this form.
    """
    try:
        told = [(task, _annotation(task)) for task in said[:MAX_IMAGES]]
        return [_task(task, annotation) for task, annotation in told if annotation is not None]
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, OverflowError) as err:
        text = f"no Label Studio file: {err!r}"[:300]
        raise LabelFormError(text, hint="export one to see") from err


def parse(data: bytes) -> Any:
    """JSON of a file.

    Raises:
        LabelFormError: it is none.
    """
    try:
        return json.loads(data)
    except (ValueError, RecursionError) as err:
        raise LabelFormError(f"no JSON: {type(err).__name__}", hint="export one to see") from err


def name_of(label: Label) -> str:
    """The category of a label."""
    return label.sku_id if label.kind == "sku" else f"<{label.kind}>"


def url_of(image: LabeledImage) -> str:
    """Where the hub serves the picture."""
    return f"/api/v1/cases/{image.case_id}/pictures/{image.camera_id}"


def _rectangle(image: LabeledImage, label: Label) -> dict[str, Any]:
    x1, y1, x2, y2 = label.xyxy
    return {
        "id": label.item_id,
        "type": "rectanglelabels",
        "from_name": "label",
        "to_name": "image",
        "original_width": image.width,
        "original_height": image.height,
        "image_rotation": 0,
        "value": {
            "x": 100 * x1 / image.width,
            "y": 100 * y1 / image.height,
            "width": 100 * (x2 - x1) / image.width,
            "height": 100 * (y2 - y1) / image.height,
            "rotation": 0,
            "rectanglelabels": [name_of(label)],
        },
    }


def _annotation(task: Any) -> Any:
    given = [one for one in task.get("annotations", ()) if not one.get("was_cancelled")]
    return given[-1] if given else None


def _task(task: Any, annotation: Any) -> LabeledImage:
    case_id, camera_id = _case_and_camera(task["data"]["file_name"])
    results = [r for r in annotation["result"] if r["type"] == "rectanglelabels"]
    labels: list[Label] = []
    width = height = 0
    for result in results:
        width, height = int(result["original_width"]), int(result["original_height"])
        value = result["value"]
        x, y = value["x"] * width / 100, value["y"] * height / 100
        box = (x, y, x + value["width"] * width / 100, y + value["height"] * height / 100)
        labels.append(_label(str(result["id"]), box, str(value["rectanglelabels"][0])))
    return LabeledImage(case_id, camera_id, width, height, tuple(labels))


def _label(item_id: str, box: tuple[float, float, float, float], name: str) -> Label:
    kind: LabelKind = "sku"
    if name in (UNKNOWN, NOT_ITEM):
        kind = "unknown" if name == UNKNOWN else "not_item"
    x1, y1, x2, y2 = (round(v) for v in box)
    if not 0 <= x1 < x2 or not 0 <= y1 < y2 or not 0 < len(item_id) <= 80:
        raise ValueError(f"box {item_id[:80]!r} is empty or outside")
    return Label(item_id, (x1, y1, x2, y2), kind, name if kind == "sku" else "")


def _case_and_camera(file_name: str) -> tuple[str, str]:
    case_id, slash, rest = file_name.partition("/")
    if not slash or not rest.endswith(".jpg"):
        raise ValueError(f"{file_name[:80]!r} is not <case>/<camera>.jpg")
    return case_id, rest.removesuffix(".jpg")
