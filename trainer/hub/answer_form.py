"""The form of an answer about a case, and whether it fits the case.

Flow: boxes of a person -> checked against picture, items and catalogue -> Labels
"""

from typing import Annotated, Literal

from pydantic import Field, model_validator
from sqlalchemy import Connection

from sync.hard_case import HardCase
from trainer.hub.people_auth import Body
from trainer.labeling import Label, Labels
from trainer.store import sku_table
from trainer.store.cases import CaseError

MAX_BOXES = 200
Name = Annotated[str, Field(min_length=1, max_length=80, pattern=r"^[^\x00-\x1f]+$")]
Pixel = Annotated[int, Field(ge=0, le=100_000)]


class AnswerFormError(CaseError):
    """An answer that does not fit its case."""

    code = "answer.malformed"


class LabeledBox(Body):
    """One box; `sku_id` is given for kind `sku` only."""

    item_id: Name
    xyxy: tuple[Pixel, Pixel, Pixel, Pixel]
    kind: Literal["sku", "not_item", "unknown"]
    sku_id: str = Field(default="", max_length=80)

    @model_validator(mode="after")
    def _is_whole(self) -> "LabeledBox":
        x1, y1, x2, y2 = self.xyxy
        if x2 <= x1 or y2 <= y1:
            raise ValueError("a box has its left top corner first and is not empty")
        if (self.kind == "sku") != bool(self.sku_id):
            raise ValueError("sku_id stands with kind `sku`, and only there")
        return self


class LabeledPicture(Body):
    """Every box of one camera."""

    camera_id: Name
    boxes: list[LabeledBox] = Field(max_length=MAX_BOXES)


class GoldRequest(Body):
    """The known truth of a case."""

    pictures: list[LabeledPicture] = Field(min_length=1, max_length=16)


class AnswerRequest(GoldRequest):
    """What a person says about a case, and how long they looked."""

    seconds: float = Field(ge=0, le=86_400)


def checked_labels(
    connection: Connection, case: HardCase, pictures: list[LabeledPicture]
) -> Labels:
    """Labels that fit the case: its cameras, every item answered, boxes inside, SKUs known.

    Raises:
        AnswerFormError: they do not; says where.
    """
    labels: Labels = {}
    by_camera = {picture.camera_id: picture for picture in case.pictures}
    if sorted(p.camera_id for p in pictures) != sorted(by_camera):
        raise AnswerFormError(
            "an answer holds every camera of the case once", hint=", ".join(sorted(by_camera))
        )
    for given in pictures:
        picture = by_camera[given.camera_id]
        names = [box.item_id for box in given.boxes]
        missing = {item.item_id for item in picture.items} - set(names)
        if missing or len(set(names)) != len(names):
            raise AnswerFormError(
                f"{given.camera_id}: every item is answered once; missing: {sorted(missing)}",
                hint="say `not_item` where there is nothing",
            )
        if any(box.xyxy[2] > picture.width or box.xyxy[3] > picture.height for box in given.boxes):
            raise AnswerFormError(
                f"{given.camera_id}: a box leaves the picture",
                hint=f"{picture.width} x {picture.height} pixels",
            )
        labels[given.camera_id] = tuple(
            Label(box.item_id, box.xyxy, box.kind, box.sku_id) for box in given.boxes
        )
    _require_known(connection, case, labels)
    return labels


def _require_known(connection: Connection, case: HardCase, labels: Labels) -> None:
    named = {label.sku_id for given in labels.values() for label in given if label.sku_id}
    guessed = {sku_id for p in case.pictures for item in p.items for sku_id, _ in item.guesses}
    known = guessed | set(sku_table.names_and_pictures(connection, sorted(named)))
    if unknown := sorted(named - known):
        raise AnswerFormError(f"no SKU {unknown[0]!r}", hint="add it to the catalogue first")
