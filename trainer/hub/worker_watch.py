"""Which workers have called lately, and what they do: for the page of the queue.

Flow: lease, heartbeat -> seen ; seen -> list, the newest first

In memory: a worker without a job asks every few seconds, so the list is whole again soon after a
restart. It decides nothing; the leases of trainer/store/job_queue.py do.
"""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

KEPT = timedelta(days=1)
MAX_WORKERS = 1000  # more are forgotten, the oldest first


@dataclass(frozen=True, slots=True)
class SeenWorker:
    """A worker as it called last; `job_id` is empty while it waits for work."""

    worker: str
    kinds: tuple[str, ...]
    num_gpus: int
    job_id: str
    seen_at: datetime


class WorkerWatch:
    """Workers of one hub."""

    def __init__(self) -> None:
        self._seen: dict[str, SeenWorker] = {}
        self._lock = threading.Lock()

    def asked(
        self, worker: str, kinds: Sequence[str], num_gpus: int, job_id: str, now: datetime
    ) -> None:
        """A worker asked for work; `job_id` is what it was given."""
        with self._lock:
            self._seen.pop(worker, None)
            self._seen[worker] = SeenWorker(worker, tuple(sorted(kinds)), num_gpus, job_id, now)
            while len(self._seen) > MAX_WORKERS:
                del self._seen[next(iter(self._seen))]

    def beat(self, worker: str, kind: str, job_id: str, now: datetime) -> None:
        """A worker told that it is alive; one that this process never met is met now."""
        with self._lock:
            met = self._seen.pop(worker, SeenWorker(worker, (kind,), 0, "", now))
            self._seen[worker] = replace(met, job_id=job_id, seen_at=now)

    def all_of(self, now: datetime) -> list[SeenWorker]:
        """Who called within a day, the newest first."""
        with self._lock:
            found = [one for one in self._seen.values() if now - one.seen_at <= KEPT]
        return found[::-1]
