"""Accounts of people: made by an administrator, proven by a password that only argon2 has seen.

The caller's connection carries every change together with its audit entry. Hashing takes 64 MiB
and tens of milliseconds, so it happens outside transactions.
"""

import threading
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError
from sqlalchemy import Connection, insert, select, update

from trainer.errors import DegradedError
from trainer.store import audit
from trainer.store.account_tables import ACCOUNTS, SESSIONS
from trainer.store.api_tokens import Role

MIN_PASSWORD_CHARS = 12  # NIST SP 800-63B asks for 8 with a second factor, 15 without
MAX_PASSWORD_CHARS = 200
MAX_HASHES_AT_ONCE = 2  # 64 MiB each; more logins than that wait

_HASHER = PasswordHasher()  # RFC 9106, low-memory profile
_HASHING = threading.Semaphore(MAX_HASHES_AT_ONCE)
# Verified when the account is unknown, so that both cases take the same time.
_NOBODY = (
    "$argon2id$v=19$m=65536,t=3,p=4$WpPXDytijYtc6j9V10MTgg"
    "$CNIu75UusQXfplAt8EqrwZAStR8XKsOhN2IxXRsRIMM"
)


class AccountError(DegradedError):
    """An account cannot be made or changed so."""

    code = "account.refused"


class UnknownAccountError(AccountError):
    """No account of that name."""

    code = "not_found"


@dataclass(frozen=True, slots=True)
class Account:
    """A person as the hub knows them."""

    name: str
    display_name: str
    roles: tuple[Role, ...]
    is_active: bool
    created_at: datetime
    last_login_at: datetime | None


def hash_password(password: str) -> str:
    """An argon2id hash to store.

    Raises:
        AccountError: too short or too long.
    """
    if not MIN_PASSWORD_CHARS <= len(password) <= MAX_PASSWORD_CHARS:
        raise AccountError(
            f"a password has {MIN_PASSWORD_CHARS} to {MAX_PASSWORD_CHARS} characters",
            hint="several words make a good one",
        )
    with _HASHING:
        return _HASHER.hash(password)


def is_password(stored: str | None, password: str) -> bool:
    """Whether the password is right; takes the same time for an account that is not there."""
    try:
        with _HASHING:
            _HASHER.verify(stored or _NOBODY, password[:MAX_PASSWORD_CHARS])
    except (VerifyMismatchError, InvalidHashError):
        return False
    return stored is not None


def password_hash_of(connection: Connection, name: str) -> str | None:
    """The stored hash of an active account; None where there is none."""
    query = select(ACCOUNTS.c.password_hash).where(ACCOUNTS.c.name == name, ACCOUNTS.c.is_active)
    return connection.execute(query).scalar()


def find_account(connection: Connection, name: str) -> Account:
    """An account by its name.

    Raises:
        UnknownAccountError: there is none.
    """
    row = connection.execute(select(ACCOUNTS).where(ACCOUNTS.c.name == name)).mappings().first()
    if row is None:
        raise UnknownAccountError(f"no account {name!r}", hint="see hubctl account list")
    return _account(dict(row))


def list_accounts(connection: Connection) -> list[Account]:
    """Every account in order of name."""
    rows = connection.execute(select(ACCOUNTS).order_by(ACCOUNTS.c.name)).mappings()
    return [_account(dict(row)) for row in rows]


def create_account(
    connection: Connection,
    name: str,
    password_hash: str,
    roles: list[Role],
    *,
    display_name: str = "",
    now: datetime,
    actor: str,
) -> Account:
    """A new account.

    Raises:
        AccountError: the name is taken.
    """
    taken = connection.execute(select(ACCOUNTS.c.name).where(ACCOUNTS.c.name == name)).scalar()
    if taken:
        raise AccountError(f"there is an account {name!r} already", hint="take another name")
    connection.execute(
        insert(ACCOUNTS).values(
            name=name,
            display_name=display_name,
            roles=_names(roles),
            password_hash=password_hash,
            is_active=True,
            created_at=now,
        )
    )
    audit.record(
        connection, now=now, actor=actor, action="account_created", subject=f"account:{name}",
        details={"roles": ", ".join(_names(roles))},
    )  # fmt: skip
    return find_account(connection, name)


def change_account(
    connection: Connection,
    name: str,
    *,
    roles: list[Role] | None = None,
    is_active: bool | None = None,
    display_name: str | None = None,
    now: datetime,
    actor: str,
) -> Account:
    """Change what is given; a closed account loses its sessions.

    Raises:
        UnknownAccountError: there is none.
        AccountError: it is the last administrator.
    """
    account = find_account(connection, name)
    new_roles = list(account.roles) if roles is None else roles
    stays_active = account.is_active if is_active is None else is_active
    if Role.ADMIN in account.roles and not (stays_active and Role.ADMIN in new_roles):
        _require_another_admin(connection, name)
    values: dict[str, Any] = {"roles": _names(new_roles), "is_active": stays_active}
    if display_name is not None:
        values["display_name"] = display_name
    connection.execute(update(ACCOUNTS).where(ACCOUNTS.c.name == name).values(**values))
    if not stays_active:
        end_sessions(connection, name)
    audit.record(
        connection, now=now, actor=actor, action="account_changed", subject=f"account:{name}",
        details={"roles": ", ".join(_names(new_roles)), "is_active": str(stays_active).lower()},
    )  # fmt: skip
    return find_account(connection, name)


def set_password(
    connection: Connection, name: str, password_hash: str, *, now: datetime, actor: str
) -> None:
    """Replace the password and end every session.

    Raises:
        UnknownAccountError: there is none.
    """
    find_account(connection, name)
    connection.execute(
        update(ACCOUNTS).where(ACCOUNTS.c.name == name).values(password_hash=password_hash)
    )
    end_sessions(connection, name)
    audit.record(connection, now=now, actor=actor, action="password_set", subject=f"account:{name}")


def end_sessions(connection: Connection, name: str) -> None:
    """Log an account out everywhere."""
    connection.execute(SESSIONS.delete().where(SESSIONS.c.account_name == name))


def _require_another_admin(connection: Connection, name: str) -> None:
    others = [
        a for a in list_accounts(connection)
        if a.name != name and a.is_active and Role.ADMIN in a.roles
    ]  # fmt: skip
    if not others:
        raise AccountError(
            f"{name} is the only administrator", hint="make another one administrator first"
        )


def _names(roles: list[Role]) -> list[str]:
    return [role.value for role in Role if role in roles]


def _account(row: dict[str, Any]) -> Account:
    return Account(
        name=row["name"],
        display_name=row["display_name"],
        roles=tuple(Role(role) for role in row["roles"]),
        is_active=bool(row["is_active"]),
        created_at=row["created_at"],
        last_login_at=row["last_login_at"],
    )
