"""Logging in and out, accounts, the table of permissions, the audit trail.

Flow: name + password -> rate limit -> argon2 -> cookie and CSRF token
"""

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import AwareDatetime, Field
from sqlalchemy import Engine

from trainer.hub.people_auth import COOKIE_NAME, Body, Reply, needs, session_of
from trainer.store import accounts, sessions
from trainer.store.api_tokens import Role
from trainer.store.database import reading, writing
from trainer.store.fleet_list import list_audit
from trainer.store.role_permissions import PERMISSIONS, Permission

Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{1,62}$")]
Password = Annotated[str, Field(min_length=1, max_length=accounts.MAX_PASSWORD_CHARS)]


class LoginRequest(Body):
    """Name and password."""

    name: str = Field(min_length=1, max_length=63)
    password: Password


class PasswordChange(Body):
    """A person changes their own password; every session ends."""

    old_password: Password
    new_password: Password


class AccountRequest(Body):
    """A new account."""

    name: Name
    display_name: str = Field(default="", max_length=120)
    roles: list[Role] = Field(min_length=1, max_length=len(Role))
    password: Password


class AccountChange(Body):
    """What is given is changed."""

    display_name: str | None = Field(default=None, max_length=120)
    roles: list[Role] | None = Field(default=None, min_length=1, max_length=len(Role))
    is_active: bool | None = None


class PasswordReset(Body):
    """An administrator sets a password; every session of the account ends."""

    password: Password


class SessionReply(Reply):
    """Who is logged in and what they may do."""

    name: str
    display_name: str
    roles: list[Role]
    permissions: list[str]
    csrf_token: str
    expires_at: AwareDatetime


class AccountReply(Reply):
    """One account."""

    name: str
    display_name: str
    roles: list[Role]
    is_active: bool
    created_at: AwareDatetime
    last_login_at: AwareDatetime | None


def make_accounts_router(engine: Engine) -> APIRouter:
    """Endpoints of sessions, accounts, permissions and the audit trail."""
    router = APIRouter(prefix="/api/v1", tags=["accounts"])
    _add_session_endpoints(router, engine)
    _add_account_endpoints(router, engine)
    anybody = Annotated[str, Depends(needs(engine, Permission.CATALOGUE_READ))]
    auditor = Annotated[str, Depends(needs(engine, Permission.AUDIT_READ))]

    @router.get("/permissions")
    def permissions(who: anybody) -> dict[str, list[Role]]:
        return {p.value: [r for r in Role if r in roles] for p, roles in PERMISSIONS.items()}

    @router.get("/audit")
    def audit_trail(
        who: auditor,
        subject: Annotated[str, Query(max_length=200)] = "",
        actor: Annotated[str, Query(max_length=120)] = "",
        action: Annotated[str, Query(max_length=60)] = "",
        before: Annotated[int, Query(ge=0, le=2**62)] = 0,
        limit: Annotated[int, Query(ge=1, le=500)] = 100,
    ) -> list[dict[str, Any]]:
        with reading(engine) as connection:
            return list_audit(
                connection, limit=limit, subject=subject, actor=actor, action=action, before=before
            )

    return router


def _add_session_endpoints(router: APIRouter, engine: Engine) -> None:
    @router.post("/session")
    def log_in(request: Request, response: Response, body: LoginRequest) -> SessionReply:
        session = _log_in(engine, body, _address(request))
        response.set_cookie(
            COOKIE_NAME,
            session.token,
            max_age=int(sessions.SESSION_LIFE.total_seconds()),
            path="/",
            secure=request.url.scheme == "https",
            httponly=True,
            samesite="strict",
        )
        return _session_reply(engine, session)

    @router.get("/session")
    def who_am_i(request: Request) -> SessionReply:
        return _session_reply(engine, session_of(engine, request))

    @router.delete("/session", status_code=204)
    def log_out(request: Request, response: Response) -> None:
        session_of(engine, request)  # a stranger's page cannot log anybody out
        with writing(engine) as connection:
            token = request.cookies[COOKIE_NAME]
            sessions.close_session(connection, token, now=datetime.now(UTC))
        response.delete_cookie(COOKIE_NAME, path="/")

    @router.post("/session/password", status_code=204)
    def change_password(request: Request, body: PasswordChange) -> None:
        session = session_of(engine, request)
        _prove_password(engine, session.account_name, body.old_password, _address(request))
        _set_password(engine, session.account_name, body.new_password, session.account_name)


def _add_account_endpoints(router: APIRouter, engine: Engine) -> None:
    admin = Annotated[str, Depends(needs(engine, Permission.ACCOUNTS_CHANGE))]

    @router.get("/accounts")
    def list_all(who: admin) -> list[AccountReply]:
        with reading(engine) as connection:
            return [_account_reply(account) for account in accounts.list_accounts(connection)]

    @router.post("/accounts", status_code=201)
    def create(who: admin, body: AccountRequest) -> AccountReply:
        hashed = accounts.hash_password(body.password)
        with writing(engine) as connection:
            account = accounts.create_account(
                connection, body.name, hashed, body.roles, display_name=body.display_name,
                now=datetime.now(UTC), actor=who,
            )  # fmt: skip
        return _account_reply(account)

    @router.patch("/accounts/{name}")
    def change(who: admin, name: str, body: AccountChange) -> AccountReply:
        with writing(engine) as connection:
            account = accounts.change_account(
                connection, name, roles=body.roles, is_active=body.is_active,
                display_name=body.display_name, now=datetime.now(UTC), actor=who,
            )  # fmt: skip
        return _account_reply(account)

    @router.post("/accounts/{name}/password", status_code=204)
    def reset_password(who: admin, name: str, body: PasswordReset) -> None:
        _set_password(engine, name, body.password, who)


def _log_in(engine: Engine, body: LoginRequest, address: str) -> sessions.Session:
    _prove_password(engine, body.name, body.password, address)
    with writing(engine) as connection:
        return sessions.open_session(connection, body.name, now=datetime.now(UTC))


def _prove_password(engine: Engine, name: str, password: str, address: str) -> None:
    """Let pass whoever knows the password.

    Raises:
        LoginError: name or password is wrong.
        TooManyLoginsError: too many were wrong lately; nothing is hashed then.
    """
    now = datetime.now(UTC)
    with reading(engine) as connection:
        sessions.check_login_rate(connection, name, address, now=now)
        stored = accounts.password_hash_of(connection, name)
    if not accounts.is_password(stored, password):
        with writing(engine) as connection:
            sessions.note_failure(connection, name, address, now=now)
        raise sessions.LoginError("name or password is wrong", hint="ask an administrator")


def _set_password(engine: Engine, name: str, password: str, actor: str) -> None:
    hashed = accounts.hash_password(password)
    with writing(engine) as connection:
        accounts.set_password(connection, name, hashed, now=datetime.now(UTC), actor=actor)


def _address(request: Request) -> str:
    return request.client.host if request.client else ""


def _session_reply(engine: Engine, session: sessions.Session) -> SessionReply:
    with reading(engine) as connection:
        account = accounts.find_account(connection, session.account_name)
    return SessionReply(
        name=account.name,
        display_name=account.display_name,
        roles=list(account.roles),
        permissions=session.principal.permissions(),
        csrf_token=session.csrf_token,
        expires_at=session.expires_at,
    )


def _account_reply(account: accounts.Account) -> AccountReply:
    return AccountReply(
        name=account.name,
        display_name=account.display_name,
        roles=list(account.roles),
        is_active=account.is_active,
        created_at=account.created_at,
        last_login_at=account.last_login_at,
    )
