"""Which blobs are artefacts: made by a worker or a person, readable by every worker.

A blob that a box uploaded is never one, so the blind recordings and sealed pictures in the same
store cannot be read this way, even by somebody who knows their digest.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select

from trainer.errors import DegradedError
from trainer.store import audit
from trainer.store.artifact_tables import ARTIFACT_HOLDERS, ARTIFACTS
from trainer.store.schema import BLOBS


class ArtifactError(DegradedError):
    """A blob that cannot become an artefact."""

    code = "artifact.refused"


class UnknownArtifactError(ArtifactError):
    """No such artefact."""

    code = "not_found"


def require_free(connection: Connection, sha256: str) -> None:
    """Let a digest be uploaded as an artefact.

    Raises:
        ArtifactError: a box sent this blob; naming it here would publish it.
    """
    box = connection.execute(select(BLOBS.c.box_id).where(BLOBS.c.sha256 == sha256)).scalar()
    if box:
        raise ArtifactError(
            f"blob {sha256[:12]} belongs to a box", hint="artefacts are made at the centre"
        )


def note_artifact(
    connection: Connection, sha256: str, size: int, *, now: datetime, actor: str
) -> None:
    """Remember that an artefact is whole and that `actor` has it; again changes nothing."""
    if not is_holder(connection, sha256, actor):
        connection.execute(insert(ARTIFACT_HOLDERS).values(sha256=sha256, holder=actor))
    if find_size(connection, sha256) is None:
        connection.execute(
            insert(ARTIFACTS).values(sha256=sha256, size=size, created_by=actor, created_at=now)
        )
        audit.record(
            connection, now=now, actor=actor, action="artifact_stored",
            subject=f"artifact:{sha256}", details={"size": str(size)},
        )  # fmt: skip


def is_holder(connection: Connection, sha256: str, who: str) -> bool:
    """Whether this one has sent every byte of it."""
    known = ARTIFACT_HOLDERS.c
    query = select(known.holder).where(known.sha256 == sha256, known.holder == who)
    return connection.execute(query).first() is not None


def find_size(connection: Connection, sha256: str) -> int | None:
    """Bytes of an artefact; None where there is none."""
    found: Any = connection.execute(
        select(ARTIFACTS.c.size).where(ARTIFACTS.c.sha256 == sha256)
    ).scalar()
    return None if found is None else int(found)
