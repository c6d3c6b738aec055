"""API tokens of people and workers: only their hash is kept.

A token has one role; what a role may do stands in role_permissions.py.
"""

import hashlib
import secrets
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, insert, select, update

from trainer.errors import DegradedError
from trainer.store import audit
from trainer.store.schema import TOKENS

TOKEN_BYTES = 32
TOKEN_PREFIX = "tsh_"  # lets a secret scanner recognise a leaked one


class Role(StrEnum):
    """A duty; role_permissions.py says what it allows."""

    VIEWER = "viewer"
    REVIEWER = "reviewer"
    TRAINER = "trainer"
    APPROVER = "approver"
    OPERATOR = "operator"
    ADMIN = "admin"
    GATE = "gate"  # the gate worker: the only one that reads blind pictures
    WORKER = "worker"  # a machine that trains: reads what its leased job names, no more


class TokenError(DegradedError):
    """No token, or one that is worth nothing."""

    code = "token.refused"


class ForbiddenError(TokenError):
    """A good token of a role that may not do this."""

    code = "token.forbidden"


class UnknownTokenError(TokenError):
    """No token of this name."""

    code = "not_found"


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
    """Make a token worthless.

    Raises:
        UnknownTokenError: there is none of this name.
    """
    where = TOKENS.c.name == name
    if not connection.execute(update(TOKENS).where(where).values(is_revoked=True)).rowcount:
        raise UnknownTokenError(f"no token {name[:120]!r}", hint="see hubctl token list")
    audit.record(connection, now=now, actor=actor, action="token_revoked", subject=name)


def list_tokens(connection: Connection) -> list[dict[str, Any]]:
    """Every token there was, by name; never the secret, which nobody has."""
    columns = [TOKENS.c[n] for n in ("name", "role", "created_at", "expires_at", "is_revoked")]
    rows = connection.execute(select(*columns).order_by(TOKENS.c.name)).mappings()
    return [{**row, "is_revoked": bool(row["is_revoked"])} for row in rows]


def holder_of(connection: Connection, token: str, *, now: datetime) -> tuple[str, Role]:
    """The name and role behind a token.

    Raises:
        TokenError: unknown, revoked or expired.
    """
    row = (
        connection.execute(select(TOKENS).where(TOKENS.c.token_sha256 == _sha256(token)))
        .mappings()
        .first()
    )
    if row is None or row["is_revoked"]:
        raise TokenError("token is not known here", hint="ask an administrator for a new one")
    if row["expires_at"] is not None and row["expires_at"] <= now:
        raise TokenError(
            f"token {row['name']!r} has expired", hint="ask an administrator for a new one"
        )
    return str(row["name"]), Role(row["role"])


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
