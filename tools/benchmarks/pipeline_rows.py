"""The whole pipeline on one 1080p camera against two peers, frame by frame in turns.

Flow: film -> decode once -> ours and the peer on the same frame -> Row, basket beside basket

Decoding counts for both sides. Ours and the peer take turns on every frame, so that a load that
comes and goes falls on both.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.basket.counter import Offer
from edge.perception.models import Models
from edge.perception.pipeline import Pipeline
from edge.perception.pipeline_settings import PipelineSettings
from sync.bundle import Bundle
from tools.benchmarks.counter_play import LANE, Basket, CounterSide, offer_of
from tools.benchmarks.peer_pipelines import EveryFramePipeline, TorchPipeline, observed_ms
from tools.benchmarks.ratio import Bar, Row, row_of
from tools.benchmarks.scripted_clip import FPS, Film

CAMERA = "bench"
EVERY_FRAME_BAR = Bar(2, "same basket")
TORCH_BAR = Bar(5)
FIRST_NS = 1_000_000_000

Picture = NDArray[np.uint8]
Observe = Callable[[Picture, int, int], float]


@dataclass
class _Side:
    """One pipeline with its counter."""

    pipeline: Pipeline
    counter: CounterSide
    num_hands: int = 0

    def observe(self, frame: Picture, number: int, at_ns: int) -> float:
        took_ms, observed = observed_ms(self.pipeline, frame, number, at_ns)
        self.num_hands += observed.is_hand_present
        self.counter.take(observed, at_ns)
        return took_ms


def whole_pipeline_rows(bundle: Bundle, models: Models, film: Film, repeats: int) -> list[Row]:
    """Against the same models on every frame, and against torch eager with ByteTrack."""
    offer = offer_of(bundle, models)
    return [
        _every_frame_row(models, offer, film, repeats),
        _torch_row(bundle, models, offer, film, max(1, repeats // 3)),
    ]


def _every_frame_row(models: Models, offer: Offer, film: Film, repeats: int) -> Row:
    pairs, baskets, activity = [], [], ""
    for _ in range(repeats):
        ours, peer = _side(Pipeline, models, offer), _side(EveryFramePipeline, models, offer)
        pairs.append(_pair(film, ours.observe, peer.observe))
        baskets.append((ours.counter.finish(), peer.counter.finish()))
        activity = _activity(ours)
    is_same = all(mine.is_same(theirs) for mine, theirs in baskets)
    note = f"{activity}; {_comparison(*baskets[0])}"
    return row_of(
        "whole pipeline with decoding, one 1080p camera",
        "same models on every frame, no cache",
        pairs,
        EVERY_FRAME_BAR,
        unit="ms/frame",
        note=note,
        is_right=is_same,
    )


def _torch_row(bundle: Bundle, models: Models, offer: Offer, film: Film, repeats: int) -> Row:
    name, peer_name = "whole pipeline with decoding, one 1080p camera", "torch eager + ByteTrack"
    preprocess = bundle.manifest.preprocess
    pairs = []
    for _ in range(repeats):
        try:
            peer = TorchPipeline(models, preprocess, FPS)
        except ImportError as err:
            reason = f"{err.name} is not here (extras train, bench)"
            return Row(f"{name}, against {peer_name}", bar=TORCH_BAR.words(), skipped=reason)
        ours = _side(Pipeline, models, offer)
        pairs.append(_pair(film, ours.observe, _torch_observe(peer)))
    note = "the peer detects, tracks and embeds on every frame; weights random, boxes the bundle's"
    return row_of(name, peer_name, pairs, TORCH_BAR, unit="ms/frame", note=note)


def _torch_observe(peer: TorchPipeline) -> Observe:
    return lambda frame, _number, _at_ns: peer.observe(frame)


def _pair(film: Film, ours: Observe, peer: Observe) -> tuple[float, float]:
    """Milliseconds per frame of both over the whole film, decoding included in both."""
    ours_ms = peer_ms = decode_ms = 0.0
    for number, frame, took_ms in _decoded(film):
        at_ns = FIRST_NS + round(number * 1e9 / FPS)
        decode_ms += took_ms
        ours_ms += ours(frame, number, at_ns)
        peer_ms += peer(frame, number, at_ns)
    return (ours_ms + decode_ms) / film.num_frames, (peer_ms + decode_ms) / film.num_frames


def _decoded(film: Film) -> Iterator[tuple[int, Picture, float]]:
    capture = cv2.VideoCapture(str(film.path), cv2.CAP_FFMPEG, [cv2.CAP_PROP_N_THREADS, 1])
    for number in range(film.num_frames):
        started = time.perf_counter_ns()
        is_read, picture = capture.read()
        took_ms = (time.perf_counter_ns() - started) / 1e6
        if not is_read:
            break
        yield number, np.asarray(picture, dtype=np.uint8), took_ms
    capture.release()


def _side(kind: type[Pipeline], models: Models, offer: Offer) -> _Side:
    pipeline = kind(models, PipelineSettings(), lane_id=LANE, camera_id=CAMERA)
    return _Side(pipeline, CounterSide(offer, {CAMERA: None}))


def _activity(side: _Side) -> str:
    counts = side.pipeline.counts
    total = max(1, counts.num_frames)
    return (
        f"hand in {side.num_hands / total:.0%} of frames, detector on "
        f"{counts.num_detector_runs / total:.0%}, {counts.num_embeddings} crops in {total} frames"
    )


def _comparison(mine: Basket, theirs: Basket) -> str:
    if mine.is_same(theirs):
        return f"same basket ({mine.words()})"
    return f"BASKETS DIFFER: {mine.words()} against {theirs.words()}"
