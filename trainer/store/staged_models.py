"""Files of a candidate that only the gate may read until it has passed.

Flow: uploaded file -> staged -> pass: an artefact that everybody may fetch | reject: deleted

So a model is uploaded for good only once it is proven; a rejected one leaves nothing behind but its
row and its verdict. Which blobs lie on the disk is blobs.py's business.
"""

from datetime import datetime

from sqlalchemy import Connection, delete, func, insert, select

from sync.bundle import BundleManifest
from trainer.store import artifacts
from trainer.store.artifact_tables import ARTIFACTS
from trainer.store.model_tables import MODELS
from trainer.store.registry import ModelError, UnknownModelError, find_model
from trainer.store.release_tables import STAGED_FILES
from trainer.store.schema import BLOBS


def manifest_of(connection: Connection, bundle_id: str) -> BundleManifest:
    """The manifest a model was registered with.

    Raises:
        UnknownModelError: there is no such model.
    """
    find_model(connection, bundle_id)
    query = select(MODELS.c.manifest).where(MODELS.c.bundle_id == bundle_id)
    return BundleManifest.model_validate(connection.execute(query).scalar_one())


def require_file(connection: Connection, bundle_id: str, sha256: str) -> int:
    """Size of a file of a model.

    Raises:
        UnknownModelError: the manifest does not name it.
    """
    for entry in manifest_of(connection, bundle_id).files:
        if entry.sha256 == sha256:
            return entry.size
    raise UnknownModelError(
        f"model {bundle_id[:12]} has no file {sha256[:12]}", hint="see its manifest"
    )


def require_no_box(connection: Connection, sha256: str) -> None:
    """Let a digest be uploaded for the gate.

    Raises:
        ModelError: a box sent this very blob; naming it here would publish it.
    """
    box = connection.execute(select(BLOBS.c.box_id).where(BLOBS.c.sha256 == sha256)).scalar()
    if box:
        raise ModelError(f"blob {sha256[:12]} belongs to a box", hint="it is no model file")


def is_staged(connection: Connection, bundle_id: str, sha256: str) -> bool:
    """Whether every byte of a file was uploaded for this model."""
    key = (STAGED_FILES.c.bundle_id == bundle_id) & (STAGED_FILES.c.sha256 == sha256)
    return connection.execute(select(STAGED_FILES.c.by).where(key)).first() is not None


def stage(
    connection: Connection, bundle_id: str, sha256: str, *, now: datetime, actor: str
) -> None:
    """Remember that a file was uploaded for the gate, every byte of it."""
    if not is_staged(connection, bundle_id, sha256):
        connection.execute(
            insert(STAGED_FILES).values(bundle_id=bundle_id, sha256=sha256, by=actor, at=now)
        )


def publish(connection: Connection, bundle_id: str, *, now: datetime, actor: str) -> int:
    """After a pass: every file and the manifest's own digest become artefacts; how many files."""
    sizes = {entry.sha256: entry.size for entry in manifest_of(connection, bundle_id).files}
    names = connection.execute(
        select(STAGED_FILES.c.sha256).where(STAGED_FILES.c.bundle_id == bundle_id)
    )
    staged = list(names.scalars())
    for sha256 in staged:
        artifacts.note_artifact(connection, sha256, sizes[sha256], now=now, actor=actor)
    connection.execute(delete(STAGED_FILES).where(STAGED_FILES.c.bundle_id == bundle_id))
    return len(staged)


def discard(connection: Connection, bundle_id: str) -> list[str]:
    """After a rejection: files that nobody else needs; the caller deletes their blobs."""
    names = connection.execute(
        select(STAGED_FILES.c.sha256).where(STAGED_FILES.c.bundle_id == bundle_id)
    )
    staged = set(names.scalars())
    connection.execute(delete(STAGED_FILES).where(STAGED_FILES.c.bundle_id == bundle_id))
    return sorted(sha256 for sha256 in staged if not _is_needed(connection, sha256))


def _is_needed(connection: Connection, sha256: str) -> bool:
    for column in (ARTIFACTS.c.sha256, BLOBS.c.sha256, STAGED_FILES.c.sha256):
        query = select(func.count()).where(column == sha256)
        if connection.execute(query).scalar_one():
            return True
    return False
