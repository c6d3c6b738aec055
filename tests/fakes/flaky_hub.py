"""A hub behind a bad link: a real loopback HTTP server that misbehaves on request.

One thread per connection, one request per connection, so that every fault is exact to the byte.
`num_body_bytes` counts what it handed to the network, lost or not.
"""

import re
import socket
import struct
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import Literal, Self

SEND_BYTES = 16_384
SEND_BUFFER_BYTES = 16_384  # small, so that bytes in flight to a client that left are few
HANG_S = 20.0  # longer than any client here waits

Kind = Literal[
    "none", "cut", "reset", "stall", "drip", "status", "wrong_range", "ignore_range", "flip",
    "html", "gzip", "slow_headers", "hang", "longer", "shorter", "redirect", "extra", "no_length",
    "no_range", "bloated",
]  # fmt: skip


@dataclass(frozen=True)
class Fault:
    """What goes wrong with one reply.

    Attributes:
        at: share of the body after which it happens.
        status: for `status`.
    """

    kind: Kind = "none"
    at: float = 0.5
    status: int = 503


@dataclass(frozen=True)
class Asked:
    """A request as the server saw it."""

    method: str
    path: str
    headers: dict[str, str]


Script = Callable[[Asked], Fault]


def no_fault(asked: Asked) -> Fault:
    """An honest link."""
    return Fault()


@dataclass
class FlakyHub:
    """Serves `content` by path; `script` says what goes wrong with each request."""

    content: dict[str, bytes] = field(default_factory=dict)
    script: Script = no_fault
    asked: list[Asked] = field(default_factory=list)
    num_body_bytes: int = 0

    def __enter__(self) -> Self:
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, err: BaseException | None, tb: TracebackType | None
    ) -> None:
        self._closing.set()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(timeout=5)

    @property
    def url(self) -> str:
        """http://127.0.0.1:port"""
        return f"http://127.0.0.1:{self.port}"

    @property
    def port(self) -> int:
        """The free port it found."""
        return int(self._listener.getsockname()[1])

    def _accept(self) -> None:
        while not self._closing.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, suppress(OSError):
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
            asked = _read_request(connection)
            if asked is None:
                return
            with self._lock:
                self.asked.append(asked)
                fault = self.script(asked)
            _Reply(self, connection, asked, fault).send()

    def count(self, num_bytes: int) -> None:
        """Note body bytes that were handed to the network."""
        with self._lock:
            self.num_body_bytes += num_bytes

    def wait(self, seconds: float) -> None:
        """Do nothing for a while, or until the test is over."""
        self._closing.wait(seconds)


class _Reply:
    def __init__(
        self, hub: FlakyHub, connection: socket.socket, asked: Asked, fault: Fault
    ) -> None:
        self._hub = hub
        self._connection = connection
        self._asked = asked
        self._fault = fault

    def send(self) -> None:
        kind = self._fault.kind
        if kind == "reset":
            _reset(self._connection)
        elif kind == "hang":
            self._hub.wait(HANG_S)
        elif kind == "slow_headers":
            for byte in b"HTTP/1.1 200 OK\r\n" + b"X-Slow: " + b"y" * 2000:
                self._connection.sendall(bytes([byte]))
                self._hub.wait(0.02)
        elif kind == "status":
            self._head(self._fault.status, 0, ["Retry-After: 0"])
        elif kind == "redirect":
            self._head(302, 0, ["Location: http://127.0.0.1:1/login"])
        elif kind == "html":
            page = b"<html><body>Welcome to the shop's free network</body></html>"
            self._head(200, len(page), ["Content-Type: text/html; charset=utf-8"])
            self._body(page)
        else:
            self._content()

    def _content(self) -> None:
        whole = self._hub.content.get(self._asked.path)
        if whole is None:
            self._head(404, 0, [])
            return
        start, end = _range(self._asked.headers.get("range", ""), len(whole))
        body = whole[start:end]
        said = f"bytes {start}-{end - 1}/{len(whole)}"
        kind = self._fault.kind
        if kind == "wrong_range":
            said = f"bytes {max(start - 7, 0)}-{end - 1}/{len(whole) + 7}"
        if kind == "no_range" and "range" in self._asked.headers:
            self._head(416, 0, [f"Content-Range: bytes */{len(whole)}"])
            return
        is_part = "range" in self._asked.headers and kind != "ignore_range"
        if not is_part:
            body = whole
        self._say(body, 206 if is_part else 200, [f"Content-Range: {said}"] if is_part else [])

    def _say(self, body: bytes, status: int, headers: list[str]) -> None:
        kind = self._fault.kind
        length: int | None = len(body)
        if kind == "longer":
            body += b"z" * 1000
            length = len(body)
        elif kind == "shorter":
            body = body[: len(body) // 2]
            length = len(body)
        elif kind == "extra":
            body, length = body + b"z" * 100_000, None
        elif kind == "bloated":
            body += b" " * 100_000
            length = len(body)
        elif kind == "no_length":
            length = None
        elif kind == "gzip":
            headers = [*headers, "Content-Encoding: gzip"]
        elif kind == "flip" and body:
            where = min(int(len(body) * self._fault.at), len(body) - 1)
            body = body[:where] + bytes([body[where] ^ 1]) + body[where + 1 :]
        self._head(status, length, headers)
        if kind in ("cut", "stall", "drip"):
            self._body(body[: int(len(body) * self._fault.at)])
            self._break_off(body[int(len(body) * self._fault.at) :])
        else:
            self._body(body)

    def _break_off(self, rest: bytes) -> None:
        if self._fault.kind == "stall":
            self._hub.wait(HANG_S)
        elif self._fault.kind == "drip":
            for byte in rest[: int(HANG_S * 50)]:
                self._body(bytes([byte]))
                self._hub.wait(0.02)

    def _head(self, status: int, length: int | None, headers: list[str]) -> None:
        lines = [f"HTTP/1.1 {status} X", "Connection: close", *headers]
        if length is not None:
            lines.append(f"Content-Length: {length}")
        self._connection.sendall("\r\n".join([*lines, "", ""]).encode())

    def _body(self, body: bytes) -> None:
        for i in range(0, len(body), SEND_BYTES):
            chunk = body[i : i + SEND_BYTES]
            self._connection.sendall(chunk)
            self._hub.count(len(chunk))


def _read_request(connection: socket.socket) -> Asked | None:
    raw = b""
    while b"\r\n\r\n" not in raw:
        more = connection.recv(4096)
        if not more:
            return None
        raw += more
    lines = raw.split(b"\r\n\r\n")[0].decode().split("\r\n")
    method, target, _ = lines[0].split(" ")
    path = re.sub(r"^http://[^/]+", "", target)
    headers = dict(line.split(": ", 1) for line in lines[1:])
    return Asked(method, path, {name.lower(): value for name, value in headers.items()})


def _range(said: str, size: int) -> tuple[int, int]:
    match = re.fullmatch(r"bytes=(\d+)-(\d+)", said)
    return (int(match[1]), min(int(match[2]) + 1, size)) if match else (0, size)


def _reset(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
