"""Which bundle, gallery segments and prices are mine, and are they genuine.

Flow: hub or stick -> TUF metadata -> assignment, bundle, catalogue -> UpdateOffer

A box installs a bundle only if the online assign key names it *and* the offline release keys list
it with the same digest (Uptane's two roles, in one repository) *and* the gate key says it passed.
Nothing here stops serving: every failure is an error of this check alone, and the box goes on with
what it has. Files of a bundle are fetched by bundle_fetch.py; when it serves is the box's decision.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TypeVar

import urllib3
from tuf.api.exceptions import DownloadError, RepositoryError
from tuf.ngclient.fetcher import FetcherInterface

from sync.blob_download import BlobFetcher
from sync.blob_patch import PatchEntry
from sync.bundle import BundleManifest
from sync.clock_floor import ClockFloor, TrustedTime, trusted_time
from sync.durable_file import AtStep, folder_lock, ignore_step
from sync.durable_updater import DurableUpdater
from sync.errors import PublisherError, SyncError
from sync.role_guard import RoleGuard, keys_of_root
from sync.store_margins import StoreMargins
from sync.transport_errors import ClockError
from sync.update_documents import Assignment, CatalogueIndex
from sync.update_errors import ExpiredError, RollbackError, StaleError, classify
from sync.update_resolution import Resolution
from sync.update_state import (
    Freshness,
    InstallReceipt,
    UpdateState,
    load_state,
    raise_version,
    save_receipt,
    save_state,
)

DEFAULT_CHANNEL = "main"  # prices reach a box that nobody assigned a bundle to
SIGNED_AT_FIELD = "x-tillsight-signed-at"

_T = TypeVar("_T")

_FOREIGN = (
    RepositoryError,
    DownloadError,
    urllib3.exceptions.HTTPError,
    OSError,
    ValueError,
    RuntimeError,
)


@dataclass(frozen=True, slots=True)
class UpdateRoad:
    """Where updates come from and where this box keeps what it learned.

    Attributes:
        root: bytes of the root this box was born with, from its package or its claim.
        ring: the ring to follow where the box has no assignment of its own.
        ungated: bundles that need no gate verdict: the one this box was born with, by its digest.
        store_id: whose own margins to ask for; empty for none.
    """

    folder: Path
    metadata_url: str
    fetcher: FetcherInterface
    blobs: BlobFetcher
    root: bytes
    box_id: str
    ring: str
    build_time: datetime
    ungated: frozenset[str] = frozenset()
    store_id: str = ""


@dataclass(frozen=True, slots=True)
class UpdateOffer:
    """What the centre wants on this box, verified.

    Attributes:
        assignment: None where nobody assigned anything to this box or its ring.
        manifest: of the assigned bundle; None where there is nothing new to install.
        catalogue: None where the channel has no index yet.
        problems: what was published but must not be used: report it, go on with what you have. A
            broken bundle does not hold up prices, nor the other way round.
        versions: metadata versions by role, for the receipt.
        margins: the store's own; None where none were published or they must not be used.
    """

    assignment: Assignment | None
    manifest: BundleManifest | None
    patches: tuple[PatchEntry, ...]
    catalogue: CatalogueIndex | None
    problems: tuple[PublisherError, ...]
    versions: dict[str, int]
    verified_at: datetime
    clock_source: str
    fresh_until: datetime
    margins: StoreMargins | None = None

    @property
    def bundle_id(self) -> str | None:
        """Id of the bundle to install."""
        return None if self.manifest is None else self.manifest.bundle_id()


class TrustedUpdates:
    """The box's side of the update road; the uplink process owns it and its folder."""

    def __init__(
        self,
        road: UpdateRoad,
        *,
        hub_date: Callable[[], datetime | None] = lambda: None,
        at_step: AtStep = ignore_step,
    ) -> None:
        """Load what is remembered.

        Args:
            hub_date: the hub's last Date over TLS, HubHttp.hub_date.
        """
        self._road = road
        self._hub_date = hub_date
        self._at_step = at_step
        road.folder.mkdir(parents=True, exist_ok=True)
        self._state_path = road.folder / "update_state.json"
        floor_path = road.folder / "clock_floor.json"
        self._floor = ClockFloor(floor_path, road.build_time, at_step=at_step)
        self.state: UpdateState = load_state(self._state_path)

    @property
    def receipts_folder(self) -> Path:
        """Where install receipts are."""
        return self._road.folder / "receipts"

    def check(self, now: datetime) -> UpdateOffer:
        """Ask what this box should run.

        Args:
            now: the system clock, aware; it is judged by the clock floor first.

        Raises:
            PublisherError: the metadata cannot be trusted; say so to the hub, serve on.
            TransportError: the hub was not reached; try again later, serve on.
        """
        clock = self._judge_clock(now)
        try:
            with folder_lock(self._road.folder / "metadata"):
                return self._check(clock)
        except (SyncError, *_FOREIGN) as err:
            raise _blame(classify(err, "update check"), clock) from err

    def freshness(self, now: datetime) -> Freshness:
        """How recently the hub was heard, by the trusted time."""
        clock = trusted_time(now, self._floor.moment, self._hub_date())
        return self.state.freshness(clock.moment)

    def require_fresh(self, now: datetime) -> None:
        """Gate of new installs; a bundle that was staged while fresh needs no second look.

        Raises:
            StaleError: the last verified timestamp has run out.
        """
        found = self.freshness(now)
        if found is not Freshness.FRESH:
            raise StaleError(
                f"updates are {found}: nothing new is installed",
                hint="connect the box to its hub, or import from a stick",
            )

    def write_receipt(self, offer: UpdateOffer) -> InstallReceipt:
        """Prove on disk that the offered bundle was verified; boot needs nothing else."""
        if offer.manifest is None or offer.assignment is None:
            raise ValueError("the offer names no bundle")
        receipt = InstallReceipt(
            bundle_id=offer.manifest.bundle_id(),
            bundle_generation=offer.manifest.generation,
            assignment_generation=offer.assignment.generation,
            versions=offer.versions,
            verified_at=offer.verified_at,
            clock_source=offer.clock_source,
        )
        save_receipt(self.receipts_folder, receipt, at_step=self._at_step)
        return receipt

    def _judge_clock(self, now: datetime) -> TrustedTime:
        """The time to judge by; where the system clock is doubtful the hub's Date is asked for."""
        clock = trusted_time(now, self._floor.moment, self._hub_date())
        if clock.source == "system" and not clock.is_doubtful:
            return clock
        with suppress(DownloadError):  # only its Date header is wanted
            for _ in self._road.fetcher.fetch(f"{self._road.metadata_url}timestamp.json"):
                break
        return trusted_time(now, self._floor.moment, self._hub_date())

    def _check(self, clock: TrustedTime) -> UpdateOffer:
        updater = DurableUpdater(
            self._road.folder / "metadata",
            self._road.metadata_url,
            fetcher=self._road.fetcher,
            bootstrap=self._road.root,
            reference_time=clock.moment,
            at_step=self._at_step,
        )
        updater.refresh()
        guard = RoleGuard(updater)
        resolution = Resolution(
            guard, self._road.blobs, self._raised_tops(updater), self._road.ungated
        )
        assignment = resolution.assignment(self._road.box_id, self._road.ring)
        problems: list[PublisherError] = []
        manifest: BundleManifest | None = None
        patches: tuple[PatchEntry, ...] = ()
        if assignment is not None and assignment.bundle_id is not None:
            found = _or_problem(lambda: resolution.bundle(assignment), problems)
            manifest, patches = found or (None, ())
        channel = assignment.channel if assignment is not None else DEFAULT_CHANNEL
        catalogue = _or_problem(lambda: resolution.catalogue(channel, clock.moment), problems)
        store_id = self._road.store_id
        margins = _or_problem(lambda: resolution.margins(store_id), problems) if store_id else None
        return self._accept(
            updater,
            _raised_roles(updater, guard, resolution.state),
            UpdateOffer(
                assignment=assignment,
                manifest=manifest,
                patches=patches,
                catalogue=catalogue,
                problems=tuple(problems),
                versions=updater.versions(),
                verified_at=clock.moment,
                clock_source=clock.source,
                fresh_until=updater.timestamp_fields()[0],
                margins=margins,
            ),
        )

    def _raised_tops(self, updater: DurableUpdater) -> UpdateState:
        """Our own rollback memory of the top-level roles, beside python-tuf's."""
        versions = updater.versions()
        if versions["root"] < self.state.root_version:
            raise RollbackError(
                f"root version {versions['root']}, but {self.state.root_version} was seen before",
                hint="somebody hides a key rotation",
            )
        state = self.state.model_copy(update={"root_version": versions["root"]})
        keys = keys_of_root(updater.root)
        for role in ("timestamp", "snapshot", "targets"):
            marks = raise_version(state.marks(role, keys), role, versions[role])
            state = state.with_marks(role, marks)
        return state

    def _accept(
        self, updater: DurableUpdater, state: UpdateState, offer: UpdateOffer
    ) -> UpdateOffer:
        """Everything held: remember it durably, then say so."""
        self.state = state.model_copy(
            update={"last_verified_at": offer.verified_at, "fresh_until": offer.fresh_until}
        )
        save_state(self._state_path, self.state, at_step=self._at_step)
        signed_at = _moment(updater.timestamp_fields()[1].get(SIGNED_AT_FIELD))
        for moment in (signed_at, self._hub_date()):
            if moment is not None:
                self._floor.raise_to(moment, ceiling=updater.root.expires)
        return offer


def _or_problem(work: Callable[[], _T], problems: list[PublisherError]) -> _T | None:
    try:
        return work()
    except (PublisherError, RepositoryError) as err:
        problem = classify(err, "update check")
        if not isinstance(problem, PublisherError):
            raise
        problems.append(problem)
        return None


def _raised_roles(updater: DurableUpdater, guard: RoleGuard, state: UpdateState) -> UpdateState:
    """Version marks of every delegated role that was read."""
    for role in guard.delegated():
        marks = raise_version(state.marks(role, guard.keys(role)), role, updater.versions()[role])
        state = state.with_marks(role, marks)
    return state


def _blame(err: SyncError, clock: TrustedTime) -> SyncError:
    """An expiry that only the box's own clock says is the clock's fault."""
    if isinstance(err, ExpiredError) and clock.is_doubtful:
        return ClockError(
            f"{err}; the box's clock is more than 400 days ahead of all it knows",
            hint="set the clock, or let the box reach its hub over https",
        )
    return err


def _moment(value: object) -> datetime | None:
    if not isinstance(value, str):
        return None
    with suppress(ValueError):
        moment = datetime.fromisoformat(value)
        return moment if moment.tzinfo is not None else None
    return None
