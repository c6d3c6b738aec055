"""The table of processes: what runs, how many of it, when it is given up on.

Started top to bottom, stopped bottom to top. The supervisor starts `python -m <module>`; each can
be started by hand alone.
"""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Process:
    """One row.

    Attributes:
        module: started with `python -m`.
        scope: one process per box, per lane or per camera.
        restart: `always`, or `on_failure` where exit 0 means done.
        watchdog_s: killed and restarted when it shows no sign of life for so long, CLOCK_MONOTONIC.
        needs_hub: started only where `hub.url` is set.
        needs_scale: started only for lanes with a scale.
    """

    module: str
    scope: Literal["box", "lane", "camera"]
    restart: Literal["always", "on_failure"]
    watchdog_s: float
    needs_hub: bool = False
    needs_scale: bool = False


# fmt: off
PROCESSES: dict[str, Process] = {
    #  name                 module                              scope     restart     watchdog_s
    "basket":     Process("edge.processes.basket_process",     "lane",   "always",     5.0),
    "scale":      Process("edge.processes.scale_process", "lane", "always", 5.0, needs_scale=True),
    "kiosk":      Process("edge.processes.kiosk_process",      "box",    "always",    10.0),
    "perception": Process("edge.processes.perception_process", "box",    "always",    10.0),
    "capture":    Process("edge.processes.capture_process",    "camera", "always",    20.0),
    "bundles":    Process("edge.processes.bundles_process",    "box",    "always",    10.0, True),
    "shadow":     Process("edge.processes.shadow_process",     "box",    "always",    20.0, True),
    "uplink":     Process("edge.processes.uplink_process",     "box",    "always",    10.0, True),
}
# fmt: on
