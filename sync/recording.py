"""A whole basket as redacted pictures and what it became: what the blind set is made of.

Flow: box (opt-in) -> Recording as the body of an outbox row + one sealed blob -> hub -> replay

Pictures took the path of hard cases (edge/hard_cases/redaction.py); there is nothing else in it.
Where it lies outside the hub's database: recording_folder.py.
"""

import io
import tarfile
from collections.abc import Sequence
from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from sync.errors import PublisherError

MAX_FRAMES = 600
MAX_FRAME_BYTES = 200_000


class RecordingError(PublisherError):
    """A recording's blob is not what its row says."""

    code = "recording.damaged"


class RecordedCamera(BaseModel):
    """One camera as it stood over the counter.

    Attributes:
        calibration: text of its calibration file, empty where it has none; floats keep their form.
        counter_region: polygon in pixels; outside of it the pictures are black.
    """

    model_config = ConfigDict(frozen=True, extra="allow")

    camera_id: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$")
    calibration: str = Field(default="", max_length=20_000)
    counter_region: tuple[tuple[int, int], ...] = ()


class RecordedFrame(BaseModel):
    """One redacted picture.

    Attributes:
        at_ms: since the basket was opened.
        boxes: whole pixels, xyxy, of the items that were copied; order of no meaning; none in a
            picture of the empty counter.
    """

    model_config = ConfigDict(frozen=True, extra="allow")

    camera_id: str
    at_ms: int = Field(ge=0)
    boxes: tuple[tuple[int, int, int, int], ...] = ()


class Recording(BaseModel):
    """One basket from the first item to payment.

    Attributes:
        cameras: of the lane, without those that could not show the end; a replay knows no others.
        frames: in the order of time; the blob holds their pictures in the same order.
        answer: (sku_id, pieces) as paid: what a replay is compared with once a person confirmed it.
        num_corrected: lines that a person named or changed.
        blob: sha256 of the sealed pictures.
    """

    model_config = ConfigDict(frozen=True, extra="allow")

    format: Literal[1] = 1
    recording_id: str = Field(min_length=8, max_length=40)
    basket_id: str
    lane_id: str
    bundle_id: str
    at: AwareDatetime
    cameras: tuple[RecordedCamera, ...] = ()
    num_cameras_left_out: int = Field(default=0, ge=0)
    frames: tuple[RecordedFrame, ...] = Field(min_length=1, max_length=MAX_FRAMES)
    answer: tuple[tuple[str, int], ...]
    num_corrected: int = Field(default=0, ge=0)
    blob: str = Field(pattern="^[0-9a-f]{64}$")


def pack_frames(pictures: Sequence[bytes]) -> bytes:
    """JPEGs as one USTAR file, the same bytes for the same pictures."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for number, picture in enumerate(pictures):
            member = tarfile.TarInfo(f"{number:05d}.jpg")
            member.size = len(picture)
            archive.addfile(member, io.BytesIO(picture))
    return buffer.getvalue()


def unpack_frames(recording: Recording, data: bytes) -> list[bytes]:
    """The pictures of a recording, unsealed, in the order of its frames; nothing is written.

    Raises:
        RecordingError: other files than its frames, or one that is too large.
    """
    try:
        with tarfile.open(fileobj=io.BytesIO(data), mode="r:") as archive:
            members = archive.getmembers()
            names = [f"{number:05d}.jpg" for number in range(len(recording.frames))]
            if [m.name for m in members] != names or not all(m.isreg() for m in members):
                raise RecordingError(f"recording {recording.recording_id} holds other files")
            if any(m.size > MAX_FRAME_BYTES for m in members):
                raise RecordingError(f"recording {recording.recording_id} has a large picture")
            streams = [archive.extractfile(member) for member in members]
            return [stream.read() for stream in streams if stream is not None]
    except tarfile.TarError as err:
        raise RecordingError(f"recording {recording.recording_id}: {err}") from err
