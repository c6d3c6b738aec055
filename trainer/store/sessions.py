"""Logins of people: a cookie kept as its hash, a CSRF token beside it, a limit on guesses.

Flow: name + password -> Session ; cookie -> Principal

Failed logins are counted in the database, so a restart of the hub gives no new tries.
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, func, insert, select, update

from trainer.errors import DegradedError
from trainer.store import audit
from trainer.store.account_tables import ACCOUNTS, LOGIN_FAILURES, SESSIONS
from trainer.store.api_tokens import Role
from trainer.store.role_permissions import Principal

SESSION_LIFE = timedelta(hours=12)  # a shift
IDLE_LIFE = timedelta(hours=2)
SEEN_STEP = timedelta(minutes=1)  # how often an open session is written
FAILURE_WINDOW = timedelta(minutes=5)
MAX_FAILURES_PER_NAME = 5  # per address, so that nobody locks a colleague out from afar
MAX_FAILURES_PER_ADDRESS = 20


class SessionError(DegradedError):
    """No session, or one that has ended."""

    code = "session.refused"


class LoginError(SessionError):
    """Name or password is wrong; which of the two is not said."""

    code = "login.refused"


class TooManyLoginsError(SessionError):
    """Too many wrong passwords in a short time."""

    code = "login.too_many"


@dataclass(frozen=True, slots=True)
class Session:
    """An open session.

    Attributes:
        token: the cookie's value; only known at login, empty afterwards.
    """

    account_name: str
    roles: frozenset[Role]
    csrf_token: str
    expires_at: datetime
    token: str = ""

    @property
    def principal(self) -> Principal:
        """Who is calling."""
        return Principal(self.account_name, self.roles)


def check_login_rate(connection: Connection, name: str, address: str, *, now: datetime) -> None:
    """Refuse before any hashing when there were too many wrong passwords.

    Raises:
        TooManyLoginsError: five for this name from this address, or twenty from this address.
    """
    recent = LOGIN_FAILURES.c.at > now - FAILURE_WINDOW
    here = (LOGIN_FAILURES.c.address == address) & recent
    by_address = select(func.count()).select_from(LOGIN_FAILURES).where(here)
    by_name = by_address.where(LOGIN_FAILURES.c.account_name == name)
    if (connection.execute(by_name).scalar() or 0) >= MAX_FAILURES_PER_NAME or (
        connection.execute(by_address).scalar() or 0
    ) >= MAX_FAILURES_PER_ADDRESS:
        minutes = int(FAILURE_WINDOW.total_seconds() // 60)
        raise TooManyLoginsError(
            "too many wrong passwords", hint=f"wait {minutes} minutes, then try again"
        )


def note_failure(connection: Connection, name: str, address: str, *, now: datetime) -> None:
    """Count a wrong password; old ones are forgotten."""
    connection.execute(delete(LOGIN_FAILURES).where(LOGIN_FAILURES.c.at <= now - FAILURE_WINDOW))
    connection.execute(
        insert(LOGIN_FAILURES).values(account_name=name[:63], address=address[:64], at=now)
    )
    audit.record(
        connection, now=now, actor=f"address:{address}"[:120], action="login_refused",
        subject=f"account:{name}"[:200],
    )  # fmt: skip


def open_session(connection: Connection, name: str, *, now: datetime) -> Session:
    """A new session of an account whose password was right; expired ones are cleared."""
    connection.execute(delete(SESSIONS).where(SESSIONS.c.expires_at <= now))
    connection.execute(delete(LOGIN_FAILURES).where(LOGIN_FAILURES.c.account_name == name))
    token, csrf_token = secrets.token_urlsafe(32), secrets.token_urlsafe(24)
    expires_at = now + SESSION_LIFE
    connection.execute(
        insert(SESSIONS).values(
            session_sha256=_sha256(token),
            account_name=name,
            csrf_token=csrf_token,
            created_at=now,
            seen_at=now,
            expires_at=expires_at,
        )
    )
    connection.execute(update(ACCOUNTS).where(ACCOUNTS.c.name == name).values(last_login_at=now))
    audit.record(connection, now=now, actor=name, action="login", subject=f"account:{name}")
    roles = connection.execute(select(ACCOUNTS.c.roles).where(ACCOUNTS.c.name == name)).scalar_one()
    return Session(name, frozenset(Role(r) for r in roles), csrf_token, expires_at, token)


def find_session(connection: Connection, token: str, *, now: datetime) -> tuple[Session, bool]:
    """The session of a cookie, and whether its last use should be noted.

    Raises:
        SessionError: none, ended, idle too long, or the account was closed.
    """
    row = (
        connection.execute(
            select(SESSIONS, ACCOUNTS.c.roles, ACCOUNTS.c.is_active)
            .join(ACCOUNTS, ACCOUNTS.c.name == SESSIONS.c.account_name)
            .where(SESSIONS.c.session_sha256 == _sha256(token))
        )
        .mappings()
        .first()
    )
    is_open = (
        row is not None
        and row["is_active"]
        and row["expires_at"] > now
        and row["seen_at"] > now - IDLE_LIFE
    )
    if row is None or not is_open:
        raise SessionError("the session has ended", hint="log in again")
    session = Session(
        account_name=row["account_name"],
        roles=frozenset(Role(role) for role in row["roles"]),
        csrf_token=row["csrf_token"],
        expires_at=row["expires_at"],
    )
    return session, row["seen_at"] < now - SEEN_STEP


def note_use(connection: Connection, token: str, *, now: datetime) -> None:
    """Keep a session from going idle."""
    connection.execute(
        update(SESSIONS).where(SESSIONS.c.session_sha256 == _sha256(token)).values(seen_at=now)
    )


def close_session(connection: Connection, token: str, *, now: datetime) -> None:
    """Log out; a cookie that is worth nothing is no error."""
    where = SESSIONS.c.session_sha256 == _sha256(token)
    name = connection.execute(select(SESSIONS.c.account_name).where(where)).scalar()
    if name is not None:
        connection.execute(delete(SESSIONS).where(where))
        audit.record(connection, now=now, actor=name, action="logout", subject=f"account:{name}")


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
