"""Two rows about what training waits for: both sides do the same work, in turns."""

from pathlib import Path

import pytest

pytest.importorskip("torch", reason="torch is not installed")

from tools.benchmarks.training_rows import CACHED_BAR, SHARDS_BAR, cached_rows, shards_rows
from trainer.dataset.shards import ShardReader

pytestmark = pytest.mark.train


def test_shards_and_files_hold_the_same_pictures_and_are_read_in_turns(tmp_path: Path) -> None:
    rows = shards_rows(tmp_path, num_images=100, image_bytes=300, repeats=2)
    for row in rows:
        assert (row.num_repeats, row.bar) == (2, SHARDS_BAR.words())
        assert 0 < row.least <= row.ratio <= row.most
    whole, without_wait = rows
    assert without_wait.ours <= whole.ours
    assert without_wait.peer <= whole.peer
    with ShardReader(tmp_path / "shards") as reader:
        found = {sample.key: reader.read(n, "jpg") for n, sample in enumerate(reader.samples)}
    assert found == {path.stem: path.read_bytes() for path in tmp_path.rglob("*.jpg")}


def test_a_step_on_kept_features_is_compared_with_one_that_looks_at_pictures() -> None:
    whole, without_wait = cached_rows(num_classes=3, batch=2, repeats=1)
    assert (whole.num_repeats, whole.bar) == (1, CACHED_BAR.words())
    assert whole.ratio == pytest.approx(whole.peer / whole.ours)
    assert "of 3 classes" in whole.note
    assert without_wait.peer <= whole.peer
