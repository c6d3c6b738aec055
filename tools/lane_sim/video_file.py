"""H.264 through the `ffmpeg` program on the PATH; nothing that encodes is shipped or linked.

Flow: BGR frames -> .mp4
"""

import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tools.lane_sim.errors import EncoderMissingError

_HINT = "install ffmpeg with libx264 (Debian: apt-get install ffmpeg)"


def encoder_path() -> str:
    """Where `ffmpeg` is.

    Raises:
        EncoderMissingError: it is not on the PATH, or was built without libx264.
    """
    program = shutil.which("ffmpeg")
    if program is None:
        raise EncoderMissingError("no ffmpeg program on the PATH", hint=_HINT)
    listed = subprocess.run(
        [program, "-hide_banner", "-encoders"], capture_output=True, check=False
    )
    if b"libx264" not in listed.stdout:
        raise EncoderMissingError("this ffmpeg has no libx264", hint=_HINT)
    return program


def write_video(frames: Iterable[NDArray[np.uint8]], path: Path, fps: int, crf: int) -> int:
    """Encode BGR frames of one size; returns their number.

    Args:
        frames: uint8 (H, W, 3).
        path: of the .mp4.
        fps: constant frame rate.
        crf: x264's quality, 18 (large) to 35 (small).

    Raises:
        EncoderMissingError: no ffmpeg, or it failed; its last line is in the message.
    """
    program = encoder_path()
    process: subprocess.Popen[bytes] | None = None
    number = 0
    for frame in frames:
        if process is None:
            process = _started(program, frame.shape[1], frame.shape[0], path, fps, crf)
        assert process.stdin is not None
        try:
            process.stdin.write(np.ascontiguousarray(frame).tobytes())
        except BrokenPipeError:
            break
        number += 1
    if process is None:
        raise ValueError("a video needs at least one frame")
    _, errors = process.communicate()
    if process.returncode != 0:
        last = errors.decode(errors="replace").strip().splitlines()[-1:]
        raise EncoderMissingError(f"ffmpeg failed on {path.name}: {' '.join(last)}", hint=_HINT)
    return number


def _started(
    program: str, width: int, height: int, path: Path, fps: int, crf: int
) -> subprocess.Popen[bytes]:
    arguments = [
        *(program, "-y", "-loglevel", "error", "-f", "rawvideo", "-pix_fmt", "bgr24"),
        *("-s", f"{width}x{height}", "-r", str(fps), "-i", "-", "-an", "-c:v", "libx264"),
        *("-preset", "slow", "-crf", str(crf), "-pix_fmt", "yuv420p", "-g", str(2 * fps)),
        *("-threads", "1", "-movflags", "+faststart", str(path)),
    ]
    return subprocess.Popen(arguments, stdin=subprocess.PIPE, stderr=subprocess.PIPE)
