"""Who did what, when, to what: appended, never changed."""

from collections.abc import Mapping
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


def record_many(
    connection: Connection,
    *,
    now: datetime,
    actor: str,
    action: str,
    subjects: Mapping[str, dict[str, str]],
) -> None:
    """Append one entry per subject, with its details, inside the caller's transaction."""
    rows = [
        {"at": now, "actor": actor, "action": action, "subject": subject, "details": details}
        for subject, details in subjects.items()
    ]
    if rows:
        connection.execute(insert(AUDIT), rows)
