"""Commands: asked once, done once, answered.

Flow: CommandClient.ask -> ipc socket -> CommandServer.receive ... reply -> CommandReply

The client waits for the answer with the id of its command and may ask again with the same id after
a time-out; the server remembers what it has done and does nothing twice. A refusal is forgotten:
asked again, it may be granted. Across a crash of the server the journal remembers.
"""

import time
from collections import OrderedDict
from dataclasses import dataclass

import msgspec
import zmq

from edge.bus.sockets import Bus, Endpoint, connect, topic_row
from edge.errors import BusError, DegradedError
from edge.messages.command_messages import Command, CommandReply

NUM_REMEMBERED = 512  # answers; an impatient screen repeats within seconds
QUEUE_LENGTH = 64


class CommandTimeoutError(DegradedError):
    """No answer in time; the command may still be carried out, so ask again with the same id."""

    code = "bus.timeout"


@dataclass(frozen=True, slots=True)
class PendingCommand:
    """A command that waits for its answer, and who asked."""

    command: Command
    sender: bytes


class CommandServer:
    """Receives the commands of one lane."""

    def __init__(self, bus: Bus, topic: str, lane_id: str) -> None:
        """Bind the topic.

        Raises:
            BusError: the topic is no command topic of this process, or is bound already.
        """
        row = topic_row(topic)
        if row.delivery != "command" or row.publisher != bus.process:
            raise BusError(
                f"{bus.process} may not answer {topic}: {row.publisher} does",
                hint="see edge/topics.py",
            )
        path = Endpoint(topic, lane_id).path(bus.run_dir)
        self.socket = bus.socket(zmq.ROUTER, QUEUE_LENGTH)
        bus.bind(self.socket, path)
        self._decoder = msgspec.msgpack.Decoder(Command)
        self._encoder = msgspec.msgpack.Encoder()
        self._answers: OrderedDict[str, bytes] = OrderedDict()
        self.num_invalid = 0

    def receive(self) -> PendingCommand | None:
        """The next new command; one that was answered before is answered again here."""
        while True:
            try:
                parts = self.socket.recv_multipart(zmq.DONTWAIT)
            except zmq.Again:
                return None
            sender, raw = parts[0], parts[-1]
            try:
                command = self._decoder.decode(raw)
            except msgspec.DecodeError:
                self.num_invalid += 1
                continue
            answer = self._answers.get(command.command_id)
            if answer is None:
                return PendingCommand(command, sender)
            self.socket.send_multipart([sender, answer])

    def reply(self, pending: PendingCommand, reply: CommandReply) -> None:
        """Answer; a client that went away meanwhile loses only its answer."""
        answer = self._encoder.encode(reply)
        if reply.is_done:
            self._keep(reply.command_id, answer)
        self.socket.send_multipart([pending.sender, answer])

    def close(self) -> None:
        """Stop answering."""
        self.socket.close(linger=0)

    def _keep(self, command_id: str, answer: bytes) -> None:
        self._answers[command_id] = answer
        if len(self._answers) > NUM_REMEMBERED:
            self._answers.popitem(last=False)


class CommandClient:
    """Asks one lane; belongs to one thread."""

    def __init__(self, bus: Bus, topic: str, lane_id: str) -> None:
        row = topic_row(topic)
        if row.delivery != "command":
            raise BusError(f"topic {topic} takes no commands", hint="see edge/topics.py")
        self._lane_id = lane_id
        self._socket = bus.socket(zmq.DEALER, QUEUE_LENGTH)
        # A command to a process that is away waits in the queue until it is back.
        connect(self._socket, Endpoint(topic, lane_id).path(bus.run_dir))
        self._decoder = msgspec.msgpack.Decoder(CommandReply)
        self._encoder = msgspec.msgpack.Encoder()

    def ask(self, command: Command, timeout_s: float) -> CommandReply:
        """Send a command and wait for its answer.

        Raises:
            CommandTimeoutError: no answer in time.
        """
        deadline = time.monotonic() + timeout_s
        try:
            self._socket.send(self._encoder.encode(command), zmq.DONTWAIT)
        except zmq.Again as err:
            raise self._timeout(command, timeout_s) from err
        while (left_s := deadline - time.monotonic()) > 0:
            if not self._socket.poll(max(1, round(left_s * 1000))):
                continue
            reply = self._decoder.decode(self._socket.recv())
            if reply.command_id == command.command_id:
                return reply  # others are late answers to commands given up before
        raise self._timeout(command, timeout_s)

    def close(self) -> None:
        """Forget everything that was not sent."""
        self._socket.close(linger=0)

    def _timeout(self, command: Command, timeout_s: float) -> CommandTimeoutError:
        return CommandTimeoutError(
            f"lane {self._lane_id} did not answer command {command.command_id} in {timeout_s:g} s",
            hint="ask again with the same command_id; is the basket process running?",
        )
