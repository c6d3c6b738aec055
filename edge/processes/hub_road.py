"""Where the road to the hub begins on this box: folders, HTTP settings, the root it trusts.

Flow: EdgeConfig -> BoxIdentity, HubClient, TrustedUpdates

Used by the uplink process and, before it first runs, by `edgectl enrol`. Decides nothing.
"""

import hashlib
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from edge.config import FACTORY_BUNDLE_ID, EdgeConfig
from sync.blob_download import HubBlobs, RetryPolicy
from sync.blob_store import BlobStore
from sync.durable_file import write_durably
from sync.errors import PublisherError
from sync.http_pool import HttpSettings
from sync.hub_client import BoxIdentity, HubClient
from sync.protocol import ENDPOINTS
from sync.trusted_updates import TrustedUpdates, UpdateRoad
from sync.update_fetcher import HubFetcher

BUILD_TIME = datetime(2026, 11, 1, tzinfo=UTC)  # of this software: no clock is right before it
DEFAULT_RING = "main"  # of boxes that were enrolled into no ring
MAX_ROOT_BYTES = 512_000
ROOT_DEADLINE_S = 30.0
METADATA_PATH = ENDPOINTS["metadata"].path.removesuffix("{name}")
BLOBS_PATH = ENDPOINTS["download"].path.removesuffix("/{sha256}")


class RootMismatchError(PublisherError):
    """The hub's root is not the one this box was told to trust."""

    code = "update.root_mismatch"


def identity_folder(config: EdgeConfig) -> Path:
    """The box's key and counters; one process uses it: uplink."""
    return config.paths.state_dir / "identity"


def updates_folder(config: EdgeConfig) -> Path:
    """Metadata, marks, receipts and the trusted root; uplink's."""
    return config.paths.state_dir / "updates"


def bundles_folder(config: EdgeConfig) -> Path:
    """Blobs and slots, written by uplink; the state row beside them by the bundles process."""
    return config.paths.state_dir / "bundles"


def slot_of(config: EdgeConfig, bundle_id: str) -> Path:
    """Where an installed bundle lies."""
    return bundles_folder(config) / "slots" / bundle_id


def http_settings(config: EdgeConfig) -> HttpSettings:
    """The configuration in the words of the HTTP client."""
    return HttpSettings(proxy_url=config.hub.proxy_url or None, ca_file=config.hub.ca_file)


def edge_version() -> str:
    """Version of the box's software."""
    return version("tillsight")


def load_client(config: EdgeConfig) -> HubClient | None:
    """The hub's client of an enrolled box; None where it is not enrolled yet.

    Raises:
        IdentityError: key or state is damaged.
    """
    if not (identity_folder(config) / "identity.json").is_file():
        return None
    identity = BoxIdentity.load(identity_folder(config))
    return HubClient(identity, http_settings(config)) if identity.state.nonce else None


def fetch_root(client: HubClient, folder: Path) -> bytes:
    """The root this box was enrolled with; asked for once, then on disk for ever.

    Raises:
        RootMismatchError: what the hub serves is not what the enrolment promised.
        TransportError: the road broke, or nothing was published yet.
    """
    path = folder / "root.json"
    if path.is_file():
        return path.read_bytes()
    url = f"{client.identity.state.hub_url.rstrip('/')}{METADATA_PATH}1.root.json"
    with client.http.request("GET", url, deadline_s=ROOT_DEADLINE_S) as reply:
        reply.raise_for_status()
        raw = reply.read(MAX_ROOT_BYTES)
    promised = client.identity.state.root_sha256
    if not promised or hashlib.sha256(raw).hexdigest() != promised:
        raise RootMismatchError(
            f"root {hashlib.sha256(raw).hexdigest()[:12]}, enrolled with {promised[:12] or 'none'}",
            hint="enrol the box again with --root-sha256 of hubctl keys export-root",
        )
    folder.mkdir(parents=True, exist_ok=True)
    write_durably(path, raw)
    return raw


def catalogue_blobs(
    client: HubClient, store: BlobStore, retry: RetryPolicy | None = None
) -> HubBlobs:
    """What brings blobs of the catalogue into its keeper's own store."""
    base = client.identity.state.hub_url.rstrip("/")
    return HubBlobs(client.http, base + BLOBS_PATH, store, retry=retry)


def open_updates(
    config: EdgeConfig, client: HubClient, retry: RetryPolicy | None = None
) -> tuple[TrustedUpdates, HubBlobs]:
    """The box's side of the update road, and what brings its blobs.

    Raises:
        RootMismatchError: see fetch_root.
        TransportError: the root is not here yet and the hub was not reached.
    """
    state = client.identity.state
    base = state.hub_url.rstrip("/")
    root = fetch_root(client, updates_folder(config))
    blobs = HubBlobs(
        client.http, base + BLOBS_PATH, BlobStore(bundles_folder(config) / "cas"), retry=retry
    )
    road = UpdateRoad(
        folder=updates_folder(config),
        metadata_url=base + METADATA_PATH,
        fetcher=HubFetcher(client.http),
        blobs=blobs,
        root=root,
        box_id=state.box_id,
        ring=state.ring or DEFAULT_RING,
        build_time=BUILD_TIME,
        ungated=frozenset({FACTORY_BUNDLE_ID}),
        store_id=state.store_id,
    )
    return TrustedUpdates(road, hub_date=lambda: client.http.hub_date), blobs
