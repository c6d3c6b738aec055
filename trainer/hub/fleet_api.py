"""The fleet as the dashboard reads it: /api/v1/fleet. Changes go through operator_api.

Flow: request with a cookie or a token -> permission -> store -> JSON
"""

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query
from fastapi.responses import FileResponse
from pydantic import AwareDatetime

from trainer.hub.edge_api import EdgeServices, NotHereError
from trainer.hub.people_auth import Reply, needs
from trainer.store import box_reports, fleet_details
from trainer.store.database import reading
from trainer.store.role_permissions import Permission

MAX_PAGE = 200
Status = Literal["", "pending", "enrolled", "revoked", "quarantined", "replaced"]
Health = Literal["", "ok", "degraded", "failed", "silent"]
BoxOrder = Literal[
    "box_id", "-box_id", "store_id", "-store_id", "ring", "-ring", "seen_at", "-seen_at",
    "edge_version", "-edge_version",
]  # fmt: skip


class BoxLine(Reply):
    """One line of the fleet."""

    box_id: str
    status: str
    status_reason: str
    store_id: str
    ring: str
    seen_at: str
    is_silent: bool
    verdict: str
    edge_version: str
    bundle: str
    fingerprint_words: str


class BoxLines(Reply):
    """A page of the fleet."""

    total: int
    offset: int
    limit: int
    items: list[BoxLine]


class CameraLine(Reply):
    """A camera as its box sees it."""

    camera: str
    state: str = ""
    reason: str = ""
    quality: float | None = None
    fps: float | None = None
    has_picture: bool = False
    picture_at: AwareDatetime | None = None


class CommandLine(Reply):
    """A remote command and what became of it."""

    command_id: str
    kind: str
    status: str
    message: str
    has_output: bool
    created_at: AwareDatetime
    finished_at: AwareDatetime | None


class BoxReply(Reply):
    """One box with everything it told in its last check-in."""

    box: BoxLine
    enrolled_at: AwareDatetime | None
    created_at: AwareDatetime
    reasons: list[str]
    generation: int
    bundles: dict[str, str]
    facts: dict[str, float]
    cameras: list[CameraLine]
    quarantined: list[str]
    commands: list[CommandLine]


class OverviewReply(Reply):
    """The fleet in figures.

    Attributes:
        received_per_hour: kind of row -> count in each of the last 24 hours, oldest first.
    """

    by_status: dict[str, int]
    num_silent: int
    num_troubled: int
    received_per_hour: dict[str, list[int]]


def make_fleet_router(services: EdgeServices) -> APIRouter:
    """Endpoints below /api/v1/fleet."""
    router = APIRouter(prefix="/api/v1/fleet", tags=["fleet"])
    engine = services.engine
    reader = Annotated[str, Depends(needs(engine, Permission.FLEET_READ))]
    operator = Annotated[str, Depends(needs(engine, Permission.FLEET_CHANGE))]

    @router.get("/overview")
    def overview(who: reader) -> OverviewReply:
        with reading(engine) as connection:
            counts = fleet_details.count_fleet(connection, now=datetime.now(UTC))
        return OverviewReply(**asdict(counts))

    @router.get("/boxes")
    def boxes(
        who: reader,
        q: Annotated[str, Query(max_length=80)] = "",
        status: Status = "",
        health: Health = "",
        sort: BoxOrder = "box_id",
        offset: Annotated[int, Query(ge=0, le=10**6)] = 0,
        limit: Annotated[int, Query(ge=1, le=MAX_PAGE)] = 50,
    ) -> BoxLines:
        with reading(engine) as connection:
            found = fleet_details.find_boxes(
                connection, now=datetime.now(UTC), text=q.strip(), status=status, health=health
            )
        if sort != "box_id":  # boxes come in order of name, which stays the order among equals
            key = sort.removeprefix("-")
            found.sort(key=lambda box: str(getattr(box, key)), reverse=sort.startswith("-"))
        lines = [BoxLine(**asdict(box)) for box in found[offset : offset + limit]]
        return BoxLines(total=len(found), offset=offset, limit=limit, items=lines)

    @router.get("/boxes/{box_id}")
    def box(who: reader, box_id: str) -> BoxReply:
        with reading(engine) as connection:
            details = fleet_details.box_details(connection, box_id, now=datetime.now(UTC))
            times = box_reports.picture_times(connection, details.told.get("last_picture", {}))
        return _box_reply(details, times)

    @router.get("/boxes/{box_id}/commands/{command_id}/output", response_class=FileResponse)
    def output(who: operator, box_id: str, command_id: str) -> FileResponse:
        with reading(engine) as connection:
            sha256 = fleet_details.output_of(connection, box_id, command_id)
        if not sha256 or not services.blobs.has(sha256):
            raise NotHereError(f"command {command_id[:12]} brought nothing back")
        name = f"{box_id}-{command_id[:8]}.json"
        return FileResponse(services.blobs.path(sha256), media_type="application/json",
                            filename=name)  # fmt: skip

    return router


def _box_reply(details: fleet_details.BoxDetails, times: dict[str, datetime]) -> BoxReply:
    told = details.told
    return BoxReply(
        box=BoxLine(**asdict(details.summary)),
        enrolled_at=details.enrolled_at,
        created_at=details.created_at,
        reasons=[str(reason) for reason in told.get("reasons", ())],
        generation=int(told.get("generation", 0)),
        bundles={str(k): str(v) for k, v in told.get("bundles", {}).items()},
        facts={str(k): float(v) for k, v in told.get("facts", {}).items()},
        cameras=[
            _camera(camera, told.get("last_picture", {}), times)
            for camera in told.get("cameras", ())
        ],
        quarantined=[str(bundle) for bundle in told.get("quarantined", ())],
        commands=[_command(command) for command in details.commands],
    )


def _camera(
    told: dict[str, Any], pictures: dict[str, str], times: dict[str, datetime]
) -> CameraLine:
    names = CameraLine.model_fields.keys() - {"has_picture", "picture_at"}
    facts = {name: told[name] for name in names if told.get(name) is not None}
    name = facts.setdefault("camera", "?")
    return CameraLine(**facts, has_picture=name in pictures, picture_at=times.get(name))


def _command(line: fleet_details.CommandLine) -> CommandLine:
    facts = asdict(line)
    has_output = bool(facts.pop("blob"))
    return CommandLine(**facts, has_output=has_output)
