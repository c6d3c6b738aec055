"""Ways to answer "which product is it" from features of photographs, ours and the peers'.

Flow: features + labels of learned photographs -> a head -> scores (N, S) of others

Frozen features only: what differs between rows of the table is the head. Peers are scikit-learn's;
the trained head is the recipe `head_on_cached_features`, with THE LOOP that trains everything else.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from sync.gallery import fit_whitening, unit_rows
from trainer.training.photo_features import MIDDLE

# N photographs, S classes, C numbers per feature

FloatArray = NDArray[np.float32]
IntArray = NDArray[np.int64]
Scores = Callable[[FloatArray], FloatArray]
Head = Callable[[FloatArray, IntArray, int], Scores]

SHRINKAGE = 0.3
WHITENED_DIM = 256
NUM_MIDDLE = MIDDLE.count
HEAD_EPOCHS = 12  # the default of `python -m trainer.training photos`
COSINE_SCALE = 16.0  # inverse temperature, so that scores can be read as logits


def nearest_photo(features: FloatArray, labels: IntArray, num_classes: int) -> Scores:
    """Cosine to the nearest learned photograph of each class."""
    rows = unit_rows(features)

    def scores(others: FloatArray) -> FloatArray:
        cosines = unit_rows(others) @ rows.T
        best = np.full((len(others), num_classes), -1.0, dtype=np.float32)
        np.maximum.at(best.T, labels, cosines.T)
        return COSINE_SCALE * best

    return scores


def raw_prototypes(features: FloatArray, labels: IntArray, num_classes: int) -> Scores:
    """Cosine to the mean of each class."""
    means = class_means(unit_rows(features), labels, num_classes)
    return lambda others: COSINE_SCALE * (unit_rows(others) @ means.T)


def whitened_prototypes(features: FloatArray, labels: IntArray, num_classes: int) -> Scores:
    """Ours: analytic shrinkage whitening, then the mean of each class; no gradient."""
    whitening = fit_whitening(features, labels, shrinkage=SHRINKAGE, dim=WHITENED_DIM)
    means = class_means(whitening.apply(features), labels, num_classes)
    return lambda others: COSINE_SCALE * (whitening.apply(others) @ means.T)


def onboarding_head(known: FloatArray, known_labels: IntArray) -> Head:
    """Ours, as a box does it: the whitening is fixed before a new product comes."""
    whitening = fit_whitening(known, known_labels, shrinkage=SHRINKAGE, dim=WHITENED_DIM)

    def head(features: FloatArray, labels: IntArray, num_classes: int) -> Scores:
        means = class_means(whitening.apply(features), labels, num_classes)
        return lambda others: COSINE_SCALE * (whitening.apply(others) @ means.T)

    return head


def logistic_regression(features: FloatArray, labels: IntArray, num_classes: int) -> Scores:
    """The peer: multinomial logistic regression of scikit-learn on standardised features."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    fitted = make_pipeline(StandardScaler(), LogisticRegression(max_iter=400, C=0.1))
    fitted.fit(features, labels)
    present = fitted[-1].classes_

    def scores(others: FloatArray) -> FloatArray:
        logits = np.full((len(others), num_classes), -1e3, dtype=np.float32)
        logits[:, present] = np.log(np.maximum(fitted.predict_proba(others), 1e-12))
        return logits

    return scores


def trained_head(features: FloatArray, labels: IntArray, num_classes: int) -> Scores:
    """The recipe `head_on_cached_features`, and what its two witnesses say together.

    Args:
        features: (N, V, C), the first NUM_MIDDLE views as a photograph is judged.
    """
    import tempfile
    from pathlib import Path

    from trainer.training.photo_head import StoredViews
    from trainer.training.photo_head_run import train_head
    from trainer.training.photo_run import for_length
    from trainer.training.recipes import head_on_cached_features

    half = features.astype(np.float16)
    stored = StoredViews(half[:, :NUM_MIDDLE], half[:, NUM_MIDDLE:], labels)
    recipe = for_length(head_on_cached_features(), len(labels), HEAD_EPOCHS)
    with tempfile.TemporaryDirectory(prefix="ts-head-") as folder:
        answer = train_head(recipe, stored, num_classes, Path(folder))
    return lambda others: answer(others[:, :NUM_MIDDLE].astype(np.float16))


def one_row_each(features: FloatArray) -> FloatArray:
    """The mean of the views by which a photograph is judged, float32 (N, C)."""
    return features[:, :NUM_MIDDLE].mean(axis=1) if features.ndim == 3 else features


def class_means(rows: FloatArray, labels: IntArray, num_classes: int) -> FloatArray:
    """Mean row of each class at unit length, float32 (S, C); zero where a class has none."""
    sums = np.zeros((num_classes, rows.shape[1]), dtype=np.float32)
    np.add.at(sums, labels, rows)
    return unit_rows(sums)


HEADS: dict[str, Head] = {
    "nearest photograph": nearest_photo,
    "class mean, raw": raw_prototypes,
    "logistic regression (scikit-learn)": logistic_regression,
    "class mean after shrinkage whitening (ours)": whitened_prototypes,
    "head trained on cached features (ours)": trained_head,
}
OURS = "class mean after shrinkage whitening (ours)"
TRAINED = "head trained on cached features (ours)"
PEER = "logistic regression (scikit-learn)"
RAW = "class mean, raw"
