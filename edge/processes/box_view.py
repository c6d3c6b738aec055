"""How the running box looks from outside: the newest message of every topic, read for a moment.

Flow: bus -> BoxView -> edgectl

Reads only; takes part in nothing. A process that says nothing within the time is absent, and
absence is reported as such, never as health.
"""

import time
from dataclasses import dataclass, field
from typing import TypeVar

from edge.bus.commands import CommandClient
from edge.bus.sockets import Bus, Subscriber, wait_for
from edge.config import EdgeConfig
from edge.messages.basket_messages import BasketSnapshot
from edge.messages.bundle_messages import BundlesState
from edge.messages.command_messages import Command, CommandReply, Health, UplinkAction
from edge.messages.perception_messages import CameraState, PerceptionState
from edge.processes.process_table import PROCESSES

K = TypeVar("K")
M = TypeVar("M")


@dataclass(slots=True)
class BoxView:
    """What was heard.

    Attributes:
        health: process instance (`capture.lane-1.cam-1`) -> its newest health.
        cameras: (lane id, camera id) -> its newest state.
        baskets: lane id -> the basket as it stands.
    """

    health: dict[str, Health] = field(default_factory=dict)
    cameras: dict[tuple[str, str], CameraState] = field(default_factory=dict)
    baskets: dict[str, BasketSnapshot] = field(default_factory=dict)
    perception: PerceptionState | None = None
    bundles: BundlesState | None = None

    @property
    def is_silent(self) -> bool:
        """Nothing was heard at all: no box runs on this configuration."""
        return not (self.health or self.cameras or self.baskets or self.perception)


def instance_names(config: EdgeConfig) -> list[str]:
    """Every process instance that this configuration starts, in the order of the table."""
    names = []
    for name, row in PROCESSES.items():
        if row.needs_hub and not config.hub.url:
            continue
        for lane in config.lanes:
            if row.scope == "lane" and (lane.scale or not row.needs_scale):
                names.append(f"{name}.{lane.lane_id}")
            if row.scope == "camera":
                names += [f"{name}.{lane.lane_id}.{c.camera_id}" for c in lane.cameras]
        if row.scope == "box":
            names.append(name)
    return names


class BoxWatch:
    """Listens to a box until it is closed; `view` holds the newest of everything heard."""

    def __init__(self, config: EdgeConfig) -> None:
        self.view = BoxView()
        self._config = config
        self._bus = bus = Bus(config.paths.run_dir, "edgectl")
        self._names = instance_names(config)
        wanted = [*self._names, "supervisor"]
        self._health = {n: bus.subscriber("health", Health, process=n) for n in wanted}
        self._cameras = {
            (lane.lane_id, c.camera_id): bus.subscriber(
                "camera_state", CameraState, lane.lane_id, c.camera_id
            )
            for lane in config.lanes
            for c in lane.cameras
        }
        self._baskets = {
            lane.lane_id: bus.subscriber("basket", BasketSnapshot, lane.lane_id)
            for lane in config.lanes
        }
        self._perception = bus.subscriber("perception", PerceptionState)
        self._bundles = bus.subscriber("bundles", BundlesState)

    def listen(self, timeout_s: float, *, until_complete: bool = False) -> BoxView:
        """Take in what comes within the time; with `until_complete` no longer than needed."""
        sockets = [
            subscriber.socket
            for group in (self._health, self._cameras, self._baskets)
            for subscriber in group.values()
        ]
        sockets += [self._perception.socket, self._bundles.socket]
        deadline = time.monotonic() + timeout_s
        while (left_s := deadline - time.monotonic()) > 0:
            wait_for(sockets, min(200, max(1, round(left_s * 1000))))
            self._take()
            if until_complete and self._is_complete():
                break
        return self.view

    def close(self) -> None:
        """Stop listening."""
        self._bus.close()

    def _take(self) -> None:
        view = self.view
        _take_all(self._health, view.health)
        _take_all(self._cameras, view.cameras)
        _take_all(self._baskets, view.baskets)
        view.perception = _newest(self._perception) or view.perception
        view.bundles = _newest(self._bundles) or view.bundles

    def _is_complete(self) -> bool:
        view = self.view
        return (
            len(view.health) > len(self._names)
            and len(view.cameras) == len(self._cameras)
            and len(view.baskets) == len(self._baskets)
            and view.perception is not None
            and (view.bundles is not None or not self._config.hub.url)
        )


def look_at_box(config: EdgeConfig, timeout_s: float = 2.5) -> BoxView:
    """Listen until everything has spoken, or until the time is up."""
    watch = BoxWatch(config)
    try:
        return watch.listen(timeout_s, until_complete=True)
    finally:
        watch.close()


def ask_lane(config: EdgeConfig, command: Command, timeout_s: float = 5.0) -> CommandReply:
    """Send one command to a lane, the keeper of bundles or the uplink, and wait for its answer.

    Raises:
        CommandTimeoutError: nobody answered.
    """
    bus = Bus(config.paths.run_dir, "edgectl")
    try:
        topic = "command" if command.lane_id else "bundle_command"
        if isinstance(command.body, UplinkAction):
            topic = "uplink_command"
        return CommandClient(bus, topic, command.lane_id).ask(command, timeout_s)
    finally:
        bus.close()


def _take_all(subscribers: dict[K, Subscriber[M]], into: dict[K, M]) -> None:
    for key, subscriber in subscribers.items():
        message = _newest(subscriber)
        if message is not None:
            into[key] = message


def _newest(subscriber: Subscriber[M]) -> M | None:
    messages = subscriber.receive_all()
    return messages[-1] if messages else None
