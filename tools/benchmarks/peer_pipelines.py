"""Two straightforward pipelines: the same models on every frame, and torch eager with ByteTrack.

Flow: frame -> what the box would answer without gate and cache

The first is the box's own pipeline with the two savings taken out, so that another basket could
only come from the savings. The second is how a prototype is usually written; its networks have the
bodies of ours.
"""

import time
import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.perception.change_gate import Change
from edge.perception.models import Models
from edge.perception.pipeline import Pipeline
from edge.perception.track import Track
from sync.bundle import Preprocess
from sync.preprocess import crop_square, letterbox, normalise
from tools.benchmarks.ratio import timed_ms

Picture = NDArray[np.uint8]


class EveryFramePipeline(Pipeline):
    """Detector on every frame in its quick size, embedder on every item of every frame."""

    def _must_detect(self, models: Models, change: Change, at_ns: int) -> bool:
        return True

    def _may_look_finely(self, change: Change, at_ns: int) -> bool:
        return False

    def _tracks_to_look_at(self, change: Change, at_ns: int) -> list[Track]:
        return [track for track in self._tracker.tracks if not track.is_unseen]


class TorchPipeline:
    """torch eager fp32 and supervision's ByteTrack, every frame, one thread.

    The weights are random, which changes no time. So that tracker and embedder get real boxes,
    those of the bundle's detector take their place, and finding them counts as nothing.
    """

    def __init__(self, models: Models, preprocess: Preprocess, fps: float) -> None:
        """Load.

        Raises:
            ImportError: torch or supervision is not installed.
        """
        import supervision
        import torch

        from trainer.training.detector_model import DetectorModel
        from trainer.training.embedder_model import EmbedderModel

        torch.set_num_threads(1)
        self._torch, self._supervision = torch, supervision
        self._detector: Any = DetectorModel().eval()
        self._embedder: Any = EmbedderModel().eval()
        self._models, self._preprocess = models, preprocess
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)  # it moves to another package in 0.30
            self._tracker: Any = supervision.ByteTrack(frame_rate=round(fps))

    def observe(self, frame: Picture) -> float:
        """Milliseconds for one frame."""
        threshold = self._models.parameters.detector_score
        found = self._models.detector.detect(frame, threshold)
        detections = self._supervision.Detections(
            xyxy=found.xyxy, confidence=found.score, class_id=np.zeros(len(found), dtype=int)
        )
        return timed_ms(lambda: self._work(frame, detections))

    def _work(self, frame: Picture, detections: Any) -> None:
        p = self._preprocess
        padded, _ = letterbox(frame, *p.detector_size)
        self._forward(self._detector, normalise([padded], p.mean, p.scale))
        tracked = self._tracker.update_with_detections(detections)
        margin = p.crop_margin_percent / 100
        crops = [crop_square(frame, box, p.crop_px, margin) for box in tracked.xyxy]
        if crops:
            rows = self._forward(self._embedder, normalise(crops, p.mean, p.scale))
            self._models.matcher.match(self._models.embedder.whitening.apply(rows))

    def _forward(self, network: Any, array: NDArray[np.float32]) -> NDArray[np.float32]:
        with self._torch.inference_mode():
            return np.asarray(network(self._torch.from_numpy(array)).numpy(), dtype=np.float32)


def observed_ms(pipeline: Pipeline, frame: Picture, number: int, at_ns: int) -> tuple[float, Any]:
    """Milliseconds for one frame, and what was observed."""
    started = time.perf_counter_ns()
    observed = pipeline.observe(frame, sequence=number, captured_at_ns=at_ns)
    return (time.perf_counter_ns() - started) / 1e6, observed
