"""A kiosk over a box in memory."""

import socket
from collections.abc import Iterator

import pytest

from tests.edge.kiosk.kiosk_page import RunningKiosk, small_box


@pytest.fixture
def kiosk() -> Iterator[RunningKiosk]:
    """A real server over a box in memory."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    running = RunningKiosk(small_box(), port)
    running.start()
    yield running
    running.stop()
