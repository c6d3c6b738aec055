"""Backups over HTTP: which there are, make one now, read one again: /api/v1/backups.

Flow: operator -> one task at a time, in the background -> snapshot | report ; folder -> list

A backup holds the hub's keys, so none is ever sent anywhere from here. Restoring needs a hub that
does not run: `hubctl backup restore`.
"""

import logging
import threading
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Annotated, Literal

from fastapi import APIRouter, BackgroundTasks, Depends, Path
from pydantic import AwareDatetime
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from trainer.errors import TrainerError
from trainer.hub.hub_services import BackupPlace, HubServices
from trainer.hub.people_auth import Body, Reply, needs
from trainer.store import audit
from trainer.store.backup import (
    BackupError,
    BackupReport,
    create_backup,
    describe_backup,
    list_backups,
    verify_backup,
)
from trainer.store.database import writing
from trainer.store.role_permissions import Permission

logger = logging.getLogger(__name__)

Name = Annotated[str, Path(pattern=r"^[0-9]{8}T[0-9]{6}Z$")]
State = Literal["", "running", "done", "failed"]
MAX_SHOWN = 100
NAME_FORMAT = "%Y%m%dT%H%M%SZ"


class BackupRequest(Body):
    """How to make it; `is_portable`: tables as JSON, loads into PostgreSQL too."""

    is_portable: bool = False


class BackupRow(Reply):
    """A snapshot that is complete, by what it says of itself."""

    name: str
    created_at: AwareDatetime
    database: str
    num_files: int
    num_blobs: int
    num_missing: int


class TaskReply(Reply):
    """What the hub did last here, or does now; `problems` of a failed one, first ones only."""

    what: Literal["", "create", "verify"] = ""
    name: str = ""
    state: State = ""
    problems: list[str] = []


class BackupsReply(Reply):
    """Every snapshot, the newest first; a hundred at most."""

    folder: str
    task: TaskReply
    items: list[BackupRow]


class BackupDesk:
    """One backup at a time; a second request is told so."""

    def __init__(self, engine: Engine, backups: BackupPlace | None) -> None:
        """Nothing is done yet."""
        self._engine, self._backups = engine, backups
        self._lock = threading.Lock()
        self.task = TaskReply()

    def must(self) -> BackupPlace:
        """Where backups lie.

        Raises:
            BackupError: hub.toml names no place.
        """
        if self._backups is None:
            raise BackupError("this hub keeps no backups", hint="set `backup_dir` in hub.toml")
        return self._backups

    def begin(self, what: Literal["create", "verify"], name: str, who: str, now: datetime) -> None:
        """Take the place of the one task, and write down who asked.

        Raises:
            BackupError: another one is under way.
        """
        with self._lock:
            if self.task.state == "running":
                raise BackupError("a backup is under way", hint="GET /api/v1/backups tells")
            with writing(self._engine) as connection:
                audit.record(
                    connection, now=now, actor=who, action=f"backup_{what}",
                    subject=f"backup:{name}",
                )  # fmt: skip
            self.task = TaskReply(what=what, name=name, state="running")

    def run(self, work: Callable[[], BackupReport]) -> None:
        """Do it, and remember how it ended."""
        problems: tuple[str, ...] = ("the hub could not go on",)
        try:
            problems = work().problems
        except (TrainerError, SQLAlchemyError, OSError) as err:
            problems = (str(err)[:300],)
            logger.error("backup failed: %s", type(err).__name__)  # noqa: TRY400
        finally:
            self.task = self.task.model_copy(
                update={"state": "failed" if problems else "done", "problems": list(problems[:20])}
            )


def make_backup_router(services: HubServices) -> APIRouter:
    """Endpoints of backups."""
    router = APIRouter(prefix="/api/v1", tags=["store care"])
    operator = Annotated[str, Depends(needs(services.engine, Permission.STORE_CARE))]
    desk = BackupDesk(services.engine, services.backups)

    @router.get("/backups")
    def list_all(who: operator) -> BackupsReply:
        folder = desk.must().folder
        names = list_backups(folder)[::-1][:MAX_SHOWN]
        items = [_row(describe_backup(folder, name)) for name in names]
        return BackupsReply(folder=str(folder), task=desk.task, items=items)

    @router.post("/backups", status_code=202)
    def create(who: operator, body: BackupRequest, background: BackgroundTasks) -> TaskReply:
        kept, now = desk.must(), services.clock()
        kept.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        desk.begin("create", now.strftime(NAME_FORMAT), who, now)
        work = partial(
            create_backup, kept.place, kept.folder, now=now, is_portable=body.is_portable
        )
        background.add_task(desk.run, work)
        return desk.task

    @router.post("/backups/{name}/verify", status_code=202)
    def verify(who: operator, name: Name, background: BackgroundTasks) -> TaskReply:
        folder = desk.must().folder
        describe_backup(folder, name)
        desk.begin("verify", name, who, services.clock())
        background.add_task(desk.run, partial(verify_backup, folder, name))
        return desk.task

    return router


def _row(report: BackupReport) -> BackupRow:
    created = datetime.strptime(f"{report.name}+0000", f"{NAME_FORMAT}%z")
    return BackupRow(
        name=report.name,
        created_at=created,
        database=report.database,
        num_files=report.num_files,
        num_blobs=report.num_blobs,
        num_missing=len(report.missing),
    )
