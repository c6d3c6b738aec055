"""Runs for people, workers and scripts: list, look, compare, note, clone, edit, enqueue, push.

Flow: capture -> run -> points and files -> finish ; run -> clone -> edit -> enqueue -> job
"""

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request
from pydantic import AwareDatetime, Field

from trainer.hub.hub_services import HubServices
from trainer.hub.people_auth import Body, Reply, needs
from trainer.hub.worker_scope import WorkerScope
from trainer.run_difference import differences, package_differences
from trainer.store import runs
from trainer.store.database import reading, writing
from trainer.store.role_permissions import Permission
from trainer.store.runs import StoredRun

RunId = Annotated[str, Field(pattern=r"^([0-9a-f]{32})?$")]
Name = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00]+$")]
Document = Annotated[dict[str, Any], Field(max_length=200)]
Tag = Annotated[str, Field(min_length=1, max_length=40, pattern=r"^[\w.:-]+$")]
Kind = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_.-]{0,59}$")]
Curves = dict[str, list[tuple[int, float]]]


class RunRequest(Body):
    """A draft, or a run that a worker or a script has begun (`running`)."""

    run_id: RunId = ""
    name: Name
    kind: Kind = "script"
    parameters: Document = {}
    capture: Document = {}
    parent_id: RunId = ""
    status: Literal["draft", "running"] = "draft"


class EditRequest(Body):
    """What to change; parameters of drafts only."""

    name: Name | None = None
    note: Annotated[str, Field(max_length=20_000, pattern=r"^[^\x00]*$")] | None = None
    tags: Annotated[list[Tag], Field(max_length=50)] | None = None
    parameters: Document | None = None


class StartRequest(Body):
    """A worker begins a run."""

    job_id: str = Field(default="", max_length=40)
    capture: Document = {}


class Point(Body):
    """One figure of a curve."""

    name: str = Field(min_length=1, max_length=80, pattern=r"^[\w./ -]+$")
    step: int = Field(ge=0, le=2**62)
    value: float = Field(allow_inf_nan=False)


class PointsRequest(Body):
    """Figures since the last time."""

    points: list[Point] = Field(min_length=1, max_length=5000)


class FileRequest(Body):
    """An artefact that belongs to the run."""

    name: Name
    sha256: str = Field(pattern="^[0-9a-f]{64}$")


class FinishRunRequest(Body):
    """How it ended."""

    status: Literal["done", "failed", "cancelled"]
    result: Document = {}


class CloneRequest(Body):
    """How the clone is called."""

    name: Annotated[str, Field(max_length=200, pattern=r"^[^\x00]*$")] = ""


class EnqueueRequest(Body):
    """How urgent it is, and what it needs."""

    priority: int = Field(default=0, ge=-100, le=100)
    num_gpus: int = Field(default=0, ge=0, le=64)


class RunRow(Reply):
    """One line of the list."""

    run_id: str
    name: str
    kind: str
    status: Literal["draft", "queued", "running", "done", "failed", "cancelled"]
    parent_id: str
    job_id: str
    tags: list[str]
    created_by: str
    created_at: AwareDatetime
    started_at: AwareDatetime | None
    finished_at: AwareDatetime | None


class RunPage(Reply):
    """A page of runs."""

    total: int
    offset: int
    limit: int
    items: list[RunRow]


class RunFile(Reply):
    """Something a run left; fetched from /artifacts/{sha256}."""

    name: str
    sha256: str
    size: int


class RunReply(RunRow):
    """A run."""

    parameters: dict[str, Any]
    capture: dict[str, Any]
    result: dict[str, Any]
    note: str
    files: list[RunFile]


class Difference(Reply):
    """A place where two runs differ; `-` where one has nothing."""

    place: str
    left: str
    right: str


class CompareReply(Reply):
    """Two runs side by side."""

    parameters: list[Difference]
    capture: list[Difference]
    packages: list[Difference]
    result: list[Difference]
    left_curves: Curves
    right_curves: Curves


class EnqueuedReply(Reply):
    """The job that will do it."""

    run_id: str
    job_id: str


def make_run_router(services: HubServices) -> APIRouter:
    """Endpoints of runs."""
    router = APIRouter(prefix="/api/v1", tags=["runs"])
    engine = services.engine
    reader = Annotated[str, Depends(needs(engine, Permission.RUNS_READ))]

    @router.get("/runs")
    def list_all(
        who: reader,
        status: Literal["", "draft", "queued", "running", "done", "failed", "cancelled"] = "",
        q: Annotated[str, Query(max_length=100)] = "",
        tag: Annotated[str, Query(max_length=40)] = "",
        sort: runs.RunSort = "-created_at",
        offset: Annotated[int, Query(ge=0, le=10_000_000)] = 0,
        limit: Annotated[int, Query(ge=1, le=500)] = 50,
    ) -> RunPage:
        with reading(engine) as connection:
            total, found = runs.list_runs(
                connection, status=status, text=q, tag=tag, sort=sort, offset=offset, limit=limit
            )
        items = [RunRow(**{n: getattr(r, n) for n in RunRow.model_fields}) for r in found]
        return RunPage(total=total, offset=offset, limit=limit, items=items)

    @router.get("/runs/{run_id}")
    def read(who: reader, run_id: str) -> RunReply:
        with reading(engine) as connection:
            return _reply(connection, runs.find(connection, run_id))

    @router.get("/runs/{run_id}/scalars")
    def curves(who: reader, run_id: str) -> Curves:
        with reading(engine) as connection:
            runs.find(connection, run_id)
            return runs.curves_of(connection, run_id)

    @router.get("/runs/{run_id}/compare/{other_id}")
    def compare(who: reader, run_id: str, other_id: str) -> CompareReply:
        with reading(engine) as connection:
            left, right = runs.find(connection, run_id), runs.find(connection, other_id)
            return CompareReply(
                **_compared(left, right),
                left_curves=runs.curves_of(connection, run_id),
                right_curves=runs.curves_of(connection, other_id),
            )

    _add_changes(router, services)
    _add_reports(router, services)
    return router


def _add_changes(router: APIRouter, services: HubServices) -> None:
    engine = services.engine
    changer = Annotated[str, Depends(needs(engine, Permission.RUNS_CHANGE))]

    @router.patch("/runs/{run_id}")
    def edit(who: changer, run_id: str, body: EditRequest) -> RunReply:
        changes = body.model_dump(exclude_none=True)
        with writing(engine) as connection:
            run = runs.edit(connection, run_id, changes, now=datetime.now(UTC), actor=who)
            return _reply(connection, run)

    @router.post("/runs/{run_id}/clone", status_code=201)
    def clone(who: changer, run_id: str, body: CloneRequest) -> RunReply:
        with writing(engine) as connection:
            made = runs.clone(connection, run_id, name=body.name, now=datetime.now(UTC), actor=who)
            return _reply(connection, made)

    @router.post("/runs/{run_id}/enqueue", status_code=201)
    def enqueue(who: changer, run_id: str, body: EnqueueRequest) -> EnqueuedReply:
        with writing(engine) as connection:
            job = runs.enqueue(
                connection, run_id, priority=body.priority, num_gpus=body.num_gpus,
                now=datetime.now(UTC), actor=who,
            )  # fmt: skip
        return EnqueuedReply(run_id=run_id, job_id=job.job_id)


def _add_reports(router: APIRouter, services: HubServices) -> None:
    engine, scope = services.engine, WorkerScope(services)
    reporter = Annotated[str, Depends(needs(engine, Permission.RUNS_REPORT))]

    @router.post("/runs", status_code=201)
    def create(who: reporter, body: RunRequest, request: Request) -> RunReply:
        scope.require_run(request, body.run_id)
        with writing(engine) as connection:
            made = runs.create(connection, **body.model_dump(), now=datetime.now(UTC), actor=who)
            return _reply(connection, made)

    @router.post("/runs/{run_id}/start")
    def start(who: reporter, run_id: str, body: StartRequest, request: Request) -> RunReply:
        scope.require_run(request, run_id)
        with writing(engine) as connection:
            run = runs.start(
                connection, run_id, job_id=body.job_id, capture=body.capture,
                now=datetime.now(UTC),
            )  # fmt: skip
            return _reply(connection, run)

    @router.post("/runs/{run_id}/scalars", status_code=204)
    def add_points(who: reporter, run_id: str, body: PointsRequest, request: Request) -> None:
        scope.require_run(request, run_id)
        with writing(engine) as connection:
            runs.add_points(connection, run_id, [(p.name, p.step, p.value) for p in body.points])

    @router.post("/runs/{run_id}/files", status_code=204)
    def link(who: reporter, run_id: str, body: FileRequest, request: Request) -> None:
        scope.require_run(request, run_id)
        scope.require_artifact(request, body.sha256)
        with writing(engine) as connection:
            runs.link_file(
                connection, run_id, body.name, body.sha256, now=datetime.now(UTC), actor=who
            )

    @router.post("/runs/{run_id}/finish")
    def finish(who: reporter, run_id: str, body: FinishRunRequest, request: Request) -> RunReply:
        scope.require_run(request, run_id)
        with writing(engine) as connection:
            run = runs.finish(
                connection, run_id, status=body.status, result=body.result, now=datetime.now(UTC)
            )
            return _reply(connection, run)


def _reply(connection: Any, run: StoredRun) -> RunReply:
    files = runs.files_of(connection, run.run_id)
    return RunReply(
        **{name: getattr(run, name) for name in StoredRun.__slots__},
        files=[RunFile(name=n, sha256=sha256, size=size) for n, (sha256, size) in files.items()],
    )


def _compared(left: StoredRun, right: StoredRun) -> dict[str, list[Difference]]:
    def rows(found: list[tuple[str, str, str]]) -> list[Difference]:
        return [Difference(place=p, left=a[:500], right=b[:500]) for p, a, b in found]

    before, after = dict(left.capture), dict(right.capture)
    packages = [list(map(str, found.pop("packages", []))) for found in (before, after)]
    return {
        "parameters": rows(differences(left.parameters, right.parameters)),
        "capture": rows(differences(before, after)),
        "packages": rows(package_differences(*packages)),
        "result": rows(differences(left.result, right.result)),
    }
