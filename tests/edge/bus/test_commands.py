"""A command is done once, answered, and its client never waits for ever."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.bus.commands import CommandClient, CommandServer, CommandTimeoutError, PendingCommand
from edge.bus.sockets import Bus, wait_for
from edge.errors import BusError
from edge.messages.command_messages import Command, CommandReply, Finish, RemoveLine


class Counter:
    """Answers commands in its own thread and counts them."""

    def __init__(self, run_dir: Path, delay_s: float = 0.0, num_refusals: int = 0) -> None:
        self.done: list[str] = []
        self._bus = Bus(run_dir, "basket")
        self._server = CommandServer(self._bus, "command", "a")
        self._delay = threading.Event()
        self._delay_s = delay_s
        self._num_refusals = num_refusals
        self._is_stopping = threading.Event()
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def stop(self) -> None:
        self._is_stopping.set()
        self._thread.join()
        self._bus.close()

    def _serve(self) -> None:
        while not self._is_stopping.is_set():
            wait_for([self._server.socket], 20)
            pending = self._server.receive()
            if pending is not None:
                self._answer(pending)

    def _answer(self, pending: PendingCommand) -> None:
        self.done.append(pending.command.command_id)
        self._delay.wait(self._delay_s)
        is_done = len(self.done) > self._num_refusals
        reply = CommandReply(pending.command.command_id, is_done, revision=1)
        self._server.reply(pending, reply)


@pytest.fixture
def client(tmp_path: Path) -> Iterator[CommandClient]:
    bus = Bus(tmp_path, "kiosk")
    yield CommandClient(bus, "command", "a")
    bus.close()


def _command(command_id: str) -> Command:
    return Command("a", command_id, RemoveLine("l1", 2))


def test_a_command_is_answered(tmp_path: Path, client: CommandClient) -> None:
    counter = Counter(tmp_path)
    reply = client.ask(_command("1"), 30)
    counter.stop()
    assert reply == CommandReply("1", True, revision=1)


def test_a_command_sent_twice_is_done_once_and_answered_twice(
    tmp_path: Path, client: CommandClient
) -> None:
    counter = Counter(tmp_path)
    replies = [client.ask(_command("1"), 30) for _ in range(3)]
    counter.stop()
    assert counter.done == ["1"]
    assert replies == [CommandReply("1", True, revision=1)] * 3


def test_a_refused_command_may_be_asked_again(tmp_path: Path, client: CommandClient) -> None:
    counter = Counter(tmp_path, num_refusals=1)
    replies = [client.ask(_command("1"), 30) for _ in range(3)]
    counter.stop()
    assert [reply.is_done for reply in replies] == [False, True, True]
    assert counter.done == ["1", "1"]


def test_nobody_there_is_a_time_out_and_the_command_waits_for_the_process(
    tmp_path: Path, client: CommandClient
) -> None:
    with pytest.raises(CommandTimeoutError, match="did not answer command 1"):
        client.ask(_command("1"), 0.05)
    counter = Counter(tmp_path)
    reply = client.ask(_command("1"), 30)
    counter.stop()
    assert reply.command_id == "1"
    assert counter.done == ["1"]


def test_a_late_answer_is_not_taken_for_the_next_one(tmp_path: Path, client: CommandClient) -> None:
    counter = Counter(tmp_path, delay_s=0.1)
    with pytest.raises(CommandTimeoutError):
        client.ask(_command("slow"), 0.03)
    reply = client.ask(_command("next"), 30)
    counter.stop()
    assert reply.command_id == "next"


def test_only_the_process_of_the_table_may_answer(tmp_path: Path) -> None:
    bus = Bus(tmp_path, "kiosk")
    with pytest.raises(BusError, match="kiosk may not answer command"):
        CommandServer(bus, "command", "a")
    with pytest.raises(BusError, match="takes no commands"):
        CommandClient(bus, "basket", "a")
    bus.close()


def test_bytes_that_are_no_command_do_no_harm(tmp_path: Path, client: CommandClient) -> None:
    counter = Counter(tmp_path)
    client._socket.send(b"\xc1 nonsense")
    reply = client.ask(Command("a", "1", Finish()), 30)
    counter.stop()
    assert reply.is_done
