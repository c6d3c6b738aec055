"""Onboarding of new SKUs for people: /api/v1/onboarding.

Flow: begin -> photo by photo, each answered with what is still missing -> publish
"""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query
from fastapi.responses import FileResponse
from pydantic import AwareDatetime, Field

from trainer.hub.hub_services import HubServices
from trainer.hub.people_auth import Body, Reply, needs
from trainer.hub.sku_api import RAW_PICTURE, raw_body
from trainer.hub.sku_onboarding import SkuOnboarding
from trainer.hub.store_api import StoreId
from trainer.onboarding.collision import Level
from trainer.store import onboardings
from trainer.store.database import reading, writing
from trainer.store.onboardings import Onboarding, StoredPhoto, StoredSegment, UnknownOnboardingError
from trainer.store.role_permissions import Permission

MAX_PHOTO_BYTES = 12 * 1024 * 1024
Channel = Annotated[str, Query(pattern=r"^([A-Za-z0-9][A-Za-z0-9._-]{0,62})?$")]
Side = Literal["front", "back", "left", "right", "top", "bottom"]


class BeginRequest(Body):
    """An SKU of the catalogue that the galleries do not know."""

    sku_id: str = Field(min_length=1, max_length=80)


class PublishRequest(Body):
    """Into which channel; `accept_collisions` after a person has read the advice."""

    channel: StoreId
    accept_collisions: bool = False


class PublishManyRequest(PublishRequest):
    """Several onboardings as one segment."""

    onboarding_ids: list[str] = Field(min_length=1, max_length=1000)


class ProblemReply(Reply):
    """Something wrong with a photo; a blocking one keeps it out of the gallery."""

    code: str
    message: str
    is_blocking: bool


class PhotoReply(Reply):
    """One photo."""

    photo_id: str
    side: str
    url: str
    crop_url: str
    sharpness: float
    problems: list[ProblemReply]


class CollisionReply(Reply):
    """An SKU that the new one is taken for."""

    sku_id: str
    name: str
    similarity: float
    level: Level
    sides: list[str]


class SegmentReply(Reply):
    """Rows that were signed for one embedder."""

    sha256: str
    channel: str
    embedder_id: str
    rows: int
    size: int
    at: AwareDatetime


class OnboardingRow(Reply):
    """One line of the list."""

    onboarding_id: str
    sku_id: str
    status: Literal["open", "published"]
    by: str
    created_at: AwareDatetime
    num_photos: int


class OnboardingReply(OnboardingRow):
    """An onboarding and how far it is."""

    photos: list[PhotoReply]
    collisions: list[CollisionReply]
    advice: list[str]
    missing_sides: list[str]
    done_percent: int
    is_done_enough: bool
    segments: list[SegmentReply]


class PublishReply(Reply):
    """What was signed, and how long it took."""

    segments: list[SegmentReply]
    seconds: float


def make_onboarding_router(services: HubServices) -> APIRouter:
    """Endpoints of onboarding."""
    router = APIRouter(prefix="/api/v1", tags=["onboarding"])
    engine = services.engine
    desk = SkuOnboarding(services)
    reader = Annotated[str, Depends(needs(engine, Permission.CATALOGUE_READ))]
    editor = Annotated[str, Depends(needs(engine, Permission.ONBOARDING_CHANGE))]
    sent = Annotated[bytes, Depends(raw_body(MAX_PHOTO_BYTES))]

    @router.get("/onboarding")
    def list_all(
        who: reader, limit: Annotated[int, Query(ge=1, le=200)] = 50
    ) -> list[OnboardingRow]:
        with reading(engine) as connection:
            ids = onboardings.list_ids(connection, limit)
            found = [onboardings.find(connection, onboarding_id) for onboarding_id in ids]
        return [OnboardingRow.model_validate(_row(onboarding)) for onboarding in found]

    @router.post("/onboarding", status_code=201)
    def begin(who: editor, body: BeginRequest) -> OnboardingReply:
        return _reply(services, desk, desk.begin(body.sku_id, who))

    @router.get("/onboarding/{onboarding_id}")
    def read(who: reader, onboarding_id: str, channel: Channel = "") -> OnboardingReply:
        return _reply(services, desk, onboarding_id, channel)

    @router.post("/onboarding/{onboarding_id}/photos", status_code=201, openapi_extra=RAW_PICTURE)
    def add_photo(
        who: editor, onboarding_id: str, data: sent, side: Side = "front"
    ) -> OnboardingReply:
        desk.take_photo(_find(services, onboarding_id), side, data)
        return _reply(services, desk, onboarding_id)

    @router.delete("/onboarding/{onboarding_id}/photos/{photo_id}")
    def drop_photo(who: editor, onboarding_id: str, photo_id: str) -> OnboardingReply:
        with writing(engine) as connection:
            onboarding = onboardings.find(connection, onboarding_id)
            onboardings.drop_photo(connection, onboarding, photo_id)
        return _reply(services, desk, onboarding_id)

    @router.get("/onboarding/{onboarding_id}/photos/{photo_id}", response_class=FileResponse)
    def photo(who: reader, onboarding_id: str, photo_id: str) -> FileResponse:
        kept = onboardings.photo_of(_find(services, onboarding_id), photo_id)
        return _file(services, kept.blob)

    @router.get("/onboarding/{onboarding_id}/photos/{photo_id}/crop", response_class=FileResponse)
    def crop(who: reader, onboarding_id: str, photo_id: str) -> FileResponse:
        kept = onboardings.photo_of(_find(services, onboarding_id), photo_id)
        return _file(services, kept.crop_blob)

    _add_publishing(router, services, desk)
    return router


def _add_publishing(router: APIRouter, services: HubServices, desk: SkuOnboarding) -> None:
    publisher = Annotated[str, Depends(needs(services.engine, Permission.ONBOARDING_PUBLISH))]

    @router.post("/onboarding/{onboarding_id}/publish", status_code=201)
    def publish(who: publisher, onboarding_id: str, body: PublishRequest) -> PublishReply:
        return _publish(desk, [onboarding_id], body, who)

    @router.post("/onboarding-publish", status_code=201)
    def publish_many(who: publisher, body: PublishManyRequest) -> PublishReply:
        return _publish(desk, list(dict.fromkeys(body.onboarding_ids)), body, who)


def _publish(desk: SkuOnboarding, ids: list[str], body: PublishRequest, who: str) -> PublishReply:
    segments, seconds = desk.publish(
        ids, body.channel, accept_collisions=body.accept_collisions, who=who
    )
    return PublishReply(segments=[_segment(s) for s in segments], seconds=round(seconds, 3))


def _find(services: HubServices, onboarding_id: str) -> Onboarding:
    with reading(services.engine) as connection:
        return onboardings.find(connection, onboarding_id)


def _file(services: HubServices, blob: str) -> FileResponse:
    if not services.blobs.has(blob):
        raise UnknownOnboardingError("the photo is not kept any more", hint="take it again")
    return FileResponse(services.blobs.path(blob), media_type="image/jpeg")


def _reply(
    services: HubServices, desk: SkuOnboarding, onboarding_id: str, channel: str = ""
) -> OnboardingReply:
    onboarding = _find(services, onboarding_id)
    assessed = desk.assess(onboarding, channel)
    return OnboardingReply(
        **_row(onboarding),
        photos=[_photo(onboarding_id, photo) for photo in onboarding.photos],
        collisions=[
            CollisionReply(
                sku_id=c.sku_id,
                name=assessed.names.get(c.sku_id, c.sku_id),
                similarity=c.similarity,
                level=c.level,
                sides=list(c.sides),
            )
            for c in assessed.collisions
        ],
        advice=list(assessed.advice),
        missing_sides=list(assessed.progress.missing_sides),
        done_percent=assessed.progress.done_percent,
        is_done_enough=assessed.progress.is_done_enough,
        segments=[_segment(segment) for segment in onboarding.segments],
    )


def _row(onboarding: Onboarding) -> dict[str, Any]:
    return {
        "onboarding_id": onboarding.onboarding_id,
        "sku_id": onboarding.sku_id,
        "status": onboarding.status,
        "by": onboarding.by,
        "created_at": onboarding.created_at,
        "num_photos": len(onboarding.photos),
    }


def _photo(onboarding_id: str, photo: StoredPhoto) -> PhotoReply:
    url = f"/api/v1/onboarding/{onboarding_id}/photos/{photo.photo_id}"
    return PhotoReply(
        photo_id=photo.photo_id,
        side=photo.side,
        url=url,
        crop_url=f"{url}/crop",
        sharpness=photo.sharpness,
        problems=[
            ProblemReply(code=p.code, message=p.message, is_blocking=p.is_blocking)
            for p in photo.problems
        ],
    )


def _segment(segment: StoredSegment) -> SegmentReply:
    return SegmentReply(
        sha256=segment.sha256,
        channel=segment.channel,
        embedder_id=segment.embedder_id,
        rows=segment.rows,
        size=segment.size,
        at=segment.at,
    )
