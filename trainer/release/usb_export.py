"""Updates on a stick, for boxes without a network: metadata and the blobs that they lead to.

Flow: repository -> metadata/ + blobs/ on the stick -> FileFetcher, ExportedBlobs on the box

The box verifies the stick as it verifies the hub; the stick is trusted no more than the network.
It holds the timestamp of the day, so it works for as long as that is valid.
"""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from sync.bundle import BundleManifest
from sync.catalogue_feed import SkuAddition
from sync.durable_file import fsync_directory, fsync_file
from sync.store_margins import is_margins_path
from sync.update_documents import (
    BUNDLES_ROLE,
    CATALOGUE_ROLE,
    CatalogueIndex,
    SegmentEntry,
    policy_path,
)
from sync.update_fetcher import EXPORT_BLOBS, EXPORT_METADATA
from trainer.release.release_errors import RepositoryFolderError
from trainer.release.signed_tree import BLOBS_FOLDER, METADATA_FOLDER, SignedTree, load_tree


@dataclass(frozen=True, slots=True)
class ExportReport:
    """What was written."""

    num_metadata: int
    num_blobs: int
    num_bytes: int


def export_updates(
    folder: Path,
    stick: Path,
    *,
    bundle_ids: frozenset[str],
    blob_path: Callable[[str], Path] | None = None,
) -> ExportReport:
    """Copy everything a box needs to install the named bundles and the whole catalogue.

    Args:
        bundle_ids: bundles to take along; documents, prices and segments come always.
        blob_path: where a blob lies, if the hub keeps them outside the repository's folder.

    Raises:
        RepositoryFolderError: a blob that metadata leads to is missing.
    """
    tree = load_tree(folder)
    names = sorted(_metadata_names(tree))
    (stick / EXPORT_METADATA).mkdir(parents=True, exist_ok=True)
    (stick / EXPORT_BLOBS).mkdir(parents=True, exist_ok=True)
    num_bytes = 0
    for name in names:
        num_bytes += _copy(folder / METADATA_FOLDER / name, stick / EXPORT_METADATA / name)
    place = blob_path or (folder / BLOBS_FOLDER).joinpath
    blobs = sorted(set(_blobs(tree, place, bundle_ids)))
    for name in blobs:
        num_bytes += _copy(place(name), stick / EXPORT_BLOBS / name)
    fsync_directory(stick / EXPORT_METADATA)
    fsync_directory(stick / EXPORT_BLOBS)
    return ExportReport(len(names), len(blobs), num_bytes)


def _metadata_names(tree: SignedTree) -> Iterator[str]:
    """Every root, since a box walks from its own; of other roles the current version."""
    yield from (path.name for path in tree.folder.glob("*.root.json"))
    yield "timestamp.json"
    for role, metadata in tree.roles.items():
        if role not in ("root", "timestamp"):
            yield f"{metadata.signed.version}.{role}.json"


def _blobs(
    tree: SignedTree, place: Callable[[str], Path], bundle_ids: frozenset[str]
) -> Iterator[str]:
    for role in tree.targets_roles():
        for path, target in tree.targets(role).targets.items():
            sha256 = target.hashes["sha256"]
            if role != BUNDLES_ROLE or path == policy_path() or path.split("/")[1] in bundle_ids:
                yield sha256
            if role == BUNDLES_ROLE and path.split("/")[1] in bundle_ids:
                manifest = BundleManifest.model_validate_json(place(sha256).read_bytes())
                yield from (entry.sha256 for entry in manifest.files)
            if role == CATALOGUE_ROLE and not is_margins_path(path):
                index = CatalogueIndex.model_validate_json(place(sha256).read_bytes())
                for segment in index.segments:
                    yield from _segment_blobs(segment, place)
                yield from (prices.sha256 for prices in index.prices)


def _segment_blobs(segment: SegmentEntry, place: Callable[[str], Path]) -> Iterator[str]:
    yield segment.sha256
    if segment.skus_sha256 is not None:
        yield segment.skus_sha256
        raw = place(segment.skus_sha256).read_bytes()
        yield from SkuAddition.model_validate_json(raw).pictures


def _copy(source: Path, target: Path) -> int:
    try:
        shutil.copyfile(source, target)
        fsync_file(target)
    except FileNotFoundError as err:
        raise RepositoryFolderError(
            f"{source.name} is missing", hint="restore the repository from its backup"
        ) from err
    return target.stat().st_size
