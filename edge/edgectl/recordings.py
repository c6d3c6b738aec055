"""Finds what can be replayed in a folder: recorded clips, rendered scenes, or plain videos.

Flow: folder -> Recording -> frames of every camera, in order of time

A folder with `events.json` is read as tools/lane_sim writes it (its README has the form), one with
`recording.json` as a box recorded it (sync/recording_folder.py); any other folder, or a single
file, is taken as the videos of one counter, one camera each, without a truth.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from cameras.config import CameraConfig
from cameras.frame import Frame, Outage
from cameras.open_camera import open_camera
from edge.basket.counter_map import CounterMap
from edge.edgectl.recorded_basket import recorded_frames
from edge.edgectl.replay_run import NS_PER_S, in_time_order
from edge.errors import ConfigError
from edge.perception.pipeline_settings import PipelineSettings
from sync.errors import SyncError
from sync.recording_folder import DESCRIPTION_NAME, read_recording_folder

VIDEO_ENDINGS = (".mp4", ".avi", ".mkv", ".mov")
SCENE_FPS = 15.0
EMPTY_FRAMES = 4  # the counter as it was before the goods came
SCENE_FRAMES = 16  # about a second: enough to rest, to be looked at and to be asked about


@dataclass(frozen=True)
class Recording:
    """One basket's worth of pictures.

    Attributes:
        maps: camera id -> calibration, None where there is none.
        truth: SKU -> quantity at the end, None where nobody wrote it down.
        open_frames: a fresh iterator over all cameras, oldest picture first.
        settings: camera id -> how it is watched, where the box that recorded it said so.
    """

    name: str
    maps: dict[str, CounterMap | None]
    truth: dict[str, int] | None
    open_frames: Callable[[], Iterator[Frame]]
    settings: dict[str, PipelineSettings] = field(default_factory=dict)


def find_recordings(place: Path, only_cameras: tuple[str, ...] = ()) -> list[Recording]:
    """Every recording in a folder, in order of name.

    Args:
        place: folder of one or many recordings, or one video.
        only_cameras: leave the others out; empty takes all.

    Raises:
        ConfigError: nothing here can be replayed, or a description is damaged.
    """
    found = list(_recordings_in(place, only_cameras, place))
    if not found:
        raise ConfigError(
            f"{place} holds nothing to replay",
            hint="give a video, a folder of videos of one counter, or a folder of tools/lane_sim",
        )
    return found


def _recordings_in(place: Path, only: tuple[str, ...], root: Path) -> Iterator[Recording]:
    if place.is_file() and place.suffix.lower() in VIDEO_ENDINGS:
        yield _videos(place.stem, {place.stem: place}, place.parent, None)
        return
    if not place.is_dir():
        return
    if (place / DESCRIPTION_NAME).is_file():
        yield _recorded(place, only, root)
        return
    description = _description(place)
    if "scenes" in description:
        yield from _scenes(place, description, only)
        return
    videos = {
        p.stem: p
        for p in sorted(place.iterdir())
        if p.suffix.lower() in VIDEO_ENDINGS and (not only or p.stem in only)
    }
    if videos:
        yield _videos(place.name, videos, place, _final_basket(description))
        return
    for folder in sorted(p for p in place.iterdir() if p.is_dir()):
        yield from _recordings_in(folder, only, root)


def _recorded(place: Path, only: tuple[str, ...], root: Path) -> Recording:
    """Named by its place below the root: what stands before the last `/` is store and day."""
    try:
        found = read_recording_folder(place)
    except SyncError as err:
        raise ConfigError(str(err), hint=err.hint) from err
    told = found.recording
    cameras = {c.camera_id: c for c in told.cameras if not only or c.camera_id in only}
    names = dict.fromkeys(f.camera_id for f in told.frames if not only or f.camera_id in only)
    maps = {name: _map_of(cameras[name].calibration, place) if name in cameras else None
            for name in names}  # fmt: skip
    return Recording(
        name=place.name if place == root else place.relative_to(root).as_posix(),
        maps=maps,
        truth=dict(told.answer),
        open_frames=lambda: recorded_frames(found, tuple(names)),
        settings={
            name: PipelineSettings(counter_region=camera.counter_region)
            for name, camera in cameras.items()
        },
    )


def _map_of(text: str, place: Path) -> CounterMap | None:
    if not text:
        return None
    try:
        return CounterMap.from_json(json.loads(text))
    except ValueError as err:
        raise ConfigError(
            f"{place}: a camera's calibration is damaged: {err}", hint="record it again"
        ) from err


def _description(place: Path) -> dict[str, Any]:
    path = place / "events.json"
    if not path.is_file():
        return {}
    try:
        data: dict[str, Any] = json.loads(path.read_bytes())
    except ValueError as err:
        raise ConfigError(f"{path} is no JSON: {err}", hint="render or record it again") from err
    return data


def _final_basket(description: dict[str, Any]) -> dict[str, int] | None:
    basket = description.get("basket")
    return None if basket is None else {str(k): int(v) for k, v in basket.items()}


def _videos(
    name: str, videos: dict[str, Path], place: Path, truth: dict[str, int] | None
) -> Recording:
    maps = {
        camera_id: _calibration(place / f"{camera_id}_calibration.json") for camera_id in videos
    }

    def frames() -> Iterator[Frame]:
        return in_time_order({name: _clip_frames(name, path) for name, path in videos.items()})

    return Recording(name, maps, truth, frames)


def _clip_frames(camera_id: str, path: Path) -> Iterator[Frame]:
    config = CameraConfig(
        camera_id=camera_id, lane_id="lane-1", url=f"clip:{path.absolute()}?pace=fast"
    )
    # Clip time is what counts: every camera of the counter begins at the same moment.
    source = open_camera(config, start_at_ns=NS_PER_S)
    try:
        while True:
            answer = source.read(1.0)
            if isinstance(answer, Frame):
                yield answer
            elif isinstance(answer, Outage):
                return
    finally:
        source.close()


def _scenes(place: Path, description: dict[str, Any], only: tuple[str, ...]) -> Iterator[Recording]:
    cameras = [name for name in description["cameras"] if not only or name in only]
    for scene in description["scenes"]:
        lane = place / "lanes" / scene["lane"]
        pictures = place / "scenes" / scene["scene"]
        yield Recording(
            name=scene["scene"],
            maps={name: _calibration(lane / f"{name}_calibration.json") for name in cameras},
            truth=_final_basket(scene),
            open_frames=_scene_opener(cameras, lane, pictures),
        )


def _scene_opener(cameras: list[str], lane: Path, pictures: Path) -> Callable[[], Iterator[Frame]]:
    def frames() -> Iterator[Frame]:
        return in_time_order(
            {
                name: _still_frames(name, lane / f"{name}_empty.jpg", pictures / f"{name}.jpg")
                for name in cameras
            }
        )

    return frames


def _still_frames(camera_id: str, empty: Path, full: Path) -> Iterator[Frame]:
    """A still scene as a camera would show it: the empty counter, then the goods at rest."""
    number = 0
    for path, repeats in ((empty, EMPTY_FRAMES), (full, SCENE_FRAMES)):
        picture = cv2.imread(str(path))
        if picture is None:
            continue
        for _ in range(repeats):
            at_ns = NS_PER_S + round(number * NS_PER_S / SCENE_FPS)
            pixels = np.asarray(picture, dtype=np.uint8)
            yield Frame(pixels, camera_id, "lane-1", number, at_ns, clip_time_ns=at_ns - NS_PER_S)
            number += 1


def _calibration(path: Path) -> CounterMap | None:
    if not path.is_file():
        return None
    try:
        return CounterMap.from_json(json.loads(path.read_bytes()))
    except (ValueError, KeyError) as err:
        raise ConfigError(
            f"{path} is no calibration: {err}", hint="make it with edgectl calibrate"
        ) from err
