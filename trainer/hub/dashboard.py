"""The dashboard's files: the built page with a strict policy. Data comes from the API alone.

Flow: GET of a page's address -> index.html; GET of an asset -> file or its compressed twin

Whoever is not signed in gets the same files; they hold nothing but the program.
"""

import mimetypes
import os
from pathlib import Path

from fastapi import FastAPI, Request, Response
from fastapi.responses import FileResponse, HTMLResponse
from starlette.datastructures import Headers
from starlette.staticfiles import PathLike, StaticFiles
from starlette.types import Scope

from trainer.hub.edge_api import NotHereError

STATIC_DIR = Path(__file__).resolve().parent / "static"
IMMUTABLE = "public, max-age=31536000, immutable"
# Addresses that people may type or send each other; tests compare with web/src/navigation.ts.
PAGES = (
    "overview", "fleet", "catalogue", "stores", "review", "cases", "onboarding", "datasets", "runs",
    "jobs", "why", "models", "rollouts", "monitoring", "settings", "audit", "accounts",
)  # fmt: skip
POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' blob:",
        "media-src 'self' blob:",
        "connect-src 'self'",
        "manifest-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)
PAGE_HEADERS = {
    "content-security-policy": POLICY,
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(self), microphone=(), geolocation=(), payment=()",
}
NOT_BUILT = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Tillsight</title>
<h1>The dashboard is not built yet</h1><p>Run <code>python -m tools.checks.web_build</code> at the
root of the checkout.</p></html>"""


def mount_dashboard(app: FastAPI, static_dir: Path = STATIC_DIR) -> None:
    """Serve the page beside the API; after every router, so that no endpoint is hidden."""
    assets = _Assets(directory=static_dir / "assets", check_dir=False)
    app.mount("/assets", assets, "dashboard_assets")

    def page(request: Request) -> Response:
        first = request.url.path.strip("/").split("/")[0]
        if first and first not in PAGES:
            raise NotHereError(f"no page {first[:60]}")
        index = static_dir / "index.html"
        if not index.is_file():
            return HTMLResponse(NOT_BUILT, 503, PAGE_HEADERS)
        return FileResponse(index, headers={**PAGE_HEADERS, "cache-control": "no-cache"})

    def icon() -> Response:
        if not (static_dir / "icon.svg").is_file():
            raise NotHereError("the dashboard is not built")
        return FileResponse(static_dir / "icon.svg", headers={"cache-control": "max-age=86400"})

    app.add_api_route("/icon.svg", icon, include_in_schema=False)
    app.add_api_route("/", page, include_in_schema=False)
    app.add_api_route("/{page}", page, include_in_schema=False)
    app.add_api_route("/{page}/{rest:path}", page, include_in_schema=False)


class _Assets(StaticFiles):
    """Files with the hash of their content in the name: kept for ever, packed where it helps."""

    def file_response(
        self, full_path: PathLike, stat_result: os.stat_result, scope: Scope, status_code: int = 200
    ) -> Response:
        headers = {"cache-control": IMMUTABLE, "vary": "accept-encoding"}
        packed = Path(f"{full_path}.gz")
        if "gzip" in Headers(scope=scope).get("accept-encoding", "") and packed.exists():
            kind, _ = mimetypes.guess_type(str(full_path))
            headers["content-encoding"] = "gzip"
            return FileResponse(packed, status_code, headers, media_type=kind)
        answer = super().file_response(full_path, stat_result, scope, status_code)
        answer.headers.update(headers)
        return answer
