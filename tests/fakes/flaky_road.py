"""A bad road between a real client and a real hub: a loopback proxy that misbehaves on request.

One thread per connection, one request per connection, so that every fault is exact. The bytes of a
body count as soon as it was begun, arrived or not.
"""

import random
import socket
import struct
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Literal, Self

HANG_S = 20.0  # longer than any client here waits

Kind = Literal[
    "none", "cut", "reset", "stall", "drip", "duplicate", "reorder", "answer_lost", "status",
    "wrong_range", "flip", "html",
]  # fmt: skip


@dataclass(frozen=True)
class RoadFault:
    """What goes wrong with one request.

    Attributes:
        at: share of the body after which it happens.
        status: for `status`.
    """

    kind: Kind = "none"
    at: float = 0.5
    status: int = 503


@dataclass(frozen=True)
class Passing:
    """A request on its way."""

    method: str
    path: str
    head: bytes
    body: bytes


RoadScript = Callable[[str, str], RoadFault]


class FlakyRoad:
    """Passes requests on to a hub; `script(method, path)` says what goes wrong with each."""

    def __init__(self, hub_port: int, script: RoadScript) -> None:
        self.script = script
        self.num_requests = 0
        self.num_upload_bytes = 0
        self._hub_port = hub_port
        self._held: list[Passing] = []
        self._lock = threading.Lock()
        self._closing = threading.Event()

    def __enter__(self) -> Self:
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
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
        """Where clients find this road."""
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def _accept(self) -> None:
        while not self._closing.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, suppress(OSError, EOFError):
            head = _read_head(connection)
            method, path, _ = head.split(b"\r\n", 1)[0].decode().split(" ")
            size = _length_of(head)
            with self._lock:
                self.num_requests += 1
                self.num_upload_bytes += size if method == "PUT" else 0
                fault = self.script(method, path)
            if fault.kind == "reset":
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                return
            wanted = int(size * fault.at) if fault.kind == "cut" else size
            body = _read_exactly(connection, wanted)
            if fault.kind != "cut":
                self._go_wrong(connection, Passing(method, path, head, body), fault)

    def _go_wrong(self, connection: socket.socket, passing: Passing, fault: RoadFault) -> None:
        if fault.kind == "stall":
            self._closing.wait(HANG_S)
        elif fault.kind == "status":
            said = f"HTTP/1.1 {fault.status} X\r\nContent-Length: 0\r\nRetry-After: 0\r\n\r\n"
            connection.sendall(said.encode())
        elif fault.kind == "html":
            connection.sendall(_page("<html>Welcome to the shop's free network</html>"))
        elif fault.kind == "reorder":
            with self._lock:
                self._held.append(passing)  # the next one overtakes it
            connection.sendall(b"HTTP/1.1 503 X\r\nContent-Length: 0\r\n\r\n")
        else:
            self._answer(connection, self._bent(passing, fault), fault)

    def _answer(self, connection: socket.socket, passing: Passing, fault: RoadFault) -> None:
        reply = self._forward(passing)
        if fault.kind == "duplicate":
            second = self._forward(passing)
            reply = second if fault.at > 0.5 else reply
        self._deliver_held()
        if fault.kind == "answer_lost":
            return
        if fault.kind == "wrong_range":
            reply = reply.replace(b"upload-offset: ", b"upload-offset: 7")
        if fault.kind == "drip":
            for i in range(0, len(reply), 8):
                connection.sendall(reply[i : i + 8])
                self._closing.wait(0.005)
        else:
            connection.sendall(reply)

    def _bent(self, passing: Passing, fault: RoadFault) -> Passing:
        body = passing.body
        if fault.kind == "flip" and body:
            where = min(int(len(body) * fault.at), len(body) - 1)
            body = body[:where] + bytes([body[where] ^ 1]) + body[where + 1 :]
        return Passing(passing.method, passing.path, passing.head, body)

    def _deliver_held(self) -> None:
        with self._lock:
            held, self._held = self._held, []
        for passing in held:
            self._forward(passing)

    def _forward(self, passing: Passing) -> bytes:
        """The hub's whole reply; it closes after it."""
        with socket.create_connection(("127.0.0.1", self._hub_port), 10.0) as hub:
            head = passing.head.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
            hub.sendall(head + passing.body)
            chunks = []
            while chunk := hub.recv(65_536):
                chunks.append(chunk)
        return b"".join(chunks)


class FaultDice:
    """One to three faults for every upload, each at a part of its own; a few elsewhere."""

    def __init__(self, seed: int, faults: tuple[RoadFault, ...]) -> None:
        self.counts: dict[str, int] = {}
        self._dice = random.Random(seed)
        self._faults = faults
        self._left: dict[str, int] = {}

    def __call__(self, method: str, path: str) -> RoadFault:
        """What goes wrong with this request."""
        left = self._left.setdefault(path, self._dice.randint(1, 3)) if method == "PUT" else 1
        if not left or self._dice.random() > 0.12:
            return RoadFault()
        if method == "PUT":
            self._left[path] -= 1
        fault = self._dice.choice(self._faults)
        name = f"{fault.kind} {fault.status}" if fault.kind == "status" else fault.kind
        self.counts[name] = self.counts.get(name, 0) + 1
        return RoadFault(fault.kind, self._dice.uniform(0.02, 0.98), fault.status)


def _read_head(connection: socket.socket) -> bytes:
    raw = b""
    while not raw.endswith(b"\r\n\r\n"):
        more = connection.recv(1)
        if not more:
            raise EOFError
        raw += more
    return raw


def _read_exactly(connection: socket.socket, size: int) -> bytes:
    parts = []
    while size and (more := connection.recv(min(size, 65_536))):
        parts.append(more)
        size -= len(more)
    if size:
        raise EOFError
    return b"".join(parts)


def _length_of(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"content-length":
            return int(value)
    return 0


def _page(text: str) -> bytes:
    return (
        f"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {len(text)}\r\n\r\n{text}"
    ).encode()
