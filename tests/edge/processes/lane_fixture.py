"""A Work on a temporary folder and messages for it, without a supervisor."""

import time
from pathlib import Path

from edge.bus.sockets import Subscriber, wait_for
from edge.messages.perception_messages import (
    Observations,
    ObservationStatus,
    SkuScoresMessage,
    TrackObservation,
)
from edge.processes.worker import Work
from tests.system.running_box import make_config

LANE, CAMERA = "a", "top"


def make_work(folder: Path, process: str, lane_id: str = "", camera_id: str = "") -> Work:
    config = make_config(folder)
    config.paths.run_dir.mkdir(exist_ok=True)
    return Work(process, config, lane_id, camera_id)


def observed(sequence: int, *sku_ids: str) -> Observations:
    """A frame of now in which these items rest."""
    now_ns = time.monotonic_ns()
    tracks = tuple(
        TrackObservation(
            number + 1, (100.0 * number, 0.0, 100.0 * number + 80, 80.0), 0.9, True, now_ns,
            SkuScoresMessage((sku_id, "jam"), (-0.01, -6.0), -9.0, 0.95, 3),
        )
        for number, sku_id in enumerate(sku_ids)
    )  # fmt: skip
    return Observations(LANE, CAMERA, sequence, now_ns, ObservationStatus.SEEN, "b1", tracks)


def newest(subscriber: Subscriber[object], timeout_s: float = 40.0) -> object:
    """The next message."""
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        wait_for([subscriber.socket], 100)
        messages = subscriber.receive_all()
        if messages:
            return messages[-1]
    raise AssertionError("nothing was said")
