"""A hub that may lie: an update repository in memory, and everybody who holds one of its keys.

Built on python-tuf's metadata API alone, not on our signing code, so that the two cannot share a
mistake. Honest publications count versions up and sign with the right keys; an attack edits
`signed`, signs with whatever keys it holds, and puts bytes into `served`.
"""

import copy
import functools
import hashlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from securesystemslib.signer import CryptoSigner
from tuf.api.exceptions import DownloadHTTPError
from tuf.api.metadata import (
    DelegatedRole,
    Delegations,
    Metadata,
    MetaFile,
    Root,
    Snapshot,
    SuccinctRoles,
    TargetFile,
    Targets,
    Timestamp,
)
from tuf.api.serialization.json import JSONSerializer

from sync.blob_store import BlobStore
from sync.gate_verdict import GateVerdict, verdict_path
from sync.transport_errors import NotFoundError
from sync.trusted_updates import SIGNED_AT_FIELD, TrustedUpdates, UpdateRoad
from sync.update_documents import (
    Assignment,
    CatalogueIndex,
    Document,
    box_path,
    bundle_path,
    channel_path,
    ring_path,
)
from sync.update_errors import AlteredError
from sync.update_fetcher import BytesFetcher

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
BUILD_TIME = datetime(2026, 11, 1, tzinfo=UTC)
URL = "memory:///v1/tuf/"
RING, BOX, CHANNEL = "lab", "box-7", "main"

THRESHOLDS = {"root": 2, "targets": 2, "bundles": 2}
NUM_KEYS = {"root": 3, "targets": 3, "bundles": 3}
KEY_ROLES = ("root", "targets", "snapshot", "timestamp", "bundles", "assign", "catalogue", "gate")
PATHS = {
    "bundles": ["bundles/*/*"],
    "assign": ["assign/ring/*"],
    "assign-box": ["assign/box/*"],
    "catalogue": ["catalogue/*"],
    "gate": ["gate/*"],
}
TOPS = ("root", "targets", "snapshot", "timestamp")
BIN_PREFIX = "assign-box-bin"

Signers = Sequence[CryptoSigner]
_SERIALIZER = JSONSerializer(compact=True)


def new_signer() -> CryptoSigner:
    """A key that nobody trusts yet."""
    return CryptoSigner(Ed25519PrivateKey.generate())


@functools.cache
def honest_keys() -> dict[str, tuple[CryptoSigner, ...]]:
    """The keys of every role; made once, since who they are does not matter."""
    return {r: tuple(new_signer() for _ in range(NUM_KEYS.get(r, 1))) for r in KEY_ROLES}


def key_role(role: str) -> str:
    """Whose keys sign a role."""
    return "assign" if role.startswith("assign-box") else role


class HostileRepository:
    """What is served, what is signed, and the keys.

    Attributes:
        served: file name -> bytes, as the box sees them.
        blobs: sha256 -> bytes.
        signed: role -> its content as last published honestly, or as an attack left it.
    """

    def __init__(self, now: datetime = NOW) -> None:
        self.now = now
        self.keys = dict(honest_keys())
        self.served: dict[str, bytes] = {}
        self.blobs: dict[str, bytes] = {}
        self.signed: dict[str, Any] = {}
        self._create()

    def publish(self, *roles: str) -> None:
        """An honest publication: versions up, right keys, snapshot and timestamp renewed."""
        for role in roles:
            self.signed[role].version += 1
            self.serve(role)
        self.serve_tops()

    def serve_tops(self) -> None:
        """Snapshot and timestamp that refer to what the roles are now, signed by their keys."""
        snapshot = self.signed["snapshot"]
        snapshot.version += 1
        for role, signed in self.signed.items():
            if role not in ("root", "snapshot", "timestamp"):
                snapshot.meta[f"{role}.json"] = MetaFile(signed.version)
        raw = self.serve("snapshot")
        self.point_timestamp(snapshot.version, raw)

    def point_timestamp(self, version: int, raw: bytes) -> None:
        """A new timestamp that names a snapshot."""
        timestamp = self.signed["timestamp"]
        timestamp.version += 1
        timestamp.snapshot_meta = MetaFile.from_data(version, raw, ["sha256"])
        timestamp.unrecognized_fields[SIGNED_AT_FIELD] = self.now.isoformat()
        self.serve("timestamp")

    def serve(self, role: str, signers: Signers | None = None) -> bytes:
        """Sign a role as it is now, by its own keys or by others, and serve it."""
        raw = self.sign(role, signers)
        self.served[self.file_name(role)] = raw
        return raw

    def sign(self, role: str, signers: Signers | None = None) -> bytes:
        """A role as it is now, signed."""
        keys = self.keys[key_role(role)] if signers is None else signers
        metadata = Metadata(self.signed[role])
        for signer in keys:
            metadata.sign(signer, append=True)
        return metadata.to_bytes(_SERIALIZER)

    def file_name(self, role: str) -> str:
        """Under which name a role is asked for."""
        return (
            "timestamp.json" if role == "timestamp" else f"{self.signed[role].version}.{role}.json"
        )

    def put(self, data: bytes) -> str:
        """Serve a blob."""
        sha256 = hashlib.sha256(data).hexdigest()
        self.blobs[sha256] = data
        return sha256

    def list_target(self, role: str, path: str, data: bytes) -> TargetFile:
        """List bytes under a role; published by the caller."""
        self.put(data)
        target = TargetFile.from_data(path, data, ["sha256"])
        self.signed[role].targets[path] = target
        return target

    def release(self, manifest: bytes) -> str:
        """List a manifest under the release role, judged by the gate; its id."""
        bundle_id = hashlib.sha256(manifest).hexdigest()
        self.judge(bundle_id)
        self.list_target("bundles", bundle_path(bundle_id), manifest)
        return bundle_id

    def judge(self, bundle_id: str, *, about: str = "", **fields: Any) -> None:
        """Serve a verdict of the gate; the next snapshot names it."""
        said = {"verdict": "pass", "policy": "demo", "judged_at": self.now, **fields}
        verdict = GateVerdict(bundle_id=about or bundle_id, **said)
        self.list_document("gate", verdict_path(bundle_id), verdict)
        self.signed["gate"].version += 1
        self.serve("gate")

    def assign(self, generation: int, bundle_id: str | None, **fields: Any) -> Assignment:
        """List the ring's assignment."""
        document = Assignment(
            generation=generation,
            bundle_id=bundle_id,
            channel=CHANNEL,
            issued_at=self.now,
            **fields,
        )
        self.list_document("assign", ring_path(RING), document)
        return document

    def assign_own(self, generation: int, bundle_id: str | None, **fields: Any) -> str:
        """List the box's own assignment; the bin role that holds it."""
        document = Assignment(
            generation=generation,
            bundle_id=bundle_id,
            channel=CHANNEL,
            issued_at=self.now,
            **fields,
        )
        role = self.bin_of(BOX)
        self.list_document(role, box_path(BOX), document)
        return role

    def list_index(self, generation: int, **fields: Any) -> CatalogueIndex:
        """List the channel's catalogue index."""
        index = CatalogueIndex(generation=generation, channel=CHANNEL, issued_at=self.now, **fields)
        self.list_document("catalogue", channel_path(CHANNEL), index)
        return index

    def list_document(self, role: str, path: str, document: Document) -> None:
        """List a document under a role."""
        self.list_target(role, path, document.to_bytes())

    def bin_of(self, box_id: str) -> str:
        """The bin role of a box."""
        succinct = self.signed["assign-box"].delegations.succinct_roles
        return str(succinct.get_role_for_target(box_path(box_id)))

    def rotate_root(self, signers: Iterable[CryptoSigner] | None = None) -> None:
        """A new root as it is in `signed`, signed by the old root's keys or by others."""
        self.signed["root"].version += 1
        self.serve("root", list(self.keys["root"]) if signers is None else list(signers))

    def renew_online_keys(self) -> None:
        """What `hubctl keys stolen` does: a new root with new snapshot and timestamp keys."""
        root = self.signed["root"]
        for role in ("snapshot", "timestamp"):
            new = new_signer()
            root.revoke_key(self.keys[role][0].public_key.keyid, role)
            root.add_key(new.public_key, role)
            self.keys[role] = (new,)
        self.rotate_root()
        self.serve_tops()

    def copy(self) -> "HostileRepository":
        """The same repository at the same moment, to be replayed later."""
        other = copy.copy(self)
        other.keys = dict(self.keys)
        other.served = dict(self.served)
        other.blobs = dict(self.blobs)
        other.signed = copy.deepcopy(self.signed)
        return other

    def _create(self) -> None:
        later = (self.now + timedelta(days=300)).replace(microsecond=0)
        soon = (self.now + timedelta(days=14)).replace(microsecond=0)
        root = Root(expires=later, consistent_snapshot=True)
        roles = {name: DelegatedRole(name, [], 1, True, paths) for name, paths in PATHS.items()}
        targets = Targets(expires=later, delegations=Delegations({}, roles))
        assign = self.keys["assign"][0].public_key
        bins = SuccinctRoles([assign.keyid], 1, 1, BIN_PREFIX)
        boxes = Targets(expires=later, delegations=Delegations({assign.keyid: assign}, None, bins))
        self.signed = {"root": root, "targets": targets, "assign-box": boxes}
        for role in ("bundles", "assign", "catalogue", "gate", *bins.get_roles()):
            self.signed[role] = Targets(expires=later)
        self.signed["snapshot"] = Snapshot(version=1, expires=soon)
        self.signed["timestamp"] = Timestamp(version=1, expires=soon)
        self.signed["snapshot"].version = self.signed["timestamp"].version = 0
        for role in (*TOPS, *PATHS):
            delegator = root if role in TOPS else targets
            for signer in self.keys[key_role(role)]:
                delegator.add_key(signer.public_key, role)
            delegator.get_delegated_role(role).threshold = THRESHOLDS.get(role, 1)
        for role in self.signed:
            if role not in ("snapshot", "timestamp"):
                self.serve(role)
        self.serve_tops()


class MemoryFetcher(BytesFetcher):
    """Serves a repository without a network; errors can be put in its way.

    Attributes:
        repository: exchange it to replay an older state.
        failures: file name -> exception to raise instead.
    """

    def __init__(self, repository: HostileRepository) -> None:
        self.repository = repository
        self.failures: dict[str, Exception] = {}
        self.asked: list[str] = []

    def _fetch(self, url: str) -> Iterator[bytes]:
        name = url.removeprefix(URL)
        self.asked.append(name)
        if name in self.failures:
            raise self.failures[name]
        if name not in self.repository.served:
            raise DownloadHTTPError(f"{name}: status 404", 404)
        return iter([self.repository.served[name]])


class MemoryBlobs:
    """Brings blobs out of a repository into a real store, verified as the real one does."""

    def __init__(self, fetcher: MemoryFetcher, store: BlobStore) -> None:
        self.store = store
        self._fetcher = fetcher

    def fetch(self, sha256: str, size: int) -> Path:
        """The blob's path, after it was verified."""
        if self.store.has(sha256, size):
            return self.store.path(sha256)
        data = self._fetcher.repository.blobs.get(sha256)
        if data is None:
            raise NotFoundError(f"blob {sha256[:12]}")
        if len(data) != size or hashlib.sha256(data).hexdigest() != sha256:
            raise AlteredError(f"blob {sha256[:12]} was altered")
        self.store.put(data)
        return self.store.path(sha256)


class UpdateBox:
    """A box on the update road: one folder, one fetcher, one life."""

    def __init__(self, folder: Path, repository: HostileRepository) -> None:
        self.folder = folder
        self.root = repository.served["1.root.json"]
        self.fetcher = MemoryFetcher(repository)
        self.blobs = MemoryBlobs(self.fetcher, BlobStore(folder / "cas"))
        self.hub_date: datetime | None = None
        self.ungated: frozenset[str] = frozenset()
        self.store_id = ""
        self.updates = self.restarted()

    def restarted(self) -> TrustedUpdates:
        """The same box after a reboot: all it knows is on its disk."""
        road = UpdateRoad(
            folder=self.folder / "updates",
            metadata_url=URL,
            fetcher=self.fetcher,
            blobs=self.blobs,
            root=self.root,
            box_id=BOX,
            ring=RING,
            build_time=BUILD_TIME,
            ungated=self.ungated,
            store_id=self.store_id,
        )
        self.updates = TrustedUpdates(road, hub_date=lambda: self.hub_date)
        return self.updates

    def wipe_metadata(self) -> None:
        """Lose python-tuf's folder, keep our own marks."""
        for path in sorted((self.folder / "updates" / "metadata").rglob("*"), reverse=True):
            with suppress(OSError):
                path.rmdir() if path.is_dir() and not path.is_symlink() else path.unlink()
