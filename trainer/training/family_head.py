"""A small head that tells the members of one family apart, fitted in seconds without a GPU.

Flow: whitened vectors + box geometry + members -> FamilyHead

Multinomial logistic regression on the parent's vector and the size and place of the box, with
products of the latter. Whether size helps and how strongly weights are held back is chosen by
cross-validation over scenes, so that looks at one basket never stand on both sides. How warm its
answers must be is child_judge.py's to choose. No picture and no network here.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from sync.boxes import FloatArray
from trainer.errors import DatasetError
from trainer.training.families import LabelledLook, folds_by_scene

NUM_FOLDS = 4
MIN_LOOKS = 20  # of each member; fewer say nothing about 256 directions
DECAYS = (1e-3, 1e-2, 1e-1)
VECTOR_SCALE, GEOMETRY_SCALE = 8.0, 4.0  # both sides then count alike under one decay
MAX_ITERATIONS = 100
FEATURES = ("vector", "geometry")

Doubles = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class FamilyHead:
    """Logits of the members = features(vector, geometry) @ weight + bias.

    Attributes:
        weight: float64 (d + 14, members).
        bias: float64 (members,).
        uses_geometry: False: the rows of the geometry are zero.
        fold_loss: nats per look, on scenes it was not fitted on.
        held_out: float64 (N, members), logits of the looks at members, each by a head that did not
            see its scene.
    """

    sku_ids: tuple[str, ...]
    weight: Doubles
    bias: Doubles
    uses_geometry: bool
    decay: float
    fold_loss: float
    held_out: Doubles

    def at_temperature(self, temperature: float) -> "FamilyHead":
        """The same choice, stated more or less surely."""
        return replace(
            self,
            weight=self.weight / temperature,
            bias=self.bias / temperature,
            held_out=self.held_out / temperature,
        )

    def probabilities(self, vectors: FloatArray, geometry: FloatArray) -> FloatArray:
        """Of the members, float32 (N, members)."""
        logits = features(vectors, geometry) @ self.weight + self.bias
        return softmax(logits).astype(np.float32)

    def answers(self, looks: Sequence[LabelledLook]) -> FloatArray:
        """Probabilities of the members for each look, float32 (N, members)."""
        vectors, geometry = (np.stack([getattr(k, n) for k in looks]) for n in FEATURES)
        return self.probabilities(vectors, geometry)

    def facts(self) -> dict[str, object]:
        """What was chosen, for a report."""
        return {"kind": "head", "uses_geometry": self.uses_geometry, "decay": self.decay}


def features(vectors: FloatArray, geometry: FloatArray) -> Doubles:
    """Vector, geometry, and the products of its numbers, float64 (N, d + 14)."""
    g = geometry.astype(np.float64)
    first, second = product_columns(g.shape[1])
    return np.concatenate([vectors.astype(np.float64), g, g[:, first] * g[:, second]], axis=1)


def product_columns(count: int) -> tuple[list[int], list[int]]:
    """Columns that are multiplied with each other: every pair once, squares included."""
    pairs = [(i, j) for i in range(count) for j in range(i, count)]
    return [i for i, _ in pairs], [j for _, j in pairs]


def looks_at(looks: Sequence[LabelledLook], sku_ids: Sequence[str]) -> list[LabelledLook]:
    """Those at the members, in order."""
    members = set(sku_ids)
    return [look for look in looks if look.sku_id in members]


def members_of(
    looks: Sequence[LabelledLook], sku_ids: Sequence[str], num_folds: int
) -> tuple[list[LabelledLook], NDArray[np.int64]]:
    """Looks at the members, and which member each shows, int64 (N,).

    Raises:
        DatasetError: a member has fewer than MIN_LOOKS looks, or all come from too few scenes.
    """
    own = looks_at(looks, sku_ids)
    labels = np.asarray([list(sku_ids).index(look.sku_id) for look in own], np.int64)
    counts = np.bincount(labels, minlength=len(sku_ids))
    if counts.min() < MIN_LOOKS:
        raise DatasetError(
            f"{sku_ids[int(counts.argmin())]} has {counts.min()} looks, a child needs {MIN_LOOKS}",
            hint="label more baskets with it",
        )
    if len(set(folds_by_scene(own, num_folds).tolist())) < num_folds:
        raise DatasetError(
            f"all looks come from fewer than {num_folds} scenes", hint="label more baskets"
        )
    return own, labels


def fit_family_head(looks: Sequence[LabelledLook], sku_ids: Sequence[str]) -> FamilyHead:
    """The head with the least loss on scenes it was not fitted on.

    Raises:
        DatasetError: a member has fewer than MIN_LOOKS looks, or all come from too few scenes.
    """
    own, labels = members_of(looks, sku_ids, NUM_FOLDS)
    folds = folds_by_scene(own, NUM_FOLDS)
    vectors = np.stack([look.vector for look in own])
    geometry = np.stack([look.geometry for look in own])
    tried = []
    for uses_geometry in (False, True):
        rows = _scaled(features(vectors, geometry), vectors.shape[1], uses_geometry)
        for decay in DECAYS:
            logits = _held_out(rows, labels, folds, decay, len(sku_ids))
            tried.append((mean_loss(logits, labels), uses_geometry, decay, rows, logits))
    loss, uses_geometry, decay, rows, logits = min(tried, key=lambda t: t[:3])
    weight, bias = _fit(rows, labels, decay, len(sku_ids))
    scale = _scaled(np.ones((1, rows.shape[1])), vectors.shape[1], uses_geometry)[0]
    return FamilyHead(
        sku_ids=tuple(sku_ids),
        weight=weight * scale[:, None],
        bias=bias,
        uses_geometry=uses_geometry,
        decay=decay,
        fold_loss=loss,
        held_out=logits,
    )


def _scaled(rows: Doubles, dim: int, uses_geometry: bool) -> Doubles:
    """Both kinds of features at comparable size; geometry switched off where it is not used."""
    scale = np.full(rows.shape[1], VECTOR_SCALE)
    num_first = 4
    scale[dim:] = GEOMETRY_SCALE if uses_geometry else 0.0
    scale[dim + num_first :] *= GEOMETRY_SCALE
    return np.asarray(rows * scale)


def _held_out(
    rows: Doubles, labels: NDArray[np.int64], folds: NDArray[np.int64], decay: float, members: int
) -> Doubles:
    """Logits of every look by a head that did not see its scene."""
    logits = np.zeros((len(rows), members))
    for fold in range(NUM_FOLDS):
        held = folds == fold
        weight, bias = _fit(rows[~held], labels[~held], decay, members)
        logits[held] = rows[held] @ weight + bias
    return logits


def _fit(
    rows: Doubles, labels: NDArray[np.int64], decay: float, members: int
) -> tuple[Doubles, Doubles]:
    """Weights and bias with every member counting alike; deterministic."""
    mean = rows.mean(axis=0)
    x, y = torch.from_numpy(rows - mean), torch.from_numpy(labels)
    share = 1.0 / torch.bincount(y, minlength=members).clamp(min=1).double()
    weight = torch.zeros(rows.shape[1], members, dtype=torch.float64, requires_grad=True)
    bias = torch.zeros(members, dtype=torch.float64, requires_grad=True)
    solver = torch.optim.LBFGS(
        [weight, bias], max_iter=MAX_ITERATIONS, line_search_fn="strong_wolfe"
    )

    def loss() -> torch.Tensor:
        solver.zero_grad()
        value = functional.cross_entropy(x @ weight + bias, y, weight=share / share.mean())
        value = value + decay * weight.square().sum()
        value.backward()  # type: ignore[no-untyped-call]
        return value

    solver.step(loss)  # type: ignore[no-untyped-call]
    found = weight.detach().numpy()
    return found, bias.detach().numpy() - mean @ found


def mean_loss(logits: Doubles, labels: NDArray[np.int64]) -> float:
    """Cross-entropy in nats per row.

    Args:
        logits: float64 (N, members).
        labels: int64 (N,).
    """
    probabilities = softmax(logits)[np.arange(len(labels)), labels]
    return float(-np.log(np.maximum(probabilities, 1e-12)).mean())


def softmax(logits: Doubles) -> Doubles:
    """Probabilities of rows of logits."""
    raised = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=1, keepdims=True))
