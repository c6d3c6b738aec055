"""Messages arrive whole or are known to be lost; nobody speaks out of turn."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import pytest

from edge.bus.sockets import Bus, Endpoint, Publisher, Subscriber, wait_for
from edge.errors import BusError
from edge.messages.command_messages import Command, Health
from edge.messages.perception_messages import (
    CameraState,
    FrameRef,
    Observations,
    ObservationStatus,
)
from edge.topics import TOPICS

T = TypeVar("T")


@pytest.fixture
def open_bus(tmp_path: Path) -> Iterator[Callable[..., Bus]]:
    opened: list[Bus] = []

    def make(process: str, instance: str = "") -> Bus:
        opened.append(Bus(tmp_path, process, instance))
        return opened[-1]

    yield make
    for bus in opened:
        bus.close()


def _observations(sequence: int, lane_id: str = "a") -> Observations:
    return Observations(lane_id, "top", sequence, 5, ObservationStatus.SEEN, "b1")


def _frame(sequence: int) -> FrameRef:
    return FrameRef("a", "top", sequence, 5, 0, 640, 480)


def _connected(publisher: Publisher[T], subscriber: Subscriber[T], message: T) -> None:
    """Send until it is heard: a reader connects in its own time."""
    for _ in range(3_000):
        publisher.send(message)
        if wait_for([subscriber.socket], 10)[0]:
            subscriber.receive_all()
            return
    raise AssertionError("never connected")


def _all_of(subscriber: Subscriber[T], count: int) -> list[T]:
    messages: list[T] = []
    deadline = time.monotonic() + 30
    while len(messages) < count and time.monotonic() < deadline:
        wait_for([subscriber.socket], 100)
        messages += subscriber.receive_all()
    return messages


def _until_silent(subscriber: Subscriber[T]) -> list[T]:
    messages: list[T] = []
    while wait_for([subscriber.socket], 200)[0]:
        messages += subscriber.receive_all()
    return messages


def test_a_message_arrives_as_it_was_sent(open_bus: Callable[..., Bus]) -> None:
    publisher = open_bus("perception").publisher("observations", Observations)
    subscriber = open_bus("basket").subscriber("observations", Observations)
    _connected(publisher, subscriber, _observations(1))
    publisher.send(_observations(2))
    assert _all_of(subscriber, 1) == [_observations(2)]
    assert (subscriber.num_lost, subscriber.num_restarts) == (0, 0)


def test_a_reader_of_one_lane_gets_only_this_lane_and_counts_nothing_as_lost(
    open_bus: Callable[..., Bus],
) -> None:
    publisher = open_bus("perception").publisher("observations", Observations)
    subscriber = open_bus("basket").subscriber("observations", Observations, "a")
    _connected(publisher, subscriber, _observations(1))
    sent = [_observations(i, lane) for i in range(2, 12) for lane in ("a", "ab", "b")]
    for message in sent:
        publisher.send(message)
    received = _all_of(subscriber, 10)
    assert [m.sequence for m in received] == list(range(2, 12))
    assert {m.lane_id for m in received} == {"a"}
    assert subscriber.num_lost == 0


def test_a_reader_too_slow_for_every_message_knows_how_many_it_lost(
    open_bus: Callable[..., Bus],
) -> None:
    publisher = open_bus("perception").publisher("observations", Observations)
    subscriber = open_bus("basket").subscriber("observations", Observations)
    _connected(publisher, subscriber, _observations(0))
    number = 20_000
    for i in range(number):
        publisher.send(_observations(i))
    received = _until_silent(subscriber)
    publisher.send(_observations(number))
    received += _until_silent(subscriber)
    assert received[-1].sequence == number
    assert 0 < subscriber.num_lost == number + 1 - len(received)


def test_a_latest_topic_keeps_only_the_newest_message(open_bus: Callable[..., Bus]) -> None:
    publisher = open_bus("capture").publisher("frame", FrameRef, "a", "top")
    subscriber = open_bus("perception").subscriber("frame", FrameRef, "a", "top")
    _connected(publisher, subscriber, _frame(0))
    for sequence in range(1, 2_000):
        publisher.send(_frame(sequence))
    received = _until_silent(subscriber)
    assert received[-1].sequence == 1_999
    assert len(received) < 100


def test_a_restarted_publisher_is_heard_again_and_noticed(open_bus: Callable[..., Bus]) -> None:
    subscriber = open_bus("basket").subscriber("observations", Observations)
    first = open_bus("perception")
    _connected(first.publisher("observations", Observations), subscriber, _observations(1))
    first.close()
    second = open_bus("perception").publisher("observations", Observations)
    _connected(second, subscriber, _observations(2))
    assert subscriber.num_restarts == 1


def test_the_socket_of_a_killed_publisher_can_be_bound_again(
    tmp_path: Path, open_bus: Callable[..., Bus]
) -> None:
    program = (
        "import sys, time\nfrom pathlib import Path\nfrom edge.bus.sockets import Bus\n"
        "from edge.messages.perception_messages import Observations\n"
        "bus = Bus(Path(sys.argv[1]), 'perception')\n"
        "publisher = bus.publisher('observations', Observations)\n"
        "print('bound', flush=True)\ntime.sleep(60)\n"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    assert child.stdout.readline() == "bound\n"
    with pytest.raises(BusError, match="has a publisher already"):
        open_bus("perception").publisher("observations", Observations)
    os.kill(child.pid, signal.SIGKILL)
    child.wait()
    child.stdout.close()
    publisher = open_bus("perception").publisher("observations", Observations)
    subscriber = open_bus("basket").subscriber("observations", Observations)
    _connected(publisher, subscriber, _observations(1))


def test_bytes_that_are_no_message_are_counted_and_skipped(open_bus: Callable[..., Bus]) -> None:
    bus = open_bus("perception")
    publisher = bus.publisher("observations", Observations)
    subscriber = open_bus("basket").subscriber("observations", Observations)
    _connected(publisher, subscriber, _observations(1))
    publisher._socket.send(b"a\0garbage")
    publisher._socket.send(b"a\0" + bytes(16) + b"\xc1")
    publisher.send(_observations(2))
    assert [m.sequence for m in _all_of(subscriber, 1)] == [2]
    assert subscriber.num_invalid == 2


def test_health_is_published_by_everybody_under_its_own_name(
    open_bus: Callable[..., Bus],
) -> None:
    names = ("supervisor", "capture.a.top")
    publishers = [
        open_bus(name.partition(".")[0], name).publisher("health", Health) for name in names
    ]
    reader = open_bus("kiosk")
    for name, publisher in zip(names, publishers, strict=True):
        health = Health(name, 1, 2, "boot")
        _connected(publisher, reader.subscriber("health", Health, process=name), health)


@pytest.mark.parametrize(
    ("process", "topic", "message_type", "place", "message"),
    [
        pytest.param("basket", "frame", FrameRef, ("a", "top"), "may not publish", id="another's"),
        pytest.param("basket", "frames", FrameRef, (), "no topic 'frames'", id="unknown topic"),
        pytest.param("capture", "frame", CameraState, ("a", "top"), "carries", id="wrong type"),
        pytest.param("capture", "frame", FrameRef, ("a",), "is per camera", id="camera missing"),
        pytest.param("perception", "observations", Observations, ("a",), "per box", id="lane"),
        pytest.param("basket", "command", Command, ("a",), "may not publish", id="command topic"),
    ],
)
def test_what_the_table_does_not_allow_cannot_be_opened(
    open_bus: Callable[..., Bus],
    process: str,
    topic: str,
    message_type: type[object],
    place: tuple[str, ...],
    message: str,
) -> None:
    with pytest.raises(BusError, match=message):
        open_bus(process).publisher(topic, message_type, *place)


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(BusError, match="cannot be made"):
        Bus(tmp_path / "file" / "run", "kiosk")


def test_every_topic_has_an_address_of_its_own() -> None:
    scopes = {"box": {}, "lane": {"lane_id": "a"}, "camera": {"lane_id": "a", "camera_id": "t"}}
    names = [
        Endpoint(name, **scopes[row.scope], process="p" * (row.publisher == "*")).name()
        for name, row in TOPICS.items()
    ]
    assert len(set(names)) == len(TOPICS)
