"""edgectl cameras: every camera with its state, its reason and what to do about it."""

from pathlib import Path
from typing import Any

import typer

from cameras.frame import OutageReason
from edge.config_file import read_config
from edge.edgectl.options import ConfigOption, JsonOption
from edge.edgectl.output import ExitCode, errors_for_people, print_json, print_table, say
from edge.messages.perception_messages import CameraState
from edge.processes.box_view import look_at_box


def cameras(
    config: ConfigOption = Path("/etc/tillsight/edge.toml"), as_json: JsonOption = False
) -> None:
    """Every camera: state, typed reason, quality, and the next step."""
    with errors_for_people(as_json):
        settings = read_config(config)
        view = look_at_box(settings)
    rows = [
        _row(lane.lane_id, c.camera_id, view.cameras.get((lane.lane_id, c.camera_id)))
        for lane in settings.lanes
        for c in lane.cameras
    ]
    if as_json:
        print_json({"cameras": rows})
    else:
        columns = ("lane", "camera", "state", "reason", "fps", "quality", "conditions", "url")
        print_table("Cameras", columns, [[row[name] for name in columns] for row in rows])
        for row in rows:
            if row["next_step"]:
                say(f"- {row['lane']}/{row['camera']}: {row['next_step']}")
    num_live = sum(row["state"] == "live" for row in rows)
    code = ExitCode.OK if num_live == len(rows) else ExitCode.DEGRADED
    raise typer.Exit(int(code if num_live else ExitCode.NO))


def _row(lane_id: str, camera_id: str, state: CameraState | None) -> dict[str, Any]:
    if state is None:
        step = "its process says nothing: is the box running?"
        return {"lane": lane_id, "camera": camera_id, "state": "silent", "reason": "", "fps": 0.0,
                "quality": "unusable", "conditions": "", "url": "", "next_step": step}  # fmt: skip
    known = state.reason in {reason.value for reason in OutageReason}
    hint = OutageReason(state.reason).hint if known else ""
    return {
        "lane": lane_id,
        "camera": camera_id,
        "state": state.state,
        "reason": state.reason,
        "fps": round(state.fps, 1),
        "quality": state.quality,
        "conditions": " ".join(state.conditions),
        "url": state.url,
        "next_step": hint or (state.message if state.state != "live" else ""),
    }
