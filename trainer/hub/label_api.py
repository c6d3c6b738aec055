"""Labels as files, and how people label: /api/v1/labels/..., /api/v1/review/stats."""

import json
from datetime import UTC, datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Response

from trainer import label_exchange
from trainer.hub.hub_services import HubServices
from trainer.hub.people_auth import Reply, needs
from trainer.hub.sku_api import raw_body
from trainer.hub.sku_exchange_api import MAX_FILE_BYTES, RAW_FILE, file_reply
from trainer.labeling import ReviewerStats
from trainer.store import answers, label_table
from trainer.store.database import reading, writing
from trainer.store.role_permissions import Permission

Form = Literal["coco", "label_studio"]


class StatsReply(Reply):
    """How somebody labels."""

    reviewer: str
    num_answers: int
    num_boxes: int
    median_seconds: float
    num_gold: int
    num_gold_right: int
    num_compared: int
    num_agreed: int


class LabelImportReply(Reply):
    """What a file of labels would do, or did."""

    is_preview: bool
    num_cases: int
    num_boxes: int
    errors: list[str]


def make_label_router(services: HubServices) -> APIRouter:
    """Endpoints of labels and of reviewers' statistics."""
    router = APIRouter(prefix="/api/v1", tags=["review"])
    engine = services.engine
    reviewer = Annotated[str, Depends(needs(engine, Permission.CASES_ANSWER))]
    manager = Annotated[str, Depends(needs(engine, Permission.CASES_MANAGE))]
    exchanger = Annotated[str, Depends(needs(engine, Permission.LABELS_EXCHANGE))]
    sent = Annotated[bytes, Depends(raw_body(MAX_FILE_BYTES))]

    @router.get("/review/stats/mine")
    def mine(who: reviewer) -> StatsReply:
        with reading(engine) as connection:
            return _reply(who, answers.stats_by_reviewer(connection, who)[who])

    @router.get("/review/stats")
    def everybody(who: manager) -> list[StatsReply]:
        with reading(engine) as connection:
            found = answers.stats_by_reviewer(connection)
        return [_reply(name, stats) for name, stats in found.items()]

    @router.get("/labels/export", response_class=Response)
    def export(
        who: exchanger,
        format: Form = "coco",
        store_id: Annotated[str, Query(max_length=63)] = "",
        status: Literal["labelled", "waiting"] = "labelled",
        limit: Annotated[int, Query(ge=1, le=20_000)] = 1000,
    ) -> Response:
        is_waiting = status == "waiting"
        with reading(engine) as connection:
            if is_waiting:
                images = label_table.waiting_images(connection, store_id, limit)
            else:
                images = label_table.all_images(connection, store_id)
        if format == "coco":
            text = json.dumps(label_exchange.to_coco(images))
        else:
            text = json.dumps(label_exchange.to_label_studio(images, are_guesses=is_waiting))
        return file_reply(text, "application/json", f"labels.{format}.json")

    @router.post("/labels/import", openapi_extra=RAW_FILE)
    def take(
        who: exchanger,
        data: sent,
        format: Form = "coco",
        preview: bool = True,
    ) -> LabelImportReply:
        said = label_exchange.parse(data)
        is_coco = format == "coco"
        images = (
            label_exchange.from_coco(said) if is_coco else label_exchange.from_label_studio(said)
        )
        with writing(engine) as connection:
            num_cases, num_boxes, errors = label_table.take_images(
                connection, images, actor=who, now=datetime.now(UTC), apply=not preview
            )
        return LabelImportReply(
            is_preview=preview or bool(errors),
            num_cases=num_cases,
            num_boxes=num_boxes,
            errors=errors,
        )

    return router


def _reply(reviewer: str, stats: ReviewerStats) -> StatsReply:
    return StatsReply(
        reviewer=reviewer, **{name: getattr(stats, name) for name in ReviewerStats.__slots__}
    )
