"""Making a version and making it again: the steps behind dataset_api.py.

Flow: pictures -> unsealed in memory -> facts ; candidates -> manifest -> blob + rows ; verified

A picture is opened once in its life. What is verified: the manifest's bytes, every picture's bytes,
and whether the same recipe gives the same bytes from the database of today.
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby, islice
from pathlib import Path
from tempfile import NamedTemporaryFile

from sync.errors import SyncError
from sync.sealing import unseal
from trainer.dataset.dataset_version import VersionInMaking, whole
from trainer.dataset.manifest import DatasetManifest, ManifestError, read_item, read_manifest
from trainer.dataset.manifest_diff import ManifestDiff, diff_manifests
from trainer.dataset.picture_facts import PictureFacts, measure_picture
from trainer.dataset.quality import CORRUPT, MISSING, QualityRules, rules_from
from trainer.dataset.split_rule import GroupBy, SplitRule
from trainer.hub.hub_services import HubServices
from trainer.store import artifacts, dataset_shares, dataset_source, datasets, sku_table
from trainer.store.database import reading, writing
from trainer.store.dataset_source import (
    PORTION,
    CandidateFilter,
    PictureToMeasure,
    filter_from,
)
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
        with self._making(name, wanted, rules, rule) as making:
            if not making.counts["items"]:
                raise DatasetError(
                    f"no picture is left of {making.counts['quarantined']}",
                    hint="label some cases, or loosen the rules",
                )
            size = self._keep_manifest(making)
            now = datetime.now(UTC)
            with writing(self._services.engine) as connection:
                note_blob(connection, making.version_id, size, box_id="", now=now)
                artifacts.note_artifact(connection, making.version_id, size, now=now, actor=who)
                return datasets.keep(connection, making, note=note, size=size, now=now, actor=who)

    def manifest(self, version_id: str) -> DatasetManifest:
        """A version as it was kept.

        Raises:
            ManifestError: its bytes were altered.
            DatasetError: they are gone.
        """
        return read_manifest(self.manifest_file(version_id).read_bytes(), version_id=version_id)

    def manifest_file(self, version_id: str) -> Path:
        """The bytes of a version, as a file.

        Raises:
            DatasetError: they are gone.
        """
        if not self._services.blobs.has(version_id):
            raise DatasetError(
                f"the manifest of {version_id[:12]} is gone", hint="restore it from a backup"
            )
        return self._services.blobs.path(version_id)

    def rebuild(self, version: str) -> Rebuilt:
        """Make a version again from its manifest and from today's database."""
        with reading(self._services.engine) as connection:
            stored = datasets.find(connection, version)
        tree = hashlib.sha256(stored.version_id.encode())
        missing: list[str] = []
        altered: list[str] = []
        for picture, data in self._pictures(stored):
            if data is None:
                missing.append(picture)
            elif hashlib.sha256(data).hexdigest() != picture:
                altered.append(picture)
            else:
                tree.update(picture.encode())
        return Rebuilt(
            version_id=stored.version_id,
            num_pictures=stored.counts["items"],
            missing=tuple(missing),
            altered=tuple(altered),
            tree_sha256=tree.hexdigest(),
            changes=self._changes(stored),
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

    @contextmanager
    def _making(
        self, name: str, wanted: CandidateFilter, rules: QualityRules, rule: SplitRule
    ) -> Iterator[VersionInMaking]:
        """What the database of now gives, settled."""
        self.measure(wanted, MAX_AT_ONCE)
        with reading(self._services.engine) as connection:
            left = dataset_source.to_measure(connection, wanted, MAX_AT_ONCE)
            lost = [p.blob for p in left if not self._services.blobs.has(p.blob)]
            if len(lost) < len(left) or len(left) == MAX_AT_ONCE:
                raise NotMeasuredError(
                    f"more than {MAX_AT_ONCE} pictures were never looked at",
                    hint="hubctl dataset create does it in portions: POST /datasets/measure",
                )
            known = {sku.sku_id for sku in sku_table.all_active(connection)}
            blind = dataset_source.blind_baskets(connection)
        with VersionInMaking(
            name, rules=rules, rule=rule, known_skus=known, blind_baskets=blind,
            filters=wanted.recipe(), scratch=self._services.blobs.scratch,
        ) as making:  # fmt: skip
            with reading(self._services.engine) as connection:
                for candidate, blob in dataset_source.candidates(connection, wanted, lost):
                    making.add(candidate, blob)
            making.settle()
            yield making

    def _keep_manifest(self, making: VersionInMaking) -> int:
        """Make the lines of a version a blob; how many bytes they are."""
        with NamedTemporaryFile(dir=self._services.blobs.scratch, suffix=".manifest") as stream:
            size = making.write(stream)
            stream.flush()
            if self._services.blobs.has(making.version_id):
                self._services.blobs.touch(making.version_id)
            else:
                self._services.blobs.take_file(making.version_id, Path(stream.name))
        return size

    def _changes(self, stored: StoredDataset) -> ManifestDiff | None:
        """What the same recipe gives today; None: the same bytes."""
        with self.manifest_file(stored.version_id).open("rb") as stream:
            if hashlib.file_digest(stream, "sha256").hexdigest() != stored.version_id:
                raise ManifestError(
                    f"the manifest of {stored.version_id[:12]} was altered",
                    hint="restore it from a backup",
                )
        recipe = stored.recipe
        rules, rule = rules_from(recipe), split_rule_from(recipe)
        with self._making(stored.name, filter_from(recipe), rules, rule) as again:
            if again.version_id == stored.version_id:
                return None
            return diff_manifests(self.manifest(stored.version_id), whole(again))

    def _pictures(self, stored: StoredDataset) -> Iterator[tuple[str, bytes | None]]:
        """Each picture that the manifest names, once, in its order."""
        with self.manifest_file(stored.version_id).open("rb") as stream:
            stream.readline()
            lines = islice(stream, stored.counts["items"])
            named = (name for name, _ in groupby(read_item(line).picture for line in lines))
            while portion := list(islice(named, PORTION)):
                with reading(self._services.engine) as connection:
                    sealed = dataset_source.seals_of_pictures(
                        connection, stored.dataset_no, portion
                    )
                for picture in portion:
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
