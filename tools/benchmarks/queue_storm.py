"""`tools/bench queue`: workers that are killed with -9, again and again, and what becomes of jobs.

Flow: hub process + worker processes + a killer -> every job done, none twice in effect

Each job computes a digest in a child. An effect is a result that the hub took; whoever comes late
is refused and says so in its log. Every worker has a disk of its own and only HTTP.
"""

import collections
import hashlib
import json
import random
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import httpx
import typer

from tools.benchmarks.report import Figure, Report, machine, publish
from tools.fleet_sim.hub_process import HubProcess

WORKER = [sys.executable, "-m", "trainer.hubctl", "worker", "run", "--poll-s", "0.1",
          "--lease-s", "5", "--kinds", "worker.check"]  # fmt: skip
LOOK_EVERY_S = 1.0  # the hub's time is for the workers
WORKERS = {"name": "storm", "role": "worker"}
TAKEN, LATE, BEGUN = "job ends job=", "result thrown away job=", b"job begins"


@dataclass
class StormResult:
    """What was counted."""

    jobs: int
    done: int = 0
    other: int = 0
    taken_twice: int = 0
    wrong_results: int = 0
    attempts: int = 0
    kills: int = 0
    refused_late: int = 0
    seconds: float = 0.0
    database: str = "sqlite"

    @property
    def is_right(self) -> bool:
        """Every job done once, with the right result."""
        wrong = self.other + self.taken_twice + self.wrong_results
        return self.done == self.jobs and wrong == 0


@dataclass
class Worker:
    """A worker process that is started again after each kill."""

    number: int
    folder: Path
    hub: str
    process: subprocess.Popen[bytes] | None = None
    kills: int = 0
    known_bytes: int = 0
    log: Path = field(init=False)

    def __post_init__(self) -> None:
        self.log = self.folder / f"worker-{self.number}.log"

    @property
    def is_at_work(self) -> bool:
        """It has taken a job in this life: killed before, a slow machine would never get on."""
        return BEGUN in self.log.read_bytes()[self.known_bytes :]

    def require_alive(self) -> None:
        """Nobody but the storm may end it."""
        assert self.process is not None
        if self.process.poll() is not None:
            last = self.log.read_text().splitlines()[-1:]
            raise RuntimeError(f"worker {self.number} ended by itself: {last}")

    def start(self) -> None:
        """A new life on the same disk."""
        self.known_bytes = self.log.stat().st_size if self.log.exists() else 0
        command = [*WORKER, "--hub", self.hub, "--name", f"w{self.number}",
                   "--token-file", str(self.folder / "worker.token"),
                   "--state", str(self.folder / f"disk-{self.number}")]  # fmt: skip
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log)

    def kill(self) -> None:
        """No goodbye."""
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.kills += 1


def storm(
    folder: Path, *, num_jobs: int, num_workers: int = 2, kill_every_s: float = 4.0,
    database_url: str = "", seed: int = 1, limit_s: float = 900.0,
) -> StormResult:  # fmt: skip
    """Run the storm until nothing is left to do.

    Raises:
        TimeoutError: jobs are left after `limit_s`.
        RuntimeError: a worker ended that nobody killed.
    """
    hub = HubProcess(folder / "hub")
    if database_url:
        with (folder / "hub" / "hub.toml").open("a") as config:
            config.write(f'database_url = "{database_url}"\n')
    hub.start()
    workers = [Worker(number, folder, hub.url) for number in range(num_workers)]
    try:
        token = (folder / "hub" / "first-admin.token").read_text().strip()
        bearer = {"Authorization": f"Bearer {token}"}
        with httpx.Client(base_url=f"{hub.url}/api/v1", headers=bearer, timeout=60) as client:
            told = client.post(f"{hub.url}/v1/operator/tokens", json=WORKERS).raise_for_status()
            (folder / "worker.token").write_text(told.json()["token"])
            sizes = _enqueue(client, num_jobs)
            began = time.monotonic()
            for worker in workers:
                worker.start()
            _until_done(client, workers, random.Random(seed), kill_every_s, began + limit_s)
            result = _counted(client, workers, sizes)
            result.seconds = round(time.monotonic() - began, 1)
    finally:
        for worker in workers:
            if worker.process is not None and worker.process.poll() is None:
                worker.kill()
        hub.kill()
    result.database = "postgresql" if database_url.startswith("postgres") else "sqlite"
    return result


def _enqueue(client: httpx.Client, num_jobs: int) -> dict[str, int]:
    sizes = {}
    for number in range(num_jobs):
        body = {"kind": "worker.check", "parameters": {"num_bytes": number}, "max_attempts": 20}
        sizes[client.post("/jobs", json=body).raise_for_status().json()["job_id"]] = number
    return sizes


def _until_done(
    client: httpx.Client, workers: list[Worker], dice: random.Random, kill_every_s: float,
    deadline: float,
) -> None:  # fmt: skip
    next_kill = time.monotonic() + kill_every_s
    while True:
        left = sum(_total(client, status) for status in ("queued", "leased"))
        if left == 0:
            return
        if time.monotonic() > deadline:
            raise TimeoutError(f"{left} jobs are left")
        for worker in workers:
            worker.require_alive()
        victim = dice.choice(workers)
        if time.monotonic() > next_kill and victim.is_at_work:
            victim.kill()
            victim.start()
            next_kill = time.monotonic() + kill_every_s * dice.uniform(0.5, 1.5)
        time.sleep(LOOK_EVERY_S)


def _total(client: httpx.Client, status: str) -> int:
    reply = client.get(f"/jobs?status={status}&limit=1").raise_for_status()
    return int(reply.json()["total"])


def _counted(client: httpx.Client, workers: list[Worker], sizes: dict[str, int]) -> StormResult:
    found = StormResult(jobs=len(sizes), kills=sum(worker.kills for worker in workers))
    for job_id, number in sizes.items():
        job: dict[str, Any] = client.get(f"/jobs/{job_id}").raise_for_status().json()
        found.done += job["status"] == "done"
        found.other += job["status"] != "done"
        found.attempts += int(job["attempt"])
        right = hashlib.sha256(b"." * number).hexdigest()
        found.wrong_results += job["result"] != {"sha256": right}
    lines = [line for worker in workers for line in worker.log.read_text().splitlines()]
    taken = collections.Counter(line.split(TAKEN)[1][:8] for line in lines if TAKEN in line)
    found.taken_twice = sum(count - 1 for count in taken.values())
    found.refused_late = sum(LATE in line for line in lines)
    return found


def queue(
    jobs: Annotated[int, typer.Option(help="How many.", min=1)] = 300,
    workers: Annotated[int, typer.Option(help="Worker processes.", min=1)] = 2,
    kill_every_s: Annotated[float, typer.Option(help="Mean time between two kill -9.")] = 4.0,
    database_url: Annotated[str, typer.Option(help="PostgreSQL; SQLite by default.")] = "",
    limit_s: Annotated[float, typer.Option(help="Give up after so long.", min=1)] = 1800.0,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
    out: Annotated[Path | None, typer.Option(help="Also write the JSON document here.")] = None,
) -> None:
    """Jobs through workers that are killed with -9; exit 1 where one is lost or counts twice."""
    facts = machine()
    with tempfile.TemporaryDirectory(prefix="ts-queue-") as folder:
        found = storm(
            Path(folder), num_jobs=jobs, num_workers=workers, kill_every_s=kill_every_s,
            database_url=database_url, limit_s=limit_s,
        )  # fmt: skip
    figures = [Figure(name, value) for name, value in json.loads(json.dumps(vars(found))).items()]
    words = f"{workers} worker processes, each on its own disk; lease 5 s"
    publish(Report("The queue under kill -9", words, facts, figures=figures),
            as_json=as_json, out=out)  # fmt: skip
    if not found.is_right:
        raise typer.Exit(1)
