"""The bounds of a worker's token: artefacts, data sets and runs of the jobs that it holds now.

Flow: request -> principal -> people: as their role says | worker: what its leases reach, or 404

To a worker everything else does not exist: no digest that it names tells it whether there is such a
blob. Whoever holds another role beside is bound by that one alone.
"""

from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

from fastapi import Request

from trainer.errors import DegradedError
from trainer.hub.hub_services import HubServices
from trainer.hub.people_auth import principal_of
from trainer.store import artifacts, worker_reach
from trainer.store.api_tokens import Role
from trainer.store.database import reading
from trainer.store.worker_reach import Reach, digests_in

MAX_LIST_BYTES = 8 * 1024 * 1024  # of a list of files that a job names; a longer one opens nothing
ONLY_WORKER = frozenset({Role.WORKER})


class OutOfReachError(DegradedError):
    """Not of a job that this worker holds."""

    code = "not_found"


class WorkerScope:
    """Asks for each request whether it is a worker's, and then whether its jobs name the thing."""

    def __init__(self, services: HubServices) -> None:
        """Nothing is kept between requests but which digests a list of files names."""
        self._services = services

    def reads(self, request: Request, sha256: str) -> bool:
        """Whether an artefact may be read; published files are not asked about."""
        who = self._worker(request)
        if not who:
            return True
        with reading(self._services.engine) as connection:
            if worker_reach.has_sent(connection, sha256, who):
                return True
            reach = worker_reach.reach_of(connection, who, now=datetime.now(UTC))
            if sha256 in reach.named | reach.files:
                return True
            lists = [d for d in reach.named if artifacts.find_size(connection, d) is not None]
        return any(sha256 in self._listed(name) for name in lists)

    def require_dataset(self, request: Request, version_id: str) -> None:
        """Let a version of a data set be fetched.

        Raises:
            OutOfReachError: a worker asks, and no job of its own names it.
        """
        reach = self._reach(request)
        if reach is not None and version_id not in reach.named:
            raise OutOfReachError(f"no data set {version_id[:12]!r}", hint="lease its job first")

    def require_run(self, request: Request, run_id: str) -> None:
        """Let a run be reported on.

        Raises:
            OutOfReachError: a worker asks, and no job of its own does this run.
        """
        reach = self._reach(request)
        if reach is not None and run_id not in reach.runs:
            raise OutOfReachError(f"no run {run_id[:40]!r}", hint="lease its job first")

    def require_artifact(self, request: Request, sha256: str) -> None:
        """Let an artefact be named.

        Raises:
            OutOfReachError: a worker asks, and neither has it nor holds a job that names it.
        """
        if not self.reads(request, sha256):
            raise OutOfReachError(f"no artefact {sha256[:12]}", hint="upload it first")

    def _worker(self, request: Request) -> str:
        """The name of a worker; empty for people."""
        principal = principal_of(self._services.engine, request)
        return principal.name if principal.roles <= ONLY_WORKER else ""

    def _reach(self, request: Request) -> Reach | None:
        who = self._worker(request)
        if not who:
            return None
        with reading(self._services.engine) as connection:
            return worker_reach.reach_of(connection, who, now=datetime.now(UTC))

    def _listed(self, sha256: str) -> frozenset[str]:
        blobs = self._services.blobs
        if not blobs.has(sha256) or blobs.size(sha256) > MAX_LIST_BYTES:
            return frozenset()
        return _digests_of(blobs.path(sha256), sha256)


@lru_cache(maxsize=64)
def _digests_of(path: Path, sha256: str) -> frozenset[str]:
    """What a list of files names; its content never changes under its digest."""
    raw = path.read_bytes()
    return digests_in(raw.decode(errors="replace")) if raw.startswith(b"{") else frozenset()
