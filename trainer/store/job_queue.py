"""Jobs that workers lease: by priority, with heartbeats, run again when a worker falls silent.

Flow: queued -> leased (lease_until) -> done | failed | cancelled ; lease run out -> queued again

Only the holder of the newest lease may finish a job, so a job that ran twice has one effect. A job
that lost its worker `max_attempts` times has failed. Time is the caller's.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import Connection, case, func, insert, select, update

from trainer.errors import DegradedError
from trainer.store import audit
from trainer.store.job_tables import JOB_LOGS, JOBS

MAX_LOG_PAGE = 1000


class JobError(DegradedError):
    """A job that cannot be changed so."""

    code = "job.refused"


class UnknownJobError(JobError):
    """No such job."""

    code = "not_found"


class LeaseLostError(JobError):
    """Another worker has the job, or it was cancelled: what was made must be thrown away."""

    code = "job.lease_lost"


@dataclass(frozen=True, slots=True)
class Job:
    """One job as it stands."""

    job_id: str
    kind: str
    parameters: dict[str, Any]
    priority: int
    num_gpus: int
    status: str
    attempt: int
    max_attempts: int
    lease_id: str
    worker: str
    lease_until: datetime | None
    is_cancel_asked: bool
    progress: int
    message: str
    result: dict[str, Any]
    created_by: str
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


def enqueue(
    connection: Connection, kind: str, parameters: dict[str, Any], *, priority: int = 0,
    num_gpus: int = 0, max_attempts: int = 3, now: datetime, actor: str,
) -> Job:  # fmt: skip
    """A new job; higher priority runs first, then the older one."""
    job_id = uuid.uuid4().hex
    connection.execute(
        insert(JOBS).values(
            job_id=job_id, kind=kind, parameters=parameters, priority=priority,
            num_gpus=num_gpus, status="queued", attempt=0, max_attempts=max_attempts,
            lease_id="", worker="", is_cancel_asked=False, progress=0, message="", result={},
            created_by=actor, created_at=now,
        )
    )  # fmt: skip
    audit.record(
        connection, now=now, actor=actor, action="job_enqueued", subject=f"job:{job_id}",
        details={"kind": kind},
    )  # fmt: skip
    return find_job(connection, job_id)


def find_job(connection: Connection, job_id: str) -> Job:
    """A job by its id.

    Raises:
        UnknownJobError: there is none.
    """
    row = connection.execute(select(JOBS).where(JOBS.c.job_id == job_id)).mappings().first()
    if row is None:
        raise UnknownJobError(f"no job {job_id[:40]!r}", hint="see GET /api/v1/jobs")
    return Job(**{name: row[name] for name in Job.__slots__})


def list_jobs(
    connection: Connection, *, status: str, offset: int, limit: int, sort: str = "-created_at"
) -> tuple[int, list[Job]]:
    """How many there are, and one page.

    Args:
        sort: a column, with a leading minus for falling order.
    """
    chosen = select(JOBS)
    if status:
        chosen = chosen.where(JOBS.c.status == status)
    column = JOBS.c[sort.removeprefix("-")]
    order = column.desc() if sort.startswith("-") else column.asc()
    total = connection.execute(select(func.count()).select_from(chosen.subquery())).scalar_one()
    rows = connection.execute(
        chosen.order_by(order, JOBS.c.created_at.desc(), JOBS.c.job_id).offset(offset).limit(limit)
    ).mappings()
    return total, [Job(**{name: row[name] for name in Job.__slots__}) for row in rows]


def lease_next(
    connection: Connection, worker: str, kinds: Sequence[str], *, num_gpus: int,
    life: timedelta, now: datetime, holder: str = "",
) -> Job | None:  # fmt: skip
    """The next job this worker can do, its own until the lease runs out; None when none waits.

    Args:
        kinds: what it can do.
        num_gpus: how many it has free.
        holder: whose token asks; what the job names is open to it while it holds the lease.
    """
    take_back_lost(connection, now=now)
    query = (
        select(JOBS.c.job_id, JOBS.c.attempt)
        .where(JOBS.c.status == "queued", JOBS.c.kind.in_(list(kinds)))
        .where(JOBS.c.num_gpus <= num_gpus)
        .order_by(JOBS.c.priority.desc(), JOBS.c.created_at, JOBS.c.job_id)
        .limit(1)
        # SQLite has one writer and ignores this; PostgreSQL lets workers pass each other.
        .with_for_update(skip_locked=True)
    )
    row = connection.execute(query).first()
    if row is None:
        return None
    connection.execute(
        update(JOBS)
        .where(JOBS.c.job_id == row.job_id)
        .values(
            status="leased", worker=worker, lease_id=uuid.uuid4().hex, lease_until=now + life,
            attempt=row.attempt + 1, progress=0, started_at=now, holder=holder,
        )
    )  # fmt: skip
    return find_job(connection, row.job_id)


def take_back_lost(connection: Connection, *, now: datetime) -> int:
    """Queue again what lost its worker; how many. What was lost too often has failed."""
    lost = (JOBS.c.status == "leased") & (JOBS.c.lease_until <= now)
    result: Any = connection.execute(
        update(JOBS)
        .where(lost)
        .values(
            status=case(
                (JOBS.c.is_cancel_asked, "cancelled"),
                (JOBS.c.attempt >= JOBS.c.max_attempts, "failed"),
                else_="queued",
            ),
            finished_at=case(
                (JOBS.c.is_cancel_asked | (JOBS.c.attempt >= JOBS.c.max_attempts), now),
                else_=None,
            ),
            message="the worker fell silent",
            lease_id="",
            lease_until=None,
        )
    )
    return int(result.rowcount)


def heartbeat(
    connection: Connection, job_id: str, lease_id: str, *, progress: int, message: str,
    life: timedelta, now: datetime,
) -> Job:  # fmt: skip
    """The worker is alive; `is_cancel_asked` of the answer tells it to stop.

    Raises:
        LeaseLostError: the job is not its own any more.
    """
    _require_lease(connection, job_id, lease_id, now)
    connection.execute(
        update(JOBS)
        .where(JOBS.c.job_id == job_id)
        .values(lease_until=now + life, progress=progress, message=message)
    )
    return find_job(connection, job_id)


def finish(
    connection: Connection, job_id: str, lease_id: str, *,
    status: Literal["done", "failed", "cancelled"], message: str, result: dict[str, Any],
    now: datetime,
) -> Job:  # fmt: skip
    """The one effect of a job.

    Raises:
        LeaseLostError: the job is not this worker's any more; its result counts for nothing.
    """
    _require_lease(connection, job_id, lease_id, now)
    connection.execute(
        update(JOBS)
        .where(JOBS.c.job_id == job_id)
        .values(
            status=status, message=message, result=result, finished_at=now, lease_until=None,
            lease_id="", progress=100 if status == "done" else JOBS.c.progress,
        )
    )  # fmt: skip
    return find_job(connection, job_id)


def cancel(connection: Connection, job_id: str, *, now: datetime, actor: str) -> Job:
    """Take a job off the queue, or ask its worker to stop.

    Raises:
        JobError: it has ended.
    """
    job = find_job(connection, job_id)
    if job.status not in ("queued", "leased"):
        raise JobError(f"the job is {job.status}", hint="nothing to cancel")
    values: dict[str, Any] = {"is_cancel_asked": True}
    if job.status == "queued":
        values |= {"status": "cancelled", "finished_at": now}
    connection.execute(update(JOBS).where(JOBS.c.job_id == job_id).values(**values))
    audit.record(connection, now=now, actor=actor, action="job_cancelled", subject=f"job:{job_id}")
    return find_job(connection, job_id)


def add_log(
    connection: Connection, job_id: str, lease_id: str, text: str, *, now: datetime
) -> None:
    """Append what a worker wrote.

    Raises:
        LeaseLostError: the job is not its own any more.
    """
    job = _require_lease(connection, job_id, lease_id, now)
    connection.execute(
        insert(JOB_LOGS).values(job_id=job_id, attempt=job.attempt, text=text, at=now)
    )


def logs_of(connection: Connection, job_id: str, *, after: int) -> list[dict[str, Any]]:
    """What workers wrote, those after `after`."""
    rows = connection.execute(
        select(JOB_LOGS)
        .where(JOB_LOGS.c.job_id == job_id, JOB_LOGS.c.log_id > after)
        .order_by(JOB_LOGS.c.log_id)
        .limit(MAX_LOG_PAGE)
    ).mappings()
    return [dict(row) for row in rows]


def _require_lease(connection: Connection, job_id: str, lease_id: str, now: datetime) -> Job:
    job = find_job(connection, job_id)
    is_own = job.status == "leased" and lease_id and job.lease_id == lease_id
    if not is_own or job.lease_until is None or job.lease_until <= now:
        raise LeaseLostError(f"job {job_id[:8]} is {job.status}", hint="throw the result away")
    return job
