"""Everything a request must pass before the page sees it, and the headers every answer carries.

Flow: ASGI scope -> refusal | the app, with headers

Only this machine's names as host (no DNS rebinding), the token as cookie, no large bodies, no
foreign origin. It does not know what the page does.
"""

from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qs, urlencode

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from edge.kiosk.tokens import is_same_secret

MAX_BODY_BYTES = 4096  # the page sends everything over the socket; nothing needs a body
OPEN_PATHS = ("/health",)
LOCAL_NAMES = ("127.0.0.1", "localhost", "[::1]")
POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' blob: data:",
        "connect-src 'self'",
        "worker-src 'self'",
        "manifest-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)
HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=(), payment=()",
}
CLOSED_PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Tillsight</title>
<h1>This screen is not signed in</h1>
<p>Open the address that the box printed when it started; it ends in <code>?token=...</code>.
<code>edgectl status</code> prints it again.</p></html>"""


class Gatekeeper:
    """ASGI middleware in front of the whole page."""

    def __init__(self, app: ASGIApp, token: str, cookie: str) -> None:
        self.app = app
        self.token = token
        self.cookie = cookie

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let pass, refuse, or turn the token of the address into a cookie."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        refusal = self._refusal(scope)
        if refusal is None:
            await self.app(scope, receive, with_headers(send))
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 4401, "reason": "not signed in"})
        else:
            await refusal(scope, receive, with_headers(send))

    def _refusal(self, scope: Scope) -> Response | None:
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        if host.rsplit(":", 1)[0] not in LOCAL_NAMES and host not in LOCAL_NAMES:
            return PlainTextResponse("this page answers to localhost only", 421)
        if not has_small_body(headers):
            return PlainTextResponse("no bodies here", 413)
        if scope["path"] in OPEN_PATHS:
            return None
        if scope["type"] == "websocket" and not is_own_origin(headers, host):
            return PlainTextResponse("another page may not listen", 403)
        if scope["type"] == "http" and scope["path"] == "/":
            answer = self._sign_in(scope)
            if answer is not None:
                return answer
        if is_same_secret(cookie_of(headers, self.cookie), self.token):
            return None
        return HTMLResponse(CLOSED_PAGE, 401)

    def _sign_in(self, scope: Scope) -> Response | None:
        query = parse_qs(scope["query_string"].decode("latin-1"))
        offered = query.pop("token", [""])[0]
        if not offered:
            return None
        if not is_same_secret(offered, self.token):
            return HTMLResponse(CLOSED_PAGE, 401)
        rest = urlencode(query, doseq=True)
        answer = RedirectResponse(f"/?{rest}" if rest else "/", 303)
        answer.set_cookie(self.cookie, self.token, httponly=True, samesite="strict", path="/")
        return answer


def has_small_body(headers: Headers) -> bool:
    """No body, or a small one of a known length."""
    if "transfer-encoding" in headers:
        return False
    length = headers.get("content-length", "0")
    return length.isdigit() and int(length) <= MAX_BODY_BYTES


def is_own_origin(headers: Headers, host: str) -> bool:
    """The page that asks came from this very address."""
    return headers.get("origin", "") in (f"http://{host}", f"https://{host}")


def cookie_of(headers: Headers, name: str) -> str:
    """A cookie's value, or empty."""
    try:
        morsel = SimpleCookie(headers.get("cookie", "")).get(name)
    except CookieError:
        return ""
    return morsel.value if morsel else ""


def with_headers(send: Send) -> Send:
    """`send` that puts the security headers on every answer."""

    async def sendwith_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers.setdefault(name, value)
            headers.setdefault("cache-control", "no-store")
        await send(message)

    return sendwith_headers
