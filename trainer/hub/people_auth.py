"""Who is calling among people and workers: a session cookie with CSRF header, or a bearer token.

Flow: request -> Principal -> permission, or a refusal with a stable code

A cookie alone changes nothing: every method but GET and HEAD must show the session's CSRF token in
`X-CSRF-Token`. A request with an Authorization header is judged by that alone.
"""

import secrets
from collections.abc import Callable
from datetime import UTC, datetime

from fastapi import Request
from pydantic import BaseModel, ConfigDict
from sqlalchemy import Engine

from trainer.store.api_tokens import TokenError, holder_of
from trainer.store.database import reading, writing
from trainer.store.role_permissions import Permission, Principal, require
from trainer.store.sessions import Session, SessionError, find_session, note_use

COOKIE_NAME = "tillsight_session"
CSRF_HEADER = "x-csrf-token"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

Caller = Callable[[Request], str]


class CsrfError(SessionError):
    """A changing request of a browser without the session's CSRF token."""

    code = "session.csrf"


class Body(BaseModel):
    """A request of a person: unknown fields are mistakes."""

    model_config = ConfigDict(extra="forbid")


class Reply(BaseModel):
    """An answer to a person."""

    model_config = ConfigDict(frozen=True)


def needs(engine: Engine, permission: Permission) -> Caller:
    """A dependency that gives the caller's name once the caller may do this."""

    def check(request: Request) -> str:
        principal = principal_of(engine, request)
        require(principal, permission)
        return principal.name

    return check


def principal_of(engine: Engine, request: Request) -> Principal:
    """Who is calling.

    Raises:
        TokenError: neither a cookie nor a good token.
        SessionError: the session has ended, or the CSRF token is missing.
    """
    if "authorization" in request.headers or COOKIE_NAME not in request.cookies:
        return _token_holder(engine, request)
    return session_of(engine, request).principal


def session_of(engine: Engine, request: Request) -> Session:
    """The session of the cookie.

    Raises:
        SessionError: there is none, or it has ended.
        CsrfError: a changing request without the session's token.
    """
    now = datetime.now(UTC)
    token = request.cookies.get(COOKIE_NAME, "")
    with reading(engine) as connection:
        session, is_stale = find_session(connection, token, now=now)
    shown = request.headers.get(CSRF_HEADER, "")
    if request.method not in SAFE_METHODS and not secrets.compare_digest(
        shown.encode(), session.csrf_token.encode()
    ):
        raise CsrfError("X-CSRF-Token is missing or wrong", hint="GET /api/v1/session tells it")
    if is_stale:
        with writing(engine) as connection:
            note_use(connection, token, now=now)
    return session


def _token_holder(engine: Engine, request: Request) -> Principal:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise TokenError("no session and no token", hint="log in, or send Authorization: Bearer")
    with reading(engine) as connection:
        name, role = holder_of(connection, token.strip(), now=datetime.now(UTC))
    return Principal(f"token:{name}", frozenset({role}))
