"""Runs: what was tried, from draft to result; cloned, edited, queued again, compared.

Flow: draft -> queued -> running -> done | failed | cancelled ; clone -> draft

A run that ran is never edited, only its name, note and tags are; a clone takes code, parameters and
parent along and leaves curves and results behind.
"""

import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, Text, cast, delete, func, insert, select, update

from trainer.errors import DegradedError
from trainer.store import artifacts, audit, job_queue
from trainer.store.job_queue import Job
from trainer.store.run_tables import RUN_FILES, RUN_SCALARS, RUNS

RunStatus = Literal["draft", "queued", "running", "done", "failed", "cancelled"]
RunSort = Literal[
    "created_at", "-created_at", "name", "-name", "status", "-status", "kind", "-kind",
    "finished_at", "-finished_at",
]  # fmt: skip
MAX_POINTS = 20_000  # of one curve in one answer; a longer one is thinned
CLONED_FACTS = ("code", "entry", "commit")  # of the capture: what runs, not how it went


class RunError(DegradedError):
    """A run that cannot be changed so."""

    code = "run.refused"


class UnknownRunError(RunError):
    """No such run."""

    code = "not_found"


@dataclass(frozen=True, slots=True)
class StoredRun:
    """One run."""

    run_id: str
    name: str
    kind: str
    status: str
    parent_id: str
    job_id: str
    parameters: dict[str, Any]
    capture: dict[str, Any]
    result: dict[str, Any]
    tags: list[str]
    note: str
    created_by: str
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


def create(
    connection: Connection, *, name: str, kind: str, parameters: Mapping[str, Any], now: datetime,
    actor: str, run_id: str = "", parent_id: str = "", job_id: str = "",
    capture: Mapping[str, Any] | None = None, status: RunStatus = "draft",
) -> StoredRun:  # fmt: skip
    """A new run; with a `run_id` that is known already, that run: told twice is told once."""
    chosen = run_id or uuid.uuid4().hex
    known = connection.execute(select(RUNS.c.run_id).where(RUNS.c.run_id == chosen)).scalar()
    if known is None:
        connection.execute(insert(RUNS).values(
            run_id=chosen, name=name, kind=kind, status=status, parent_id=parent_id,
            job_id=job_id, parameters=dict(parameters), capture=dict(capture or {}), result={},
            tags=[], note="", created_by=actor, created_at=now,
            started_at=now if status == "running" else None, finished_at=None,
        ))  # fmt: skip
        _audit(connection, now, actor, "run_created", chosen, kind=kind)
    return find(connection, chosen)


def find(connection: Connection, run_id: str) -> StoredRun:
    """A run by its id.

    Raises:
        UnknownRunError: there is none.
    """
    row = connection.execute(select(RUNS).where(RUNS.c.run_id == run_id)).mappings().first()
    if row is None:
        raise UnknownRunError(f"no run {run_id[:40]!r}", hint="see hubctl run list")
    return _run(row)


def list_runs(
    connection: Connection, *, status: str, text: str, offset: int, limit: int, tag: str = "",
    sort: RunSort = "-created_at",
) -> tuple[int, list[StoredRun]]:  # fmt: skip
    """How many there are, and one page; `text` is part of a name, a minus turns the order."""
    chosen = select(RUNS)
    if status:
        chosen = chosen.where(RUNS.c.status == status)
    if text:
        chosen = chosen.where(RUNS.c.name.contains(text, autoescape=True))
    if tag:
        chosen = chosen.where(cast(RUNS.c.tags, Text).contains(json.dumps(tag), autoescape=True))
    total = connection.execute(select(func.count()).select_from(chosen.subquery())).scalar_one()
    column = RUNS.c[sort.removeprefix("-")]
    order = column.desc() if sort.startswith("-") else column.asc()
    page = chosen.order_by(order.nulls_last(), RUNS.c.run_id).offset(offset).limit(limit)
    return total, [_run(row) for row in connection.execute(page).mappings()]


def edit(
    connection: Connection, run_id: str, changes: Mapping[str, Any], *, now: datetime, actor: str
) -> StoredRun:
    """Change name, note, tags; parameters too while it is a draft.

    Raises:
        RunError: its parameters are history.
    """
    run = find(connection, run_id)
    if "parameters" in changes and run.status != "draft":
        raise RunError(f"the run is {run.status}", hint="clone it and edit the clone")
    if changes:
        connection.execute(update(RUNS).where(RUNS.c.run_id == run_id).values(**changes))
        _audit(connection, now, actor, "run_edited", run_id, what=", ".join(sorted(changes)))
    return find(connection, run_id)


def clone(
    connection: Connection, run_id: str, *, name: str, now: datetime, actor: str
) -> StoredRun:
    """A draft with the same code and parameters."""
    run = find(connection, run_id)
    kept: dict[str, Any] = {k: run.capture[k] for k in CLONED_FACTS if k in run.capture}
    parameters = {key: value for key, value in run.parameters.items() if key != "run_id"}
    return create(
        connection, name=name or f"{run.name} (clone)"[:200], kind=run.kind, parameters=parameters,
        parent_id=run_id, capture=kept, now=now, actor=actor,
    )  # fmt: skip


def enqueue(
    connection: Connection, run_id: str, *, priority: int, num_gpus: int, now: datetime, actor: str
) -> Job:
    """Queue a draft.

    Raises:
        RunError: it is none, or nothing can run it again.
    """
    run = find(connection, run_id)
    if run.status != "draft":
        raise RunError(f"the run is {run.status}", hint="clone it and enqueue the clone")
    if run.kind == "script" and not run.parameters.get("code"):
        raise RunError("the run has no code archive", hint="track it inside a git checkout")
    parameters = {**run.parameters, "run_id": run_id}
    job = job_queue.enqueue(
        connection, run.kind, parameters, priority=priority, num_gpus=num_gpus, now=now, actor=actor
    )
    connection.execute(
        update(RUNS).where(RUNS.c.run_id == run_id).values(status="queued", job_id=job.job_id)
    )
    return job


def start(
    connection: Connection, run_id: str, *, job_id: str, capture: Mapping[str, Any], now: datetime
) -> StoredRun:
    """A worker begins it; what an earlier attempt drew is drawn over."""
    run = find(connection, run_id)
    connection.execute(
        update(RUNS)
        .where(RUNS.c.run_id == run_id)
        .values(status="running", job_id=job_id or run.job_id, started_at=now,
                finished_at=None, capture={**run.capture, **capture})
    )  # fmt: skip
    return find(connection, run_id)


def finish(
    connection: Connection, run_id: str, *, status: Literal["done", "failed", "cancelled"],
    result: Mapping[str, Any], now: datetime,
) -> StoredRun:  # fmt: skip
    """The end of a run."""
    find(connection, run_id)
    connection.execute(
        update(RUNS)
        .where(RUNS.c.run_id == run_id)
        .values(status=status, result=dict(result), finished_at=now)
    )
    return find(connection, run_id)


def add_points(
    connection: Connection, run_id: str, points: Sequence[tuple[str, int, float]]
) -> None:
    """Points of curves; the newest of the same name and step holds."""
    find(connection, run_id)
    newest = {(name, step): value for name, step, value in points}
    for name, step in newest:
        where = (RUN_SCALARS.c.run_id == run_id) & (RUN_SCALARS.c.name == name)
        connection.execute(delete(RUN_SCALARS).where(where, RUN_SCALARS.c.step == step))
    rows = [
        {"run_id": run_id, "name": name, "step": step, "value": value}
        for (name, step), value in newest.items()
    ]
    if rows:
        connection.execute(insert(RUN_SCALARS), rows)


def curves_of(connection: Connection, run_id: str) -> dict[str, list[tuple[int, float]]]:
    """Every curve of a run as (step, value); a long one is thinned to every n-th point."""
    rows = connection.execute(
        select(RUN_SCALARS.c.name, RUN_SCALARS.c.step, RUN_SCALARS.c.value)
        .where(RUN_SCALARS.c.run_id == run_id)
        .order_by(RUN_SCALARS.c.name, RUN_SCALARS.c.step)
    )
    curves: dict[str, list[tuple[int, float]]] = {}
    for row in rows:
        curves.setdefault(row.name, []).append((row.step, row.value))
    return {name: points[:: 1 + len(points) // MAX_POINTS] for name, points in curves.items()}


def link_file(
    connection: Connection, run_id: str, name: str, sha256: str, *, now: datetime, actor: str
) -> None:
    """Let an artefact belong to a run under a name.

    Raises:
        RunError: it was not uploaded.
    """
    find(connection, run_id)
    size = artifacts.find_size(connection, sha256)
    if size is None:
        raise RunError(f"no artefact {sha256[:12]}", hint="upload it first")
    where = (RUN_FILES.c.run_id == run_id) & (RUN_FILES.c.name == name)
    connection.execute(delete(RUN_FILES).where(where))
    connection.execute(insert(RUN_FILES).values(run_id=run_id, name=name, sha256=sha256, size=size))
    _audit(connection, now, actor, "run_file_linked", run_id, file=name)


def files_of(connection: Connection, run_id: str) -> dict[str, tuple[str, int]]:
    """Name -> sha256 and size of what a run left."""
    rows = connection.execute(
        select(RUN_FILES).where(RUN_FILES.c.run_id == run_id).order_by(RUN_FILES.c.name)
    )
    return {row.name: (row.sha256, row.size) for row in rows}


def _run(row: Any) -> StoredRun:
    return StoredRun(**{name: row[name] for name in StoredRun.__slots__})


def _audit(
    connection: Connection, now: datetime, actor: str, action: str, run_id: str, **details: str
) -> None:
    audit.record(
        connection, now=now, actor=actor, action=action, subject=f"run:{run_id}", details=details
    )
