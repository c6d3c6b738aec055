"""One simulated box: its own key, signed requests, nonce, rows that wait until acknowledged.

Flow: round -> check-in -> rows -> acknowledgement; a failure -> wait with full jitter -> again

What it says is what a box of one lane says. It keeps nothing on disk: crashes of boxes are the
business of `tools/bench outbox`.
"""

import asyncio
import hashlib
import json
import random
import secrets
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime

from sync.blob_download import RetryPolicy
from sync.device_identity import DeviceKey, create_key, signature_headers
from sync.protocol import (
    ENDPOINTS,
    Batch,
    BatchItem,
    BatchReply,
    CheckIn,
    CheckInReply,
    WireMessage,
)
from tools.fleet_sim.counted_http import Answer, Connection, RoadBrokenError

RETRY = RetryPolicy(base_s=1.0, cap_s=120.0)
EDGE_VERSION = "1.0.0"
BUNDLE = hashlib.sha256(b"bundle").hexdigest()


class RefusedError(Exception):
    """The hub said no to the box itself; nothing here should ever cause that."""


@dataclass(slots=True)
class Tally:
    """What all boxes met together.

    Attributes:
        check_in_s: seconds from the request's first byte to the answer's last.
        done_at_s: when each check-in was done, monotonic.
    """

    check_in_s: list[float] = field(default_factory=list)
    done_at_s: list[float] = field(default_factory=list)
    batch_s: list[float] = field(default_factory=list)
    sent_bytes: int = 0
    received_bytes: int = 0
    batch_bytes: int = 0
    num_acked: int = 0
    num_busy: int = 0
    num_broken: int = 0


class SimBox:
    """A box with an identity and an outbox in memory."""

    def __init__(self, box_id: str, seed: int) -> None:
        self.box_id = box_id
        self.key: DeviceKey = create_key()
        self.nonce = ""
        self._dice = random.Random(seed)
        self._epoch = secrets.token_hex(16)
        self._counter = 0
        self._next_seq = 1
        self._waiting: list[BatchItem] = []

    async def one_round(self, host: str, port: int, num_rows: int, tally: Tally) -> None:
        """Check in and deliver; come again until both are done."""
        self._put(num_rows)
        is_checked_in = False
        num_failures = 0
        while not is_checked_in or self._waiting:
            asked_s: float | None = None
            try:
                async with Connection(host, port) as road:
                    if not is_checked_in:
                        asked_s = await self._check_in(road, tally)
                        is_checked_in = asked_s is None
                    if is_checked_in and self._waiting:
                        asked_s = await self._deliver(road, tally)
            except RoadBrokenError:
                tally.num_broken += 1
            else:
                if asked_s is None:
                    continue
                tally.num_busy += 1
            num_failures += 1
            await asyncio.sleep(RETRY.wait_s(num_failures, asked_s, self._dice))

    async def _check_in(self, road: Connection, tally: Tally) -> float | None:
        message = CheckIn(
            nonce=self.nonce,
            sent_at=datetime.now(UTC),
            edge_version=EDGE_VERSION,
            boot_id=self._epoch,
            bundles={"active": BUNDLE, "previous": "", "candidate": ""},
            facts={"rss_mib": 512.0, "free_disk_mib": 20_000.0, "p50_ms": 21.5, "p95_ms": 38.0,
                   "failures": 0.0, "outbox_rows": float(len(self._waiting))},
            cameras=tuple(
                {"camera": f"lane-1/{name}", "state": "live", "reason": "", "fps": 15.0}
                for name in ("top", "left", "right")
            ),
        )  # fmt: skip
        began = time.monotonic()
        answer = await self._post(road, "check_in", message)
        if answer.status == 429 or answer.status >= 500:
            return _retry_after_s(answer)
        now = time.monotonic()
        self.nonce = CheckInReply.model_validate_json(_body_of(answer)).next_nonce
        tally.check_in_s.append(now - began)
        tally.done_at_s.append(now)
        tally.sent_bytes += answer.num_bytes_sent
        tally.received_bytes += answer.num_bytes_received
        return None

    async def _deliver(self, road: Connection, tally: Tally) -> float | None:
        began = time.monotonic()
        batch = Batch(epoch=self._epoch, items=tuple(self._waiting[:50]))
        answer = await self._post(road, "batch", batch)
        if answer.status == 429 or answer.status >= 500:
            return _retry_after_s(answer)
        acked = set(BatchReply.model_validate_json(_body_of(answer)).acked)
        self._waiting = [item for item in self._waiting if item.seq not in acked]
        tally.batch_s.append(time.monotonic() - began)
        tally.batch_bytes += answer.num_bytes_sent + answer.num_bytes_received
        tally.num_acked += len(acked)
        return None

    async def _post(self, road: Connection, name: str, message: WireMessage) -> Answer:
        path, body = ENDPOINTS[name].path, message.model_dump_json().encode()
        self._counter += 1
        headers = signature_headers(
            self.key, box_id=self.box_id, epoch=self._epoch, counter=self._counter,
            now=datetime.now(UTC), method="POST", path=path, body=body,
        )  # fmt: skip
        plain = {"User-Agent": "tillsight-box", "Content-Type": "application/json"}
        return await road.post(path, {**plain, **headers}, body)

    def _put(self, num_rows: int) -> None:
        for _ in range(num_rows):
            body = {"basket_id": f"{self.box_id}-lane-1-{self._next_seq}", "lines": 7,
                    "asks": 0, "seconds": 41.5}  # fmt: skip
            canonical = json.dumps(body, sort_keys=True, separators=(",", ":")).encode()
            self._waiting.append(
                BatchItem(
                    seq=self._next_seq, kind="telemetry", created_at=datetime.now(UTC), body=body,
                    body_sha256=hashlib.sha256(canonical).hexdigest(),
                )
            )  # fmt: skip
            self._next_seq += 1


def _retry_after_s(answer: Answer) -> float:
    return float(answer.headers.get("retry-after", "1"))


def _body_of(answer: Answer) -> bytes:
    if answer.status != 200:
        raise RefusedError(f"{answer.status} {answer.body[:200]!r}")
    return answer.body
