"""A family's own network: fitted where a head cannot tell its members apart, run by the box."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from sync.bundle import open_bundle
from sync.preprocess import normalise
from tests.fakes.twin_looks import PARENT, WATER, narrow, striped
from trainer.dataset.look_samples import LookSamples, cut_out, plain_crops
from trainer.errors import DatasetError
from trainer.export.child_export import write_child
from trainer.export.child_fit import (
    FittedChild,
    Networks,
    fit_child,
    fit_family,
    judged,
    router_of,
)
from trainer.export.parity import OnnxModel
from trainer.release.part_swap import differing_parts
from trainer.training.families import LabelledLook
from trainer.training.family_network_fit import cutouts, fit_family_network
from trainer.training.recipes import family_crops

pytestmark = pytest.mark.train

ROUTER = router_of(PARENT)
QUICK = replace(
    family_crops(), num_steps=30, batch_size=8, input_height_px=64, input_width_px=64,
    learning_rate=3e-3, warmup_steps=2, ema_decay=0.5, seed=3,
)  # fmt: skip
NOTHING = np.zeros((0, 4), np.float32)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[LabelledLook], FittedChild, Path]:
    folder = tmp_path_factory.mktemp("striped")
    looks, out = striped(folder, 24), folder / "bundle"
    child = fit_child(
        PARENT, looks, WATER, out, created="2026-11-22T00:00:00+00:00",
        networks=Networks(folder / "runs", QUICK),
    )  # fmt: skip
    assert not (folder / "bundle.child").exists()
    return looks, child, out


def test_it_learns_what_no_number_of_the_parent_tells_and_a_bundle_carries_it(
    made: tuple[list[LabelledLook], FittedChild, Path], tmp_path: Path
) -> None:
    looks, child, out = made
    plain = fit_family(ROUTER, looks, WATER, tmp_path)
    assert plain.after.wrong_items >= 12  # of 48: a head sees no stripe
    assert child.after.wrong_items <= 3
    assert child.report()["kind"] == "network"
    told = judged(ROUTER, child, looks)
    assert told["before"] != told["after"]
    assert differing_parts(PARENT, open_bundle(out)) == ["child:fontela_water"]


def test_the_file_says_what_the_network_says(
    made: tuple[list[LabelledLook], FittedChild, Path], tmp_path: Path
) -> None:
    looks, model = made[0][:8], made[1].model
    warm = model.at_temperature(2.0)
    card = write_child(warm, "fontela_water", "embedder-1", looks, tmp_path)
    assert (card.input, card.crop_px, card.geometry_low) == ("crops", 64, ())
    said = OnnxModel(tmp_path / card.network)(plain_crops(cutouts(looks, 64), 64, 0.05))
    assert np.abs(said - warm.answers(looks)).max() < 5e-3  # 16-bit
    assert warm.answers(looks).max() < model.answers(looks).max()


def test_a_head_that_is_enough_costs_no_training_of_a_network(tmp_path: Path) -> None:
    networks = Networks(tmp_path / "runs", QUICK)
    head = fit_family(ROUTER, narrow(24), WATER, tmp_path, networks)
    assert head.report()["kind"] == "head"
    assert not (tmp_path / "runs").exists()


def test_looks_whose_pictures_are_not_kept_teach_no_network(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="without their pictures"):
        fit_family_network(narrow(24), WATER.sku_ids, tmp_path, QUICK)


def test_a_member_that_lies_in_one_scene_alone_is_refused(tmp_path: Path) -> None:
    looks = [replace(look, scene=look.sku_id) for look in striped(tmp_path, 24)]
    with pytest.raises(DatasetError, match="too few scenes to teach and to judge"):
        fit_family_network(looks, WATER.sku_ids, tmp_path / "runs", QUICK)


def test_a_cutout_gives_the_crop_of_the_whole_picture_and_members_take_turns() -> None:
    random = np.random.default_rng(1)
    picture = random.integers(0, 255, (200, 300, 3), np.uint8)
    box = np.asarray([80, 50, 140, 110], np.float32)
    cutout = cut_out(picture, box, NOTHING, 64)
    whole = plain_crops([replace(cutout, picture=picture, xyxy=box)], 64, 0.05)
    assert np.abs(plain_crops([cutout], 64, 0.05) - whole).max() < 0.05
    samples = LookSamples([cutout] * 5, [0, 0, 0, 0, 1], 64, 0.05, "v1")
    assert len(samples) == 8
    drawn = [samples.sample(n, np.random.default_rng(n)) for n in range(4)]
    assert [s.label for s in drawn] == [0, 1, 0, 1]
    crops, labels = samples.collate(drawn)
    assert (tuple(crops.shape), labels.tolist()) == ((4, 3, 64, 64), [0, 1, 0, 1])
    assert np.allclose(crops.numpy(), normalise([s.crop for s in drawn]))


def test_what_stands_before_an_item_is_grey_in_its_cutout() -> None:
    picture = np.full((100, 100, 3), 10, np.uint8)
    cover = np.asarray([[40, 40, 60, 60]], np.float32)
    cutout = cut_out(picture, np.asarray([20, 20, 80, 80], np.float32), cover, 64)
    x, y = (int(v) for v in cutout.xyxy[:2])
    assert cutout.picture[y + 30, x + 30].tolist() == [114, 114, 114]
    assert cutout.picture[y + 5, x + 5].tolist() == [10, 10, 10]
