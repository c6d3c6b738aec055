"""The shipped networks in the real runtime."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from edge.errors import InferenceError, InferenceTimeoutError
from edge.messages.perception_messages import ObservationStatus
from edge.perception.models import Models, load_models
from edge.perception.onnxruntime_backend import OnnxRuntimeBackend, load_runtime, make_session
from edge.perception.open_backend import BackendOptions
from edge.perception.pipeline import Pipeline
from edge.perception.pipeline_settings import PipelineSettings
from edge.perception.provider_table import CPU_PROVIDER
from sync.bundle import open_bundle

FACTORY = Path(__file__).resolve().parents[3] / "edge" / "bundles" / "factory"
FRAME_NS = 66_666_667

pytestmark = pytest.mark.skipif(
    not (FACTORY / "manifest.json").exists(),
    reason="no factory bundle: make it with python -m tools.base_bundle",
)


@pytest.fixture(scope="module")
def models() -> Models:
    return load_models(open_bundle(FACTORY), BackendOptions(providers=("cpu",)))


@pytest.fixture(scope="module")
def picture() -> np.ndarray:
    return cv2.imread(str(sorted((FACTORY / "golden").glob("*.jpg"))[0]))


def test_the_shipped_networks_run_on_the_cpu_and_the_table_says_so(models: Models) -> None:
    assert models.provider == CPU_PROVIDER
    assert [report.taken for report in models.reports] == [CPU_PROVIDER, CPU_PROVIDER]
    assert models.num_skus >= 40


def test_what_lies_still_is_recognised_on_the_second_frame(
    models: Models, picture: np.ndarray
) -> None:
    pipeline = Pipeline(models, PipelineSettings(), lane_id="l1", camera_id="c1")
    for k in range(3):
        answer = pipeline.observe(picture, sequence=k, captured_at_ns=(k + 1) * FRAME_NS)
    assert answer.status is ObservationStatus.UNCHANGED
    assert answer.tracks
    assert all(track.is_resting and track.scores is not None for track in answer.tracks)
    assert pipeline.counts.num_embeddings == len(answer.tracks)


def test_a_pass_of_the_real_runtime_is_stopped_when_its_time_is_over() -> None:
    ort = load_runtime()
    session = make_session(
        ort, open_bundle(FACTORY).file("detector", "cpu"), [(CPU_PROVIDER, {})], num_threads=1
    )
    backend = OnnxRuntimeBackend(ort, session, timeout_s=0.002)
    images = np.zeros((8, 3, 480, 832), np.float32)  # a quarter of a second of work
    with pytest.raises(InferenceTimeoutError):
        backend.run({"images": images})


def test_a_failure_of_the_real_runtime_is_an_inference_error() -> None:
    ort = load_runtime()
    session = make_session(
        ort, open_bundle(FACTORY).file("detector", "cpu"), [(CPU_PROVIDER, {})], num_threads=1
    )
    with pytest.raises(InferenceError, match="CPUExecutionProvider"):
        OnnxRuntimeBackend(ort, session, 5.0).run({"images": np.zeros((1, 4, 7, 9), np.float32)})
