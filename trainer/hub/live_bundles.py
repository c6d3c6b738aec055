"""The bundles that boxes run now, read from the signed repository as it is served.

Flow: assignments -> manifests -> blobs -> embedder, whitening, gallery, thresholds

A new SKU is embedded for every embedder that is alive: each bundle that a ring is assigned, or
each released one where nothing is assigned yet.
"""

from datetime import UTC, datetime
from pathlib import Path

from pydantic import ValidationError

from sync.bundle import BundleManifest, Role, read_manifest
from sync.decision import DecisionParameters
from sync.gallery import Gallery, load_gallery, load_whitening
from sync.update_documents import ASSIGN_ROLE, Assignment, parse_document
from trainer.errors import DegradedError
from trainer.onboarding.photo_embedder import LiveBundle
from trainer.release.key_files import KeyRing
from trainer.release.signing import Signing
from trainer.store.blobs import FolderBlobs


class NoBundleError(DegradedError):
    """No bundle is released here, so nothing can embed a photo."""

    code = "onboarding.no_bundle"


class LiveBundles:
    """Each bundle is opened once; which ones are alive is read every time."""

    def __init__(self, repository: Path, blobs: FolderBlobs) -> None:
        self._repository = repository
        self._blobs = blobs
        self._opened: dict[str, LiveBundle] = {}

    def all(self) -> list[LiveBundle]:
        """Bundles that differ in embedder or gallery.

        Raises:
            NoBundleError: there is none.
        """
        signing = self._signing()
        found: dict[tuple[str, str], LiveBundle] = {}
        for bundle_id in self._ids(signing):
            if bundle_id not in self._opened:
                self._opened[bundle_id] = self._open(bundle_id)
            bundle = self._opened[bundle_id]
            found.setdefault((bundle.embedder_id, bundle.digest), bundle)
        return list(found.values())

    def gallery(self, channel: str, bundle: LiveBundle) -> Gallery:
        """The bundle's gallery with the channel's new SKUs behind it."""
        index = self._signing().index(channel)
        grown = bundle.gallery
        for entry in index.segments if index else ():
            if entry.embedder_id == bundle.embedder_id and entry.base_digest == bundle.digest:
                grown = grown.with_segment(load_gallery(self._blobs.path(entry.sha256)))
        return grown

    def _signing(self) -> Signing:
        """The repository, read only."""
        if not (self._repository / "metadata" / "timestamp.json").is_file():
            raise NoBundleError("this hub has no repository", hint="hubctl keys init")
        return Signing(self._repository, KeyRing([], _no_passphrase), datetime.now(UTC))

    def _ids(self, signing: Signing) -> list[str]:
        released = signing.bundles()
        assigned: set[str] = set()
        for path, target in signing.tree.targets(ASSIGN_ROLE).targets.items():
            raw = self._blobs.path(target.hashes["sha256"]).read_bytes()
            bundle_id = parse_document(Assignment, raw, path).bundle_id
            assigned |= {bundle_id} & set(released) if bundle_id else set()
        if not released:
            raise NoBundleError(
                "no bundle is released at this hub", hint="hubctl bundle publish, hubctl assign"
            )
        return sorted(assigned) or released

    def _open(self, bundle_id: str) -> LiveBundle:
        manifest = read_manifest(self._blobs.path(bundle_id))
        raw = self._file(manifest, "thresholds").read_bytes()
        try:
            thresholds = DecisionParameters.model_validate_json(raw)
        except ValidationError as err:
            raise NoBundleError(
                f"thresholds of bundle {bundle_id[:12]} are damaged", hint="publish it again"
            ) from err
        gallery = load_gallery(self._file(manifest, "gallery"))
        return LiveBundle(
            bundle_id=bundle_id,
            embedder_id=manifest.embedder_id,
            preprocess=manifest.preprocess,
            embedder_file=self._file(manifest, "embedder"),
            whitening=load_whitening(self._file(manifest, "whitening")),
            gallery=gallery,
            digest=gallery.digest(),
            thresholds=thresholds,
        )

    def _file(self, manifest: BundleManifest, role: Role) -> Path:
        """The blob of a role, the one for the CPU where there are several."""
        for entry in manifest.files:
            if entry.role == role and entry.target in ("any", "cpu"):
                return self._blobs.path(entry.sha256)
        raise NoBundleError(f"bundle {manifest.name} has no {role}", hint="build it again")


def _no_passphrase() -> str:
    raise NoBundleError("the repository was opened to read", hint="report this")
