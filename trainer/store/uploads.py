"""Which blobs are whole: the rows beside the files."""

from datetime import datetime

from sqlalchemy import Connection, insert, select

from trainer.store.schema import BLOBS


def note_blob(
    connection: Connection, sha256: str, size: int, *, box_id: str, now: datetime
) -> None:
    """Remember that a blob is whole; a second time changes nothing."""
    known = connection.execute(select(BLOBS.c.sha256).where(BLOBS.c.sha256 == sha256)).scalar()
    if known is None:
        connection.execute(
            insert(BLOBS).values(
                sha256=sha256, size=size, box_id=box_id, is_complete=True, created_at=now
            )
        )
