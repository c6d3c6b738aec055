"""A reader sees whole frames or knows that they are gone; memory is there or the start says why."""

import gc
import mmap
import resource
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from edge.bus.frame_ring import FrameRingReader, FrameRingWriter, Pixels, ring_path
from edge.errors import FrameRingError

MIB = 1 << 20


def _picture(value: int, width: int = 32, height: int = 24) -> Pixels:
    return np.full((height, width, 3), value, np.uint8)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return ring_path(tmp_path / "rings", "box", "a", "top")


@pytest.fixture
def writer(path: Path) -> Iterator[FrameRingWriter]:
    writer = FrameRingWriter(path, 4, MIB)
    yield writer
    writer.close()


def test_a_frame_is_read_where_it_lies(path: Path, writer: FrameRingWriter) -> None:
    reader = FrameRingReader(path)
    put = writer.write(_picture(7), 123)
    view = reader.view(put.sequence)
    assert view is not None
    assert view.captured_at_ns == 123
    assert not view.pixels.flags.owndata
    assert not view.pixels.flags.writeable
    np.testing.assert_array_equal(view.pixels, _picture(7))
    assert view.is_valid()


def test_sequences_count_up_by_one(writer: FrameRingWriter) -> None:
    first, second = writer.write(_picture(1), 1), writer.write(_picture(2), 2)
    assert second.sequence == first.sequence + 1
    assert second.slot == second.sequence % 4


def test_an_overwritten_frame_is_noticed(path: Path, writer: FrameRingWriter) -> None:
    reader = FrameRingReader(path)
    put = writer.write(_picture(1), 1)
    view = reader.view(put.sequence)
    assert view is not None
    kept = view.copy()
    assert kept is not None
    for value in range(2, 6):
        writer.write(_picture(value), value)
    assert not view.is_valid()
    assert view.copy() is None
    assert reader.view(put.sequence) is None
    np.testing.assert_array_equal(kept, _picture(1))


def test_the_newest_frame_can_be_asked_for(path: Path, writer: FrameRingWriter) -> None:
    reader = FrameRingReader(path)
    assert reader.newest() is None
    writer.write(_picture(1), 1)
    writer.write(_picture(2), 2)
    newest = reader.newest()
    assert newest is not None
    assert newest.captured_at_ns == 2


def test_a_new_resolution_makes_a_new_ring_and_an_old_view_stays_whole(
    path: Path, writer: FrameRingWriter
) -> None:
    reader = FrameRingReader(path)
    old = reader.view(writer.write(_picture(1), 1).sequence)
    put = writer.write(_picture(2, 64, 48), 2)
    new = reader.view(put.sequence)
    assert old is not None
    assert new is not None
    np.testing.assert_array_equal(old.pixels, _picture(1))
    np.testing.assert_array_equal(new.pixels, _picture(2, 64, 48))


def test_a_writer_that_came_back_is_found_and_its_numbers_grow(path: Path) -> None:
    first = FrameRingWriter(path, 4, MIB)
    reader = FrameRingReader(path)
    old = first.write(_picture(1), 1)
    assert reader.view(old.sequence) is not None
    first.close(is_removed=False)  # what a kill leaves behind
    second = FrameRingWriter(path, 4, MIB)
    new = second.write(_picture(2), 2)
    assert new.sequence > old.sequence
    assert reader.view(old.sequence) is None
    view = reader.view(new.sequence)
    assert view is not None
    np.testing.assert_array_equal(view.pixels, _picture(2))
    second.close()


def test_a_reader_that_exits_leaves_the_ring_in_place(path: Path, writer: FrameRingWriter) -> None:
    put = writer.write(_picture(9), 1)
    program = (
        "import sys\nfrom pathlib import Path\nfrom edge.bus.frame_ring import FrameRingReader\n"
        "view = FrameRingReader(Path(sys.argv[1])).view(int(sys.argv[2]))\n"
        "sys.exit(0 if view is not None and view.pixels.mean() == 9 else 1)\n"
    )
    subprocess.run([sys.executable, "-c", program, str(path), str(put.sequence)], check=True)
    assert path.is_file()
    assert FrameRingReader(path).view(put.sequence) is not None


def test_a_second_writer_is_refused_and_a_killed_one_leaves_no_lock(path: Path) -> None:
    program = (
        "import os, sys\nfrom pathlib import Path\nimport numpy as np\n"
        "from edge.bus.frame_ring import FrameRingWriter\n"
        "writer = FrameRingWriter(Path(sys.argv[1]), 4, 1 << 20)\n"
        "writer.write(np.zeros((24, 32, 3), np.uint8), 1)\n"
        "print('written', flush=True)\nsys.stdin.read()\nos._exit(9)\n"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", program, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdin is not None
    assert child.stdout is not None
    assert child.stdout.readline() == "written\n"
    with pytest.raises(FrameRingError, match="has a writer already"):
        FrameRingWriter(path, 4, MIB)
    child.kill()
    child.communicate()
    FrameRingWriter(path, 4, MIB).close()


def test_a_size_over_the_limit_is_refused_and_the_next_frame_may_fit(
    path: Path, writer: FrameRingWriter
) -> None:
    with pytest.raises(FrameRingError, match="4 frames of 1000x1000 need 11 MiB, allowed are 1"):
        writer.write(_picture(1, 1000, 1000), 1)
    assert FrameRingReader(path).view(writer.write(_picture(1), 2).sequence) is not None


def test_memory_that_is_not_there_is_an_error_at_once_and_leaves_nothing(
    path: Path, writer: FrameRingWriter
) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (8192, hard))
    try:
        with pytest.raises(FrameRingError, match="is full") as caught:
            writer.write(_picture(1, 128, 128), 1)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert "shm-size" in caught.value.hint
    assert [p.suffix for p in path.parent.iterdir()] == [".lock"]
    assert writer.write(_picture(1), 1).sequence > 0


def test_every_byte_of_the_file_is_reserved(path: Path, writer: FrameRingWriter) -> None:
    writer.write(_picture(1), 1)
    status = path.stat()
    assert status.st_blocks * 512 >= status.st_size


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"x", id="a few bytes"),
        pytest.param(b"TILLRING" + bytes(5000), id="another version"),
        pytest.param(bytes(8192), id="zeros"),
        pytest.param(b"", id="empty"),
    ],
)
def test_a_file_that_is_no_ring_is_refused(path: Path, content: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(content)
    with pytest.raises(FrameRingError):
        FrameRingReader(path).newest()


def test_no_ring_is_no_frame(path: Path) -> None:
    assert FrameRingReader(path).view(5) is None


def test_a_reader_that_follows_many_rings_maps_only_the_last(
    path: Path, writer: FrameRingWriter
) -> None:
    reader = FrameRingReader(path)
    for width in range(32, 48):
        view = reader.view(writer.write(_picture(1, width), 1).sequence)
        assert view is not None
    del view
    gc.collect()
    # The type itself: isinstance wakes lazy stand-ins of other libraries.
    maps = [m for m in gc.get_objects() if type(m) is mmap.mmap and not m.closed]
    assert len(maps) <= 2
