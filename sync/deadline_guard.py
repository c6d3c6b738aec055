"""Connections that are cut at a deadline, whatever they are doing.

A timer shuts the socket down, so a handshake, a header or a body that is fed byte by byte ends too.
http_pool.py uses it; nothing here knows requests.
"""

import socket
import threading
from contextlib import suppress
from typing import Any

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool


class DeadlineGuard:
    """Cuts the socket of the running exchange at its deadline."""

    def __init__(self, deadline_s: float) -> None:
        self.deadline_s = deadline_s
        self.connection: HTTPConnection | None = None
        self.has_fired = False
        self._timer = threading.Timer(deadline_s, self._fire)
        self._timer.daemon = True
        self._timer.start()

    def end(self) -> None:
        self._timer.cancel()
        self.connection = None

    def _fire(self) -> None:
        self.has_fired = True
        connection = self.connection
        if connection is not None and connection.sock is not None:
            with suppress(OSError):
                connection.sock.shutdown(socket.SHUT_RDWR)


class _Active(threading.local):
    guard: DeadlineGuard | None = None


ACTIVE = _Active()


class _WatchedConnection(HTTPConnection):
    def connect(self) -> None:
        _watch(self)
        super().connect()

    def request(self, *args: Any, **kwargs: Any) -> None:
        _watch(self)
        super().request(*args, **kwargs)


class _WatchedTlsConnection(HTTPSConnection):
    def connect(self) -> None:
        _watch(self)
        super().connect()

    def request(self, *args: Any, **kwargs: Any) -> None:
        _watch(self)
        super().request(*args, **kwargs)


class WatchedPool(HTTPConnectionPool):
    """Plain connections under the running guard."""

    ConnectionCls = _WatchedConnection


class WatchedTlsPool(HTTPSConnectionPool):
    """TLS connections under the running guard."""

    ConnectionCls = _WatchedTlsConnection


def _watch(connection: HTTPConnection) -> None:
    if ACTIVE.guard is not None:
        ACTIVE.guard.connection = connection
