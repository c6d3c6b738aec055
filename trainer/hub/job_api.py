"""Jobs for people and workers: enqueue, look, cancel; lease, heartbeat, log, finish: /api/v1/jobs.

Flow: person -> queued ; worker -> lease -> heartbeats and logs -> finish
"""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request
from pydantic import AwareDatetime, Field

from trainer.hub.hub_services import HubServices
from trainer.hub.people_auth import Body, Reply, needs, principal_of
from trainer.hub.worker_watch import WorkerWatch
from trainer.store import job_queue
from trainer.store.database import reading, writing
from trainer.store.job_queue import Job
from trainer.store.role_permissions import Permission, require

Kind = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_.-]{0,59}$")]
Line = Annotated[str, Field(max_length=2000, pattern=r"^[^\x00]*$")]
Status = Literal["queued", "leased", "done", "failed", "cancelled"]
JobOrder = Literal[
    "created_at", "-created_at", "priority", "-priority", "kind", "-kind", "status", "-status",
    "worker", "-worker", "created_by", "-created_by",
]  # fmt: skip
LeaseSeconds = Annotated[int, Field(ge=5, le=600)]


class JobRequest(Body):
    """What to do; higher priority runs first."""

    kind: Kind
    parameters: dict[str, Any] = Field(default={}, max_length=100)
    priority: int = Field(default=0, ge=-100, le=100)
    num_gpus: int = Field(default=0, ge=0, le=64)
    max_attempts: int = Field(default=3, ge=1, le=20)


class LeaseRequest(Body):
    """A worker with nothing to do."""

    worker: str = Field(min_length=1, max_length=120, pattern=r"^[^\x00]+$")
    kinds: list[Kind] = Field(min_length=1, max_length=100)
    num_gpus: int = Field(default=0, ge=0, le=64)
    lease_s: LeaseSeconds = 30


class HeartbeatRequest(Body):
    """The worker is alive."""

    lease_id: str = Field(min_length=1, max_length=40)
    progress: int = Field(default=0, ge=0, le=100)
    message: Line = ""
    lease_s: LeaseSeconds = 30


class LogRequest(Body):
    """What the worker wrote since the last time."""

    lease_id: str = Field(min_length=1, max_length=40)
    text: str = Field(min_length=1, max_length=65_536, pattern=r"^[^\x00]+$")


class FinishRequest(Body):
    """The end of a job."""

    lease_id: str = Field(min_length=1, max_length=40)
    status: Literal["done", "failed", "cancelled"]
    message: Line = ""
    result: dict[str, Any] = Field(default={}, max_length=100)


class JobReply(Reply):
    """One job; its lease is told to its worker only."""

    job_id: str
    kind: str
    parameters: dict[str, Any]
    priority: int
    num_gpus: int
    status: Status
    attempt: int
    max_attempts: int
    worker: str
    lease_until: AwareDatetime | None
    is_cancel_asked: bool
    progress: int
    message: str
    result: dict[str, Any]
    created_by: str
    created_at: AwareDatetime
    started_at: AwareDatetime | None
    finished_at: AwareDatetime | None


class LeasedJob(JobReply):
    """A job for the worker that asked."""

    lease_id: str


class JobPage(Reply):
    """A page of jobs."""

    total: int
    offset: int
    limit: int
    items: list[JobReply]


class LogReply(Reply):
    """A piece of a worker's output."""

    log_id: int
    attempt: int
    text: str
    at: AwareDatetime


class WorkerReply(Reply):
    """A worker that called within a day; `job_id` is empty while it waits for work."""

    worker: str
    kinds: list[str]
    num_gpus: int
    job_id: str
    seen_at: AwareDatetime


def make_job_router(services: HubServices) -> APIRouter:
    """Endpoints of jobs."""
    router = APIRouter(prefix="/api/v1", tags=["jobs"])
    engine = services.engine
    reader = Annotated[str, Depends(needs(engine, Permission.JOBS_READ))]
    person = Annotated[str, Depends(needs(engine, Permission.JOBS_CHANGE))]

    @router.get("/jobs")
    def list_all(
        who: reader,
        status: Literal["", "queued", "leased", "done", "failed", "cancelled"] = "",
        sort: JobOrder = "-created_at",
        offset: Annotated[int, Query(ge=0, le=10_000_000)] = 0,
        limit: Annotated[int, Query(ge=1, le=500)] = 50,
    ) -> JobPage:
        with reading(engine) as connection:
            total, found = job_queue.list_jobs(
                connection, status=status, sort=sort, offset=offset, limit=limit
            )
        return JobPage(total=total, offset=offset, limit=limit, items=[_reply(j) for j in found])

    @router.post("/jobs", status_code=201)
    def enqueue(who: person, body: JobRequest) -> JobReply:
        with writing(engine) as connection:
            job = job_queue.enqueue(
                connection, body.kind, body.parameters, priority=body.priority,
                num_gpus=body.num_gpus, max_attempts=body.max_attempts, now=datetime.now(UTC),
                actor=who,
            )  # fmt: skip
        return _reply(job)

    @router.get("/jobs/{job_id}")
    def read(who: reader, job_id: str) -> JobReply:
        with reading(engine) as connection:
            return _reply(job_queue.find_job(connection, job_id))

    @router.get("/jobs/{job_id}/logs")
    def logs(
        who: reader, job_id: str, after: Annotated[int, Query(ge=0, le=2**62)] = 0
    ) -> list[LogReply]:
        with reading(engine) as connection:
            job_queue.find_job(connection, job_id)
            rows = job_queue.logs_of(connection, job_id, after=after)
        return [
            LogReply(**{n: row[n] for n in ("log_id", "attempt", "text", "at")}) for row in rows
        ]

    @router.post("/jobs/{job_id}/cancel")
    def cancel(who: person, job_id: str) -> JobReply:
        with writing(engine) as connection:
            return _reply(job_queue.cancel(connection, job_id, now=datetime.now(UTC), actor=who))

    watch = WorkerWatch()

    @router.get("/workers")
    def workers(who: reader) -> list[WorkerReply]:
        return [
            WorkerReply(**{name: getattr(one, name) for name in WorkerReply.model_fields})
            for one in watch.all_of(datetime.now(UTC))
        ]

    _add_work(router, services, watch)
    return router


def _add_work(router: APIRouter, services: HubServices, watch: WorkerWatch) -> None:
    engine = services.engine
    worker = Annotated[str, Depends(needs(engine, Permission.JOBS_WORK))]

    @router.post("/jobs-lease")
    def lease(who: worker, body: LeaseRequest, request: Request) -> LeasedJob | None:
        if any(kind.partition(".")[0] == "gate" for kind in body.kinds):
            require(principal_of(engine, request), Permission.GATE_RUN)
        with writing(engine) as connection:
            job = job_queue.lease_next(
                connection, body.worker, body.kinds, num_gpus=body.num_gpus,
                life=timedelta(seconds=body.lease_s), now=datetime.now(UTC), holder=who,
            )  # fmt: skip
        job_id = "" if job is None else job.job_id
        watch.asked(body.worker, body.kinds, body.num_gpus, job_id, datetime.now(UTC))
        return None if job is None else LeasedJob(**_values(job), lease_id=job.lease_id)

    @router.post("/jobs/{job_id}/heartbeat")
    def heartbeat(who: worker, job_id: str, body: HeartbeatRequest) -> JobReply:
        with writing(engine) as connection:
            job = job_queue.heartbeat(
                connection, job_id, body.lease_id, progress=body.progress, message=body.message,
                life=timedelta(seconds=body.lease_s), now=datetime.now(UTC),
            )  # fmt: skip
        watch.beat(job.worker, job.kind, job.job_id, datetime.now(UTC))
        return _reply(job)

    @router.post("/jobs/{job_id}/logs", status_code=204)
    def add_log(who: worker, job_id: str, body: LogRequest) -> None:
        with writing(engine) as connection:
            job_queue.add_log(connection, job_id, body.lease_id, body.text, now=datetime.now(UTC))

    @router.post("/jobs/{job_id}/finish")
    def finish(who: worker, job_id: str, body: FinishRequest) -> JobReply:
        with writing(engine) as connection:
            job = job_queue.finish(
                connection, job_id, body.lease_id, status=body.status, message=body.message,
                result=body.result, now=datetime.now(UTC),
            )  # fmt: skip
        watch.beat(job.worker, job.kind, "", datetime.now(UTC))
        return _reply(job)


def _reply(job: Job) -> JobReply:
    return JobReply(**_values(job))


def _values(job: Job) -> dict[str, Any]:
    return {name: getattr(job, name) for name in JobReply.model_fields}
