"""Everything a request of a phone must pass before the page sees it.

Flow: ASGI scope under TLS -> pairing page | refusal | the app, with headers

The stricter sister of `gatekeeper.py`: no shared token, each phone has its own. It lets a phone
look at the page; what it may do there, the attendant's PIN decides.
"""

import base64
import hashlib
import ipaddress
from collections.abc import Callable
from urllib.parse import parse_qs

from starlette.datastructures import Headers
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from edge.kiosk.gatekeeper import POLICY, cookie_of, has_small_body, is_own_origin, with_headers
from edge.kiosk.handhelds import HandheldDesk, PairingRefusedError

COOKIE = "__Host-tillsight_handheld"
COOKIE_S = 30 * 86_400  # then a phone is paired again
PAIR_STYLE = (
    "body{font:1.25rem/1.5 system-ui,sans-serif;max-width:30rem;margin:0 auto;padding:2rem 1.25rem;"
    "color:#14201b;background:#f6f4ef}h1{font-size:1.7rem}label{display:block;font-weight:600}"
    "input,button{font:inherit;box-sizing:border-box;width:100%;min-height:3.5rem;margin-top:.5rem;"
    "border-radius:.8rem;border:2px solid #6b7a72;padding:.5rem 1rem}"
    "button{margin-top:1rem;border:0;font-weight:700;color:#fff;background:#0b6b4f}"
    "strong{display:block;color:#9b2214;margin-top:.75rem}"
)
PAIR_PAGE = """<!doctype html><html lang="en"><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>Tillsight</title>
<style>{style}</style><h1>Pair this phone</h1>
<p>At the counter: Help, Staff, PIN, "Pair a phone". Then scan the code, or type its number here.
{problem}</p>
<form method="get" action="/"><p><label>Number
<input name="pair" inputmode="numeric" autocomplete="off" pattern="[0-9]{{8}}" required></label>
<button>Pair</button></p></form></html>"""


class HandheldGate:
    """ASGI middleware in front of the handhelds' page."""

    def __init__(self, app: ASGIApp, desk: HandheldDesk, clock_ns: Callable[[], int]) -> None:
        self.app = app
        self.desk = desk
        self.clock_ns = clock_ns

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let pass, refuse, or turn a code into a cookie."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        refusal = self._refusal(scope)
        if refusal is None:
            await self.app(scope, receive, with_headers(send))
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 4401, "reason": "not paired"})
        else:
            await refusal(scope, receive, with_headers(send))

    def _refusal(self, scope: Scope) -> Response | None:
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        if not _is_plain_host(host) or scope.get("scheme") not in ("https", "wss"):
            return PlainTextResponse("this page answers to its own address, under https", 421)
        if not has_small_body(headers):
            return PlainTextResponse("no bodies here", 413)
        if scope["type"] == "websocket" and not is_own_origin(headers, host):
            return PlainTextResponse("another page may not listen", 403)
        if self.desk.is_paired(cookie_of(headers, COOKIE)):
            return None
        if scope["type"] == "http" and scope["path"] == "/":
            return self._pair(scope)
        return PlainTextResponse("not paired", 401)

    def _pair(self, scope: Scope) -> Response:
        code = parse_qs(scope["query_string"].decode("latin-1")).get("pair", [""])[0]
        problem = ""
        if code:
            try:
                token = self.desk.redeem(code, self.clock_ns())
            except PairingRefusedError:
                problem = "<strong>That number is wrong, used or too old.</strong>"
            else:
                answer = RedirectResponse("/", 303)
                answer.set_cookie(
                    COOKIE, token, max_age=COOKIE_S, httponly=True, secure=True, samesite="strict",
                    path="/",
                )  # fmt: skip
                return answer
        page = PAIR_PAGE.format(problem=problem, style=PAIR_STYLE)
        return HTMLResponse(page, 401, {"content-security-policy": pair_policy()})


def pair_policy() -> str:
    """The page's policy, with its one form and its one style."""
    digest = base64.b64encode(hashlib.sha256(PAIR_STYLE.encode()).digest()).decode()
    with_form = POLICY.replace("form-action 'none'", "form-action 'self'")
    return with_form.replace("style-src 'self'", f"style-src 'sha256-{digest}'")


def _is_plain_host(host: str) -> bool:
    """An address of numbers or `<name>.local`: no name that a foreign DNS could point here."""
    name = host.rsplit(":", 1)[0] if not host.endswith("]") else host
    if name.endswith(".local") or name == "localhost":
        return True
    try:
        ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True
