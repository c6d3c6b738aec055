"""The reference vectors of every SKU: base plus append-only segments, and the arithmetic on them.

Flow: embedding -> whitened unit vector -> similarity per SKU

The number of SKUs is in no engine: a new SKU is a few more rows. Rows that exist are never changed,
so a segment cannot touch what is already sold. Exact matrix products only; below 100,000 rows an
index costs recall and gains nothing (reference measurement, DESIGN section 1).
"""

import hashlib
import io
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sync.errors import BundleError, GalleryMismatchError

GALLERY_FORMAT = 1

FloatArray = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Whitening:
    """An affine map into the space in which galleries live.

    Attributes:
        mean: float32 (D,), subtracted first.
        matrix: float32 (D, d), multiplied after.
    """

    mean: FloatArray
    matrix: FloatArray

    def apply(self, embeddings: FloatArray) -> FloatArray:
        """Embeddings (N, D) as unit vectors (N, d), float32."""
        if embeddings.shape[1] != len(self.mean):
            raise GalleryMismatchError(
                f"embedding has {embeddings.shape[1]} numbers, whitening expects {len(self.mean)}",
                hint="embedder and whitening must come from one bundle",
            )
        return unit_rows((embeddings - self.mean) @ self.matrix)

    def to_bytes(self) -> bytes:
        """A deterministic .npz, nothing pickled."""
        return _npz(format=np.int64(GALLERY_FORMAT), mean=self.mean, matrix=self.matrix)


@dataclass(frozen=True, slots=True)
class Gallery:
    """Prototypes of every SKU, sorted by SKU.

    Attributes:
        embedder_id: names embedder and whitening together; vectors of another one are refused.
        sku_ids: one entry per SKU, in row order.
        vectors: float32 (R, d), unit length; the rows of one SKU stand together.
        starts: int64 (S,), first row of each SKU, ascending from 0.
    """

    embedder_id: str
    sku_ids: tuple[str, ...]
    vectors: FloatArray
    starts: NDArray[np.int64]

    def __post_init__(self) -> None:
        """Refuse misaligned parts."""
        num_skus = len(self.sku_ids)
        if self.starts.shape != (num_skus,) or self.vectors.ndim != 2:
            raise ValueError(
                f"gallery not aligned: {num_skus} SKUs, starts {self.starts.shape}, "
                f"vectors {self.vectors.shape}"
            )
        if num_skus and (
            self.starts[0] != 0
            or np.any(np.diff(self.starts) <= 0)
            or self.starts[-1] >= len(self.vectors)
        ):
            raise ValueError("gallery not aligned: every SKU needs at least one row")
        if len(set(self.sku_ids)) != num_skus:
            raise ValueError("gallery holds one SKU twice")

    @property
    def dim(self) -> int:
        """Numbers per vector."""
        return int(self.vectors.shape[1])

    def similarities(self, whitened: FloatArray) -> FloatArray:
        """Cosine similarity to the nearest prototype of each SKU.

        Args:
            whitened: float32 (N, d), unit length; d is the gallery's.

        Returns:
            float32 (N, S) in [-1, 1].

        Raises:
            GalleryMismatchError: d is not the gallery's, so another embedder made it.
        """
        if whitened.ndim != 2 or whitened.shape[1] != self.dim:
            raise GalleryMismatchError(
                f"vectors of {whitened.shape[-1]} numbers, the gallery holds {self.dim}",
                hint="embedder and gallery must come from one bundle",
            )
        products = whitened @ self.vectors.T
        return np.asarray(np.maximum.reduceat(products, self.starts, axis=1), dtype=np.float32)

    def with_segment(self, segment: "Gallery") -> "Gallery":
        """This gallery and more SKUs behind it; the rows that exist stay bit-identical.

        Raises:
            GalleryMismatchError: another embedder or another size.
            BundleError: the segment names an SKU that is already here.
        """
        if segment.embedder_id != self.embedder_id or segment.dim != self.dim:
            raise GalleryMismatchError(
                f"segment of embedder {segment.embedder_id[:12]}, "
                f"gallery of {self.embedder_id[:12]}",
                hint="embed the new SKUs with the embedder of this bundle",
            )
        known = set(self.sku_ids) & set(segment.sku_ids)
        if known:
            raise BundleError(
                f"segment would change {len(known)} known SKUs, first {sorted(known)[0]}",
                hint="a segment only adds; give a changed product a new sku_id",
            )
        return Gallery(
            embedder_id=self.embedder_id,
            sku_ids=self.sku_ids + segment.sku_ids,
            vectors=np.concatenate([self.vectors, segment.vectors]),
            starts=np.concatenate([self.starts, segment.starts + len(self.vectors)]),
        )

    def to_bytes(self) -> bytes:
        """A deterministic .npz with float16 rows, nothing pickled."""
        return _npz(
            format=np.int64(GALLERY_FORMAT),
            embedder_id=np.asarray(self.embedder_id),
            sku_ids=np.asarray(self.sku_ids, dtype=np.str_),
            vectors=self.vectors.astype(np.float16),
            starts=self.starts,
        )

    def digest(self) -> str:
        """sha256 of the rows and names, hex; a segment names the base it was made for."""
        return hashlib.sha256(self.to_bytes()).hexdigest()


def unit_rows(rows: NDArray[np.floating[Any]]) -> FloatArray:
    """Rows scaled to length one; zero rows stay zero. float32 (N, d)."""
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.maximum(lengths, 1e-12), dtype=np.float32)


def fit_whitening(
    embeddings: FloatArray, labels: NDArray[np.int64], *, shrinkage: float = 0.3, dim: int = 256
) -> Whitening:
    """Analytic shrinkage whitening; sums only, no gradient.

    Within-class covariance, plus `shrinkage` times its mean eigenvalue on the diagonal, to the
    power -1/2. Of the whitened space the `dim` directions with the largest between-class spread
    are kept.

    Args:
        embeddings: float32 (N, D).
        labels: int64 (N,), class of each row.
        shrinkage: 0.1 to 1 changes less than half a point (reference measurement).
        dim: numbers kept per vector.

    Source: linear discriminant analysis with Ledoit-Wolf style shrinkage, Hastie, Tibshirani and
    Friedman, The Elements of Statistical Learning, 4.3.
    """
    rows = embeddings.astype(np.float64)
    classes, inverse = np.unique(labels, return_inverse=True)
    counts = np.bincount(inverse).astype(np.float64)
    means = np.zeros((len(classes), rows.shape[1]))
    np.add.at(means, inverse, rows)
    means /= counts[:, None]
    centred = rows - means[inverse]
    within = centred.T @ centred / max(len(rows) - len(classes), 1)
    within += np.eye(len(within)) * shrinkage * np.trace(within) / len(within)
    values, vectors = np.linalg.eigh(within)
    whiten = vectors @ np.diag(np.maximum(values, 1e-12) ** -0.5) @ vectors.T
    mean = means.mean(axis=0)
    spread = (means - mean) @ whiten
    _, _, directions = np.linalg.svd(spread, full_matrices=True)
    matrix = whiten @ directions[:dim].T
    return Whitening(mean=mean.astype(np.float32), matrix=matrix.astype(np.float32))


def build_gallery(
    embedder_id: str,
    whitened: FloatArray,
    sku_ids: list[str],
    *,
    prototypes_per_sku: int = 1,
    seed: int = 0,
) -> Gallery:
    """Prototypes from whitened views.

    Args:
        whitened: float32 (N, d), unit length.
        sku_ids: SKU of each row, N entries; the gallery lists SKUs in order of first appearance.
        prototypes_per_sku: spherical k-means centres per SKU, fewer where there are fewer views.
    """
    order = list(dict.fromkeys(sku_ids))
    owners = np.asarray(sku_ids)
    rows: list[FloatArray] = []
    starts: list[int] = []
    for sku_id in order:
        starts.append(sum(len(r) for r in rows))
        rows.append(prototypes(whitened[owners == sku_id], prototypes_per_sku, seed=seed))
    dim = whitened.shape[1]
    stacked = np.concatenate(rows) if rows else np.zeros((0, dim), dtype=np.float32)
    # float16 is what travels: what is tested is what is shipped.
    stacked = stacked.astype(np.float16).astype(np.float32)
    return Gallery(embedder_id, tuple(order), stacked, np.asarray(starts, dtype=np.int64))


def prototypes(views: FloatArray, count: int, *, seed: int = 0, num_rounds: int = 10) -> FloatArray:
    """Spherical k-means centres of the views of one SKU, float32 (min(count, N), d).

    Source: Dhillon and Modha 2001, Concept decompositions for large sparse text data.
    """
    count = min(count, len(views))
    if count <= 1:
        return unit_rows(views.mean(axis=0, keepdims=True))
    random = np.random.default_rng(seed)
    centres = views[random.choice(len(views), size=count, replace=False)]
    for _ in range(num_rounds):
        nearest = np.argmax(views @ centres.T, axis=1)
        sums = np.stack(
            [
                views[nearest == k].sum(axis=0) if np.any(nearest == k) else centres[k]
                for k in range(count)
            ]
        )
        centres = unit_rows(sums)
    return centres


def load_gallery(path: Path) -> Gallery:
    """Read a gallery or a segment file.

    Raises:
        BundleError: missing, damaged, of an unknown format, or misaligned.
    """
    parts = _load_npz(path, "embedder_id", "sku_ids", "vectors", "starts")
    try:
        return Gallery(
            embedder_id=str(parts["embedder_id"]),
            sku_ids=tuple(str(s) for s in parts["sku_ids"]),
            vectors=parts["vectors"].astype(np.float32),
            starts=parts["starts"].astype(np.int64),
        )
    except ValueError as err:
        raise BundleError(f"{path.name}: {err}", hint="fetch or export the bundle again") from err


def load_whitening(path: Path) -> Whitening:
    """Read a whitening file.

    Raises:
        BundleError: missing, damaged or of an unknown format.
    """
    parts = _load_npz(path, "mean", "matrix")
    return Whitening(parts["mean"].astype(np.float32), parts["matrix"].astype(np.float32))


def _npz(**arrays: NDArray[np.generic] | np.generic) -> bytes:
    buffer = io.BytesIO()
    plain: dict[str, Any] = {name: np.asarray(array) for name, array in arrays.items()}
    np.savez(buffer, **plain)
    return buffer.getvalue()


def _load_npz(path: Path, *names: str) -> dict[str, NDArray[np.generic]]:
    hint = "fetch or export the bundle again"
    try:
        with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as archive:
            parts = {name: archive[name] for name in (*names, "format")}
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as err:
        raise BundleError(f"{path.name} is damaged or missing: {err}", hint=hint) from err
    if int(parts["format"]) != GALLERY_FORMAT:
        raise BundleError(f"{path.name} has format {int(parts['format'])}", hint="update the box")
    return parts
