"""Which redacted frames of a basket make its recording.

Flow: redacted frames -> Tape -> frames and pictures, or nothing

Pure. A frame is taken when something lies differently than before, or now and then; a tape has an
end in frames and bytes, and only a camera that could show the end of the basket counts.
"""

from collections.abc import Collection
from dataclasses import dataclass, field

from edge.hard_cases.redaction import DropReason, RedactedPicture
from sync.recording import RecordedFrame

MOVED_PX = 6  # less is the noise of boxes
REPEAT_MS = 5_000  # a still counter gives a frame so often
MAX_TAPE_FRAMES = 120
MAX_TAPE_BYTES = 12_000_000

Boxes = tuple[tuple[int, int, int, int], ...]


@dataclass(slots=True)
class Tape:
    """One basket's frames so far."""

    frames: list[RecordedFrame] = field(default_factory=list)
    pictures: list[bytes] = field(default_factory=list)
    num_bytes: int = 0

    @property
    def cameras(self) -> set[str]:
        """Cameras that gave at least one picture, the empty counter or another."""
        return {frame.camera_id for frame in self.frames}

    def of(self, camera_ids: Collection[str]) -> "Tape":
        """The same tape with the frames of these cameras only."""
        pairs = zip(self.frames, self.pictures, strict=True)
        kept = [(f, picture) for f, picture in pairs if f.camera_id in camera_ids]
        pictures = [picture for _, picture in kept]
        return Tape([f for f, _ in kept], pictures, sum(map(len, pictures)))

    def begin(self, camera_id: str, empty: RedactedPicture | DropReason) -> None:
        """The empty counter, as it was before the first item."""
        if isinstance(empty, RedactedPicture):
            self.take(camera_id, 0, empty)

    def wants(self, camera_id: str, at_ms: int, boxes: Boxes) -> bool:
        """Whether a frame with these boxes says something new; asked before it is redacted."""
        if len(self.frames) >= MAX_TAPE_FRAMES or self.num_bytes >= MAX_TAPE_BYTES:
            return False
        last = next((f for f in reversed(self.frames) if f.camera_id == camera_id), None)
        if last is None or (boxes and at_ms - last.at_ms >= REPEAT_MS):
            return True
        return not _lie_alike(last.boxes, boxes)

    def shows(self, camera_id: str, boxes: Boxes) -> bool:
        """Whether the last frame of a camera shows these items: what was paid is on the tape."""
        last = next((f for f in reversed(self.frames) if f.camera_id == camera_id), None)
        return last is not None and _lie_alike(last.boxes, boxes)

    def take(self, camera_id: str, at_ms: int, picture: RedactedPicture) -> None:
        """Keep a frame."""
        frame = RecordedFrame(camera_id=camera_id, at_ms=at_ms, boxes=picture.boxes)
        self.frames.append(frame)
        self.pictures.append(picture.jpeg)
        self.num_bytes += len(picture.jpeg)


def _lie_alike(before: Boxes, now: Boxes) -> bool:
    """Whether as many boxes lie in the same places, give or take the redaction's margin."""
    if len(before) != len(now):
        return False
    pairs = zip(sorted(before), sorted(now), strict=True)
    limit = MOVED_PX + 8  # the margin that redaction grew the kept ones by
    return all(abs(a - b) <= limit for one, other in pairs for a, b in zip(one, other, strict=True))
