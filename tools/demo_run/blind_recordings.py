"""The blind set of the loop's gate: recordings cut from the shipped clips, every fifth frame.

Flow: clips -> one recording per clip and choice of cameras -> folder for `edgectl replay`

Recordings of one clip are one cluster, because they resemble each other. The clip that plays at the
counters is left out: the gate knows nothing of the pack that is new there, which is what the shadow
is for.
"""

import json
import shutil
from pathlib import Path

import cv2

from tools.demo_run.clip_folder import ClipFolder, read_clips
from tools.demo_run.counter_film import CLIP

EVERY = 5  # of 15 frames per second
# 24 recordings are the fewest that can pass with the policy `demo`: -ln(0.1) / 24 < its margin.
CHOICES = (("cam0", "cam1"), ("cam0", "cam2"), ("cam1", "cam2"), ("cam0",), ("cam1",), ("cam2",))


def write_blind_set(folder: Path, first: int = 0, without: str = "") -> dict[str, str]:
    """Write it; recording -> cluster.

    Args:
        first: frame to begin with, 0 to 4: another number gives other frames of the same clips.
        without: a further clip to leave out.
    """
    clusters: dict[str, str] = {}
    for clip in read_clips():
        if clip.name in (CLIP.name, without):
            continue
        thinned = _thinned(clip, folder.parent / f"films-{first}" / clip.name, first)
        for cameras in CHOICES:
            name = f"{clip.name}_{'_'.join(cameras)}_{first}"
            clusters[name] = clip.name
            _write_recording(clip, thinned, folder / name, cameras)
    return clusters


def _thinned(clip: ClipFolder, folder: Path, first: int) -> dict[str, Path]:
    """Each camera's film with fewer frames."""
    folder.mkdir(parents=True)
    found = {}
    for camera, video in clip.videos.items():
        capture = cv2.VideoCapture(str(video))
        size = (int(capture.get(cv2.CAP_PROP_FRAME_WIDTH)),
                int(capture.get(cv2.CAP_PROP_FRAME_HEIGHT)))  # fmt: skip
        fps = capture.get(cv2.CAP_PROP_FPS) / EVERY
        path = folder / f"{camera}.mp4"
        writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"mp4v"), fps, size)
        number = 0
        while capture.grab():
            if number % EVERY == first:
                writer.write(capture.retrieve()[1])
            number += 1
        writer.release()
        capture.release()
        found[camera] = path
    return found


def _write_recording(
    clip: ClipFolder, films: dict[str, Path], folder: Path, cameras: tuple[str, ...]
) -> None:
    folder.mkdir(parents=True)
    for camera in cameras:
        (folder / f"{camera}.mp4").symlink_to(films[camera].absolute())
        shutil.copy(clip.calibrations[camera], folder / f"{camera}_calibration.json")
    told = json.loads((clip.videos[cameras[0]].parent / "events.json").read_bytes())
    fps = float(told["fps"]) / EVERY
    kept = {"title": told.get("title", clip.name), "basket": clip.truth, "fps": fps}
    text = json.dumps({**kept, "num_frames": int(told["num_frames"]) // EVERY, "events": []})
    (folder / "events.json").write_text(text)
