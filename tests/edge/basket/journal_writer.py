"""Writers of a journal that are killed with SIGKILL in the middle of their work.

Usage: python -m tests.edge.basket.journal_writer PATH NUM_KILLS SEED

Forks one writer after the other, kills it at a random moment, opens the journal again and prints
one line per kill: events on disk before, acknowledged by this writer, on disk now, and whether
the events are the ones that were written, in order.
"""

import os
import random
import signal
import sys
import time
from pathlib import Path
from typing import NoReturn

from edge.basket.basket_events import Event, LineAdded, SaleOpened, SkuTerms
from edge.basket.journal import Journal, open_journal

UTC = "2026-11-21T09:00:00.000Z"
LONGEST_LIFE_S = 0.02


def batch(journal: Journal, number: int) -> list[Event]:
    """A sale is opened now and then; a batch holds one or three events."""
    basket_id = f"box1-lane1-{journal.epoch}-{number // 5 + 1}"
    terms = SkuTerms(f"sku-{number}", "Name", number)
    line = Event(basket_id, number, UTC, LineAdded(f"l{number}", 1, terms))
    opened = Event(basket_id, number, UTC, SaleOpened(number // 5 + 1, "EUR", 2, 1, "bundle"))
    return [opened, line, line] if number % 5 == 0 else [line]


def write_for_ever(path: Path, acknowledged: int) -> NoReturn:
    """Append batches; a byte per event goes to `acknowledged` once it is on disk."""
    journal = open_journal(path, "boot")
    number = 0
    while True:
        os.write(acknowledged, b"." * len(journal.append(batch(journal, number))))
        number += 1


def kill_one(path: Path, life_s: float) -> int:
    """Fork a writer, let it live, kill it; how many events it had acknowledged."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        write_for_ever(path, writer)
    os.close(writer)
    count = len(os.read(reader, 1))
    time.sleep(life_s)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    while chunk := os.read(reader, 65_536):
        count += len(chunk)
    os.close(reader)
    return count


def main() -> None:
    path, num_kills, seed = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    draw = random.Random(seed)
    before = 0
    for _ in range(num_kills):
        acknowledged = kill_one(path, draw.uniform(0.0, LONGEST_LIFE_S))
        journal = open_journal(path, "boot")
        bodies = [event.body for event in journal.all_events()]
        mine = bodies[before:]
        expected = [e.body for n in range(len(mine) + 1) for e in batch(journal, n)][: len(mine)]
        is_whole = not journal.notices and journal.epoch == 1
        journal.close()
        sys.stdout.write(f"{before} {acknowledged} {len(bodies)} {is_whole and mine == expected}\n")
        before = len(bodies)


if __name__ == "__main__":
    main()
