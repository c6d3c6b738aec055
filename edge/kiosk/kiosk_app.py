"""The page's server: static files, product look-up, pictures, receipt, and the live socket.

Flow: browser -> Gatekeeper -> FastAPI -> LiveFeed

Listens on localhost only and keeps nothing on disk. It decides nothing about a basket.
"""

import mimetypes
import os
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import msgspec
import uvicorn
from fastapi import FastAPI, HTTPException, Query, Request, Response
from fastapi.responses import FileResponse, HTMLResponse, JSONResponse
from starlette.datastructures import Headers
from starlette.staticfiles import PathLike, StaticFiles
from starlette.types import Scope
from starlette.websockets import WebSocket

from edge.kiosk.gatekeeper import Gatekeeper
from edge.kiosk.handheld_gate import HandheldGate
from edge.kiosk.handheld_tls import ServerCertificate
from edge.kiosk.handhelds import HandheldDesk
from edge.kiosk.live_feed import Lane, LiveFeed, Picture
from edge.kiosk.live_socket import MAX_MESSAGE_BYTES, Desk, ScreenSession
from edge.kiosk.receipt import ReceiptBook
from edge.kiosk.tokens import PinGuard

STATIC_DIR = Path(__file__).resolve().parent / "static"
LANGUAGES = ("en", "de", "es", "fr", "ar")
MAX_SCREENS = 12  # three lanes with a screen, a handheld and a developer each
MAX_FOUND = 24  # two screens of picture tiles
PICTURE_AGE_S = 86_400
IMMUTABLE = "public, max-age=31536000, immutable"
NOT_BUILT = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Tillsight</title>
<h1>The page is not built yet</h1><p>Run <code>tools/demo</code>, or
<code>npm ci &amp;&amp; npm run build</code> at the root of the checkout.</p></html>"""


@dataclass(frozen=True, slots=True)
class KioskSettings:
    """What a store chooses about its screens.

    Attributes:
        token: opens the page once as `/?token=...`; afterwards a cookie does.
        attendant_pin_hash: from `tokens.hash_pin`; empty switches the attendant mode off.
        receipt_s: how long the thank-you page stays.
    """

    token: str
    store: str = "Tillsight"
    port: int = 8600
    default_language: str = "en"
    languages: tuple[str, ...] = LANGUAGES
    attendant_pin_hash: str = ""
    receipt_s: int = 45
    static_dir: Path = STATIC_DIR

    @property
    def cookie(self) -> str:
        """Cookies know no ports; two servers on one machine must not sign each other out."""
        return f"tillsight_kiosk_{self.port}"


def create_app(
    feed: LiveFeed, settings: KioskSettings, handhelds: HandheldDesk | None = None
) -> FastAPI:
    """The whole page over a feed, for the screens at the counters."""
    desk = Desk(
        feed=feed,
        pins=PinGuard(settings.attendant_pin_hash),
        receipts=ReceiptBook(settings.store),
        greeting={
            "store": settings.store,
            "languages": list(settings.languages),
            "default_language": settings.default_language,
            "receipt_s": settings.receipt_s,
            "has_attendant": bool(settings.attendant_pin_hash),
            "has_handhelds": handhelds is not None,
        },
        handhelds=handhelds,
    )
    app = _page_of(desk, settings)
    app.add_middleware(Gatekeeper, token=settings.token, cookie=settings.cookie)
    return app


def create_handheld_app(app: FastAPI, settings: KioskSettings) -> FastAPI:
    """The same desk for phones that were paired; `app` is the one of the counters."""
    desk: Desk = app.state.desk
    assert desk.handhelds is not None
    handheld = _page_of(desk, settings, is_handheld=True)
    handheld.add_middleware(HandheldGate, desk=desk.handhelds, clock_ns=desk.clock_ns)
    return handheld


def _page_of(desk: Desk, settings: KioskSettings, is_handheld: bool = False) -> FastAPI:
    app = FastAPI(title="Tillsight kiosk", docs_url=None, redoc_url=None, openapi_url=None)
    app.state.desk = desk
    _add_live(app, desk, is_handheld)
    _add_catalogue(app, desk.feed)
    _add_facts(app, desk)
    _add_pages(app, settings.static_dir)
    return app


def kiosk_server(
    app: FastAPI, port: int, certificate: ServerCertificate | None = None
) -> uvicorn.Server:
    """A server with this page's limits; `await server.serve()` runs it.

    Args:
        certificate: serve other devices, under TLS; without it only this machine is served.
    """
    config = uvicorn.Config(
        app,
        host="0.0.0.0" if certificate else "127.0.0.1",
        ssl_certfile=certificate.certificate if certificate else None,
        ssl_keyfile=certificate.key if certificate else None,
        port=port,
        log_level="warning",
        access_log=False,
        server_header=False,
        ws_max_size=MAX_MESSAGE_BYTES,
        ws_per_message_deflate=False,  # JPEG does not get smaller, JSON is 5 kB on localhost
        timeout_graceful_shutdown=1,  # an open socket would hold a stop for ever
        timeout_keep_alive=30,
        limit_concurrency=128,
    )
    return uvicorn.Server(config)


def _add_live(app: FastAPI, desk: Desk, is_handheld: bool) -> None:
    @app.websocket("/ws")
    async def live(socket: WebSocket, lane: str = "") -> None:
        await socket.accept()
        if desk.num_screens >= MAX_SCREENS:
            await socket.close(1013, "too many screens")
            return
        desk.num_screens += 1
        try:
            await ScreenSession(desk, _lane(desk.feed, lane), socket, is_handheld).run()
        finally:
            desk.num_screens -= 1


def _add_catalogue(app: FastAPI, feed: LiveFeed) -> None:
    @app.get("/api/products")
    async def products(
        query: Annotated[str, Query(max_length=80)] = "",
        language: Annotated[str, Query(max_length=8)] = "en",
        lane: str = "",
    ) -> JSONResponse:
        lane_id = _lane(feed, lane).lane_id
        found = feed.search(lane_id, query.strip(), language, MAX_FOUND)
        return JSONResponse([asdict(product) for product in found])

    @app.get("/api/products/{sku_id}")
    async def product(sku_id: str, lane: str = "") -> JSONResponse:
        found = feed.product(_lane(feed, lane).lane_id, sku_id)
        if found is None:
            raise HTTPException(404, "no such product")
        return JSONResponse(asdict(found))

    @app.get("/api/pictures")
    async def picture(request: Request, name: str, lane: str = "") -> Response:
        return _picture(request, feed.product_picture(_lane(feed, lane).lane_id, name))

    @app.get("/api/items/{item_id}/crop")
    async def crop(request: Request, item_id: str, lane: str = "") -> Response:
        return _picture(request, feed.item_crop(_lane(feed, lane).lane_id, item_id))


def _add_facts(app: FastAPI, desk: Desk) -> None:
    @app.get("/health")
    async def health() -> JSONResponse:
        return JSONResponse({"status": "ok"})

    @app.get("/api/receipts/{basket_id}")
    async def receipt(basket_id: str) -> Response:
        found = desk.receipts.find(basket_id)
        if found is None:
            raise HTTPException(404, "no receipt of this basket")
        name = f"receipt-{found.receipt_id}.json"
        return Response(
            msgspec.json.encode(found),
            media_type="application/json",
            headers={"content-disposition": f'attachment; filename="{name}"'},
        )

    @app.get("/api/status")
    async def status(lane: str = "") -> JSONResponse:
        view = desk.feed.status(_lane(desk.feed, lane).lane_id)
        painted = sorted(desk.painted_ms)
        return JSONResponse(
            {
                "cameras": [asdict(camera) for camera in view.cameras],
                "notices": list(view.notices),
                "bundle_name": view.bundle_name,
                "screens": desk.num_screens,
                "painted_frames": len(painted),
                "painted_p50_ms": _quantile(painted, 0.50),
                "painted_p95_ms": _quantile(painted, 0.95),
            }
        )


def _add_pages(app: FastAPI, static_dir: Path) -> None:
    app.mount("/assets", _Assets(directory=static_dir / "assets", check_dir=False), "assets")
    for name, media_type in (("sw.js", "text/javascript"), ("icon.svg", "image/svg+xml")):
        app.add_api_route(f"/{name}", _file(static_dir / name, media_type), methods=["GET"])

    @app.get("/")
    async def page() -> Response:
        index = static_dir / "index.html"
        if not index.exists():
            return HTMLResponse(NOT_BUILT, 503)
        return FileResponse(index, headers={"cache-control": "no-cache"})


class _Assets(StaticFiles):
    """Files with the hash of their content in the name: kept for ever."""

    def file_response(
        self, full_path: PathLike, stat_result: os.stat_result, scope: Scope, status_code: int = 200
    ) -> Response:
        """The file, or its compressed twin from the build where the browser takes it."""
        packed = Path(f"{full_path}.gz")
        headers = {"cache-control": IMMUTABLE, "vary": "accept-encoding"}
        accepted = Headers(scope=scope).get("accept-encoding", "")
        if "gzip" in accepted and packed.exists():
            kind, _ = mimetypes.guess_type(str(full_path))
            headers["content-encoding"] = "gzip"
            return FileResponse(packed, status_code, headers, media_type=kind)
        answer = super().file_response(full_path, stat_result, scope, status_code)
        answer.headers.update(headers)
        return answer


def _file(path: Path, media_type: str) -> Callable[[], Awaitable[Response]]:
    async def send_file() -> Response:
        if not path.exists():
            raise HTTPException(404, "not built")
        return FileResponse(path, media_type=media_type, headers={"cache-control": "no-cache"})

    return send_file


def _lane(feed: LiveFeed, lane_id: str) -> Lane:
    """The lane asked for, else the first one."""
    lanes = feed.lanes()
    return next((lane for lane in lanes if lane.lane_id == lane_id), lanes[0])


def _picture(request: Request, picture: Picture | None) -> Response:
    if picture is None:
        raise HTTPException(404, "no such picture")
    headers = {"cache-control": "no-cache"}
    if picture.etag:
        headers = {"cache-control": f"private, max-age={PICTURE_AGE_S}", "etag": picture.etag}
        if request.headers.get("if-none-match") == picture.etag:
            return Response(status_code=304, headers=headers)
    return Response(picture.content, media_type=picture.media_type, headers=headers)


def _quantile(ordered: list[float], share: float) -> float:
    return round(ordered[int(share * (len(ordered) - 1))], 1) if ordered else -1.0
