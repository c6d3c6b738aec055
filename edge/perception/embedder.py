"""What an item looks like, as a vector.

Flow: frame + boxes -> crops -> embeddings -> whitened unit vectors

Crops of one frame go through the network together. Knows no SKU.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from edge.errors import InferenceError
from edge.perception.backend import InferenceBackend, warm_up
from sync.bundle import Preprocess
from sync.gallery import Whitening
from sync.preprocess import crop_covered, normalise

FloatArray = NDArray[np.float32]
Picture = NDArray[np.uint8]


class Embedder:
    """An embedding network with its preparation and its whitening."""

    def __init__(
        self,
        backend: InferenceBackend,
        preprocess: Preprocess,
        whitening: Whitening,
        *,
        batch_sizes: Sequence[int] = (),
    ) -> None:
        """Bind the parts.

        Args:
            batch_sizes: ascending; batches are filled up to the next of these, for providers that
                prepare per shape. Empty: any size as it comes, which is cheapest on a CPU.
        """
        self.backend = backend
        self.whitening = whitening
        self._preprocess = preprocess
        self._batch_sizes = tuple(batch_sizes)
        self._input = backend.inputs[0].name
        self._output = backend.outputs[0].name

    def warm_up(self) -> None:
        """Run every batch size once over zeros.

        Raises:
            InferenceError: the network does not run here, or its embedding has another length.
        """
        side = self._preprocess.crop_px
        for size in self._batch_sizes or (1,):
            warm_up(self.backend, {self._input: (size, 3, side, side)})
        self._run(np.zeros((1, 3, side, side), dtype=np.float32))

    def embed(
        self, frame: Picture, xyxy: FloatArray, covering: Sequence[FloatArray] | None = None
    ) -> FloatArray:
        """Whitened unit vectors of the items in these boxes.

        Args:
            frame: uint8 BGR (H, W, 3), read only.
            xyxy: float32 (N, 4), pixels of the frame.
            covering: per item float32 (K, 4), what stands before it and is painted over; None
                paints nothing.

        Returns:
            float32 (N, d).

        Raises:
            InferenceError: the network failed or its answer cannot be read.
        """
        p = self._preprocess
        margin = p.crop_margin_percent / 100
        covers = covering or [np.zeros((0, 4), dtype=np.float32)] * len(xyxy)
        crops = [
            crop_covered(frame, box, cover, p.crop_px, margin)
            for box, cover in zip(xyxy, covers, strict=True)
        ]
        largest = self._batch_sizes[-1] if self._batch_sizes else len(crops)
        parts = []
        for first in range(0, len(crops), max(largest, 1)):
            batch = normalise(crops[first : first + largest], float(p.mean), float(p.scale))
            parts.append(self._run(batch))
        if not parts:
            return np.zeros((0, self.whitening.matrix.shape[1]), dtype=np.float32)
        return self.whitening.apply(np.concatenate(parts))

    def _run(self, crops: FloatArray) -> FloatArray:
        count = len(crops)
        size = next((s for s in self._batch_sizes if s >= count), count)
        if size > count:
            blank = np.zeros((size - count, *crops.shape[1:]), dtype=np.float32)
            crops = np.concatenate([crops, blank])
        rows = self.backend.run({self._input: crops})[self._output]
        wanted = (size, len(self.whitening.mean))
        if rows.shape != wanted or not np.isfinite(rows).all():
            raise InferenceError(
                f"embedder answered {rows.shape}, expected {wanted} finite numbers",
                hint="embedder and whitening must come from one bundle",
            )
        return np.asarray(rows[:count], dtype=np.float32)
