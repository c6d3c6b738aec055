"""Recordings as folders: how the blind set lies where the box's own code is to replay it.

Flow: Recording + unsealed pictures -> ROOT/CLUSTER/<recording_id>/ -> edgectl replay

One folder holds `recording.json` and `frames.tar`. The answer in it counts as the truth: whoever
writes a folder has put in what a person confirmed. What a box named is not trusted as a path.
"""

import re
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from sync.durable_file import write_durably
from sync.recording import Recording, RecordingError, unpack_frames

DESCRIPTION_NAME = "recording.json"
FRAMES_NAME = "frames.tar"
_PLAIN_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{7,39}")


@dataclass(frozen=True)
class RecordingFolder:
    """One folder as it was read; `pictures` are JPEGs in the order of the frames."""

    recording: Recording
    pictures: tuple[bytes, ...]


def write_recording_folder(root: Path, recording: Recording, archive: bytes) -> Path:
    """Lay a recording down below `root`; the folder.

    Args:
        root: of the cluster (store and day), made where missing.
        archive: the unsealed blob.

    Raises:
        RecordingError: the blob is not what the row says, or its id is no plain name.
    """
    if not _PLAIN_NAME.fullmatch(recording.recording_id):
        raise RecordingError(f"recording id {recording.recording_id!r} is no plain name")
    unpack_frames(recording, archive)
    folder = root / recording.recording_id
    folder.mkdir(parents=True, exist_ok=True)
    write_durably(folder / FRAMES_NAME, archive)
    write_durably(folder / DESCRIPTION_NAME, recording.model_dump_json(indent=1).encode())
    return folder


def read_recording_folder(folder: Path) -> RecordingFolder:
    """Read one back.

    Raises:
        RecordingError: it is not complete, or damaged.
    """
    try:
        recording = Recording.model_validate_json((folder / DESCRIPTION_NAME).read_bytes())
        archive = (folder / FRAMES_NAME).read_bytes()
    except (OSError, ValidationError) as err:
        raise RecordingError(f"{folder}: {err}", hint="export the recording again") from err
    return RecordingFolder(recording, tuple(unpack_frames(recording, archive)))
