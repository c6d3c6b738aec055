"""edgectl calibrate: print the board, take pictures with a camera, learn its lens and the counter.

Flow: board sheet -> pictures (from the camera, or a folder) -> calibration file
"""

import time
from pathlib import Path
from typing import Annotated

import cv2
import numpy as np
import typer
from numpy.typing import NDArray

from cameras.calibration import BoardPlacement, calibrate_camera
from cameras.camera_calibration import save_calibration
from cameras.charuco_board import BoardSpec, board_pdf, board_png, detect_board
from cameras.config import CameraConfig
from cameras.errors import CalibrationError
from cameras.frame import Frame, FrameSource
from cameras.open_camera import open_camera
from edge.config_file import read_config
from edge.edgectl.options import ConfigOption, JsonOption
from edge.edgectl.output import errors_for_people, print_json, say
from edge.errors import ConfigError

app = typer.Typer(
    help="Camera calibration in three steps: print the sheet (`sheet`), take 12 pictures of it "
    "tilted and 1 of it flat on the counter (`take`), compute (`compute`).",
    no_args_is_help=True,
)

COUNTER_NAME = "counter"
MIN_NEW_SHIFT = 0.08  # of the picture's width: a view as different as that is worth keeping
LAY_DOWN_S = 6.0

Picture = NDArray[np.uint8]
SquareOption = Annotated[float, typer.Option(help="Side of a square on the print, mm.", min=5)]


@app.command("sheet")
def sheet(
    out: Annotated[Path, typer.Option(help="File to write: .pdf or .png.")] = Path("board.pdf"),
    square_mm: SquareOption = 36.0,
) -> None:
    """Write the board to print at 100 %; measure its ruler line afterwards."""
    with errors_for_people(as_json=False):
        spec = _board(square_mm)
        out.write_bytes(board_png(spec) if out.suffix == ".png" else board_pdf(spec))
    say(f"{out}: print at 100 % on stiff paper, then measure the ruler line")


@app.command("take")
def take(
    camera: Annotated[str, typer.Argument(help="Camera id of the configuration.")],
    out: Annotated[Path, typer.Option(help="Folder for the pictures.")],
    config: ConfigOption = Path("/etc/tillsight/edge.toml"),
    num_views: Annotated[int, typer.Option("--views", min=6, max=60)] = 12,
    square_mm: SquareOption = 36.0,
    limit_s: Annotated[float, typer.Option(help="Give up after so long.", min=5)] = 180.0,
) -> None:
    """Keep a picture whenever the board is seen in a new place; last flat on the counter."""
    with errors_for_people(as_json=False):
        source = open_camera(_camera(config, camera))
        try:
            out.mkdir(parents=True, exist_ok=True)
            _take_views(source, out, num_views, _board(square_mm), limit_s)
        finally:
            source.close()


@app.command("compute")
def compute(
    camera: Annotated[str, typer.Argument(help="Camera id, written into the file.")],
    pictures: Annotated[Path, typer.Option(help="Folder with view_*.png and counter.png.")],
    out: Annotated[Path, typer.Option(help="Calibration file to write.")],
    square_mm: SquareOption = 36.0,
    x_cm: Annotated[float, typer.Option(help="Where the flat board's corner lay, cm.")] = 0.0,
    y_cm: Annotated[float, typer.Option(help="The same, along the counter.")] = 0.0,
    rotation_deg: Annotated[float, typer.Option(help="Turned by so much, degrees.")] = 0.0,
    as_json: JsonOption = False,
) -> None:
    """Lens and counter plane from the pictures; every camera needs the same board position."""
    with errors_for_people(as_json):
        views = [_read(path) for path in sorted(pictures.glob("view_*.png"))]
        counter = _read(pictures / f"{COUNTER_NAME}.png")
        placement = BoardPlacement(x_cm, y_cm, rotation_deg)
        calibration = calibrate_camera(camera, views, counter, _board(square_mm), placement)
        save_calibration(calibration, out)
    facts = {"camera": camera, "rms_px": round(calibration.rms_px, 3), "views": len(views)}
    if as_json:
        print_json({**facts, "file": str(out)})
    else:
        say(f"{out}: camera {camera}, {len(views)} views, error {facts['rms_px']} px")
        say(f'next: put calibration = "{out}" under this camera in edge.toml')


def _take_views(
    source: FrameSource, out: Path, num_views: int, board: BoardSpec, limit_s: float
) -> None:
    deadline = time.monotonic() + limit_s
    say(f"show the board from {num_views} sides: tilted, near, and in every corner of the picture")
    kept: list[NDArray[np.float32]] = []
    while len(kept) < num_views:
        picture, place = _next_view(source, board, deadline)
        if all(np.linalg.norm(place - old) >= MIN_NEW_SHIFT for old in kept):
            cv2.imwrite(str(out / f"view_{len(kept):02d}.png"), picture)
            kept.append(place)
            say(f"{len(kept)} of {num_views}")
    say(f"now lay the board flat on the counter at its mark; picture in {LAY_DOWN_S:.0f} s")
    time.sleep(LAY_DOWN_S)
    picture, _ = _next_view(source, board, deadline + LAY_DOWN_S)
    cv2.imwrite(str(out / f"{COUNTER_NAME}.png"), picture)


def _next_view(
    source: FrameSource, board: BoardSpec, deadline: float
) -> tuple[Picture, NDArray[np.float32]]:
    """The next picture with most of the board in it, and where in the picture the board is."""
    while time.monotonic() < deadline:
        answer = source.read(0.5)
        if not isinstance(answer, Frame):
            continue
        corners = detect_board(answer.pixels, board)
        if corners is not None and len(corners.ids) >= board.num_corners // 2:
            middle = corners.xy_px.mean(axis=0) / answer.pixels.shape[1]
            return answer.pixels, np.asarray(middle, dtype=np.float32)
    raise ConfigError(
        "the board was not seen in time",
        hint="is the whole board in view, sharp and without glare? or raise --limit-s",
    )


def _camera(config: Path, camera_id: str) -> CameraConfig:
    settings = read_config(config)
    for lane in settings.lanes:
        for knobs in lane.cameras:
            if knobs.camera_id == camera_id:
                return knobs.camera_config(lane.lane_id)
    known = ", ".join(c.camera_id for lane in settings.lanes for c in lane.cameras)
    raise ConfigError(f"no camera {camera_id!r} in {config}", hint=f"there are: {known}")


def _board(square_mm: float) -> BoardSpec:
    return BoardSpec(square_mm=square_mm, marker_mm=square_mm * 0.75)


def _read(path: Path) -> Picture:
    picture = cv2.imread(str(path))
    if picture is None:
        raise CalibrationError(f"{path} is no picture", hint="take it: edgectl calibrate take")
    return np.asarray(picture, dtype=np.uint8)
