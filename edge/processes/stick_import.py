"""Updates from a stick: verified as those of the hub are, for a box whose network is away.

Flow: exported folder -> TrustedUpdates over files -> catalogue, bundle on this disk -> Imported

The stick is trusted no more than the network. Runs in the uplink, which owns the folders, or in
edgectl while no uplink runs.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from edge.bundles.store import BundleStore
from edge.config import FACTORY_BUNDLE_ID, EdgeConfig
from edge.processes.catalogue_keeper import CatalogueKeeper
from edge.processes.hub_road import (
    BUILD_TIME,
    DEFAULT_RING,
    MAX_ROOT_BYTES,
    RootMismatchError,
    bundles_folder,
    identity_folder,
    updates_folder,
)
from edge.processes.round_pace import StagedNote
from sync.blob_download import ExportedBlobs
from sync.blob_store import BlobStore
from sync.bundle_fetch import fetch_bundle
from sync.durable_file import write_durably
from sync.hub_client import BoxIdentity
from sync.trusted_updates import TrustedUpdates, UpdateOffer, UpdateRoad
from sync.update_fetcher import EXPORT_METADATA, EXPORT_URL, FileFetcher
from sync.update_state import InstallReceipt


@dataclass(frozen=True, slots=True)
class Imported:
    """What a stick brought.

    Attributes:
        bundle_id: staged for the bundles process; empty text where nothing new is assigned.
        problems: what was on it and must not be used.
        policy, is_drill: as its assignment says.
    """

    bundle_id: str = ""
    generation: int = 0
    receipt: Mapping[str, str] = field(default_factory=dict)
    catalogue_generation: int = 0
    problems: tuple[str, ...] = ()
    policy: str = ""
    is_drill: bool = False

    def note(self) -> StagedNote:
        """For the bundles process."""
        return StagedNote(self.bundle_id, self.generation, self.receipt, self.policy, self.is_drill)


def import_stick(
    config: EdgeConfig,
    stick: Path,
    catalogue: CatalogueKeeper,
    store: BundleStore,
    *,
    now: datetime,
    root_sha256: str = "",
) -> Imported:
    """Take everything from a stick that is meant for this box.

    Args:
        root_sha256: of the root to trust; only where the box was never enrolled.

    Raises:
        PublisherError: what is on it cannot be trusted; nothing changed.
        TransportError: it cannot be read, or something is missing on it.
        BundleError: the disk is full.
    """
    cas = BlobStore(bundles_folder(config) / "cas")
    updates = TrustedUpdates(_road(config, stick, cas, root_sha256))
    offer = updates.check(now)
    problems = [f"{p.code}: {p}" for p in offer.problems]
    if offer.catalogue is not None:
        taken = catalogue.take(offer.catalogue, ExportedBlobs(stick, catalogue.store))
        problems += [f"{p.code}: {p}" for p in taken]
    catalogue.take_margins(offer.margins)
    generation = offer.catalogue.generation if offer.catalogue is not None else 0
    if offer.manifest is None or offer.assignment is None:
        return Imported(catalogue_generation=generation, problems=tuple(problems))
    updates.require_fresh(now)
    fetch_bundle(offer.manifest, ExportedBlobs(stick, cas), offer.patches)
    store.install(offer.manifest)
    return Imported(
        bundle_id=offer.manifest.bundle_id(),
        generation=offer.assignment.generation,
        receipt=receipt_facts(updates.write_receipt(offer)),
        catalogue_generation=generation,
        problems=tuple(problems),
        policy=offer.assignment.policy,
        is_drill=offer.assignment.is_drill,
    )


def receipt_facts(receipt: InstallReceipt) -> dict[str, str]:
    """A receipt as the bundles process keeps it."""
    return {
        "verified_at": receipt.verified_at.isoformat(),
        "clock_source": receipt.clock_source,
        "versions": ",".join(f"{k}={v}" for k, v in sorted(receipt.versions.items())),
    }


def first_problem(offer: UpdateOffer) -> str:
    """What was published but must not be used; empty text where nothing is wrong."""
    return f"{offer.problems[0].code}: {offer.problems[0]}" if offer.problems else ""


def _road(config: EdgeConfig, stick: Path, cas: BlobStore, root_sha256: str) -> UpdateRoad:
    box_id, ring, store_id = config.box_id, DEFAULT_RING, ""
    if (identity_folder(config) / "identity.json").is_file():
        state = BoxIdentity.load(identity_folder(config)).state
        box_id, ring, store_id = state.box_id, state.ring or DEFAULT_RING, state.store_id
    return UpdateRoad(
        folder=updates_folder(config),
        metadata_url=EXPORT_URL,
        fetcher=FileFetcher(stick),
        blobs=ExportedBlobs(stick, cas),
        root=_root(config, stick, root_sha256),
        box_id=box_id,
        ring=ring,
        build_time=BUILD_TIME,
        ungated=frozenset({FACTORY_BUNDLE_ID}),
        store_id=store_id,
    )


def _root(config: EdgeConfig, stick: Path, root_sha256: str) -> bytes:
    """The root this box trusts already, else the stick's where its hash was given by a person."""
    path = updates_folder(config) / "root.json"
    if path.is_file():
        return path.read_bytes()
    hint = "give --root-sha256 of hubctl keys export-root, or enrol the box first"
    try:
        raw = (stick / EXPORT_METADATA / "1.root.json").read_bytes()[:MAX_ROOT_BYTES]
    except OSError as err:
        raise RootMismatchError(f"the stick holds no root: {err.strerror}", hint=hint) from err
    found = hashlib.sha256(raw).hexdigest()
    if not root_sha256 or found != root_sha256:
        raise RootMismatchError(
            f"the stick's root is {found[:12]}, told {root_sha256[:12] or 'none'}", hint=hint
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    write_durably(path, raw)
    return raw
