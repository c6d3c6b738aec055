"""How often a product is recognised on anybody's photographs, from frozen features.

Flow: lists of photographs -> features once -> folds or a test list -> heads -> figures

A fold is a block of consecutive photographs of a class, because photographs are taken in bursts.
Intervals come from drawing whole blocks again, so that a burst counts once.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from rich.progress import track

from edge.perception.models import Models
from sync.preprocess import normalise
from tools.benchmarks.recognition_heads import (
    HEADS,
    OURS,
    PEER,
    RAW,
    FloatArray,
    IntArray,
    onboarding_head,
)
from tools.benchmarks.report import Figure
from trainer.dataset.photo_list import Photo, blocked_folds, read_photo
from trainer.dataset.photo_samples import middle_window
from trainer.training.efficientnet_lite import EfficientNetLite, load_imagenet_weights
from trainer.training.photo_judge import calibration_error, parent_probabilities

INPUT_PX = 224
BATCH = 32
NUM_DRAWS = 1000
SHOT_DRAWS = 8
BLOCK = 5  # photographs of a class drawn together for the interval


@dataclass(frozen=True)
class Judged:
    """Answers of one head over all judged photographs."""

    probabilities: FloatArray
    labels: IntArray
    parents: IntArray
    blocks: IntArray


@torch.inference_mode()
def imagenet_features(photos: Sequence[Photo], *, show: bool) -> FloatArray:
    """Pooled features of frozen EfficientNet-Lite0, float32 (N, 1280)."""
    body = EfficientNetLite("lite0").eval().to(memory_format=torch.channels_last)
    load_imagenet_weights(body)
    rows = []
    for batch in track(_batches(photos), "looking", disable=not show, transient=True):
        windows = [middle_window(read_photo(p.path), INPUT_PX, 1.0) for p in batch]
        pictures = torch.from_numpy(normalise(windows)).to(memory_format=torch.channels_last)
        rows.append(body(pictures).numpy())
    return np.concatenate(rows).astype(np.float32)


def bundle_features(models: Models, photos: Sequence[Photo], *, show: bool) -> FloatArray:
    """Whitened vectors of a bundle's recogniser, float32 (N, d)."""
    rows = []
    for batch in track(_batches(photos), "looking", disable=not show, transient=True):
        for picture in (read_photo(p.path) for p in batch):
            whole = np.asarray([[0, 0, picture.shape[1], picture.shape[0]]], dtype=np.float32)
            rows.append(models.embedder.embed(picture, whole))
    return np.concatenate(rows).astype(np.float32)


def _batches(photos: Sequence[Photo]) -> list[Sequence[Photo]]:
    return [photos[i : i + BATCH] for i in range(0, len(photos), BATCH)]


def judge_folds(head: str, features: FloatArray, photos: Sequence[Photo], num_folds: int) -> Judged:
    """Every photograph judged by a head that did not learn from its block."""
    folds = np.asarray(blocked_folds(tuple(photos), num_folds))
    labels = np.asarray([p.label for p in photos])
    rows = np.zeros((len(photos), labels.max() + 1), dtype=np.float32)
    for fold in range(num_folds):
        is_test = folds == fold
        fitted = HEADS[head](features[~is_test], labels[~is_test], rows.shape[1])
        rows[is_test] = _softmax(fitted(features[is_test]))
    return _judged(rows, photos)


def judge_list(
    head: str, features: FloatArray, photos: Sequence[Photo], num_learned: int
) -> Judged:
    """The photographs behind the first `num_learned`, judged by a head that learned those."""
    labels = np.asarray([p.label for p in photos])
    fitted = HEADS[head](features[:num_learned], labels[:num_learned], labels.max() + 1)
    return _judged(_softmax(fitted(features[num_learned:])), photos[num_learned:])


def shot_figures(
    features: FloatArray, photos: Sequence[Photo], shots: Sequence[int], num_learned: int
) -> list[Figure]:
    """Onboarding: the odd classes are new and bring k photographs each; ours against raw means.

    The whitening is fitted on the even classes only, whose photographs were all learned; every
    class competes. Judged are photographs of new classes.
    """
    labels = np.asarray([p.label for p in photos])
    num_classes = int(labels.max()) + 1
    is_new = labels % 2 == 1
    learned, judged = np.arange(num_learned), np.arange(num_learned, len(photos))
    known = learned[~is_new[learned]]
    asked = judged[is_new[judged]]
    figures = []
    for k in shots:
        shares: dict[str, list[float]] = {RAW: [], OURS: []}
        for draw in range(SHOT_DRAWS):
            random = np.random.default_rng([k, draw])
            chosen = _chosen(labels, learned[is_new[learned]], k, random)
            rows = np.concatenate([known, chosen])
            for name in shares:
                head = (
                    HEADS[RAW] if name == RAW else onboarding_head(features[known], labels[known])
                )
                scores = head(features[rows], labels[rows], num_classes)(features[asked])
                shares[name].append(float((scores.argmax(axis=1) == labels[asked]).mean()))
        raw, ours = (float(np.mean(shares[name])) for name in (RAW, OURS))
        figures.append(
            Figure(
                f"new products from {k} photographs", f"{100 * ours:.1f}", "%",
                f"raw means {100 * raw:.1f} %, {100 * (ours - raw):+.1f} points; "
                f"{SHOT_DRAWS} draws",
            )
        )  # fmt: skip
    return figures


def figures(judged: dict[str, Judged], parent_of: dict[int, int]) -> list[Figure]:
    """Class, parent and calibration of every head, with 95 % intervals over blocks."""
    found = []
    for name, one in judged.items():
        is_right = one.probabilities.argmax(axis=1) == one.labels
        parents = parent_probabilities(one.probabilities, parent_of).argmax(axis=1)
        low, high = block_interval(is_right.astype(np.float64), one.blocks)
        found.append(
            Figure(
                name, f"{100 * is_right.mean():.1f} ({100 * low:.1f} to {100 * high:.1f})", "%",
                f"parent {100 * (parents == one.parents).mean():.1f} %, calibration error "
                f"{calibration_error(one.probabilities.max(axis=1), is_right):.3f}",
            )
        )  # fmt: skip
    if {OURS, PEER} <= set(judged):
        gap = _right(judged[OURS]) - _right(judged[PEER])
        low, high = block_interval(gap, judged[OURS].blocks)
        found.append(
            Figure(
                "ours over logistic regression",
                f"{100 * gap.mean():+.1f} ({100 * low:+.1f} to {100 * high:+.1f})", "points",
                "bar: +4",
            )
        )  # fmt: skip
    return found


def block_interval(values: NDArray[np.float64], blocks: IntArray) -> tuple[float, float]:
    """95 % interval of the mean by drawing whole blocks again (cluster bootstrap)."""
    names, inverse = np.unique(blocks, return_inverse=True)
    sums = np.bincount(inverse, values)
    counts = np.bincount(inverse)
    random = np.random.default_rng(0)
    drawn = random.integers(0, len(names), (NUM_DRAWS, len(names)))
    means = sums[drawn].sum(axis=1) / counts[drawn].sum(axis=1)
    return float(np.quantile(means, 0.025)), float(np.quantile(means, 0.975))


def confusions(judged: Judged, num: int = 12) -> list[tuple[int, int, int]]:
    """The most frequent mistakes: true class, answered class, how often."""
    answers = judged.probabilities.argmax(axis=1)
    wrong = answers != judged.labels
    pairs, counts = np.unique(
        np.stack([judged.labels[wrong], answers[wrong]], axis=1), axis=0, return_counts=True
    )
    order = np.argsort(-counts, kind="stable")[:num]
    return [(int(pairs[i, 0]), int(pairs[i, 1]), int(counts[i])) for i in order]


def _chosen(
    labels: IntArray, candidates: IntArray, count: int, random: np.random.Generator
) -> IntArray:
    """`count` photographs of each new class, or as many as it has."""
    drawn = []
    for label in np.unique(labels[candidates]):
        own = candidates[labels[candidates] == label]
        drawn.append(random.permutation(own)[:count])
    return np.concatenate(drawn)


def _judged(probabilities: FloatArray, photos: Sequence[Photo]) -> Judged:
    labels = np.asarray([p.label for p in photos])
    places = np.zeros(len(photos), dtype=np.int64)
    for label in np.unique(labels):
        own = np.flatnonzero(labels == label)
        places[own] = np.arange(len(own)) // BLOCK
    blocks = labels * (places.max() + 1) + places
    return Judged(probabilities, labels, np.asarray([p.parent for p in photos]), blocks)


def _right(judged: Judged) -> NDArray[np.float64]:
    return np.asarray(judged.probabilities.argmax(axis=1) == judged.labels, dtype=np.float64)


def _softmax(scores: FloatArray) -> FloatArray:
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True), dtype=np.float32)
