"""What a trained recogniser of photographs says, and how often it is right.

Flow: weights + training photographs -> gallery ; photographs -> log-probabilities -> Accuracy

Two witnesses are pooled: the plain classifier, and the whitened prototypes of the embedding, which
is how a box recognises. Both see a few windows of a photograph.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from rich.progress import track
from torch import Tensor

from sync.boxes import FloatArray
from sync.gallery import Whitening, fit_whitening, unit_rows
from sync.preprocess import Picture, normalise
from trainer.dataset.photo_list import Photo, read_photo
from trainer.dataset.photo_samples import middle_window
from trainer.training.photo_features import HalfArray
from trainer.training.photo_head import CHAMPION, HeadForm, HeadModel
from trainer.training.photo_task import PhotoModel
from trainer.training.recipes import Recipe

# N photographs, S classes, D numbers per embedding

BATCH = 32
PROTOTYPE_DIM = 256  # at most
TEMPERATURES = np.geomspace(0.25, 4.0, 65)  # 1 is the middle one
IntArray = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Seen:
    """What the network says of many photographs: scores (N, S), embeddings (N, D)."""

    scores: FloatArray
    embeddings: FloatArray


@dataclass(frozen=True, slots=True)
class Prototypes:
    """Whitened class means, float32 (S, d).

    Attributes:
        scale: inverse temperature of cosines; the classifier's own scale is 1.
    """

    whitening: Whitening
    rows: FloatArray
    scale: float = CHAMPION.prototype_scale

    def log_probabilities(self, embeddings: FloatArray) -> FloatArray:
        """Float32 (N, S)."""
        cosines = self.whitening.apply(embeddings) @ self.rows.T
        return _log_softmax(np.asarray(self.scale * cosines, dtype=np.float32))


@dataclass(frozen=True, slots=True)
class Accuracy:
    """Shares in [0, 1] over `num_photos`; `expected_error` is the calibration error, 15 bins;
    `log_loss` the mean of -log p of the truth, in nats.
    """

    num_photos: int
    fine: float
    parent: float
    expected_error: float
    log_loss: float


@torch.inference_mode()
def look(
    model: PhotoModel, photos: Sequence[Photo], recipe: Recipe, device: str = "cpu",
    *, mirrored: bool = False,
) -> Seen:  # fmt: skip
    """Scores and embeddings, each the mean over the windows by which the recipe judges.

    Args:
        mirrored: every window once more, left and right exchanged.
    """
    model.eval().to(device)
    scores, embeddings = [], []
    batches = [photos[i : i + BATCH] for i in range(0, len(photos), BATCH)]
    for batch in track(batches, "looking", disable=len(batches) < 4, transient=True):
        pictures = [read_photo(photo.path) for photo in batch]
        found = [
            _forward(model, windows, device) for windows in _windows(pictures, recipe, mirrored)
        ]
        scores.append(torch.stack([s for s, _ in found]).mean(dim=0))
        embeddings.append(torch.stack([e for _, e in found]).mean(dim=0))
    return Seen(
        np.asarray(torch.cat(scores).cpu(), dtype=np.float32),
        unit_rows(np.asarray(torch.cat(embeddings).cpu())),
    )


@torch.inference_mode()
def look_at_features(model: HeadModel, features: HalfArray) -> Seen:
    """Scores and embeddings, each the mean over the views given, of features (N, V, C)."""
    model.eval().to("cpu")
    found = [model(torch.from_numpy(features[:, v].astype(np.float32)))
             for v in range(features.shape[1])]  # fmt: skip
    scores, embeddings = (torch.stack([one[i] for one in found]).mean(dim=0) for i in (0, 1))
    return Seen(scores.numpy().astype(np.float32), unit_rows(embeddings.numpy()))


def fit_prototypes(
    embeddings: FloatArray, labels: IntArray, num_classes: int, form: HeadForm = CHAMPION
) -> Prototypes:
    """Whitened means of the training photographs; a class without any is never answered."""
    dim = min(embeddings.shape[1], PROTOTYPE_DIM)
    whitening = fit_whitening(embeddings, labels, shrinkage=form.shrinkage, dim=dim)
    rows = np.zeros((num_classes, whitening.matrix.shape[1]), dtype=np.float32)
    np.add.at(rows, labels, whitening.apply(embeddings))
    return Prototypes(whitening, unit_rows(rows), form.prototype_scale)


def pooled_log_probabilities(
    seen: Seen, prototypes: Prototypes, weight: float = CHAMPION.prototype_weight
) -> FloatArray:
    """Both witnesses' log-probabilities, so much of the prototypes', normalised, float32 (N, S)."""
    return mixed(_log_softmax(seen.scores), prototypes.log_probabilities(seen.embeddings), weight)


def mixed(first: FloatArray, second: FloatArray, weight: float) -> FloatArray:
    """Two witnesses' log-probabilities, so much of the second's, normalised, float32 (N, S)."""
    return _log_softmax(np.asarray((1 - weight) * first + weight * second, dtype=np.float32))


def accuracy(
    log_probabilities: FloatArray, photos: Sequence[Photo], parent_of: dict[int, int]
) -> Accuracy:
    """Share of right classes and right parents; a parent's probability is its classes' sum."""
    labels = np.asarray([photo.label for photo in photos])
    is_right = log_probabilities.argmax(axis=1) == labels
    parents = parent_probabilities(np.exp(log_probabilities), parent_of)
    true_parents = np.asarray([photo.parent for photo in photos])
    return Accuracy(
        num_photos=len(photos),
        fine=float(is_right.mean()),
        parent=float((parents.argmax(axis=1) == true_parents).mean()),
        expected_error=calibration_error(np.exp(log_probabilities).max(axis=1), is_right),
        log_loss=-float(log_probabilities[np.arange(len(labels)), labels].mean()),
    )


def together(members: Sequence[FloatArray]) -> FloatArray:
    """Log of the mean of several networks' probabilities, float32 (N, S).

    Source: deep ensembles, Lakshminarayanan et al. 2017, arXiv:1612.01474.
    """
    mean = np.mean([np.exp(one) for one in members], axis=0)
    return np.asarray(np.log(np.maximum(mean, 1e-12)), dtype=np.float32)


def tempered(log_probabilities: FloatArray, temperature: float) -> FloatArray:
    """Surer below 1, less sure above; who is first never changes."""
    return _log_softmax(np.asarray(log_probabilities / temperature, dtype=np.float32))


def fitted_temperature(log_probabilities: FloatArray, labels: IntArray) -> float:
    """That of TEMPERATURES at which the truth was the least surprising.

    Source: Guo et al. 2017, arXiv:1706.04599.
    """
    rows = np.arange(len(labels))
    losses = [-tempered(log_probabilities, t)[rows, labels].mean() for t in TEMPERATURES]
    return round(float(TEMPERATURES[int(np.argmin(losses))]), 3)


def parent_probabilities(probabilities: FloatArray, parent_of: dict[int, int]) -> FloatArray:
    """Sums of the classes of each parent, float32 (N, P)."""
    sums = np.zeros((len(probabilities), max(parent_of.values()) + 1), dtype=np.float32)
    for label, parent in parent_of.items():
        sums[:, parent] += probabilities[:, label]
    return sums


def calibration_error(
    confidences: FloatArray, is_right: NDArray[np.bool_], num_bins: int = 15
) -> float:
    """Expected calibration error in equal-width bins.

    Source: Guo et al. 2017, arXiv:1706.04599.
    """
    bins = np.minimum((confidences * num_bins).astype(int), num_bins - 1)
    gaps = [
        (bins == b).mean() * abs(confidences[bins == b].mean() - is_right[bins == b].mean())
        for b in np.unique(bins)
    ]
    return float(sum(gaps))


def _windows(
    pictures: Sequence[Picture], recipe: Recipe, mirrored: bool
) -> Iterator[list[Picture]]:
    """One window of each picture at a time."""
    input_px = recipe.judged_px or recipe.input_width_px
    for share in recipe.judged_shares:
        windows = [middle_window(picture, input_px, share) for picture in pictures]
        yield windows
        if mirrored:
            yield [np.ascontiguousarray(window[:, ::-1]) for window in windows]


def _forward(model: PhotoModel, windows: list[Picture], device: str) -> tuple[Tensor, Tensor]:
    batch = torch.from_numpy(normalise(windows)).to(device, memory_format=torch.channels_last)
    scores, embeddings = model(batch)
    return scores.float(), embeddings


def _log_softmax(scores: FloatArray) -> FloatArray:
    shifted = scores - scores.max(axis=1, keepdims=True)
    sums = np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return np.asarray(shifted - sums, dtype=np.float32)
