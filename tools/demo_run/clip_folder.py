"""The clips that ship with the demo: what each shows and the basket it ends with."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.demo_run.line_times import Put

ASSETS = Path(__file__).resolve().parent / "assets"


@dataclass(frozen=True)
class ClipFolder:
    """One clip: every camera of one counter, and the truth.

    Attributes:
        videos: camera id -> file, best view for a shopper first.
        calibrations: camera id -> file; cameras without one are left out.
        truth: SKU -> quantity at the end.
        puts: what comes to rest, and when, in order of time.
        duration_s: until the clip ends.
    """

    name: str
    title: str
    videos: dict[str, Path]
    calibrations: dict[str, Path]
    truth: dict[str, int]
    duration_s: float
    puts: tuple[Put, ...] = ()


def read_clips(root: Path = ASSETS / "clips") -> list[ClipFolder]:
    """Every clip below `root`, in order of name.

    Raises:
        FileNotFoundError: there is none; says where they should be.
    """
    clips = [_read_clip(path.parent) for path in sorted(root.glob("*/events.json"))]
    if not clips:
        raise FileNotFoundError(f"no clips in {root}: the checkout is not complete")
    return clips


def _read_clip(folder: Path) -> ClipFolder:
    data = json.loads((folder / "events.json").read_bytes())
    videos = {p.stem: p for p in sorted(folder.glob("*.mp4"))}
    calibrations = {
        name: path for name in videos if (path := folder / f"{name}_calibration.json").is_file()
    }
    return ClipFolder(
        name=folder.name,
        title=str(data.get("title", folder.name.replace("_", " "))),
        videos=videos,
        calibrations=calibrations,
        truth={str(k): int(v) for k, v in data["basket"].items()},
        duration_s=float(data["num_frames"]) / float(data["fps"]),
        puts=_puts(data),
    )


def _puts(data: dict[str, Any]) -> tuple[Put, ...]:
    fps = float(data["fps"])
    return tuple(
        Put(str(e["sku"]), float(e["rest_frame"]) / fps, is_move=e["kind"] == "move")
        for e in data.get("events", ())
        if e["kind"] in ("put", "move")
    )
