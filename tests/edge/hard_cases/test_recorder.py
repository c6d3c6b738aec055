"""Which frames make a recording, and that its blob holds them and nothing else."""

import io
import tarfile
from datetime import UTC, datetime

import pytest

from edge.hard_cases.recorder import MAX_TAPE_BYTES, MAX_TAPE_FRAMES, REPEAT_MS, Tape
from edge.hard_cases.redaction import RedactedPicture
from sync.recording import (
    RecordedFrame,
    Recording,
    RecordingError,
    pack_frames,
    unpack_frames,
)

BOX = (100, 100, 200, 220)
MOVED = (150, 100, 250, 220)


def picture(size: int = 10, box: tuple[int, int, int, int] = BOX) -> RedactedPicture:
    return RedactedPicture(b"x" * size, (box,))


def recording(num_frames: int) -> Recording:
    return Recording(
        recording_id="r" * 12, basket_id="b-1", lane_id="a", bundle_id="", at=datetime.now(UTC),
        frames=tuple(RecordedFrame(camera_id="top", at_ms=i) for i in range(num_frames)),
        answer=(("jam", 1),), blob="0" * 64,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("camera_id", "at_ms", "boxes", "is_wanted"),
    [
        pytest.param("top", 500, (BOX,), False, id="nothing moved"),
        pytest.param("top", 500, ((104, 98, 203, 222),), False, id="a box that trembles"),
        pytest.param("top", 500, (MOVED,), True, id="moved"),
        pytest.param("top", 500, (BOX, MOVED), True, id="one more"),
        pytest.param("side", 500, (BOX,), True, id="another camera"),
        pytest.param("top", REPEAT_MS, (BOX,), True, id="now and then"),
    ],
)
def test_a_frame_is_taken_where_something_changed(
    camera_id: str, at_ms: int, boxes: tuple[tuple[int, int, int, int], ...], is_wanted: bool
) -> None:
    tape = Tape()
    tape.take("top", 0, picture())
    assert tape.wants(camera_id, at_ms, boxes) is is_wanted


def test_an_empty_counter_is_told_once_and_again_when_the_last_item_is_gone() -> None:
    tape, empty = Tape(), RedactedPicture(b"empty", ())
    tape.begin("top", empty)
    assert not tape.wants("top", 10 * REPEAT_MS, ())
    tape.take("top", 700, picture())
    assert tape.wants("top", 900, ())
    assert (tape.shows("top", (BOX,)), tape.shows("top", (MOVED,)), tape.shows("side", ())) == (
        True, False, False,
    )  # fmt: skip


def test_a_camera_that_could_not_show_the_end_is_left_out_with_its_pictures() -> None:
    tape = Tape()
    for number, camera_id in enumerate(("top", "side", "top")):
        tape.take(camera_id, number, RedactedPicture(bytes([number]), ()))
    kept = tape.of({"top"})
    assert ([f.at_ms for f in kept.frames], kept.pictures, kept.num_bytes) == (
        [0, 2], [b"\0", b"\2"], 2,
    )  # fmt: skip


def test_a_tape_ends_by_frames_and_by_bytes() -> None:
    long, heavy = Tape(), Tape()
    for number in range(MAX_TAPE_FRAMES):
        long.take("top", number, picture())
    heavy.take("top", 0, picture(MAX_TAPE_BYTES))
    assert not long.wants("top", 10**6, (MOVED,))
    assert not heavy.wants("top", 10**6, (MOVED,))


def test_frames_come_back_as_they_were_packed() -> None:
    pictures = [b"one", b"two", b"three"]
    assert pack_frames(pictures) == pack_frames(pictures)
    assert unpack_frames(recording(3), pack_frames(pictures)) == pictures


def hostile_archive() -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("../../etc/passwd"), io.BytesIO())
    return buffer.getvalue()


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(hostile_archive(), id="a path that leaves the folder"),
        pytest.param(pack_frames([b"one"]), id="a frame is missing"),
        pytest.param(b"no archive", id="no archive"),
    ],
)
def test_a_blob_with_other_files_is_refused(data: bytes) -> None:
    with pytest.raises(RecordingError):
        unpack_frames(recording(2), data)
