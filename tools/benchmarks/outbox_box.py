"""One box of the outbox benchmark, a process that may be killed at any instruction.

Flow: numbers -> Outbox (real, fsynced) -> HubClient (real, signed) over a lossy road -> hub

Prints `put FIRST CREATED_AT` after the outbox acknowledged fifty numbers, nothing before. Ends with
0 when it has put and delivered all, with 3 when the hub shut it out.
"""

import argparse
import random
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from edge.hard_cases.delivery import DeliveryHub, deliver_round
from edge.hard_cases.outbox import Outbox, Quotas
from edge.sqlite_file import open_sqlite
from sync.errors import TransportError
from sync.http_pool import HttpSettings
from sync.hub_client import BoxIdentity, HubClient, HubRefusalError
from sync.protocol import Batch, BatchReply, CheckIn
from sync.transport_errors import LinkLostError

BATCH = 50
SHUT_OUT = 3
SHUT_OUT_CODES = ("identity.cloned", "identity.not_enrolled")
QUOTA_BYTES = 12_000  # some 700 rows: a hub that is away for long makes it drop
CALM_WAITING = 300  # above, sales are rare: the run is about what arrives, not about drops alone
MAX_WAITING = 1_000  # then this box sells nothing more until the hub is back
ROUNDS_PER_CHECK_IN = 40


class LossyHub:
    """Passes on to the real hub, and loses requests and answers on the way."""

    def __init__(self, hub: DeliveryHub, dice: random.Random) -> None:
        self._hub, self._dice = hub, dice

    def upload(self, data: bytes) -> str:
        """As it is."""
        return self._hub.upload(data)

    def send_batch(self, batch: Batch) -> BatchReply:
        """One in ten is lost before the hub, one in seven after it, one in twenty comes twice."""
        fate = self._dice.random()
        if fate < 0.1:
            raise LinkLostError("request lost")
        reply = self._hub.send_batch(batch)
        if fate < 0.25:
            raise LinkLostError("answer lost")
        if fate < 0.3:
            return self._hub.send_batch(batch)
        return reply


class Box:
    """The outbox of a box and its road to the hub."""

    def __init__(self, folder: Path, seed: int) -> None:
        self._dice = random.Random(seed)
        self._client = HubClient(BoxIdentity.load(folder / "identity"), HttpSettings())
        self._lossy = LossyHub(self._client, self._dice)
        self._outbox = Outbox(
            open_sqlite(folder / "rows.db"), open_sqlite(folder / "pictures.db"),
            Quotas(rows_bytes=QUOTA_BYTES),
        )  # fmt: skip
        self._num_rounds = 0

    def run(self, first: int, num_batches: int) -> None:
        """Put so many batches and deliver everything."""
        end = first + num_batches * BATCH
        while first < end or self._num_waiting():
            if first < end and self._is_selling(self._num_waiting()):
                self._put(first)
                first += BATCH
            try:
                self._deliver()
            except TransportError:
                time.sleep(self._dice.uniform(0.0, 0.05))

    def _is_selling(self, num_waiting: int) -> bool:
        is_rare = self._dice.random() < 0.1
        return num_waiting < (MAX_WAITING if is_rare else CALM_WAITING)

    def _num_waiting(self) -> int:
        status = self._outbox.status()
        return status.num_rows - status.num_refused

    def _put(self, first: int) -> None:
        now = datetime.now(UTC)
        self._outbox.put_many("telemetry", ({"n": first + i} for i in range(BATCH)), now=now)
        sys.stdout.write(f"put {first} {now.isoformat()}\n")
        sys.stdout.flush()

    def _deliver(self) -> None:
        if self._num_rounds % ROUNDS_PER_CHECK_IN == 0:
            if not self._client.identity.state.nonce:
                self._client.enrol("", "bench")
            nonce = self._client.identity.state.nonce
            message = CheckIn(nonce=nonce, sent_at=datetime.now(UTC), edge_version="bench")
            self._client.check_in(message)
        self._num_rounds += 1
        deliver_round(self._outbox, self._lossy, batch_rows=BATCH)


def main() -> int:
    """Entry of `python -m tools.benchmarks.outbox_box`."""
    parser = argparse.ArgumentParser(description="One box of the outbox benchmark.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--first", type=int, required=True)
    parser.add_argument("--batches", type=int, required=True)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    try:
        Box(arguments.folder, arguments.seed).run(arguments.first, arguments.batches)
    except HubRefusalError as err:
        if err.hub_code not in SHUT_OUT_CODES:
            raise
        return SHUT_OUT
    return 0


if __name__ == "__main__":
    sys.exit(main())
