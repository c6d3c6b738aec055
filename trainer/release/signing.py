"""What the hub tells its boxes: bundles, assignments and catalogue, under their roles.

Flow: edits -> Transaction -> published metadata and blobs

Nothing is published that a box would refuse: the same checks run here first. Signing and
thresholds are transaction.py's; keys come and go in keys_ceremony.py.
"""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from tuf.api.metadata import TargetFile

from sync.blob_patch import MIN_PATCHED_BYTES, PatchEntry, make_patch
from sync.bundle import Bundle
from sync.durable_file import AtStep, ignore_step
from sync.gate_verdict import GATE_ROLE, GateVerdict, verdict_path
from sync.store_margins import MarginEntry, StoreMargins, margins_path
from sync.update_documents import (
    ASSIGN_BOX_ROLE,
    ASSIGN_ROLE,
    BUNDLES_ROLE,
    CATALOGUE_ROLE,
    Assignment,
    CatalogueIndex,
    Document,
    ReleasePolicy,
    box_path,
    bundle_path,
    channel_path,
    parse_document,
    policy_path,
    ring_path,
)
from sync.update_resolution import PATCHES_FIELD
from trainer.release.blob_folder import BlobFolder, BlobSink, put_file
from trainer.release.key_files import KeyRing
from trainer.release.release_errors import PublishRefusedError
from trainer.release.signed_tree import BLOBS_FOLDER, SignedTree
from trainer.release.transaction import Transaction

_DocumentT = TypeVar("_DocumentT", bound=Document)


class Signing(Transaction):
    """Edits of one transaction; publish() makes them visible together."""

    def __init__(
        self,
        folder: Path,
        keys: KeyRing,
        now: datetime,
        *,
        new_tree: SignedTree | None = None,
        take_pending: bool = False,
        blobs: BlobSink | None = None,
        at_step: AtStep = ignore_step,
    ) -> None:
        """Open the repository; `blobs` is its own folder unless the hub keeps them elsewhere."""
        super().__init__(
            folder, keys, now, new_tree=new_tree, take_pending=take_pending, at_step=at_step
        )
        self._blob_folder = BlobFolder(folder / BLOBS_FOLDER)
        self.blobs: BlobSink = blobs or self._blob_folder

    def add_bundle(self, bundle: Bundle, *, patch_from: Sequence[Bundle] = ()) -> str:
        """List a bundle under the release keys; its id.

        Args:
            patch_from: older bundles that boxes have; small patches from their files are offered.
        """
        for entry in bundle.manifest.files:
            if put_file(self.blobs, bundle.directory / entry.path) != entry.sha256:
                raise PublishRefusedError(
                    f"{entry.path} is not what the manifest says", hint="build the bundle again"
                )
        raw = bundle.manifest.canonical()
        self.blobs.put(raw)
        target = TargetFile.from_data(bundle_path(bundle.bundle_id), raw, ["sha256"])
        patches = [patch for old in patch_from for patch in self._patches(old, bundle)]
        if patches:
            listed = [patch.model_dump(mode="json") for patch in patches]
            target.unrecognized_fields["custom"] = {PATCHES_FIELD: listed}
        self._list(BUNDLES_ROLE, target)
        return bundle.bundle_id

    def list_verdict(self, verdict: GateVerdict) -> None:
        """List what the gate said under the gate key; a newer verdict takes the older one's place.

        Raises:
            PublishRefusedError: this repository is older than the gate's role.
        """
        if GATE_ROLE not in self.tree.targets_roles():
            raise PublishRefusedError(
                "no gate key is known here", hint="make one: hubctl keys add-gate"
            )
        self._list_document(GATE_ROLE, verdict_path(verdict.bundle_id), verdict)

    def verdict(self, bundle_id: str) -> GateVerdict | None:
        """The verdict about a bundle as it will be published."""
        if GATE_ROLE not in self.tree.targets_roles():
            return None
        return self._document(GATE_ROLE, verdict_path(bundle_id), GateVerdict)

    def withdraw_bundle(self, bundle_id: str) -> None:
        """Take a bundle off the release list: nobody installs it any more; who has it serves on."""
        self._unlist(BUNDLES_ROLE, bundle_path(bundle_id))

    def set_min_generation(self, generation: int) -> None:
        """Bar bundles below a generation, whatever the assign key says.

        Raises:
            PublishRefusedError: boxes never lower it again.
        """
        known = self._document(BUNDLES_ROLE, policy_path(), ReleasePolicy)
        if known is not None and generation < known.min_bundle_generation:
            raise PublishRefusedError(
                f"the minimum is {known.min_bundle_generation} already", hint="it only grows"
            )
        policy = ReleasePolicy(min_bundle_generation=generation)
        self._list_document(BUNDLES_ROLE, policy_path(), policy)

    def assign_ring(
        self, ring: str, bundle_id: str | None, *, channel: str, min_bundle_generation: int = 0,
        policy: str = "", withdraws: Sequence[str] = (), is_drill: bool = False,
    ) -> Assignment:  # fmt: skip
        """Assign a bundle to a ring; also the way to roll back: name the older bundle.

        Args:
            policy: of the boxes' own judgement, see sync/swap_policy.py.
            withdraws: bundles that the ring leaves at once.
        """
        known = self.assignment(ring=ring)
        document = Assignment(
            generation=1 if known is None else known.generation + 1,
            bundle_id=bundle_id,
            channel=channel,
            min_bundle_generation=min_bundle_generation,
            policy=policy,
            withdraws=tuple(withdraws),
            is_drill=is_drill,
            issued_at=self.now,
        )
        self._require_released(bundle_id)
        self._list_document(ASSIGN_ROLE, ring_path(ring), document)
        return document

    def assign_box(
        self,
        box_id: str,
        bundle_id: str | None = None,
        *,
        channel: str,
        follow_ring: str | None = None,
        min_bundle_generation: int = 0,
    ) -> Assignment:
        """Give one box its own assignment, or move it to a ring with `follow_ring`."""
        known = self.assignment(box_id=box_id)
        document = Assignment(
            generation=1 if known is None else known.generation + 1,
            bundle_id=bundle_id,
            follow_ring=follow_ring,
            channel=channel,
            min_bundle_generation=min_bundle_generation,
            issued_at=self.now,
        )
        self._require_released(bundle_id)
        self._list_document(self._bin_of(box_id), box_path(box_id), document)
        return document

    def assignment(
        self, *, ring: str | None = None, box_id: str | None = None
    ) -> Assignment | None:
        """A ring's or a box's assignment as it will be published."""
        if box_id is not None:
            return self._document(self._bin_of(box_id), box_path(box_id), Assignment)
        return self._document(ASSIGN_ROLE, ring_path(ring or ""), Assignment)

    def list_index(self, index: CatalogueIndex) -> None:
        """List a channel's catalogue index; catalogue_signing.py makes it."""
        self._list_document(CATALOGUE_ROLE, channel_path(index.channel), index)

    def index(self, channel: str) -> CatalogueIndex | None:
        """The channel's index as it will be published."""
        return self._document(CATALOGUE_ROLE, channel_path(channel), CatalogueIndex)

    def list_margins(self, store_id: str, entries: Sequence[MarginEntry]) -> StoreMargins:
        """List a store's own margins under the catalogue key; the same ones are listed once."""
        known = self.margins(store_id)
        if known is not None and known.entries == tuple(entries):
            return known
        document = StoreMargins(
            generation=1 if known is None else known.generation + 1,
            store_id=store_id,
            entries=tuple(entries),
            issued_at=self.now,
        )
        self._list_document(CATALOGUE_ROLE, margins_path(store_id), document)
        return document

    def margins(self, store_id: str) -> StoreMargins | None:
        """A store's own margins as they will be published."""
        return self._document(CATALOGUE_ROLE, margins_path(store_id), StoreMargins)

    def bundles(self) -> list[str]:
        """Ids of the released bundles."""
        paths = self.tree.targets(BUNDLES_ROLE).targets
        return sorted(path.split("/")[1] for path in paths if path != policy_path())

    def _require_released(self, bundle_id: str | None) -> None:
        """A box would refuse it, so say it here: keyholders sign before it is assigned."""
        if bundle_id is not None and bundle_id not in self.bundles():
            raise PublishRefusedError(
                f"bundle {bundle_id[:12]} is not released", hint="sign it with the release keys"
            )

    def _document(self, role: str, path: str, kind: type[_DocumentT]) -> _DocumentT | None:
        """A listed document, read back from the repository's own blobs."""
        target = self.tree.targets(role).targets.get(path)
        if target is None:
            return None
        raw = (self._blob_folder.folder / target.hashes["sha256"]).read_bytes()
        return parse_document(kind, raw, path)

    def _list_document(self, role: str, path: str, document: Document) -> None:
        raw = document.to_bytes()
        self._blob_folder.put(raw)
        if self.blobs is not self._blob_folder:
            self.blobs.put(raw)
        self._list(role, TargetFile.from_data(path, raw, ["sha256"]))

    def _list(self, role: str, target: TargetFile) -> None:
        self.touch(role)
        self.tree.targets(role).targets[target.path] = target

    def _unlist(self, role: str, path: str) -> None:
        if path not in self.tree.targets(role).targets:
            raise PublishRefusedError(f"{path} is not listed", hint="nothing to take off")
        self.touch(role)
        del self.tree.targets(role).targets[path]

    def _bin_of(self, box_id: str) -> str:
        """The bin role that lists a box."""
        delegations = self.tree.targets(ASSIGN_BOX_ROLE).delegations
        assert delegations is not None
        assert delegations.succinct_roles is not None
        return delegations.succinct_roles.get_role_for_target(box_path(box_id))

    def _patches(self, old: Bundle, new: Bundle) -> list[PatchEntry]:
        """Patches for files that have the same path in both and differ."""
        known = {entry.path: entry for entry in old.manifest.files}
        found: list[PatchEntry] = []
        for entry in new.manifest.files:
            before = known.get(entry.path)
            if before is None or before.sha256 == entry.sha256 or entry.size < MIN_PATCHED_BYTES:
                continue
            patch = make_patch(
                (old.directory / before.path).read_bytes(),
                (new.directory / entry.path).read_bytes(),
            )
            if patch is not None:
                found.append(
                    PatchEntry(
                        from_sha256=before.sha256,
                        from_size=before.size,
                        to_sha256=entry.sha256,
                        sha256=self.blobs.put(patch),
                        size=len(patch),
                    )
                )
        return found
