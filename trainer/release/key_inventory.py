"""Who holds which signing key, and how long each role's signatures last: rows for lists and pages.

Flow: repository + key folders -> one row per role

The hub's health page shows the smallest `days_left`; `needs_care` is the alarm at half of a role's
life. Nothing is decrypted.
"""

from datetime import datetime, timedelta
from pathlib import Path
from typing import TypedDict

from trainer.release.key_files import KeyRing
from trainer.release.signed_tree import load_tree
from trainer.release.signing_roles import SIGNING_ROLES


class RoleRow(TypedDict):
    """One role as lists show it."""

    role: str
    place: str
    threshold: int
    keyids: list[str]
    num_at_hand: int
    version: int
    expires: str
    days_left: int
    needs_care: bool


def inventory(folder: Path, keys: KeyRing, now: datetime) -> list[RoleRow]:
    """One row per role of the table.

    Raises:
        RepositoryFolderError: there is no whole repository in the folder.
    """
    tree = load_tree(folder)
    rows: list[RoleRow] = []
    for role, row in SIGNING_ROLES.items():
        signed = tree.roles[role].signed
        left: timedelta = signed.expires - now
        keyids = tree.keyids(role)
        rows.append(
            RoleRow(
                role=role,
                place=row.place,
                threshold=tree.threshold(role),
                keyids=keyids,
                num_at_hand=len(keys.at_hand(keyids)),
                version=signed.version,
                expires=signed.expires.isoformat(),
                days_left=left.days,
                needs_care=left < timedelta(days=row.valid_days) / 2,
            )
        )
    return rows
