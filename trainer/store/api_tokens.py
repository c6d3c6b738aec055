"""API tokens of people and workers: only their hash is kept.

Roles in rising order of what they may do: viewer, reviewer, trainer, operator, admin. A token has
one role; an endpoint names the least role it needs.
"""

import hashlib
import secrets
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection, insert, select, update

from trainer.errors import DegradedError
from trainer.store import audit
from trainer.store.schema import TOKENS

TOKEN_BYTES = 32
TOKEN_PREFIX = "tsh_"  # lets a secret scanner recognise a leaked one


class Role(StrEnum):
    """What a token may do."""

    VIEWER = "viewer"
    REVIEWER = "reviewer"
    TRAINER = "trainer"
    OPERATOR = "operator"
    ADMIN = "admin"


RANK = {role: rank for rank, role in enumerate(Role)}


class TokenError(DegradedError):
    """No token, or one that is worth nothing."""

    code = "token.refused"


class ForbiddenError(TokenError):
    """A good token of a role that may not do this."""

    code = "token.forbidden"


def create_token(
    connection: Connection,
    name: str,
    role: Role,
    *,
    now: datetime,
    actor: str,
    expires_at: datetime | None = None,
) -> str:
    """A new token; shown once.

    Raises:
        TokenError: the name is taken.
    """
    taken = connection.execute(select(TOKENS.c.name).where(TOKENS.c.name == name)).scalar()
    if taken:
        raise TokenError(
            f"there is a token {name!r} already", hint="revoke it or take another name"
        )
    token = TOKEN_PREFIX + secrets.token_urlsafe(TOKEN_BYTES)
    connection.execute(
        insert(TOKENS).values(
            token_sha256=_sha256(token),
            name=name,
            role=role.value,
            created_at=now,
            expires_at=expires_at,
            is_revoked=False,
        )
    )
    audit.record(
        connection, now=now, actor=actor, action="token_created", subject=name,
        details={"role": role.value},
    )  # fmt: skip
    return token


def revoke_token(connection: Connection, name: str, *, now: datetime, actor: str) -> None:
    """Make a token worthless."""
    connection.execute(update(TOKENS).where(TOKENS.c.name == name).values(is_revoked=True))
    audit.record(connection, now=now, actor=actor, action="token_revoked", subject=name)


def holder_of(connection: Connection, token: str, least: Role, *, now: datetime) -> str:
    """The name behind a token that may do this.

    Raises:
        TokenError: unknown, revoked or expired.
        ForbiddenError: of a lower role.
    """
    row = (
        connection.execute(select(TOKENS).where(TOKENS.c.token_sha256 == _sha256(token)))
        .mappings()
        .first()
    )
    if row is None or row["is_revoked"]:
        raise TokenError("token is not known here", hint="hubctl token create, on the hub")
    if row["expires_at"] is not None and row["expires_at"] <= now:
        raise TokenError(f"token {row['name']!r} has expired", hint="hubctl token create")
    if RANK[Role(row["role"])] < RANK[least]:
        raise ForbiddenError(f"{row['role']} may not do this", hint=f"needs {least.value} or above")
    return str(row["name"])


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
