"""From verified metadata to the documents behind it: assignment, manifest, catalogue index.

Flow: DurableUpdater + blobs -> Assignment -> BundleManifest, CatalogueIndex

Every document is held against the high-water marks in `state`, which grows here and is written by
trusted_updates.py only after the whole check held.
"""

from datetime import datetime

from pydantic import ValidationError
from tuf.api.metadata import TargetFile

from sync.blob_download import BlobFetcher
from sync.blob_patch import PatchEntry
from sync.bundle import MAX_MANIFEST_BYTES, BundleManifest
from sync.gate_verdict import GATE_ROLE, GateVerdict, verdict_path
from sync.role_guard import RoleGuard
from sync.store_margins import StoreMargins, margins_path
from sync.update_documents import (
    ASSIGN_BOX_ROLE,
    ASSIGN_ROLE,
    BUNDLES_ROLE,
    CATALOGUE_ROLE,
    MAX_DOCUMENT_BYTES,
    Assignment,
    CatalogueIndex,
    ReleasePolicy,
    box_path,
    bundle_path,
    channel_path,
    parse_document,
    policy_path,
    ring_path,
)
from sync.update_errors import (
    MalformedError,
    NotReleasedError,
    OversizedError,
    PriceListError,
    UngatedError,
    WithdrawnError,
)
from sync.update_state import UpdateState, raise_generation

PATCHES_FIELD = "patches"
MAX_PATCHES = 64  # eight files, eight older versions each


class Resolution:
    """Look-ups of one check; `state` holds the marks as they will be if it succeeds."""

    def __init__(
        self,
        guard: RoleGuard,
        blobs: BlobFetcher,
        state: UpdateState,
        ungated: frozenset[str] = frozenset(),
    ) -> None:
        """Begin a check; bundles in `ungated` need no verdict: the factory's, by its digest."""
        self.state = state
        self._ungated = ungated
        self._guard = guard
        self._blobs = blobs

    def assignment(self, box_id: str, ring: str) -> Assignment | None:
        """The box's own assignment, else the one of its ring."""
        own = self._assignment_at(box_path(box_id), ASSIGN_BOX_ROLE)
        if own is not None:
            if own.follow_ring is None:
                return own
            ring = own.follow_ring
        found = self._assignment_at(ring_path(ring), ASSIGN_ROLE)
        if found is not None and found.follow_ring is not None:
            raise MalformedError(f"ring {ring} follows another ring", hint="assign it a bundle")
        return found

    def bundle(self, assignment: Assignment) -> tuple[BundleManifest, tuple[PatchEntry, ...]]:
        """The manifest and patches of the assigned bundle, listed by the release keys too.

        Raises:
            NotReleasedError: the release keys do not list it with this digest.
            WithdrawnError: its generation is below the signed minimum.
            UngatedError: the gate key says no pass about it.
        """
        bundle_id = assignment.bundle_id or ""
        target = self._guard.find(bundle_path(bundle_id), BUNDLES_ROLE)
        if target is None:
            raise NotReleasedError(
                f"bundle {bundle_id[:12]} is assigned, but the release keys do not list it",
                hint="sign the bundle with the release keys, or assign another one",
            )
        if target.hashes["sha256"] != bundle_id:
            raise NotReleasedError(
                f"bundle {bundle_id[:12]}: assignment and release name different digests",
                hint="publish the bundle again",
            )
        raw = self._bytes(target, MAX_MANIFEST_BYTES)
        manifest = _parse_manifest(raw, bundle_id)
        self._refuse_withdrawn(manifest)
        self._refuse_ungated(bundle_id)
        return manifest, _patches(target)

    def catalogue(self, channel: str, now: datetime) -> CatalogueIndex | None:
        """The channel's index: which segments, which prices.

        Raises:
            RollbackError: an older index or price list than one seen before.
            PriceListError: every price list in it has ended.
        """
        path = channel_path(channel)
        target = self._guard.find(path, CATALOGUE_ROLE)
        if target is None:
            return None
        index = parse_document(CatalogueIndex, self._bytes(target, MAX_DOCUMENT_BYTES), path)
        if index.channel != channel:
            raise MalformedError(f"{path} is the index of {index.channel}", hint="publish it again")
        marks = self.state.marks(CATALOGUE_ROLE, self._guard.keys(CATALOGUE_ROLE))
        marks = raise_generation(marks, path, index.generation, target.hashes["sha256"])
        if index.prices:
            newest = max(index.prices, key=lambda entry: entry.version)
            marks = raise_generation(marks, f"{path}#prices", newest.version, newest.sha256)
            if all(e.valid_until is not None and e.valid_until <= now for e in index.prices):
                raise PriceListError(
                    f"{path}: every price list has ended", hint="publish the one that is in force"
                )
        self.state = self.state.with_marks(CATALOGUE_ROLE, marks)
        return index

    def margins(self, store_id: str) -> StoreMargins | None:
        """The store's own margins; None where nothing was ever published for it.

        Raises:
            RollbackError: older ones than were seen before.
            MalformedError: they are another store's.
        """
        path = margins_path(store_id)
        target = self._guard.find(path, CATALOGUE_ROLE)
        if target is None:
            return None
        found = parse_document(StoreMargins, self._bytes(target, MAX_DOCUMENT_BYTES), path)
        if found.store_id != store_id:
            raise MalformedError(f"{path} is of store {found.store_id}", hint="publish it again")
        marks = self.state.marks(CATALOGUE_ROLE, self._guard.keys(CATALOGUE_ROLE))
        marks = raise_generation(marks, path, found.generation, target.hashes["sha256"])
        self.state = self.state.with_marks(CATALOGUE_ROLE, marks)
        return found

    def _assignment_at(self, path: str, role: str) -> Assignment | None:
        target = self._guard.find(path, role)
        if target is None:
            return None
        document = parse_document(Assignment, self._bytes(target, MAX_DOCUMENT_BYTES), path)
        marks = self.state.marks(ASSIGN_ROLE, self._guard.keys(ASSIGN_ROLE))
        marks = raise_generation(marks, path, document.generation, target.hashes["sha256"])
        floor = max(marks.floor, document.min_bundle_generation)
        marks = marks.model_copy(update={"floor": floor})
        self.state = self.state.with_marks(ASSIGN_ROLE, marks)
        return document

    def _refuse_withdrawn(self, manifest: BundleManifest) -> None:
        marks = self.state.marks(BUNDLES_ROLE, self._guard.keys(BUNDLES_ROLE))
        floor = marks.floor
        target = self._guard.find(policy_path(), BUNDLES_ROLE)
        if target is not None:
            raw = self._bytes(target, MAX_DOCUMENT_BYTES)
            policy = parse_document(ReleasePolicy, raw, policy_path())
            floor = max(floor, policy.min_bundle_generation)
        self.state = self.state.with_marks(BUNDLES_ROLE, marks.model_copy(update={"floor": floor}))
        lowest = max(floor, self.state.marks(ASSIGN_ROLE, self._guard.keys(ASSIGN_ROLE)).floor)
        if manifest.generation < lowest:
            raise WithdrawnError(
                f"bundle {manifest.bundle_id()[:12]} has generation {manifest.generation}, "
                f"at least {lowest} is required",
                hint="assign a bundle that was not withdrawn",
            )

    def _refuse_ungated(self, bundle_id: str) -> None:
        """The gate's own key must say that it passed; the factory bundle is known by digest."""
        if bundle_id in self._ungated:
            return
        path = verdict_path(bundle_id)
        target = self._guard.find(path, GATE_ROLE)
        if target is None:
            raise UngatedError(
                f"bundle {bundle_id[:12]} is released, but no gate verdict is signed for it",
                hint="let the hub judge it: hubctl gate; or hubctl bundle vouch where the key is",
            )
        found = parse_document(GateVerdict, self._bytes(target, MAX_DOCUMENT_BYTES), path)
        if found.bundle_id != bundle_id or found.verdict != "pass":
            raise UngatedError(
                f"the gate said {found.verdict} about bundle {found.bundle_id[:12]}; "
                f"{bundle_id[:12]} is assigned",
                hint="assign a bundle that passed",
            )

    def _bytes(self, target: TargetFile, max_bytes: int) -> bytes:
        if target.length > max_bytes:
            raise OversizedError(
                f"{target.path} has {target.length} bytes, at most {max_bytes} are honest",
                hint="publish it again",
            )
        sha256 = target.hashes["sha256"]
        self._blobs.fetch(sha256, target.length)
        return self._blobs.store.read(sha256, target.length)


def _parse_manifest(raw: bytes, bundle_id: str) -> BundleManifest:
    """The manifest; its canonical form must be the very bytes that were signed."""
    hint = "build and publish the bundle again"
    try:
        manifest = BundleManifest.model_validate_json(raw)
    except ValidationError as err:
        first = err.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise MalformedError(
            f"manifest of {bundle_id[:12]}: {place}: {first['msg']}", hint=hint
        ) from err
    if manifest.bundle_id() != bundle_id:
        raise MalformedError(f"manifest of {bundle_id[:12]} is not canonical", hint=hint)
    return manifest


def _patches(target: TargetFile) -> tuple[PatchEntry, ...]:
    """Patches the release keys listed with the manifest; malformed ones are no loss."""
    custom = target.custom if isinstance(target.custom, dict) else {}
    listed = custom.get(PATCHES_FIELD, [])
    found: list[PatchEntry] = []
    for entry in listed[:MAX_PATCHES] if isinstance(listed, list) else []:
        try:
            found.append(PatchEntry.model_validate(entry))
        except ValidationError:
            continue
    return tuple(found)
