"""The signed metadata of all roles on disk, and how a change of it becomes visible at once.

Flow: metadata folder -> SignedTree -> edited roles -> files in order, timestamp.json last

What counts is what timestamp.json leads to; files of an interrupted publication are overwritten by
the next one. Every file is synced and renamed. Who signs is signing.py's business.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, cast

from tuf.api.exceptions import RepositoryError
from tuf.api.metadata import Metadata, MetaFile, Root, Snapshot, Targets, Timestamp
from tuf.api.serialization.json import JSONSerializer

from sync.durable_file import AtStep, ignore_step, write_durably
from sync.trusted_updates import SIGNED_AT_FIELD
from trainer.release.release_errors import RepositoryFolderError
from trainer.release.signing_roles import BIN_PREFIX, valid_days

METADATA_FOLDER = "metadata"
BLOBS_FOLDER = "blobs"
PENDING_FOLDER = "pending"

_SERIALIZER = JSONSerializer(compact=True)


class SignedTree:
    """Metadata of every role, as published."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / METADATA_FOLDER
        self.roles: dict[str, Metadata[Any]] = {}

    @property
    def root(self) -> Root:
        """The root as it will be published."""
        return cast("Root", self.roles["root"].signed)

    @property
    def snapshot(self) -> Snapshot:
        """The snapshot as it will be published."""
        return cast("Snapshot", self.roles["snapshot"].signed)

    @property
    def timestamp(self) -> Timestamp:
        """The timestamp as it will be published."""
        return cast("Timestamp", self.roles["timestamp"].signed)

    def targets(self, role: str = "targets") -> Targets:
        """A targets role as it will be published."""
        return cast("Targets", self.roles[role].signed)

    def keyids(self, role: str) -> list[str]:
        """Keys that may sign a role."""
        if role in self.root.roles:
            return list(self.root.roles[role].keyids)
        delegator = self.delegator(role)
        return list(delegator.get_delegated_role(role).keyids)

    def threshold(self, role: str) -> int:
        """How many of them must."""
        if role in self.root.roles:
            return self.root.roles[role].threshold
        return self.delegator(role).get_delegated_role(role).threshold

    def delegator(self, role: str) -> Root | Targets:
        """The role that says who signs `role`."""
        if role in self.root.roles:
            return self.root
        return self.targets("assign-box" if role.startswith(BIN_PREFIX) else "targets")

    def missing_signatures(self, role: str, previous_root: Root | None) -> int:
        """How many more valid signatures a role's metadata needs."""
        metadata = self.roles[role]
        payload = metadata.signed_bytes
        if role == "root":
            both = self.root.get_root_verification_result(
                previous_root, payload, metadata.signatures
            )
            return max(both.first.missing, both.second.missing)
        result = self.delegator(role).get_verification_result(role, payload, metadata.signatures)
        return result.missing

    def targets_roles(self) -> Iterator[str]:
        """Every role that the snapshot lists."""
        return (name for name in self.roles if name not in ("root", "snapshot", "timestamp"))


def load_tree(folder: Path) -> SignedTree:
    """What timestamp.json leads to.

    Raises:
        RepositoryFolderError: there is none, or a file it leads to is missing or damaged.
    """
    tree = SignedTree(folder)
    try:
        tree.roles["root"] = _read(tree.folder / f"{_newest_root(tree.folder)}.root.json")
        tree.roles["timestamp"] = _read(tree.folder / "timestamp.json")
        version = tree.timestamp.snapshot_meta.version
        tree.roles["snapshot"] = _read(tree.folder / f"{version}.snapshot.json")
        for name, meta in tree.snapshot.meta.items():
            role = name.removesuffix(".json")
            tree.roles[role] = _read(tree.folder / f"{meta.version}.{name}")
    except (OSError, RepositoryError, ValueError) as err:
        raise RepositoryFolderError(
            f"no whole repository in {folder}: {err}", hint="run hubctl keys init, or restore it"
        ) from err
    return tree


def next_version(tree: SignedTree, role: str, now: datetime) -> None:
    """Prepare a role for signing anew: version, expiry, no signatures."""
    metadata = tree.roles[role]
    metadata.signed.version += 1
    metadata.signed.expires = _expiry(now, role)
    metadata.signatures.clear()


def add_role(tree: SignedTree, role: str, signed: Root | Targets | Snapshot | Timestamp,
             now: datetime) -> None:  # fmt: skip
    """Add a role that did not exist, version 1."""
    signed.expires = _expiry(now, role)
    tree.roles[role] = Metadata(signed)


def refer(tree: SignedTree, now: datetime, *, timestamp_days: int | None = None) -> None:
    """Make snapshot and timestamp say what the other roles are now; they are to be signed next."""
    next_version(tree, "snapshot", now)
    for role in tree.targets_roles():
        tree.snapshot.meta[f"{role}.json"] = MetaFile(version=tree.roles[role].signed.version)
    next_version(tree, "timestamp", now)
    if timestamp_days is not None:
        tree.timestamp.expires = _whole_second(now + timedelta(days=timestamp_days))
    tree.timestamp.unrecognized_fields[SIGNED_AT_FIELD] = _whole_second(now).isoformat()


def describe_snapshot(tree: SignedTree) -> None:
    """Put length and hash of the signed snapshot into the timestamp."""
    raw = to_bytes(tree.roles["snapshot"])
    version = tree.snapshot.version
    tree.timestamp.snapshot_meta = MetaFile.from_data(version, raw, ["sha256"])


def write_tree(tree: SignedTree, changed: set[str], *, at_step: AtStep = ignore_step) -> None:
    """Make a signed change visible: targets roles, snapshot, root, and timestamp.json last."""
    tree.folder.mkdir(parents=True, exist_ok=True)
    order = [role for role in tree.targets_roles() if role in changed]
    order += [role for role in ("snapshot", "root") if role in changed]
    for role in order:
        metadata = tree.roles[role]
        path = tree.folder / f"{metadata.signed.version}.{role}.json"
        write_durably(path, to_bytes(metadata), at_step=at_step)
        at_step(f"published {role}")
    write_durably(tree.folder / "timestamp.json", to_bytes(tree.roles["timestamp"]),
                  at_step=at_step)  # fmt: skip
    at_step("published timestamp")


def to_bytes(metadata: Metadata[Any]) -> bytes:
    """Compact JSON as it is served."""
    return metadata.to_bytes(_SERIALIZER)


def _read(path: Path) -> Metadata[Any]:
    return Metadata.from_bytes(path.read_bytes())


def _newest_root(folder: Path) -> int:
    versions = [int(path.name.split(".")[0]) for path in folder.glob("*.root.json")]
    if not versions:
        raise FileNotFoundError("no root.json")
    return max(versions)


def _expiry(now: datetime, role: str) -> datetime:
    return _whole_second(now + timedelta(days=valid_days(role)))


def _whole_second(moment: datetime) -> datetime:
    return moment.replace(microsecond=0)
