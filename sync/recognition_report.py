"""What a box tells of how sure it was: histograms, best guesses and a sketch of what it saw.

Flow: looks of one camera over an hour -> CameraRecognition -> hub -> monitoring/drift.py

Everything is a sum, so hours, cameras and stores add up. No picture and no vector of one item: the
sketch is the sum of 64 random Fourier features of 16 random projections, of which only the distance
of two sums means anything (maximum mean discrepancy). The random numbers come from SHAKE-256, so
that every box and every release has the same ones.
"""

import hashlib
from functools import cache

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, field_validator

SKETCH_DIM = 16
NUM_FEATURES = 64
SKETCH_SCALE = (
    32  # a projection of a unit vector has about unit variance; 32 keeps 4 of them in int8
)
FEATURE_SCALE = 1000
# Upper ends of the bins, per mille; finer where most items are.
CONFIDENCE_EDGES = (200, 400, 600, 700, 800, 900, 950, 980, 995)
SIMILARITY_EDGES = (300, 400, 500, 550, 600, 650, 700, 750, 850)
NUM_BINS = len(CONFIDENCE_EDGES) + 1
MAX_SKUS = 200  # guesses per report; the rest is counted under OTHER
OTHER = "*"

FloatArray = NDArray[np.float32]
Histogram = tuple[int, ...]


class CameraRecognition(BaseModel):
    """One camera with one bundle over `window_s`; an item counts once per camera, when it leaves.

    Attributes:
        confidence, similarity: items per bin of the edges above, of the best SKU.
        best: best SKU -> items; `*` holds what is beyond the 200 most frequent.
        features: sums of 1000 x cosine features over `num_sketched` items; all 64, or none.
    """

    model_config = ConfigDict(frozen=True, extra="allow")

    camera: str
    bundle_id: str
    window_s: int = Field(ge=1)
    num_items: int = Field(default=0, ge=0)
    confidence: Histogram = Field(default=(0,) * NUM_BINS, min_length=NUM_BINS, max_length=NUM_BINS)
    similarity: Histogram = Field(default=(0,) * NUM_BINS, min_length=NUM_BINS, max_length=NUM_BINS)
    best: dict[str, int] = {}
    num_sketched: int = Field(default=0, ge=0)
    features: tuple[int, ...] = Field(default=(), max_length=NUM_FEATURES)

    @field_validator("features")
    @classmethod
    def _is_whole(cls, value: tuple[int, ...]) -> tuple[int, ...]:
        """Sums of two reports are added entry by entry, so a part of them means nothing."""
        if len(value) not in (0, NUM_FEATURES):
            raise ValueError(f"{len(value)} features, not {NUM_FEATURES}")
        return value


def sketches_of(embeddings: FloatArray) -> list[tuple[int, ...]]:
    """Sixteen whole numbers in [-127, 127] per unit vector (N, D)."""
    if len(embeddings) == 0:
        return []
    projected = embeddings @ _signs(embeddings.shape[1]) * SKETCH_SCALE  # (N, 16)
    whole = np.clip(np.rint(projected), -127, 127).astype(int)
    return [tuple(int(x) for x in row) for row in whole]


def features_of(sketch: tuple[int, ...] | NDArray[np.int64]) -> NDArray[np.float64]:
    """Cosine features (64,) in [-1, 1] of one sketch, or (N, 64) of a stack of them.

    Source: random Fourier features, Rahimi and Recht, NIPS 2007; a Gaussian kernel whose width is
    the root of SKETCH_DIM, about the median distance of unrelated items over the root of two.
    """
    weights, phases = _fourier()
    point = np.asarray(sketch, dtype=np.float64) / SKETCH_SCALE
    return np.cos(point @ weights + phases)


def bin_of(per_mille: float, edges: tuple[int, ...]) -> int:
    """Which bin of a histogram."""
    return int(np.searchsorted(edges, per_mille, side="right"))


@cache
def _signs(dim: int) -> FloatArray:
    """Signs (D, 16): a projection that keeps distances (Achlioptas 2003)."""
    raw = hashlib.shake_256(f"tillsight sketch {dim}".encode()).digest(dim * SKETCH_DIM // 8 + 1)
    bits = np.unpackbits(np.frombuffer(raw, dtype=np.uint8))[: dim * SKETCH_DIM]
    return (2.0 * bits.reshape(dim, SKETCH_DIM) - 1.0).astype(np.float32)


@cache
def _fourier() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Frequencies (16, 64) and phases (64,)."""
    count = SKETCH_DIM * NUM_FEATURES
    raw = hashlib.shake_256(b"tillsight features").digest(4 * (2 * count + NUM_FEATURES))
    uniform = (np.frombuffer(raw, dtype="<u4").astype(np.float64) + 0.5) / 2.0**32
    radius, angle = np.sqrt(-2.0 * np.log(uniform[:count])), 2 * np.pi * uniform[count : 2 * count]
    normal = (radius * np.cos(angle)).reshape(SKETCH_DIM, NUM_FEATURES)
    return normal / np.sqrt(SKETCH_DIM), 2 * np.pi * uniform[2 * count :]
