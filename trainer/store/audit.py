"""Who did what, when, to what: appended, never changed."""

from datetime import datetime

from sqlalchemy import Connection, insert

from trainer.store.schema import AUDIT


def record(
    connection: Connection,
    *,
    now: datetime,
    actor: str,
    action: str,
    subject: str,
    details: dict[str, str] | None = None,
) -> None:
    """Append one entry inside the caller's transaction, so that deed and record stand together."""
    connection.execute(
        insert(AUDIT).values(
            at=now, actor=actor, action=action, subject=subject, details=details or {}
        )
    )
