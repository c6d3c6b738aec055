"""The perception process of a test: claims what a file says, through the real bus.

Flow: run_dir/scene.json -> Observations, PerceptionState

Stands in the table of processes where the real one stands; every life has track ids of its own.
"""

import json
import sys
import time
from pathlib import Path
from typing import Any

from edge.messages.perception_messages import (
    Observations,
    ObservationStatus,
    PerceptionState,
    SkuScoresMessage,
    TrackObservation,
)
from edge.processes.worker import Work, run_process

PERIOD_S = 1 / 15
BOX_PX = 120


def write_scene(run_dir: Path, items: list[dict[str, Any]]) -> None:
    temporary = run_dir / ".scene.json"
    temporary.write_text(json.dumps(items))
    temporary.rename(run_dir / "scene.json")


def run(work: Work) -> None:
    observations = work.bus.publisher("observations", Observations)
    states = work.bus.publisher("perception", PerceptionState)
    born_ns = time.monotonic_ns()
    first_track_id = born_ns // 10_000_000
    sequence = 0
    while not work.stopping.wait(PERIOD_S):
        work.beat()
        sequence += 1
        now_ns = time.monotonic_ns()
        scene = json.loads((work.config.paths.run_dir / "scene.json").read_text())
        tracks = tuple(_track(item, first_track_id, born_ns) for item in scene)
        for lane in work.config.lanes:
            for camera in lane.cameras:
                observations.send(
                    Observations(
                        lane.lane_id,
                        camera.camera_id,
                        sequence,
                        now_ns,
                        ObservationStatus.SEEN,
                        "scripted",
                        tracks,
                    )  # fmt: skip
                )
        if sequence % 15 == 1:
            states.send(
                PerceptionState(
                    now_ns, "scripted", "scripted", "none", sequence, 0, 0, 1.0, 1.0, 0, 10
                )
            )


def _track(item: dict[str, Any], first_track_id: int, born_ns: int) -> TrackObservation:
    x, y = item["x"], item["y"]
    scores = SkuScoresMessage((item["sku_id"], "jam"), (-0.01, -6.0), -9.0, 0.95, 3)
    return TrackObservation(
        track_id=first_track_id + item["number"],
        xyxy=(x, y, x + BOX_PX, y + BOX_PX),
        score=0.9,
        is_resting=True,
        resting_since_ns=max(item["since_ns"], born_ns),
        scores=scores,
    )


if __name__ == "__main__":
    sys.exit(run_process("perception", run))
