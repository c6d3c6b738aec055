"""How often a product is recognised on anybody's photographs, from frozen features.

Flow: lists of photographs -> features once -> folds or a test list -> heads -> figures

A fold holds whole bursts (burst_folds.py). Intervals come from drawing whole bursts again, of a
test list blocks of consecutive photographs, so that a burst counts once.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.progress import track

from edge.perception.models import Models
from tools.benchmarks.recognition_heads import (
    HEADS,
    OURS,
    PEER,
    RAW,
    TRAINED,
    FloatArray,
    IntArray,
    onboarding_head,
    one_row_each,
)
from tools.benchmarks.report import Figure
from trainer.dataset.burst_folds import block_interval, blocks_of, bursts_of, folds_of
from trainer.dataset.photo_list import Photo, read_photo
from trainer.training.photo_features import MIDDLE, FeatureStore
from trainer.training.photo_judge import calibration_error, parent_probabilities

SHOT_DRAWS = 8


@dataclass(frozen=True)
class Judged:
    """Answers of one head over all judged photographs."""

    probabilities: FloatArray
    labels: IntArray
    parents: IntArray
    blocks: IntArray


def imagenet_features(photos: Sequence[Photo], cache: Path, *, show: bool) -> FloatArray:
    """Pooled features of frozen EfficientNet-Lite0, float32 (N, V, 1280).

    Args:
        cache: folder where they are kept; `photos --recipe head_on_cached_features` reads it too.
    """
    return FeatureStore(cache, MIDDLE).features(photos, show=show).astype(np.float32)


def bundle_features(models: Models, photos: Sequence[Photo], *, show: bool) -> FloatArray:
    """Whitened vectors of a bundle's recogniser, float32 (N, d)."""
    rows = []
    for photo in track(photos, "looking", disable=not show, transient=True):
        picture = read_photo(photo.path)
        whole = np.asarray([[0, 0, picture.shape[1], picture.shape[0]]], dtype=np.float32)
        rows.append(models.embedder.embed(picture, whole))
    return np.concatenate(rows).astype(np.float32)


def judge_folds(head: str, features: FloatArray, photos: Sequence[Photo], num_folds: int) -> Judged:
    """Every photograph judged by a head that did not learn from its burst.

    Those of a class that is one burst are left out: nothing could have been learned.
    """
    labels = np.asarray([p.label for p in photos])
    bursts = bursts_of(one_row_each(features), labels)
    folds = folds_of(bursts, labels, num_folds)
    seen = features if head == TRAINED else one_row_each(features)
    rows = np.zeros((len(photos), labels.max() + 1), dtype=np.float32)
    for fold in range(num_folds):
        is_test = folds == fold
        fitted = HEADS[head](seen[~is_test], labels[~is_test], rows.shape[1])
        rows[is_test] = _softmax(fitted(seen[is_test]))
    is_judged = folds >= 0
    shown = [p for p, kept in zip(photos, is_judged, strict=True) if kept]
    return _judged(rows[is_judged], shown, bursts[is_judged])


def folds_of_photos(features: FloatArray, photos: Sequence[Photo], num_folds: int) -> list[int]:
    """Fold of each photograph, -1 where it is never judged."""
    labels = np.asarray([p.label for p in photos])
    found = folds_of(bursts_of(one_row_each(features), labels), labels, num_folds)
    return [int(fold) for fold in found]


def judge_list(
    head: str, features: FloatArray, photos: Sequence[Photo], num_learned: int
) -> Judged:
    """The photographs behind the first `num_learned`, judged by a head that learned those."""
    labels = np.asarray([p.label for p in photos])
    seen = features if head == TRAINED else one_row_each(features)
    fitted = HEADS[head](seen[:num_learned], labels[:num_learned], labels.max() + 1)
    return _judged(_softmax(fitted(seen[num_learned:])), photos[num_learned:])


def shot_figures(
    features: FloatArray, photos: Sequence[Photo], shots: Sequence[int], num_learned: int
) -> list[Figure]:
    """Onboarding: the odd classes are new and bring k photographs each; ours against raw means.

    The whitening is fitted on the even classes only, whose photographs were all learned; every
    class competes. Judged are photographs of new classes.
    """
    labels, features = np.asarray([p.label for p in photos]), one_row_each(features)
    num_classes = int(labels.max()) + 1
    is_new = labels % 2 == 1
    learned, judged = np.arange(num_learned), np.arange(num_learned, len(photos))
    known = learned[~is_new[learned]]
    asked = judged[is_new[judged]]
    figures = []
    for k in shots:
        gaps, ours = [], []
        for draw in range(SHOT_DRAWS):
            random = np.random.default_rng([k, draw])
            chosen = _chosen(labels, learned[is_new[learned]], k, random)
            rows = np.concatenate([known, chosen])
            right = [
                head(features[rows], labels[rows], num_classes)(features[asked]).argmax(axis=1)
                == labels[asked]
                for head in (HEADS[RAW], onboarding_head(features[known], labels[known]))
            ]
            ours.append(right[1].astype(np.float64))
            gaps.append(right[1].astype(np.float64) - right[0])
        blocks = blocks_of(labels)[asked]
        low, high = block_interval(np.mean(ours, axis=0), blocks)
        least, most = block_interval(np.mean(gaps, axis=0), blocks)
        figures.append(
            Figure(
                f"new products from {k} photographs",
                f"{100 * np.mean(ours):.1f} ({100 * low:.1f} to {100 * high:.1f})", "%",
                f"{100 * np.mean(gaps):+.1f} points ({100 * least:+.1f} to {100 * most:+.1f}) "
                f"over raw means; {SHOT_DRAWS} draws",
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


def _judged(
    probabilities: FloatArray, photos: Sequence[Photo], blocks: IntArray | None = None
) -> Judged:
    labels = np.asarray([p.label for p in photos])
    parents = np.asarray([p.parent for p in photos])
    return Judged(probabilities, labels, parents, blocks_of(labels) if blocks is None else blocks)


def _right(judged: Judged) -> NDArray[np.float64]:
    return np.asarray(judged.probabilities.argmax(axis=1) == judged.labels, dtype=np.float64)


def _softmax(scores: FloatArray) -> FloatArray:
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True), dtype=np.float32)
