"""When the next round with the hub is due after one that failed, and the note of what is staged.

Flow: error -> seconds; LinkState -> staged.json -> LinkState

Full jitter, so that a fleet does not come back all at once. Does nothing by itself.
"""

import json
import random
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path

from edge.errors import DegradedError
from sync.blob_download import RetryPolicy
from sync.durable_file import write_if_changed
from sync.errors import PublisherError, SyncError, TransportError
from sync.hub_client import HubRefusalError


class NotEnrolledError(DegradedError):
    """This box has no hub yet."""

    code = "uplink.not_enrolled"


@dataclass(slots=True)
class Backoff:
    """Full jitter after failures."""

    policy: RetryPolicy = field(default_factory=lambda: RetryPolicy(cap_s=900.0))
    dice: random.Random = field(default_factory=random.Random)
    num_failures: int = 0

    def after(self, err: SyncError | DegradedError) -> float:
        """Seconds to wait after a failed round; a hub that said no is asked rarely."""
        self.num_failures += 1
        asked_s = getattr(err, "retry_after_s", None) if isinstance(err, TransportError) else None
        if isinstance(err, NotEnrolledError):
            return 2.0
        base = 60.0 if isinstance(err, HubRefusalError | PublisherError) else 1.0
        return max(base, self.policy.wait_s(self.num_failures, asked_s, self.dice))

    def reset(self) -> None:
        """A round went well."""
        self.num_failures = 0


@dataclass(frozen=True, slots=True)
class StagedNote:
    """The bundle that lies verified on this disk; known again after a restart without a network.

    Attributes:
        generation, policy, is_drill: of the assignment that named it.
    """

    bundle_id: str
    generation: int
    receipt: Mapping[str, str]
    policy: str = ""
    is_drill: bool = False


def write_note(path: Path, note: StagedNote) -> None:
    """On disk when this returns."""
    write_if_changed(path, json.dumps(asdict(note)).encode())


def read_note(path: Path) -> StagedNote | None:
    """The note; None where there is none that can be read."""
    with suppress(OSError, ValueError, KeyError, TypeError):
        told = json.loads(path.read_bytes())
        return StagedNote(
            str(told["bundle_id"]), int(told["generation"]), dict(told["receipt"]),
            str(told.get("policy", "")), bool(told.get("is_drill", False)),
        )  # fmt: skip
    return None
