from pathlib import Path

import cv2
import numpy as np
import pytest

from tools.benchmarks.errors import BenchOutputError
from tools.benchmarks.mistakes_page import write_page
from tools.benchmarks.recognition import (
    confusions,
    figures,
    judge_folds,
    judge_list,
    shot_figures,
)
from tools.benchmarks.recognition_heads import HEADS, OURS, PEER, TRAINED, FloatArray
from tools.benchmarks.report import Report, machine
from trainer.dataset.burst_folds import block_interval
from trainer.dataset.photo_list import Photo

pytest.importorskip("sklearn", reason="the peer of the table: extra bench")

NUM_CLASSES, PER_CLASS, DIM = 6, 20, 24


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> list[Photo]:
    folder = tmp_path_factory.mktemp("photos")
    cv2.imwrite(str(folder / "x.jpg"), np.full((40, 40, 3), 120, np.uint8))
    return [
        Photo(folder / "x.jpg", label, label // 2)
        for label in range(NUM_CLASSES)
        for _ in range(PER_CLASS)
    ]


@pytest.fixture(scope="module")
def features(photos: list[Photo]) -> FloatArray:
    """Classes differ in quiet directions; the loud ones say nothing."""
    random = np.random.default_rng(3)
    labels = np.asarray([p.label for p in photos])
    centres = random.normal(size=(NUM_CLASSES, DIM)) * 0.6
    loud = np.ones(DIM)
    loud[:4] = 12.0
    rows = centres[labels] + random.normal(size=(len(photos), DIM)) * loud * 0.4
    return rows.astype(np.float32)


def test_whitening_beats_raw_means_where_noise_is_loud(
    features: FloatArray, photos: list[Photo]
) -> None:
    answers = {name: judge_folds(name, features, photos, 5) for name in HEADS if name != TRAINED}
    share = {
        name: float((one.probabilities.argmax(axis=1) == one.labels).mean())
        for name, one in answers.items()
    }
    assert share[OURS] > share["class mean, raw"] + 0.1
    told = figures(answers, {p.label: p.parent for p in photos})
    assert [f.name for f in told] == [*answers, "ours over logistic regression"]


def test_a_list_is_judged_by_what_the_other_taught(
    features: FloatArray, photos: list[Photo]
) -> None:
    order = np.random.default_rng(0).permutation(len(photos))
    judged = judge_list(PEER, features[order], [photos[i] for i in order], 90)
    assert len(judged.labels) == 30
    assert np.allclose(judged.probabilities.sum(axis=1), 1.0, atol=1e-5)


def test_more_photographs_of_a_new_product_tell_more(
    features: FloatArray, photos: list[Photo]
) -> None:
    order = np.random.default_rng(0).permutation(len(photos))
    one, ten = shot_figures(features[order], [photos[i] for i in order], [1, 10], 90)
    assert float(str(ten.value).split()[0]) > float(str(one.value).split()[0])
    assert "over raw means" in ten.note


@pytest.mark.train
@pytest.mark.filterwarnings("ignore::DeprecationWarning:tensorboard")
def test_the_trained_head_learns_from_all_views(photos: list[Photo], features: FloatArray) -> None:
    views = np.stack([features, features * 1.01, features * 0.9], axis=1)
    order = np.random.default_rng(0).permutation(len(photos))
    judged = judge_list(TRAINED, views[order], [photos[i] for i in order], 90)
    assert (judged.probabilities.argmax(axis=1) == judged.labels).mean() > 0.5


def test_a_class_with_one_photograph_is_not_judged_in_folds(
    features: FloatArray, photos: list[Photo]
) -> None:
    alone = [*photos, Photo(photos[0].path, NUM_CLASSES, 0)]
    judged = judge_folds(OURS, np.concatenate([features, features[:1]]), alone, 5)
    assert len(judged.labels) == len(photos)


def test_an_interval_is_wider_when_whole_bursts_are_right_or_wrong() -> None:
    blocks = np.repeat(np.arange(20), 10)
    by_burst = (blocks % 2).astype(np.float64)
    alternating = (np.arange(200) % 2).astype(np.float64)
    low, high = block_interval(by_burst, blocks)
    assert high - low > 0.3
    assert block_interval(alternating, blocks) == (0.5, 0.5)


def test_the_page_holds_plot_pairs_and_pictures(
    features: FloatArray, photos: list[Photo], tmp_path: Path
) -> None:
    judged = judge_folds("nearest photograph", features, photos, 5)
    assert confusions(judged)
    report = Report("A <title>", "some photographs", machine())
    write_page(tmp_path / "p.html", report, "a head", judged, photos, photos, ["milk & honey"])
    text = (tmp_path / "p.html").read_text()
    assert "A &lt;title&gt;" in text
    assert "milk &amp; honey" in text
    assert "data:image/jpeg;base64," in text
    assert "<svg" in text
    assert "http" not in text
    with pytest.raises(BenchOutputError, match="cannot be written"):
        write_page(tmp_path / "gone" / "p.html", report, "a head", judged, photos, photos, [])
