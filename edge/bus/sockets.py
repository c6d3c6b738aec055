"""Typed messages between the processes of one box, checked against the table of topics.

Flow: message -> Publisher.send -> ipc socket -> Subscriber.receive -> message

One publisher per topic binds; everyone who reads connects, before or after, and stays connected
through restarts. No broker. Every message carries the sender's epoch and a number per key, so a
reader of an `every` topic knows what it lost. Commands are in commands.py. Sockets belong to the
thread that made them.
"""

import os
import struct
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

import msgspec
import zmq

from edge.errors import BusError
from edge.file_claim import ClaimWords, claim_file
from edge.topics import TOPICS, Topic

T = TypeVar("T")

HEADER = struct.Struct("<QQ")  # epoch of the sender, number of the message under its key
KEY_END = b"\0"
QUEUE_LENGTH = 1_000  # of an `every` topic: 20 s of three cameras at 15 fps
RECONNECT_MS = 20  # a process that came back is heard again after this
RECONNECT_MAX_MS = 500


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One socket of a topic: which lane and camera, and who for `health`."""

    topic: str
    lane_id: str = ""
    camera_id: str = ""
    process: str = ""

    def name(self) -> str:
        """File name of the socket, computed from the table.

        Raises:
            BusError: no such topic, or lane and camera do not fit its scope.
        """
        row = topic_row(self.topic)
        wanted = {"box": (), "lane": (self.lane_id,), "camera": (self.lane_id, self.camera_id)}
        parts = [*wanted[row.scope], self.process] if row.publisher == "*" else wanted[row.scope]
        given = [part for part in (self.lane_id, self.camera_id, self.process) if part]
        if list(parts) != given:
            raise BusError(
                f"topic {self.topic} is per {row.scope}; got lane {self.lane_id!r}, "
                f"camera {self.camera_id!r}, process {self.process!r}",
                hint="see edge/topics.py",
            )
        return ".".join([self.topic, *parts])

    def path(self, run_dir: Path) -> Path:
        """Where the socket lies."""
        return run_dir / f"{self.name()}.sock"


def topic_row(topic: str) -> Topic:
    """The row of a topic.

    Raises:
        BusError: no such topic.
    """
    if topic not in TOPICS:
        raise BusError(f"no topic {topic!r}", hint=f"topics: {', '.join(TOPICS)}")
    return TOPICS[topic]


class Publisher(Generic[T]):
    """Sends one topic."""

    def __init__(self, socket: "zmq.Socket[bytes]") -> None:
        self._socket = socket
        self._encoder = msgspec.msgpack.Encoder()
        self._epoch = time.monotonic_ns()
        self._numbers: dict[str, int] = {}

    def send(self, message: T) -> None:
        """Send to everyone connected; never waits for a slow reader."""
        key = key_of(message)
        number = self._numbers.get(key, 0) + 1
        self._numbers[key] = number
        head = key.encode() + KEY_END + HEADER.pack(self._epoch, number)
        self._socket.send(head + self._encoder.encode(message), zmq.DONTWAIT)

    def close(self) -> None:
        """Stop publishing; the right to publish stays with the process's bus."""
        self._socket.close(linger=0)


class Subscriber(Generic[T]):
    """Reads one topic.

    Attributes:
        num_lost: messages that were sent and never arrived (topics with delivery `every`).
        num_restarts: how often the publisher came back.
        num_invalid: messages that were not of the topic's type.
    """

    def __init__(self, socket: "zmq.Socket[bytes]", message_type: type[T], is_every: bool) -> None:
        self.socket = socket
        self.num_lost = 0
        self.num_restarts = 0
        self.num_invalid = 0
        self._decoder = msgspec.msgpack.Decoder(message_type)
        self._is_every = is_every
        self._last: dict[bytes, tuple[int, int]] = {}

    def receive(self) -> T | None:
        """The next message, the newest one of a `latest` topic; None if there is none now."""
        while True:
            try:
                raw = self.socket.recv(zmq.DONTWAIT)
            except zmq.Again:
                return None
            key, _, rest = raw.partition(KEY_END)
            try:
                epoch, number = HEADER.unpack_from(rest)
                message = self._decoder.decode(rest[HEADER.size :])
            except (struct.error, msgspec.DecodeError):
                self.num_invalid += 1
                continue
            self._count(key, epoch, number)
            return message

    def receive_all(self) -> list[T]:
        """Everything that waits, oldest first."""
        messages = []
        while (message := self.receive()) is not None:
            messages.append(message)
        return messages

    def close(self) -> None:
        """Stop reading."""
        self.socket.close(linger=0)

    def _count(self, key: bytes, epoch: int, number: int) -> None:
        last_epoch, last_number = self._last.get(key, (epoch, number - 1))
        if epoch != last_epoch:
            self.num_restarts += 1
            last_number = 0  # all that the new publisher sent before we heard it is lost
        if self._is_every:
            self.num_lost += max(0, number - last_number - 1)
        self._last[key] = (epoch, number)


class Bus:
    """Every socket of one process; what the tables do not allow cannot be opened.

    Args:
        run_dir: folder of the sockets; made where missing.
        process: this process's name in the table of processes.
        instance: the name with `.lane` or `.lane.camera` behind it; health is published under it.
    """

    def __init__(self, run_dir: Path, process: str, instance: str = "") -> None:
        self.run_dir = run_dir
        self.process = process
        self.instance = instance or process
        try:
            run_dir.mkdir(parents=True, exist_ok=True)
        except OSError as err:
            raise BusError(
                f"{run_dir} cannot be made: {err.strerror}", hint="check paths.run_dir"
            ) from err
        self._context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self._sockets: list[zmq.Socket[bytes]] = []
        self._claims: list[int] = []

    def publisher(
        self, topic: str, message_type: type[T], lane_id: str = "", camera_id: str = ""
    ) -> Publisher[T]:
        """Open a topic for sending.

        Raises:
            BusError: another process publishes it, now or by the table, or the type is not its.
        """
        row = self._checked(topic, message_type)
        if row.delivery == "command" or row.publisher not in (self.process, "*"):
            raise BusError(
                f"{self.process} may not publish {topic}: its publisher is {row.publisher}",
                hint="see edge/topics.py",
            )
        name = self.instance if row.publisher == "*" else ""
        path = Endpoint(topic, lane_id, camera_id, name).path(self.run_dir)
        socket = self.socket(zmq.PUB, QUEUE_LENGTH)
        if row.delivery == "latest":  # a full queue would refuse the newest, not the oldest
            socket.setsockopt(zmq.CONFLATE, 1)
        self.bind(socket, path)
        return Publisher(socket)

    def subscriber(
        self,
        topic: str,
        message_type: type[T],
        lane_id: str = "",
        camera_id: str = "",
        *,
        process: str = "",
    ) -> Subscriber[T]:
        """Open a topic for reading; its publisher need not be there yet.

        Args:
            lane_id: of a topic per box: only messages of this lane.
            process: of `health`: whose.

        Raises:
            BusError: no such topic, or the type is not its.
        """
        row = self._checked(topic, message_type)
        key = ""
        if row.scope == "box" and lane_id:
            key, lane_id = lane_id, ""
        socket = self.socket(zmq.SUB, QUEUE_LENGTH)
        if row.delivery == "latest":
            socket.setsockopt(zmq.CONFLATE, 1)
        socket.setsockopt(zmq.SUBSCRIBE, key.encode() + KEY_END if key else b"")
        connect(socket, Endpoint(topic, lane_id, camera_id, process).path(self.run_dir))
        return Subscriber(socket, message_type, is_every=row.delivery == "every")

    def socket(self, kind: int, queue_length: int) -> "zmq.Socket[bytes]":
        """A socket that is closed with this bus."""
        socket = self._context.socket(kind)
        socket.set_hwm(queue_length)
        self._sockets = [s for s in self._sockets if not s.closed] + [socket]
        return socket

    def bind(self, socket: "zmq.Socket[bytes]", path: Path) -> None:
        """Bind an ipc socket that nobody else has bound.

        Raises:
            BusError: someone has, the path is too long, or the folder cannot be written.
        """
        self._claims.append(_claim(path))
        try:
            socket.bind(f"ipc://{path}")
        except zmq.ZMQError as err:
            raise BusError(f"{path} cannot be bound: {err}", hint="check paths.run_dir") from err

    def close(self, linger_ms: int = 0) -> None:
        """Close whatever is still open; what was sent last may take `linger_ms` to leave."""
        self._context.destroy(linger=linger_ms)
        for descriptor in self._claims:  # only now: closing a socket removes its file
            os.close(descriptor)
        self._claims.clear()

    def _checked(self, topic: str, message_type: type[object]) -> Topic:
        row = topic_row(topic)
        if row.message is not message_type:
            raise BusError(f"topic {topic} carries {row.message.__name__}, not {message_type}")
        return row


def wait_for(sockets: Sequence["zmq.Socket[bytes]"], timeout_ms: int) -> list[bool]:
    """Wait until one of the sockets has something; which of them have."""
    poller = zmq.Poller()
    for socket in sockets:
        poller.register(socket, zmq.POLLIN)
    ready = dict(poller.poll(timeout_ms))
    return [socket in ready for socket in sockets]


def key_of(message: object) -> str:
    """What a reader of a topic per box may select: the lane."""
    return str(getattr(message, "lane_id", ""))


def connect(socket: "zmq.Socket[bytes]", path: Path) -> None:
    """Connect an ipc socket; who binds it may come later and come again."""
    socket.setsockopt(zmq.RECONNECT_IVL, RECONNECT_MS)
    socket.setsockopt(zmq.RECONNECT_IVL_MAX, RECONNECT_MAX_MS)
    socket.connect(f"ipc://{path}")


def _claim(path: Path) -> int:
    """The right to bind `path`, held until the descriptor is closed or the process dies.

    Binding alone would silently take the socket away from a running publisher.
    """
    words = ClaimWords(
        error=BusError,
        held=f"{path.name} has a publisher already",
        held_hint="is the box running twice?",
        setting="paths.run_dir",
    )
    return claim_file(path.with_suffix(".lock"), words)
