"""Photos to whitened vectors with the embedder of a bundle, exactly as the box embeds an item.

Flow: photo + product box -> square crop -> ONNX Runtime -> whitened unit vector

ONNX Runtime is loaded at the first photo, so that a hub without it serves everything else.
"""

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sync.bundle import Preprocess
from sync.decision import DecisionParameters
from sync.gallery import Gallery, Whitening
from sync.preprocess import Picture, crop_square, normalise
from trainer.errors import DegradedError
from trainer.onboarding.enrolment_views import enrolment_views

FloatArray = NDArray[np.float32]


class EmbedderError(DegradedError):
    """No photo can be embedded here."""

    code = "onboarding.no_embedder"


@dataclass(frozen=True, slots=True)
class LiveBundle:
    """What turns a photo into a vector, and what the vector is compared with.

    Attributes:
        digest: of the gallery; taking it costs 20 ms per 10,000 rows, so it is kept.
    """

    bundle_id: str
    embedder_id: str
    preprocess: Preprocess
    embedder_file: Path
    whitening: Whitening
    gallery: Gallery
    digest: str
    thresholds: DecisionParameters

    @property
    def per_sku(self) -> int:
        """How many rows an SKU of this gallery has, 1 to 3."""
        rows = round(len(self.gallery.vectors) / max(1, len(self.gallery.sku_ids)))
        return max(1, min(3, rows))


class PhotoEmbedder:
    """One session per embedder file; one photo at a time."""

    def __init__(self) -> None:
        self._sessions: dict[Path, object] = {}
        self._lock = threading.Lock()

    def embed(self, bundle: LiveBundle, photos: Sequence[tuple[Picture, FloatArray]]) -> FloatArray:
        """Whitened unit vectors of photos with their product boxes, float32 (N, d).

        Raises:
            EmbedderError: ONNX Runtime is not installed.
        """
        return self._embedded(bundle, [crop_of(bundle.preprocess, p, box) for p, box in photos])

    def appearances(self, bundle: LiveBundle, picture: Picture, box: FloatArray) -> FloatArray:
        """The photo and how else a counter may show it, whitened, float32 (28, d); itself first.

        Raises:
            EmbedderError: ONNX Runtime is not installed.
        """
        return self._embedded(bundle, enrolment_views(crop_of(bundle.preprocess, picture, box)))

    def _embedded(self, bundle: LiveBundle, crops: Sequence[Picture]) -> FloatArray:
        try:
            from trainer.export.parity import OnnxModel
        except ImportError as err:
            raise EmbedderError(
                "ONNX Runtime is not installed on the hub", hint="install tillsight[centre,cpu]"
            ) from err
        form = bundle.preprocess
        with self._lock:
            session = self._sessions.get(bundle.embedder_file)
            if not isinstance(session, OnnxModel):
                session = OnnxModel(bundle.embedder_file)
                self._sessions[bundle.embedder_file] = session
            rows = [session(normalise([c], float(form.mean), float(form.scale))) for c in crops]
        return bundle.whitening.apply(np.concatenate(rows))


def crop_of(preprocess: Preprocess, picture: Picture, box: FloatArray) -> Picture:
    """The square that the embedder sees, as on the box."""
    return crop_square(picture, box, preprocess.crop_px, preprocess.crop_margin_percent / 100)
