"""What became of every event: once at the hub, reported as dropped, gone with a disk, or lost.

Flow: put batches + rows of the hub -> Verdict

Pure. A batch whose disk was replaced by an older image, or that a clone took, may be missing; it
may never be there twice.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from tools.benchmarks.outbox_box import BATCH


@dataclass(slots=True)
class PutBatch:
    """Fifty events that the outbox acknowledged.

    Attributes:
        created_at: shared by its rows, and kept by the row that reports a drop.
        is_kept: False once the disk it lay on was replaced by an older image, or was a clone's.
    """

    first: int
    created_at: datetime
    is_kept: bool = True


@dataclass(slots=True)
class Seen:
    """What the hub holds.

    Attributes:
        events: number -> how often.
        drops: created_at of a batch -> rows reported as dropped.
    """

    events: Counter[int] = field(default_factory=Counter)
    drops: Counter[datetime] = field(default_factory=Counter)

    def add(self, kind: str, created_at: datetime, body: dict[str, object]) -> None:
        """Count one row."""
        if kind == "dropped":
            self.drops[created_at] += 1
        else:
            self.events[int(str(body["n"]))] += 1


@dataclass(frozen=True, slots=True)
class Verdict:
    """The counts of one run.

    Attributes:
        acknowledged: events on disks that lived on.
        arrived: of those, at the hub.
        dropped: given up for want of space, and reported as such.
        lost: neither there nor reported.
        double: numbers that are at the hub more than once, of whatever disk.
        gone: events of replaced disks and clones that had not been delivered.
        rescued: events of replaced disks and clones that had been.
    """

    acknowledged: int
    arrived: int
    dropped: int
    lost: int
    double: int
    gone: int
    rescued: int

    @property
    def is_right(self) -> bool:
        """Nothing lost, nothing twice."""
        return self.lost == 0 and self.double == 0


def judge(batches: Iterable[PutBatch], seen: Seen) -> Verdict:
    """Compare what was put with what is there."""
    counts: Counter[str] = Counter()
    for batch in batches:
        here = sum(seen.events[n] > 0 for n in range(batch.first, batch.first + BATCH))
        missing = BATCH - here
        reported = min(missing, seen.drops[batch.created_at])
        if batch.is_kept:
            counts["acknowledged"] += BATCH
            counts["arrived"] += here
            counts["dropped"] += reported
            counts["lost"] += missing - reported
        else:
            counts["rescued"] += here
            counts["gone"] += missing
    return Verdict(
        acknowledged=counts["acknowledged"],
        arrived=counts["arrived"],
        dropped=counts["dropped"],
        lost=counts["lost"],
        double=sum(count > 1 for count in seen.events.values()),
        gone=counts["gone"],
        rescued=counts["rescued"],
    )
