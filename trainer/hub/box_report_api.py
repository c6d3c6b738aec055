"""What boxes tell, for people: last pictures, telemetry, sales in counts, and forgetting a basket.

Flow: received rows, blobs -> JSON, JPEG

Pictures are unsealed in memory only. They were redacted on the box.
"""

from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response

from sync.box_report import TelemetryReport
from sync.sealing import unseal
from trainer.hub.edge_api import NotHereError
from trainer.hub.hub_services import HubServices
from trainer.hub.people_auth import Reply, needs
from trainer.store import box_reports, picture_life
from trainer.store.database import reading, writing
from trainer.store.role_permissions import Permission


class SalesRow(Reply):
    """One box on one day, in counts."""

    box_id: str
    day: str
    num_baskets: int
    num_asks: int
    pieces: dict[str, int]
    by_origin: dict[str, int]


class ForgottenReply(Reply):
    """What is gone."""

    num_blobs: int


def make_box_report_router(services: HubServices) -> APIRouter:
    """Endpoints about what boxes reported."""
    router = APIRouter(prefix="/api/v1", tags=["fleet"])
    engine = services.engine
    reader = Annotated[str, Depends(needs(engine, Permission.FLEET_READ))]
    manager = Annotated[str, Depends(needs(engine, Permission.CASES_MANAGE))]

    @router.get("/fleet/boxes/{box_id}/picture", response_class=Response)
    def picture(who: reader, box_id: str, camera: Annotated[str, Query(max_length=80)]) -> Response:
        with reading(engine) as connection:
            blob = box_reports.last_picture(connection, box_id, camera)
        if not blob or not services.blobs.has(blob):
            raise NotHereError(f"no picture of {camera!r}", hint="the box sends one each 10 min")
        sealed = services.blobs.path(blob).read_bytes()
        jpeg = unseal(sealed, services.must_unseal(), box_id)
        return Response(jpeg, media_type="image/jpeg")

    @router.get("/fleet/boxes/{box_id}/telemetry")
    def telemetry(who: reader, box_id: str) -> list[TelemetryReport]:
        with reading(engine) as connection:
            return box_reports.newest_telemetry(connection, box_id)

    @router.get("/fleet/sales")
    def sales(who: reader, days: Annotated[int, Query(ge=1, le=31)] = 7) -> list[SalesRow]:
        since = datetime.now(UTC) - timedelta(days=days)
        with reading(engine) as connection:
            found = box_reports.sales_by_day(connection, since)
        return [
            SalesRow(
                box_id=day.box_id, day=day.day, num_baskets=day.num_baskets,
                num_asks=day.num_asks, pieces=dict(day.pieces), by_origin=dict(day.by_origin),
            )
            for day in found
        ]  # fmt: skip

    @router.delete("/baskets/{basket_id}/pictures")
    def forget(who: manager, basket_id: str) -> ForgottenReply:
        with writing(engine) as connection:
            blobs = picture_life.forget_basket(
                connection, basket_id, now=datetime.now(UTC), actor=who
            )
            for name in blobs:  # before the commit: a cut leaves rows that still name them
                services.blobs.forget(name)
        return ForgottenReply(num_blobs=len(blobs))

    return router
