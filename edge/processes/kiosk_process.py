"""The process behind the shopper's screen: the bus on one side, the page's server on the other.

Flow: bus -> reader thread -> BusFeed -> kiosk_app -> browser -> Command -> bus

Two threads: one reads sockets, one runs the page's event loop, which beats. Commands of a lane go
through one thread of their own, because a socket belongs to one thread.
"""

import asyncio
import logging
import socket
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime

import cv2

from edge.bus.commands import CommandClient, CommandTimeoutError
from edge.bus.sockets import Subscriber, wait_for
from edge.devices.point_of_sale import CashDesk
from edge.errors import FatalError
from edge.kiosk.kiosk_app import KioskSettings, create_app, kiosk_server
from edge.kiosk.live_feed import LaneUnreachableError
from edge.kiosk.tokens import load_or_make_token
from edge.messages.basket_messages import BasketSnapshot
from edge.messages.command_messages import Command, CommandReply, Health
from edge.messages.perception_messages import CameraState, Observations, PerceptionState
from edge.processes.box_view import instance_names
from edge.processes.bus_feed import BusFeed, Message
from edge.processes.enrol_notice import enrol_words
from edge.processes.handheld_server import open_handheld_desk, serve_handhelds
from edge.processes.kiosk_address import token_path
from edge.processes.shelf_maker import ShelfMaker
from edge.processes.till_link import LaneTill, TillLink
from edge.processes.worker import Work, run_process
from sync.errors import SyncError

COMMAND_TIMEOUT_S = 3.0
BEAT_S = 0.5
POLL_MS = 200
PAY_S = 0.3
RETRY_S = 1.0  # how often the shelf is looked at; a stopped sale leaves it within so long

logger = logging.getLogger(__name__)


class KioskServerError(FatalError):
    """The page cannot be served: its port is taken."""

    code = "kiosk.port"


class LaneDesk:
    """Asks the basket process of one lane, in a thread of its own."""

    def __init__(self, work: Work, lane_id: str) -> None:
        self._work = work
        self._lane_id = lane_id
        self._client: CommandClient | None = None
        self._thread = ThreadPoolExecutor(1, f"commands-{lane_id}")

    async def ask(self, command: Command) -> CommandReply:
        """Wait for the answer without holding up the page.

        Raises:
            LaneUnreachableError: none in time.
        """
        future: Future[CommandReply] = self._thread.submit(self._ask, command)
        try:
            return await asyncio.wrap_future(future)
        except CommandTimeoutError as err:
            raise LaneUnreachableError(str(err), hint=err.hint) from err

    def close(self) -> None:
        """A command under way is given up."""
        self._thread.shutdown(wait=True, cancel_futures=True)

    def _ask(self, command: Command) -> CommandReply:
        if self._client is None:
            self._client = CommandClient(self._work.bus, "command", self._lane_id)
        return self._client.ask(command, COMMAND_TIMEOUT_S)


class BusReader:
    """Reads every topic the page shows, in a thread, and hands each message to the event loop."""

    def __init__(self, work: Work, hand_over: Callable[[Message], object]) -> None:
        self._work = work
        self._hand_over = hand_over
        self._is_stopping = threading.Event()
        self._thread = threading.Thread(target=self._read, name="bus-reader")

    def start(self) -> None:
        """Begin to read."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread."""
        self._is_stopping.set()
        self._thread.join()

    def _read(self) -> None:
        subscribers = self._subscribers()
        sockets = [subscriber.socket for subscriber in subscribers]
        while not self._is_stopping.is_set():
            ready = wait_for(sockets, POLL_MS)
            for subscriber, is_ready in zip(subscribers, ready, strict=True):
                if is_ready:
                    for message in subscriber.receive_all():
                        self._hand_over(message)

    def _subscribers(self) -> list[Subscriber[Message]]:
        bus, config = self._work.bus, self._work.config
        subscribers: list[Subscriber[Message]] = [
            bus.subscriber("observations", Observations),
            bus.subscriber("perception", PerceptionState),
        ]
        for lane in config.lanes:
            subscribers.append(bus.subscriber("basket", BasketSnapshot, lane.lane_id))
            subscribers.append(bus.subscriber("practice", BasketSnapshot, lane.lane_id))
            for camera in lane.cameras:
                place = (lane.lane_id, camera.camera_id)
                subscribers.append(bus.subscriber("camera_state", CameraState, *place))
        for name in [*instance_names(config), "supervisor"]:
            if name != self._work.instance:
                subscribers.append(bus.subscriber("health", Health, process=name))
        return subscribers


class Kiosk:
    """The page over the bus."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._desks = {lane.lane_id: LaneDesk(work, lane.lane_id) for lane in work.config.lanes}
        self._feed = BusFeed(work.config, self._ask, time.monotonic_ns)
        self._shelf_maker = ShelfMaker(work.config)

    async def serve(self) -> None:
        """Until the process is told to stop.

        Raises:
            KioskServerError: the port is taken.
        """
        loop = asyncio.get_running_loop()
        knobs = self._work.config.kiosk
        listener = listen(knobs.port)
        handhelds = open_handheld_desk(self._work.config) if knobs.handheld_port else None
        settings = self._settings()
        app = create_app(self._feed, settings, handhelds)
        server = kiosk_server(app, knobs.port)
        phones = serve_handhelds(app, settings, self._work.config) if handhelds else None
        reader = BusReader(
            self._work, lambda message: loop.call_soon_threadsafe(self._feed.take, message)
        )
        reader.start()
        serving = asyncio.create_task(server.serve([listener]))
        tasks = [serving, *([asyncio.create_task(phones.serve())] if phones else [])]
        filling = asyncio.create_task(self._fill_shelf())
        paying = asyncio.create_task(self._keep_paying())
        try:
            while not self._work.is_stopping and not serving.done():
                self._work.beat()
                await asyncio.wait([serving], timeout=BEAT_S)
        finally:
            server.should_exit = True
            if phones:
                phones.should_exit = True
            filling.cancel()
            paying.cancel()
            await asyncio.wait([*tasks, filling, paying], timeout=3.0)
            reader.stop()
            for desk in self._desks.values():
                desk.close()

    async def _ask(self, command: Command) -> CommandReply:
        desk = self._desks.get(command.lane_id)
        if desk is None:
            return CommandReply(command.command_id, False, "lane.unknown", "no such lane")
        return await desk.ask(command)

    async def _keep_paying(self) -> None:
        """Baskets of lanes with an external till: total out, answer back."""
        folder = self._work.config.paths.state_dir / "cash-desk"
        tills = TillLink(lambda lane_id: CashDesk(folder / lane_id))
        lanes = [x.lane_id for x in self._work.config.lanes if x.terminal == "external"]
        while lanes:
            for lane_id in lanes:
                await self._pay_at(tills.till(lane_id), lane_id)
            await asyncio.sleep(PAY_S)

    async def _pay_at(self, till: LaneTill, lane_id: str) -> None:
        snapshot = self._feed.snapshot(lane_id)
        if snapshot is None:
            return
        answer = await asyncio.to_thread(till.step, snapshot, time.monotonic_ns())
        if answer is None:
            return
        try:
            reply = await self._ask(answer)
        except LaneUnreachableError:
            return  # said again with the next round
        if reply.is_done or reply.code == "payment.none":
            till.confirm()

    async def _fill_shelf(self) -> None:
        """Lay the products out, and anew when bundle, catalogue or prices change."""
        told: tuple[str, str] | None = None
        while True:
            try:
                shelf = await asyncio.to_thread(self._shelf_maker.renewed, datetime.now(UTC))
            except SyncError as err:
                if told != (err.code, str(err)):
                    self._work.report("degraded", err.code, str(err))
                told = (err.code, str(err))
            else:
                if shelf is not None:
                    told = None
                    self._feed.shelf = shelf
                    self._work.report(facts={"products": len(shelf)})
                    self._feed.changes.notify()
            self._look_for_enrolment()
            await asyncio.sleep(RETRY_S)

    def _look_for_enrolment(self) -> None:
        words = enrol_words(self._work.config, datetime.now(UTC))
        if words != self._feed.enrol_words:
            self._feed.enrol_words = words
            self._feed.changes.notify()

    def _settings(self) -> KioskSettings:
        knobs = self._work.config.kiosk
        return KioskSettings(
            token=load_or_make_token(token_path(self._work.config), self._work.boot_id),
            store=knobs.store,
            port=knobs.port,
            default_language=knobs.language,
            attendant_pin_hash=knobs.attendant_pin_hash,
            receipt_s=knobs.receipt_s,
        )


def listen(port: int) -> socket.socket:
    """A socket on localhost.

    Raises:
        KioskServerError: the port is taken.
    """
    try:
        return socket.create_server(("127.0.0.1", port))
    except OSError as err:
        raise KioskServerError(
            f"port {port} cannot be served: {err.strerror}",
            hint="another program has it: set kiosk.port",
        ) from err


def run(work: Work) -> None:
    """Serve the page until told to stop."""
    cv2.setNumThreads(1)
    asyncio.run(Kiosk(work).serve())


def main() -> int:
    """Entry of `python -m edge.processes.kiosk_process`."""
    return run_process("kiosk", run)


if __name__ == "__main__":
    sys.exit(main())
