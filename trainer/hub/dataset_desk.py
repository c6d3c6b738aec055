"""Making a version and making it again: the steps behind dataset_api.py.

Flow: pictures -> unsealed in memory -> facts ; candidates -> manifest -> blob + rows ; verified

A picture is opened once in its life. What is verified: the manifest's bytes, every picture's bytes,
and whether the same recipe gives the same bytes from the database of today.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from sync.errors import SyncError
from sync.sealing import unseal
from trainer.dataset.dataset_version import GroupBy, SplitRule, assemble
from trainer.dataset.manifest import DatasetManifest, read_manifest
from trainer.dataset.manifest_diff import ManifestDiff, diff_manifests
from trainer.dataset.picture_facts import PictureFacts, measure_picture
from trainer.dataset.quality import CORRUPT, MISSING, QualityRules, rules_from
from trainer.hub.hub_services import HubServices
from trainer.store import artifacts, dataset_shares, dataset_source, datasets, sku_table
from trainer.store.database import reading, writing
from trainer.store.dataset_source import CandidateFilter, PictureToMeasure, filter_from
from trainer.store.datasets import DatasetError, StoredDataset
from trainer.store.uploads import note_blob

MAX_AT_ONCE = 500  # pictures measured within one request, about 5 s


class NotMeasuredError(DatasetError):
    """Too many pictures were never looked at."""

    code = "dataset.not_measured"


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What came of making a version again.

    Attributes:
        tree_sha256: over the manifest and the digest of every picture that was read; two places
            that rebuilt the same version have the same.
        changes: what the same recipe gives today that the version has not; None: the same bytes.
    """

    version_id: str
    num_pictures: int
    missing: tuple[str, ...]
    altered: tuple[str, ...]
    tree_sha256: str
    changes: ManifestDiff | None


class DatasetDesk:
    """Data sets of one hub."""

    def __init__(self, services: HubServices) -> None:
        self._services = services

    def measure(self, wanted: CandidateFilter, limit: int) -> tuple[int, int]:
        """Look at pictures nobody has looked at: how many now, how many of them are not here."""
        with reading(self._services.engine) as connection:
            waiting = dataset_source.to_measure(connection, wanted, limit)
        facts = [(picture, self._look(picture)) for picture in waiting]
        with writing(self._services.engine) as connection:
            dataset_source.note_facts(connection, facts, now=datetime.now(UTC))
        return len(facts), sum(fact.problem == MISSING for _, fact in facts)

    def create(
        self, name: str, note: str, wanted: CandidateFilter, rules: QualityRules, rule: SplitRule,
        who: str,
    ) -> StoredDataset:  # fmt: skip
        """A version of what there is now; the one that is here already where nothing changed.

        Raises:
            NotMeasuredError: more pictures than one request may take were never looked at.
            DatasetError: there is not one item.
        """
        manifest, blob_of = self._made(name, wanted, rules, rule)
        if not manifest.items:
            raise DatasetError(
                f"no picture is left of {len(manifest.quarantined)}",
                hint="label some cases, or loosen the rules",
            )
        data = manifest.canonical()
        sha256 = self._services.blobs.put(data)
        now = datetime.now(UTC)
        with writing(self._services.engine) as connection:
            note_blob(connection, sha256, len(data), box_id="", now=now)
            artifacts.note_artifact(connection, sha256, len(data), now=now, actor=who)
            return datasets.keep(
                connection, manifest, blob_of, note=note, size=len(data), now=now, actor=who
            )

    def manifest(self, version_id: str) -> DatasetManifest:
        """A version as it was kept.

        Raises:
            ManifestError: its bytes were altered.
            DatasetError: they are gone.
        """
        return read_manifest(self.manifest_bytes(version_id), version_id=version_id)

    def manifest_bytes(self, version_id: str) -> bytes:
        """The bytes of a version.

        Raises:
            DatasetError: they are gone.
        """
        if not self._services.blobs.has(version_id):
            raise DatasetError(
                f"the manifest of {version_id[:12]} is gone", hint="restore it from a backup"
            )
        return self._services.blobs.path(version_id).read_bytes()

    def rebuild(self, version: str) -> Rebuilt:
        """Make a version again from its manifest and from today's database."""
        with reading(self._services.engine) as connection:
            stored = datasets.find(connection, version)
        manifest = self.manifest(stored.version_id)
        tree = hashlib.sha256(stored.version_id.encode())
        missing: list[str] = []
        altered: list[str] = []
        for picture, data in self._pictures(stored, manifest):
            if data is None:
                missing.append(picture)
            elif hashlib.sha256(data).hexdigest() != picture:
                altered.append(picture)
            else:
                tree.update(picture.encode())
        again = self._again(manifest)
        return Rebuilt(
            version_id=stored.version_id,
            num_pictures=len(manifest.items),
            missing=tuple(missing),
            altered=tuple(altered),
            tree_sha256=tree.hexdigest(),
            changes=None
            if again.version_id == stored.version_id
            else diff_manifests(manifest, again),
        )

    def picture(self, version: str, picture: str) -> bytes | None:
        """A version's JPEG, unsealed in memory, left out or not; None: gone, or none of it."""
        with reading(self._services.engine) as connection:
            stored = datasets.find(connection, version)
            blob = datasets.blob_of_picture(connection, stored.dataset_no, picture)
            blob = blob or dataset_shares.blob_of_quarantined(
                connection, stored.dataset_no, picture
            )
            box_id = dataset_source.seal_of(connection, blob)
        return self._open(blob, box_id) if blob else None

    def _made(
        self, name: str, wanted: CandidateFilter, rules: QualityRules, rule: SplitRule
    ) -> tuple[DatasetManifest, dict[tuple[str, str, str], str]]:
        self.measure(wanted, MAX_AT_ONCE)
        with reading(self._services.engine) as connection:
            left = dataset_source.to_measure(connection, wanted, MAX_AT_ONCE)
            lost = [p.blob for p in left if not self._services.blobs.has(p.blob)]
            if len(lost) < len(left) or len(left) == MAX_AT_ONCE:
                raise NotMeasuredError(
                    f"more than {MAX_AT_ONCE} pictures were never looked at",
                    hint="hubctl dataset create does it in portions: POST /datasets/measure",
                )
            found = dataset_source.candidates(connection, wanted, lost)
            blind = dataset_source.blind_baskets(connection)
            known = {sku.sku_id for sku in sku_table.all_active(connection)}
        manifest = assemble(
            name, [candidate for candidate, _ in found], rules=rules, rule=rule,
            known_skus=known, blind_baskets=blind, filters=wanted.recipe(),
        )  # fmt: skip
        return manifest, {candidate.key: blob for candidate, blob in found}

    def _again(self, manifest: DatasetManifest) -> DatasetManifest:
        recipe = dict(manifest.recipe)
        rules, rule = rules_from(recipe), split_rule_from(recipe)
        return self._made(manifest.name, filter_from(recipe), rules, rule)[0]

    def _pictures(
        self, stored: StoredDataset, manifest: DatasetManifest
    ) -> Iterator[tuple[str, bytes | None]]:
        with reading(self._services.engine) as connection:
            sealed = dataset_source.seals_of_dataset(connection, stored.dataset_no)
        for picture in sorted({item.picture for item in manifest.items}):
            blob, box_id = sealed.get(picture, ("", ""))
            yield picture, self._open(blob, box_id) if blob else None

    def _look(self, picture: PictureToMeasure) -> PictureFacts:
        data = self._open(picture.blob, picture.box_id)
        if data is None:
            is_here = self._services.blobs.has(picture.blob)
            return PictureFacts("", problem=CORRUPT if is_here else MISSING)
        return measure_picture(data, picture.items)

    def _open(self, blob: str, box_id: str) -> bytes | None:
        """The bytes of a picture; None where they are gone or the seal does not open."""
        if not self._services.blobs.has(blob):
            return None
        data = self._services.blobs.path(blob).read_bytes()
        if not box_id:
            return data
        try:
            return unseal(data, self._services.must_unseal(), box_id)
        except SyncError:
            return None


def split_rule_from(recipe: dict[str, str]) -> SplitRule:
    """The split that a recipe names."""
    by: dict[str, GroupBy] = {"basket": "basket", "day": "day", "store": "store"}
    return SplitRule(
        by=by[recipe["split.by"]],
        validation_percent=int(recipe["split.validation_percent"]),
        test_percent=int(recipe["split.test_percent"]),
        seed=int(recipe["split.seed"]),
    )
