"""Why a receipt says so, which models saw a picture, and forgetting a store: /api/v1/provenance.

Flow: line -> sale, model, version, pictures, reviewers ; picture | reviewer | store -> models

Digests and names only; pictures are served by dataset_api.py. A store is forgotten by an
administrator who writes its id once more; without that it is only shown what it would take.
"""

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query
from pydantic import AwareDatetime, Field
from sqlalchemy import Connection

from trainer.errors import DegradedError
from trainer.hub.hub_services import HubServices
from trainer.hub.people_auth import Body, Reply, needs
from trainer.store import provenance, store_forget
from trainer.store.database import reading, writing
from trainer.store.provenance import (
    ProvenanceError,
    SeenModel,
    SoldLine,
    TrainingPicture,
    VersionUse,
)
from trainer.store.role_permissions import Permission
from trainer.store.store_forget import ForgetPlan

LineNo = Annotated[int, Field(ge=1, le=10_000)]


class ForgetError(DegradedError):
    """Forgetting a store was not confirmed."""

    code = "store.not_confirmed"


class ModelSeen(Reply):
    """A model, and the version or the model it is named because of."""

    bundle_id: str
    name: str
    version: str
    stage: str
    lineage: dict[str, str]
    because_of: str


class VersionSeen(Reply):
    """A version of a data set and in which split; `quarantined` where it was left out."""

    version_id: str
    name: str
    split: str
    num_pictures: int


class SoldReply(Reply):
    """The line as the box told it; the model decided where `named_by` is `vision`."""

    basket_id: str
    line_no: int
    sku_id: str
    pieces: int
    named_by: str
    box_id: str
    store_id: str
    bundle_id: str
    at: AwareDatetime


class PictureSeen(Reply):
    """A picture that taught the SKU."""

    picture: str
    position: int
    source: str
    source_id: str
    store_id: str
    day: str
    label_source: str
    answer_id: int


class OnboardingSeen(Reply):
    """Photos that put the SKU into the galleries without training."""

    onboarding_id: str
    by: str
    segment: str
    at: AwareDatetime


class WhyReply(Reply):
    """A line walked to its end; `missing` says where the walk could not go on, and why."""

    line: SoldReply
    model: ModelSeen | None
    run_id: str
    dataset: str
    num_pictures: int
    pictures: list[PictureSeen]
    reviewers: dict[str, int]
    onboardings: list[OnboardingSeen]
    missing: list[str]


class SeenReply(Reply):
    """Where a picture, or what a person said, went."""

    cases: list[str]
    reviewers: dict[str, int]
    datasets: list[VersionSeen]
    models: list[ModelSeen]


class ForgetRequest(Body):
    """`confirm` is the store's id where it is meant; a dry run changes nothing."""

    is_dry_run: bool = True
    confirm: str = Field(default="", max_length=63)


class ForgetReply(Reply):
    """What went, or would go, and what is left to do: `models` are to be retrained."""

    store_id: str
    is_done: bool
    num_cases: int
    num_labels: int
    num_answers: int
    num_recordings: int
    num_blobs: int
    datasets: list[VersionSeen]
    models: list[ModelSeen]
    blind_sets: list[str]


def make_provenance_router(services: HubServices) -> APIRouter:
    """Endpoints of provenance."""
    router = APIRouter(prefix="/api/v1", tags=["provenance"])
    engine = services.engine
    reader = Annotated[str, Depends(needs(engine, Permission.DATASETS_READ))]
    forgetter = Annotated[str, Depends(needs(engine, Permission.STORES_FORGET))]

    @router.get("/provenance/baskets/{basket_id}/lines/{line_no}")
    def why(
        who: reader,
        basket_id: str,
        line_no: LineNo,
        limit: Annotated[int, Query(ge=0, le=500)] = 20,
    ) -> WhyReply:
        with reading(engine) as connection:
            return _walk(connection, basket_id, line_no, limit)

    @router.get("/provenance/pictures/{picture}")
    def picture_seen(who: reader, picture: str) -> SeenReply:
        with reading(engine) as connection:
            uses = provenance.versions_with_picture(connection, picture)
            if not uses:
                raise ProvenanceError(
                    f"no version knows picture {picture[:12]!r}", hint="give the JPEG's sha256"
                )
            cases = provenance.cases_of_picture(connection, picture)
            reviewers = provenance.reviewers_of_cases(connection, cases)
            return _seen(connection, uses, cases, reviewers)

    @router.get("/provenance/reviewers/{reviewer}")
    def reviewer_seen(who: reader, reviewer: str) -> SeenReply:
        with reading(engine) as connection:
            uses = provenance.versions_with_reviewer(connection, reviewer)
            count = sum(use.num_pictures for use in uses)
            return _seen(connection, uses, [], {reviewer: count} if count else {})

    @router.post("/stores/{store_id}/forget")
    def forget(who: forgetter, store_id: str, body: ForgetRequest) -> ForgetReply:
        if body.is_dry_run:
            with reading(engine) as connection:
                return _forgotten(store_forget.plan(connection, store_id), is_done=False)
        if body.confirm != store_id:
            raise ForgetError(
                "the store's id was not confirmed", hint=f"send confirm: {store_id[:63]}"
            )
        with writing(engine) as connection:
            done = store_forget.forget(connection, store_id, now=datetime.now(UTC), actor=who)
            for name in done.blobs:  # before the commit: a cut leaves rows that still name them
                services.blobs.forget(name)
        return _forgotten(done, is_done=True)

    return router


def _walk(connection: Connection, basket_id: str, line_no: int, limit: int) -> WhyReply:
    line = provenance.sold_line(connection, basket_id, line_no)
    model = provenance.model_of(connection, line.bundle_id)
    dataset = model.lineage.get("dataset", "") if model else ""
    count, pictures = provenance.training_pictures(connection, dataset, line.sku_id, limit)
    onboarded = provenance.onboardings_of_sku(connection, line.sku_id)
    return WhyReply(
        line=SoldReply(**_values(line, SoldLine)),
        model=ModelSeen(**_values(model, SeenModel)) if model else None,
        run_id=model.lineage.get("run_id", "") if model else "",
        dataset=dataset,
        num_pictures=count,
        pictures=[PictureSeen(**_values(p, TrainingPicture)) for p in pictures],
        reviewers=provenance.reviewers_of_sku(connection, dataset, line.sku_id),
        onboardings=[OnboardingSeen(**row) for row in onboarded],
        missing=_missing(line, model, count, has_segment=bool(onboarded)),
    )


def _missing(
    line: SoldLine, model: SeenModel | None, num_pictures: int, *, has_segment: bool
) -> list[str]:
    """Where the walk ends early."""
    found: list[str] = []
    if line.named_by != "vision":
        found.append(f"named by {line.named_by}, not by the model")
    if model is None:
        return [*found, f"bundle {line.bundle_id[:12]} is no registered model of this hub"]
    if not model.lineage.get("run_id"):
        found.append("the model was registered without its run")
    if not model.lineage.get("dataset"):
        found.append("the model was registered without its data set")
    elif not num_pictures and not has_segment:
        found.append("no picture of this SKU taught: its vectors came with the bundle")
    return found


def _seen(
    connection: Connection, uses: list[VersionUse], cases: list[str], reviewers: dict[str, int]
) -> SeenReply:
    taught = [use.version_id for use in uses if use.split != "quarantined"]
    models = provenance.models_from(connection, taught)
    return SeenReply(
        cases=cases,
        reviewers=reviewers,
        datasets=[VersionSeen(**_values(use, VersionUse)) for use in uses],
        models=[ModelSeen(**_values(model, SeenModel)) for model in models],
    )


def _forgotten(plan: ForgetPlan, *, is_done: Literal[True, False]) -> ForgetReply:
    return ForgetReply(
        store_id=plan.store_id,
        is_done=is_done,
        num_cases=plan.num_cases,
        num_labels=plan.num_labels,
        num_answers=plan.num_answers,
        num_recordings=plan.num_recordings,
        num_blobs=len(plan.blobs),
        datasets=[VersionSeen(**_values(use, VersionUse)) for use in plan.versions],
        models=[ModelSeen(**_values(model, SeenModel)) for model in plan.models],
        blind_sets=list(plan.blind_sets),
    )


def _values(one: object, kind: Any) -> dict[str, Any]:
    return {name: getattr(one, name) for name in kind.__slots__}
