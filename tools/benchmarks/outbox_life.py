"""Boxes and a hub that are killed, restored and copied while events flow, until enough have.

Flow: seed -> faults -> box processes, hub process -> put batches, rows of the hub -> Verdict

Every box is a process and ends by SIGKILL; so is the hub. A disk image is a copy of the box's
folder while its process is dead, identity and all.
"""

import random
import shutil
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from pathlib import Path

from sqlalchemy import select

from sync.hub_client import BoxIdentity
from tools.benchmarks.outbox_box import BATCH, SHUT_OUT
from tools.benchmarks.outbox_oracle import PutBatch, Seen, Verdict, judge
from tools.fleet_sim.hub_process import HubProcess
from trainer.store.database import open_database, reading
from trainer.store.schema import RECEIVED

# What ends a life of a box, and how often: a crash, a crash with its disk copied, ...
ENDINGS = ("crash",) * 5 + ("image",) * 2 + ("restore",) * 2 + ("clone",)
NUMBERS_PER_LIFE = 1_000_000  # no two lives share a number


@dataclass
class World:
    """One run.

    Attributes:
        num_events: acknowledged on disks that live on, before the run may end.
        batches_per_life: a box lives for half to twice as many.
        hub_life_s: the hub lives for half to twice as long.
        limit_s: after so long no more events are put; what is there is still delivered and judged.
    """

    folder: Path
    num_events: int
    num_boxes: int = 4
    batches_per_life: int = 300
    hub_life_s: float = 60.0
    limit_s: float = float("inf")
    seed: int = 1
    on_progress: Callable[[int], None] = lambda num_events: None
    faults: Counter[str] = field(default_factory=Counter)
    batches: list[PutBatch] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.hub = HubProcess(self.folder / "hub")
        self._lock = threading.Lock()
        self._lives = count()
        self._done = threading.Event()
        self._until_s = time.monotonic() + self.limit_s

    @property
    def is_late(self) -> bool:
        """Whether time is up."""
        return time.monotonic() > self._until_s

    def run(self) -> Verdict:
        """Live, drain, and count."""
        boxes = [BoxLives(self, f"box-{i}", self.seed * 1000 + i) for i in range(self.num_boxes)]
        self.hub.list_boxes([(box.box_id, box.public_key) for box in boxes])
        self.hub.start()
        with ThreadPoolExecutor(self.num_boxes + 1) as pool:
            chaos = pool.submit(self._kill_the_hub_at_times)
            try:
                list(pool.map(BoxLives.run, boxes))
            finally:
                self._done.set()
                chaos.result()
                self.hub.kill()
        return judge(self.batches, self._seen())

    def add(self, batch: PutBatch) -> None:
        """An outbox acknowledged fifty events."""
        with self._lock:
            self.batches.append(batch)
        self.on_progress(BATCH)

    def note(self, fault: str) -> None:
        """Count a fault."""
        with self._lock:
            self.faults[fault] += 1

    def next_first(self) -> int:
        """The first of the numbers of one life."""
        with self._lock:
            return next(self._lives) * NUMBERS_PER_LIFE + 1

    def _kill_the_hub_at_times(self) -> None:
        dice = random.Random(self.seed)
        while not self._done.wait(dice.uniform(0.5, 2.0) * self.hub_life_s):
            self.hub.kill()
            self.note("hub killed")
            time.sleep(dice.uniform(0.0, 3.0))
            self.hub.start()

    def _seen(self) -> Seen:
        seen = Seen()
        engine = open_database(f"sqlite:///{self.hub.folder / 'hub.db'}")
        with reading(engine) as connection:
            columns = select(RECEIVED.c.kind, RECEIVED.c.created_at, RECEIVED.c.body)
            for row in connection.execute(columns.execution_options(yield_per=5_000)):
                seen.add(row.kind, row.created_at, row.body)
        engine.dispose()
        return seen


class BoxLives:
    """One box through all its lives; a thread of its own looks after it."""

    def __init__(self, world: World, box_id: str, seed: int) -> None:
        self.box_id = box_id
        self._world = world
        self._folder = world.folder / box_id
        self._image = world.folder / f"{box_id}.image"
        self._copy = world.folder / f"{box_id}.copy"
        self._dice = random.Random(seed)
        self._mine: list[PutBatch] = []
        self._num_at_image = 0
        identity = BoxIdentity.create(self._folder / "identity", box_id, world.hub.url)
        self.public_key = identity.key.public_key

    def run(self) -> None:
        """Until its share is acknowledged and delivered."""
        share = -(-self._world.num_events // self._world.num_boxes)
        while (left := share - sum(BATCH for b in self._mine if b.is_kept)) > 0:
            if self._world.is_late:
                break
            lives_for = int(self._dice.uniform(0.5, 2.0) * self._world.batches_per_life)
            ending = self._dice.choice(ENDINGS)
            if ending == "clone" and self._mine:
                self._live_twice(lives_for)
            else:
                self._live(min(lives_for, -(-left // BATCH)), self._folder)
                self._end(ending)
        while self._drain() == SHUT_OUT:
            self._readmit()

    def _drain(self) -> int:
        with self._child(self._folder, 0) as child:
            return child.wait()

    def _end(self, ending: str) -> None:
        if ending == "image":
            shutil.rmtree(self._image, ignore_errors=True)
            shutil.copytree(self._folder, self._image)
            self._num_at_image = len(self._mine)
        elif ending == "restore" and self._image.exists():
            shutil.rmtree(self._folder)
            shutil.copytree(self._image, self._folder)
            for batch in self._mine[self._num_at_image :]:
                batch.is_kept = False
            self._world.note("disk restored from an image")

    def _live_twice(self, num_batches: int) -> None:
        """The disk is copied and both machines run; the copy is found and switched off."""
        shutil.copytree(self._folder, self._copy)
        self._world.note("disk cloned")
        with ThreadPoolExecutor(1) as pool:
            other = pool.submit(self._live, num_batches, self._copy)
            self._live(num_batches, self._folder)
            other.result()
        shutil.rmtree(self._copy)

    def _live(self, num_batches: int, folder: Path) -> None:
        """Run one process until it has put so many batches, then kill it amid its work."""
        child = self._child(folder, NUMBERS_PER_LIFE // BATCH)
        assert child.stdout is not None
        for number, line in enumerate(child.stdout, start=1):
            _, first, created_at = line.split()
            batch = PutBatch(int(first), datetime.fromisoformat(created_at))
            batch.is_kept = folder == self._folder
            self._mine.append(batch)
            self._world.add(batch)
            if number >= num_batches or self._world.is_late:
                break
        child.kill()
        child.stdout.close()
        if child.wait() == SHUT_OUT:
            if folder == self._folder:
                self._readmit()
        else:
            self._world.note("box killed")

    def _readmit(self) -> None:
        """A person looks, and lets the one machine in again."""
        self._world.note("shut out and readmitted")
        self._world.hub.readmit(self.box_id)

    def _child(self, folder: Path, num_batches: int) -> subprocess.Popen[str]:
        first = self._world.next_first()
        return subprocess.Popen(
            [sys.executable, "-m", "tools.benchmarks.outbox_box", str(folder), "--first",
             str(first), "--batches", str(num_batches), "--seed", str(first)],
            stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
