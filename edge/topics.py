"""The table of topics: everything that crosses a process border inside the box.

One row per topic, one publisher per topic (health is the one exception). A process that publishes
or reads something else fails at start. `edge.bus.sockets` computes every address from this table.
"""

from dataclasses import dataclass
from typing import Any, Literal

from edge.messages.basket_messages import BasketSnapshot
from edge.messages.bundle_messages import BundlesState, BundleStaged, ServeBundle
from edge.messages.command_messages import Command, Health
from edge.messages.perception_messages import (
    CameraState,
    FrameRef,
    Observations,
    PerceptionState,
)
from edge.messages.scale_messages import ScaleWeight
from edge.messages.shadow_messages import ShadowCase, ShadowReport

Scope = Literal["box", "lane", "camera"]
Delivery = Literal["latest", "every", "command"]


@dataclass(frozen=True, slots=True)
class Topic:
    """What a topic carries.

    Attributes:
        message: the one type that may travel on it.
        publisher: name in the table of processes; for commands, the process that answers.
        scope: one socket per box, lane or camera.
        rate_hz: expected rate; 0 means only when something happens.
        delivery: `latest` keeps one message per reader, `every` queues, `command` has a reply.
    """

    message: type[Any]
    publisher: str
    scope: Scope
    rate_hz: float
    delivery: Delivery


# fmt: off
TOPICS: dict[str, Topic] = {
    #  name                message           publisher     scope     rate_hz  delivery
    "frame":        Topic(FrameRef,         "capture",    "camera",   15.0,  "latest"),
    "camera_state": Topic(CameraState,      "capture",    "camera",    1.0,  "latest"),
    "observations": Topic(Observations,     "perception", "box",      15.0,  "every"),
    "perception":   Topic(PerceptionState,  "perception", "box",       1.0,  "latest"),
    "basket":       Topic(BasketSnapshot,   "basket",     "lane",      2.0,  "latest"),
    "scale":        Topic(ScaleWeight,      "scale",      "lane",      5.0,  "latest"),
    "practice":     Topic(BasketSnapshot,   "basket",     "lane",      0.0,  "latest"),
    "command":      Topic(Command,          "basket",     "lane",      0.0,  "command"),
    "bundle_staged":  Topic(BundleStaged,   "uplink",     "box",       1.0,  "latest"),
    "serve_bundle":   Topic(ServeBundle,    "bundles",    "box",       1.0,  "latest"),
    "bundles":        Topic(BundlesState,   "bundles",    "box",       1.0,  "latest"),
    "bundle_command": Topic(Command,        "bundles",    "box",       0.0,  "command"),
    "uplink_command": Topic(Command,        "uplink",     "box",       0.0,  "command"),
    "shadow":         Topic(ShadowReport,   "shadow",     "box",       1.0,  "latest"),
    "shadow_case":    Topic(ShadowCase,     "shadow",     "box",       0.0,  "every"),
    "shadow_command": Topic(Command,        "shadow",     "box",       0.0,  "command"),
    "health":       Topic(Health,           "*",          "box",       1.0,  "every"),
}
# fmt: on
