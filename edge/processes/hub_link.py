"""One round of everything the box does with its hub, in the order of what matters.

Flow: rows, box facts -> HubLink.round -> hub; assignment -> bundle on this disk -> Staged

Blocks on the network, so it has a thread of its own (uplink_process.py). Owns identity, outbox,
updates and the folder of bundles. A round that fails anywhere is repeated later; nothing waits for
it, and nothing of a sale is touched.
"""

import hashlib
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Literal

from edge.bundles.store import BundleStore
from edge.config import EdgeConfig
from edge.hard_cases.bulk_pace import BulkPace
from edge.hard_cases.delivery import deliver_for_a_while, outbox_facts
from edge.processes.catalogue_keeper import CatalogueKeeper
from edge.processes.hub_road import (
    bundles_folder,
    catalogue_blobs,
    edge_version,
    load_client,
    open_updates,
    slot_of,
    updates_folder,
)
from edge.processes.local_catalogue import catalogue_folder
from edge.processes.outbox_files import open_outbox
from edge.processes.remote_commands import Hands, carry_out
from edge.processes.round_pace import Backoff, NotEnrolledError, StagedNote, read_note, write_note
from edge.processes.stick_import import Imported, first_problem, import_stick, receipt_facts
from sync.blob_download import HubBlobs, RetryPolicy
from sync.bundle_fetch import fetch_bundle
from sync.download_turn import DownloadTurn, TurnOverError
from sync.errors import PublisherError, SyncError
from sync.hub_client import HubClient
from sync.protocol import BundleProgress, CheckIn, CheckInReply
from sync.trusted_updates import TrustedUpdates, UpdateOffer

TURN_S = 30.0  # of a bundle's download: check-ins, prices and rows come in between
NEXT_TURN_S = 1
PICTURE_ROUNDS = 8  # at once: the picture is taken, uploaded, and named by a check-in
UPDATE_RETRY = RetryPolicy(max_failures=4, cap_s=30.0)
UPDATE_EVERY_ROUNDS = 10  # metadata is asked for at least so often, whatever the hub announces

Settle = Callable[[str, Mapping[str, int]], bool]

logger = logging.getLogger(__name__)


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
    progress: BundleProgress | None = None
    keep: tuple[str, ...] = ()
    pictures: Mapping[str, bytes] = field(default_factory=dict)


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
        policy, is_drill: what the assignment says about `staged`.
        withdraws: bundles that the newest assignment takes back.
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
    policy: str = ""
    is_drill: bool = False
    withdraws: tuple[str, ...] = ()


class HubLink:
    """The network side of the uplink."""

    def __init__(
        self, config: EdgeConfig, ask_bundles: Callable[..., str], settle: Settle | None = None
    ) -> None:
        """Open what this box keeps.

        Args:
            settle: hands a settled basket to the shadow; True once it was heard.
        """
        self.state = LinkState()
        self._config = config
        self._settle = settle
        self._settled: set[str] = set()
        self._ask_bundles = ask_bundles
        self._client: HubClient | None = None
        self._updates: TrustedUpdates | None = None
        self._blobs: HubBlobs | None = None
        self._store = BundleStore(bundles_folder(config))
        self.catalogue = CatalogueKeeper(catalogue_folder(config))
        self._offer: UpdateOffer | None = None
        self._install_backoff, self._next_install_s = Backoff(), 0.0
        self.outbox = open_outbox(config.paths.state_dir / "outbox")
        self._seen_version = -1
        self._num_rounds = 0
        self._pace = BulkPace(config.hub.bulk_kbit_per_s, config.hub.bulk_hours)
        self._num_soon = 0  # rounds that come at once
        self.renew_pictures: Callable[[], None] = lambda: None
        self._last_pictures: dict[str, str] = {}
        self._recall_staged()

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
        self._num_rounds += 1
        self._pass_settled(reply)
        failure = self._follow(reply, client, now)
        deliver_for_a_while(self.outbox, client, self._pace)
        self._share_pictures(client, facts)
        self._obey(reply, client, facts)
        self._install_patiently(facts, now)
        status = self.outbox.status()
        self.state = replace(
            self.state, num_waiting=status.num_rows, num_dropped=status.num_dropped
        )
        if failure is not None:
            raise failure
        is_soon, self._num_soon = self._num_soon > 0, max(0, self._num_soon - 1)
        return NEXT_TURN_S if is_soon else reply.interval_s

    def import_stick(self, stick: Path, root_sha256: str, now: datetime) -> Imported:
        """Take a bundle, prices and new SKUs from a stick.

        Raises:
            SyncError: nothing of it may be used, or it cannot be read.
        """
        found = import_stick(
            self._config, stick, self.catalogue, self._store, now=now, root_sha256=root_sha256
        )
        self._updates = self._blobs = None  # what they remember of the marks is old now
        if found.bundle_id:
            self._note_staged(found.note())
        return found

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
        own = outbox_facts(self.outbox)
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
            facts={**facts.facts, **own, **self.catalogue.facts(now)},
            cameras=facts.cameras,
            quarantined=facts.quarantined,
            progress=facts.progress,
            last_picture=dict(self._last_pictures),
        )

    def _pass_settled(self, reply: CheckInReply) -> None:
        """Each basket once per life of this process; the shadow counts it once at all."""
        for basket in reply.settled:
            is_new = basket.basket_id not in self._settled
            if self._settle is not None and is_new and self._settle(basket.basket_id, basket.truth):
                self._settled.add(basket.basket_id)

    def _obey(self, reply: CheckInReply, client: HubClient, facts: BoxFacts) -> None:
        facts_of = {"facts": facts, "link": self.state}
        hands = Hands(client.upload, self._ask_bundles, lambda: facts_of, self.renew_pictures)
        for command in reply.commands:
            self._num_soon = PICTURE_ROUNDS if command.kind == "picture" else self._num_soon
            logger.info("remote command kind=%s id=%s", command.kind, command.command_id)
            client.send_result(carry_out(command, self._config, hands))

    def _follow(self, reply: CheckInReply, client: HubClient, now: datetime) -> SyncError | None:
        """Ask what this box should run and sell where something may be new; what went wrong.

        Prices and new SKUs are taken at once, before anything large is moved.
        """
        is_due = self._num_rounds % UPDATE_EVERY_ROUNDS == 1
        if not is_due and reply.updates_version == self._seen_version:
            return None
        try:
            self._update(client, now)
        except SyncError as err:
            return err
        self._seen_version = reply.updates_version
        return None

    def _update(self, client: HubClient, now: datetime) -> None:
        if self._updates is None:
            self._updates, self._blobs = open_updates(self._config, client, UPDATE_RETRY)
        offer = self._offer = self._updates.check(now)
        problem = first_problem(offer)
        if offer.catalogue is not None:
            blobs = catalogue_blobs(client, self.catalogue.store, UPDATE_RETRY)
            refused = self.catalogue.take(offer.catalogue, blobs)
            problem = problem or (f"{refused[0].code}: {refused[0]}" if refused else "")
        self.catalogue.take_margins(offer.margins)
        self.state = replace(
            self.state,
            wanted=(offer.assignment.bundle_id or "") if offer.assignment is not None else "",
            withdraws=offer.assignment.withdraws if offer.assignment is not None else (),
            problem=problem,
            freshness=str(self._updates.freshness(now)),
        )

    def _share_pictures(self, client: HubClient, facts: BoxFacts) -> None:
        """Newest pictures of the cameras; the next check-in names them."""
        for camera, sealed in facts.pictures.items():
            if self._last_pictures.get(camera) != hashlib.sha256(sealed).hexdigest():
                self._last_pictures[camera] = client.upload(sealed)

    def _install_patiently(self, facts: BoxFacts, now: datetime) -> None:
        """A bundle that cannot be brought here holds up nothing else; tried again later."""
        offer = self._offer
        if offer is None or offer.manifest is None or time.monotonic() < self._next_install_s:
            return
        try:
            self._install(offer, facts, now)
        except TurnOverError:
            self._num_soon = max(int(self._pace.is_open), self._num_soon)
            return
        except SyncError as err:
            wait_s = self._install_backoff.after(err)
            self._next_install_s = time.monotonic() + wait_s
            logger.warning("bundle not installed, again in %.0f s code=%s: %s",
                           wait_s, err.code, err)  # fmt: skip
            if isinstance(err, PublisherError):
                self.state = replace(self.state, problem=f"{err.code}: {err}")
            return
        self._install_backoff.reset()

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
        turn = DownloadTurn(TURN_S * self._pace.is_open, self._pace.bytes_per_s)
        with self._blobs.in_turn(turn):
            fetch_bundle(offer.manifest, self._blobs, offer.patches)
        self._store.install(offer.manifest)
        receipt = self._updates.write_receipt(offer)
        told = offer.assignment
        self._note_staged(
            StagedNote(bundle_id, generation, receipt_facts(receipt), told.policy, told.is_drill)
        )

    def _note_staged(self, note: StagedNote) -> None:
        """The bundles process hears it every second, also after a restart without a network."""
        write_note(self._staged_path, note)
        logger.info("bundle staged bundle=%s generation=%d", note.bundle_id[:12], note.generation)
        self._take_note(note)

    def _recall_staged(self) -> None:
        note = read_note(self._staged_path)
        if note is not None and slot_of(self._config, note.bundle_id).is_dir():
            self._take_note(note)

    def _take_note(self, note: StagedNote) -> None:
        self.state = replace(
            self.state, staged=note.bundle_id, generation=note.generation, receipt=note.receipt,
            policy=note.policy, is_drill=note.is_drill,
        )  # fmt: skip

    @property
    def _staged_path(self) -> Path:
        return updates_folder(self._config) / "staged.json"
