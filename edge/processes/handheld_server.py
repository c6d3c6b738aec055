"""The second door of the kiosk process: the page for the staff's paired phones, under TLS.

Flow: EdgeConfig -> certificate, HandheldDesk -> uvicorn on every network of the box

Only where `kiosk.handheld_port` is set. A port that is taken is told and leaves the counters' own
screens as they are.
"""

import logging
import socket
from datetime import UTC, datetime

import uvicorn
from fastapi import FastAPI

from edge.config import EdgeConfig
from edge.kiosk.handheld_tls import load_or_make_certificate, reachable_addresses
from edge.kiosk.handhelds import HandheldDesk
from edge.kiosk.kiosk_app import KioskSettings, create_handheld_app, kiosk_server

logger = logging.getLogger(__name__)


def open_handheld_desk(config: EdgeConfig) -> HandheldDesk:
    """The phones that were paired with this box."""
    folder = config.paths.state_dir / "handhelds"
    certificate = load_or_make_certificate(folder, config.box_id, datetime.now(UTC))
    port = config.kiosk.handheld_port
    return HandheldDesk(
        folder / "paired.json", lambda: reachable_addresses(port), certificate.fingerprint
    )


def serve_handhelds(
    app: FastAPI, settings: KioskSettings, config: EdgeConfig
) -> uvicorn.Server | None:
    """The phones' server over the desk of `app`; None where its port is taken."""
    folder = config.paths.state_dir / "handhelds"
    certificate = load_or_make_certificate(folder, config.box_id, datetime.now(UTC))
    port = config.kiosk.handheld_port
    try:
        socket.create_server(("", port)).close()
    except OSError as err:
        logger.error("handhelds not served port=%d: %s", port, err.strerror)  # noqa: TRY400
        return None
    return kiosk_server(create_handheld_app(app, settings), port, certificate)
