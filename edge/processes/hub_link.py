"""One round of everything the box does with its hub, in the order of what matters.

Flow: rows, box facts -> HubLink.round -> hub; assignment -> bundle on this disk -> Staged

Blocks on the network, so it has a thread of its own (uplink_process.py). Owns identity, outbox,
updates and the folder of bundles. A round that fails anywhere is repeated later; nothing waits for
it, and nothing of a sale is touched.
"""

import logging
import random
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Literal

from edge.bundles.store import BundleStore
from edge.config import EdgeConfig
from edge.errors import DegradedError
from edge.hard_cases.delivery import deliver_round
from edge.hard_cases.outbox import Outbox
from edge.processes.hub_road import bundles_folder, edge_version, load_client, open_updates
from edge.processes.remote_commands import Hands, carry_out
from edge.sqlite_file import SqliteError, open_sqlite
from sync.blob_download import HubBlobs, RetryPolicy
from sync.bundle_fetch import fetch_bundle
from sync.errors import PublisherError, SyncError, TransportError
from sync.hub_client import HubClient, HubRefusalError
from sync.protocol import CheckIn, CheckInReply
from sync.trusted_updates import TrustedUpdates, UpdateOffer

ROUNDS_PER_DELIVERY = 20  # 20 batches of 50 rows, then somebody else's turn
UPDATE_RETRY = RetryPolicy(max_failures=4, cap_s=30.0)
UPDATE_EVERY_ROUNDS = 10  # metadata is asked for at least so often, whatever the hub announces

logger = logging.getLogger(__name__)


class NotEnrolledError(DegradedError):
    """This box has no hub yet."""

    code = "uplink.not_enrolled"


@dataclass(frozen=True, slots=True)
class BoxFacts:
    """How the box does, as the bus tells it; for the check-in."""

    verdict: Literal["ok", "degraded", "failed"] = "ok"
    reasons: tuple[str, ...] = ()
    boot_id: str = ""
    generation: int = 0
    bundles: Mapping[str, str] = field(default_factory=dict)
    facts: Mapping[str, float] = field(default_factory=dict)
    cameras: tuple[dict[str, object], ...] = ()
    quarantined: tuple[str, ...] = ()
    keep: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Row:
    """Something for the outbox."""

    kind: str
    body: dict[str, object]
    created_at: datetime
    value: int = 0
    pictures: tuple[bytes, ...] = ()
    basket_id: str = ""


@dataclass(frozen=True, slots=True)
class LinkState:
    """What the link has achieved; replaced as a whole, so another thread may read it.

    Attributes:
        staged: bundle id that the centre wants and that lies verified on this disk.
        wanted: bundle id that the centre wants.
        problem: what was published but must not be used.
    """

    staged: str = ""
    wanted: str = ""
    generation: int = 0
    receipt: Mapping[str, str] = field(default_factory=dict)
    problem: str = ""
    freshness: str = ""
    sealing_public_key: str = ""
    num_waiting: int = 0
    num_dropped: int = 0


class HubLink:
    """The network side of the uplink."""

    def __init__(self, config: EdgeConfig, ask_bundles: Callable[..., str]) -> None:
        self.state = LinkState()
        self._config = config
        self._ask_bundles = ask_bundles
        self._client: HubClient | None = None
        self._updates: TrustedUpdates | None = None
        self._blobs: HubBlobs | None = None
        self._store = BundleStore(bundles_folder(config))
        self.outbox = open_outbox(config.paths.state_dir / "outbox")
        self._seen_version = -1
        self._num_rounds = 0

    def put(self, row: Row) -> None:
        """Take a row; on disk when this returns.

        Raises:
            OutboxFullError: nothing less valuable could be given up.
        """
        self.outbox.put(
            row.kind, dict(row.body), now=row.created_at, value=row.value,
            pictures=row.pictures, basket_id=row.basket_id,
        )  # fmt: skip

    def round(self, facts: BoxFacts, now: datetime) -> int:
        """Check in, deliver, obey, update; seconds until the hub wants to hear from us again.

        Raises:
            NotEnrolledError: `edgectl enrol` has not been run, or waits for a person.
            TransportError: the road broke; repeated later.
            HubRefusalError: the hub said no to this box.
            PublisherError: what was published cannot be trusted; serve on.
        """
        client = self._require_client()
        reply = client.check_in(self._check_in(facts, client, now))
        for _ in range(ROUNDS_PER_DELIVERY):
            if not deliver_round(self.outbox, client).num_acked:
                break
        self._obey(reply, client, facts)
        self._num_rounds += 1
        is_due = self._num_rounds % UPDATE_EVERY_ROUNDS == 1
        if is_due or reply.updates_version != self._seen_version:
            self._update(client, facts, now)
            self._seen_version = reply.updates_version
        status = self.outbox.status()
        self.state = replace(
            self.state, num_waiting=status.num_rows, num_dropped=status.num_dropped
        )
        return reply.interval_s

    def close(self) -> None:
        """Drop every connection."""
        if self._client is not None:
            self._client.close()
        self.outbox.close()

    def _require_client(self) -> HubClient:
        if self._client is None:
            self._client = load_client(self._config)
        if self._client is None:
            raise NotEnrolledError("this box is not enrolled", hint="edgectl enrol")
        sealing = self._client.identity.state.sealing_public_key
        self.state = replace(self.state, sealing_public_key=sealing)
        return self._client

    def _check_in(self, facts: BoxFacts, client: HubClient, now: datetime) -> CheckIn:
        status = self.outbox.status()
        own = {
            "outbox_rows": status.num_rows,
            "outbox_pictures": status.num_pictures,
            "outbox_dropped": status.num_dropped,
            "outbox_refused": status.num_refused,
        }
        problem = (f"update.{self.state.problem}",) if self.state.problem else ()
        return CheckIn(
            nonce=client.identity.state.nonce,
            sent_at=now,
            edge_version=edge_version(),
            verdict=facts.verdict,
            reasons=(*facts.reasons, *problem)[:32],
            boot_id=facts.boot_id,
            generation=facts.generation,
            bundles=dict(facts.bundles),
            facts={**facts.facts, **own},
            cameras=facts.cameras,
            quarantined=facts.quarantined,
        )

    def _obey(self, reply: CheckInReply, client: HubClient, facts: BoxFacts) -> None:
        hands = Hands(
            client.upload, self._ask_bundles, lambda: {"facts": facts, "link": self.state}
        )
        for command in reply.commands:
            logger.info("remote command kind=%s id=%s", command.kind, command.command_id)
            client.send_result(carry_out(command, self._config, hands))

    def _update(self, client: HubClient, facts: BoxFacts, now: datetime) -> None:
        """Ask what this box should run, and bring it here.

        Raises:
            PublisherError: the metadata, or the bundle, cannot be trusted.
            TransportError: the road broke.
        """
        if self._updates is None:
            self._updates, self._blobs = open_updates(self._config, client, UPDATE_RETRY)
        offer = self._updates.check(now)
        problem = offer.problems[0] if offer.problems else None
        self.state = replace(
            self.state,
            wanted=(offer.assignment.bundle_id or "") if offer.assignment is not None else "",
            problem=f"{problem.code}: {problem}" if problem else "",
            freshness=str(self._updates.freshness(now)),
        )
        if offer.manifest is not None and offer.assignment is not None:
            self._install(offer, facts, now)

    def _install(self, offer: UpdateOffer, facts: BoxFacts, now: datetime) -> None:
        """Files, then receipt, then the word to the bundles process: in this order, each synced."""
        assert offer.manifest is not None
        assert offer.assignment is not None
        assert self._updates is not None
        assert self._blobs is not None
        bundle_id, generation = offer.manifest.bundle_id(), offer.assignment.generation
        if (self.state.staged, self.state.generation) == (bundle_id, generation):
            return
        self._updates.require_fresh(now)
        if facts.keep:  # without a word of the bundles process nothing is known to be unused
            self._store.collect_garbage([*facts.keep, self.state.staged])
        fetch_bundle(offer.manifest, self._blobs, offer.patches)
        self._store.install(offer.manifest)
        receipt = self._updates.write_receipt(offer)
        logger.info("bundle staged bundle=%s generation=%d", bundle_id[:12], generation)
        self.state = replace(
            self.state, staged=bundle_id, generation=generation,
            receipt={"verified_at": receipt.verified_at.isoformat(),
                     "clock_source": receipt.clock_source,
                     "versions": ",".join(f"{k}={v}" for k, v in sorted(receipt.versions.items()))},
        )  # fmt: skip


@dataclass(slots=True)
class Backoff:
    """Full jitter after failures, so that a fleet does not come back all at once."""

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


def open_outbox(folder: Path) -> Outbox:
    """The box's outbox; a corrupt one is set aside and never stops anything."""
    folder.mkdir(parents=True, exist_ok=True)
    try:
        return Outbox(open_sqlite(folder / "rows.db"), open_sqlite(folder / "pictures.db"))
    except SqliteError as err:
        logger.error("outbox is damaged and set aside: %s", err)  # noqa: TRY400
        for path in list(folder.glob("*.db*")):
            with suppress(OSError):
                path.rename(path.with_name(f"{path.name}.damaged"))
        return Outbox(open_sqlite(folder / "rows.db"), open_sqlite(folder / "pictures.db"))
