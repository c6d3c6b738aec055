"""A box that writes to its disk until it is killed; run as a process.

Prints `row N NS`, `event N NS` or `file N NS` when N was acknowledged, NS being monotonic: a row of
the outbox, a basket event of the journal, a file.
"""

import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from edge.basket.basket_events import Event, LineAdded, SkuTerms
from edge.basket.journal import open_journal
from edge.hard_cases.outbox import Outbox
from edge.sqlite_file import open_sqlite
from sync.durable_file import write_durably

AT = "2026-11-21T09:00:00.000Z"


def main() -> None:
    """Write for ever: `python -m tests.fakes.loop_disk_writer FOLDER FIRST SYNCHRONOUS`."""
    folder, first, synchronous = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    rows = open_sqlite(folder / "rows.db")
    rows.execute(f"PRAGMA synchronous = {synchronous}")
    outbox = Outbox(rows, open_sqlite(folder / "pictures.db"))
    journal = open_journal(folder / "lane-1.sqlite", "boot")
    journal.connection.execute(f"PRAGMA synchronous = {synchronous}")
    n = first
    while True:
        outbox.put("sale", {"n": n}, now=datetime.now(UTC))
        say("row", n)
        body = LineAdded(f"l{n}", 1, SkuTerms("cola", "Cola", 99))
        journal.append([Event("box-lane-1-1-1", n, AT, body)])
        say("event", n)
        if n % 3 == 0:
            write_durably(folder / "state.json", f'{{"n": {n}}}'.encode())
            say("file", n)
        n += 1


def say(what: str, n: int) -> None:
    """An acknowledgement, for the world outside."""
    sys.stdout.write(f"{what} {n} {time.monotonic_ns()}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
