"""New, hard and replayed crops: stated shares, and what is empty gives its part away."""

import numpy as np
import pytest

from tests.fakes.small_dataset import BUNDLE
from trainer.steps.champion import open_champion
from trainer.steps.old_pictures import old_regions

torch = pytest.importorskip("torch", reason="torch is not installed")
mixed = pytest.importorskip("trainer.steps.mixed_regions")


@pytest.mark.parametrize(
    ("new", "hard", "replay", "percents"),
    [
        pytest.param((1,), (2,), (3,), (30, 30, 40), id="all three"),
        pytest.param((1,), (), (3,), (43, 0, 57), id="nothing is hard"),
        pytest.param((), (), (3,), (0, 0, 100), id="nothing is new"),
        pytest.param((1,), (), (), (100, 0, 0), id="nothing is old"),
    ],
)
def test_what_is_empty_gives_its_share_away(
    new: tuple[int, ...], hard: tuple[int, ...], replay: tuple[int, ...],
    percents: tuple[int, int, int],
) -> None:  # fmt: skip
    assert mixed.Groups(new, hard, replay).percents(30, 40) == percents


def test_a_batch_holds_crops_of_the_stated_groups() -> None:
    champion = open_champion(BUNDLE)
    regions = old_regions(champion)
    assert {region.sku_id for region in regions} == set(champion.gallery.sku_ids)
    groups = mixed.Groups(tuple(range(10)), (), tuple(range(10, len(regions))))
    form = champion.bundle.manifest.preprocess
    source = mixed.mixed_regions(regions, range(len(regions)), groups, (43, 0, 57), form, "v")
    indices = range(0, len(source), len(source) // 30)
    samples = [source.sample(i, np.random.default_rng(i)) for i in indices]
    from_new = [label < 10 for _, label in samples]
    assert 0.3 < np.mean(from_new) < 0.55
    crops, labels = source.collate(samples[:4])
    assert (crops.shape, labels.dtype) == ((4, 3, form.crop_px, form.crop_px), torch.int64)
