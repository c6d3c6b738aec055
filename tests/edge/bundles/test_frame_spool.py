"""Pictures wait in bounded memory, come back as they were, and leave nothing behind."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.bundles.frame_spool import FrameSpool, SpoolError, SpoolReader


def picture(seed: int, height: int = 48, width: int = 64) -> np.ndarray:
    grey = np.random.default_rng(seed).integers(0, 255, (6, 8, 1), dtype=np.uint8)
    grey = np.repeat(grey, 3, axis=2)
    return np.ascontiguousarray(np.repeat(np.repeat(grey, height // 6, 0), width // 8, 1))


def test_a_picture_comes_back_nearly_as_it_was(tmp_path: Path) -> None:
    spool = FrameSpool(tmp_path / "spool", 1 << 16)
    place = spool.put(picture(1))
    assert place is not None
    reader = SpoolReader(spool.path)
    seen = reader.picture(*place)
    assert seen is not None
    assert np.abs(seen.astype(int) - picture(1)).mean() < 3.0
    reader.close()
    spool.close()


def test_what_is_let_go_is_zero_and_the_file_is_gone_at_the_end(tmp_path: Path) -> None:
    spool = FrameSpool(tmp_path / "spool", 1 << 16)
    place = spool.put(picture(1))
    assert place is not None
    assert any(spool.path.read_bytes())
    spool.release(place[0])
    assert not any(spool.path.read_bytes())
    assert spool.used_share == 0.0
    spool.close()
    assert not spool.path.exists()


def test_a_full_spool_takes_nothing_and_loses_nothing(tmp_path: Path) -> None:
    spool = FrameSpool(tmp_path / "spool", 4096)
    places = []
    while (place := spool.put(picture(len(places)))) is not None:
        places.append(place)
    assert places
    reader = SpoolReader(spool.path)
    assert all(reader.picture(*place) is not None for place in places)
    reader.close()
    spool.close()


def test_memory_that_is_not_there_is_told_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(SpoolError, match="MiB are needed"):
        FrameSpool(tmp_path / "spool", 1 << 60)
    assert not (tmp_path / "spool").exists()


def test_what_an_earlier_life_left_is_removed(tmp_path: Path) -> None:
    (tmp_path / "spool").write_bytes(b"left")
    spool = FrameSpool(tmp_path / "spool", 4096)
    assert not any(spool.path.read_bytes())
    spool.close()


def test_a_place_without_a_picture_gives_none(tmp_path: Path) -> None:
    spool = FrameSpool(tmp_path / "spool", 4096)
    reader = SpoolReader(spool.path)
    assert reader.picture(0, 100) is None
    assert reader.picture(0, 0) is None
    reader.close()
    spool.close()


@settings(max_examples=25, deadline=None)
@given(st.lists(st.one_of(st.none(), st.integers(0, 30)), max_size=60))
def test_pictures_never_overlap_whatever_is_let_go_when(
    tmp_path_factory: pytest.TempPathFactory, steps: list[int | None]
) -> None:
    spool = FrameSpool(tmp_path_factory.mktemp("s") / "spool", 6000)
    kept: dict[int, int] = {}
    for number, step in enumerate(steps):
        if step is not None and kept:
            offset = sorted(kept)[step % len(kept)]
            spool.release(offset)
            del kept[offset]
        elif (place := spool.put(picture(number))) is not None:
            kept[place[0]] = place[1]
        ordered = sorted(kept.items())
        assert all(a + n <= b for (a, n), (b, _) in zip(ordered, ordered[1:], strict=False))
        assert all(offset + length <= 6000 for offset, length in ordered)
    spool.close()
