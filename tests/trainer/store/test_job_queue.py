"""Jobs under storms: workers that die, two at once, leases that run out; on each database."""

import random
import threading
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine

from trainer.store import job_queue
from trainer.store.database import open_database, reading, writing
from trainer.store.job_queue import Job, LeaseLostError

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
LIFE = timedelta(seconds=30)
NUM_JOBS = 300


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    engine = open_database(database_url)
    yield engine
    engine.dispose()


def add(engine: Engine, count: int, *, priority: int = 0, attempts: int = 50) -> list[str]:
    with writing(engine) as connection:
        return [
            job_queue.enqueue(
                connection, "fit", {"number": i}, priority=priority, max_attempts=attempts,
                now=NOW + timedelta(milliseconds=i), actor="test",
            ).job_id
            for i in range(count)
        ]  # fmt: skip


def lease(engine: Engine, worker: str = "w", now: datetime = NOW) -> Job | None:
    with writing(engine) as connection:
        return job_queue.lease_next(connection, worker, ["fit"], num_gpus=0, life=LIFE, now=now)


def finish(engine: Engine, job: Job, now: datetime = NOW) -> None:
    with writing(engine) as connection:
        job_queue.finish(
            connection, job.job_id, job.lease_id, status="done", message="", result={}, now=now
        )


def statuses(engine: Engine) -> Counter[str]:
    with reading(engine) as connection:
        _, jobs = job_queue.list_jobs(connection, status="", offset=0, limit=500)
    return Counter(job.status for job in jobs)


def test_300_jobs_through_workers_that_die_are_all_done_and_none_twice(engine: Engine) -> None:
    add(engine, NUM_JOBS)
    dice, now, effects, refused = random.Random(1), NOW, Counter[str](), 0
    ghosts: list[Job] = []
    while (job := lease(engine, now=now)) is not None or statuses(engine)["leased"]:
        now += timedelta(seconds=1)
        if job is None:
            now += LIFE
        elif dice.random() < 0.3:  # killed; sometimes it comes back later with its result
            ghosts += [job] * (dice.random() < 0.5)
        else:
            finish(engine, job, now)
            effects[job.job_id] += 1
        if ghosts and dice.random() < 0.2 and ghosts[0].lease_until <= now:  # type: ignore[operator]
            with pytest.raises(LeaseLostError):
                finish(engine, ghosts.pop(0), now)
            refused += 1
    assert statuses(engine) == {"done": NUM_JOBS}
    assert set(effects.values()) == {1}
    assert refused > 0


def test_workers_at_once_never_get_the_same_job(engine: Engine) -> None:
    add(engine, 60)
    taken: list[str] = []

    def work(name: str) -> None:
        while (job := lease(engine, name)) is not None:
            taken.append(job.job_id)

    threads = [threading.Thread(target=work, args=(f"w{i}",)) for i in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(taken) == len(set(taken)) == 60


def test_higher_priority_goes_first_then_the_older_one(engine: Engine) -> None:
    low = add(engine, 2)
    high = add(engine, 1, priority=5)
    order = [lease(engine), lease(engine), lease(engine)]
    assert [job.job_id for job in order if job] == [*high, *low]


def test_a_heartbeat_keeps_the_lease_and_tells_of_a_cancel(engine: Engine) -> None:
    add(engine, 1)
    job = lease(engine)
    assert job is not None
    later = NOW + timedelta(seconds=25)
    with writing(engine) as connection:
        job_queue.heartbeat(
            connection, job.job_id, job.lease_id, progress=40, message="epoch 2", life=LIFE,
            now=later,
        )  # fmt: skip
        job_queue.cancel(connection, job.job_id, now=later, actor="ada")
    assert lease(engine, now=NOW + timedelta(seconds=40)) is None
    with writing(engine) as connection:
        told = job_queue.heartbeat(
            connection, job.job_id, job.lease_id, progress=41, message="", life=LIFE,
            now=NOW + timedelta(seconds=41),
        )  # fmt: skip
    assert told.is_cancel_asked
    lease(engine, now=NOW + timedelta(hours=1))
    assert statuses(engine) == {"cancelled": 1}


def test_what_loses_its_worker_too_often_has_failed(engine: Engine) -> None:
    add(engine, 1, attempts=2)
    now = NOW
    for _ in range(2):
        assert lease(engine, now=now) is not None
        now += LIFE * 2
    assert lease(engine, now=now) is None
    assert statuses(engine) == {"failed": 1}
