"""A family's child on the box: asked where the parent is torn, never in its way."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pytest
from numpy.typing import NDArray

from edge.errors import InferenceError, InferenceTimeoutError
from edge.perception.backend import TensorSpec
from edge.perception.child_models import ChildModel, ChildModels, input_shape
from edge.perception.pipeline import Pipeline
from edge.perception.pipeline_settings import PipelineSettings
from sync.child_model import ChildCard, with_child
from sync.decision import SkuScores, scores_of_look
from tests.fakes.counter_scene import FRAME_NS, PREPROCESS, Pack, Parts, Scene, paint

SKUS = ("red", "blue", "green")
CARD = ChildCard(
    family="colours", parent_id="hue-embedder", sku_ids=("red", "blue"),
    network="children/colours.onnx", route_share=0.0,
)  # fmt: skip
FRAME = np.zeros((200, 400, 3), np.uint8)
BOXES = np.asarray([[10, 10, 60, 110], [100, 20, 180, 60]], np.float32)
VECTORS = np.eye(2, 8, dtype=np.float32)


@dataclass
class Constant:
    """Says the same about every look, or fails."""

    answer: tuple[float, ...] = (0.1, 0.9)
    error: InferenceError | None = None
    seen: list[NDArray[np.float32]] = field(default_factory=list)
    provider: str = "CPUExecutionProvider"
    inputs: tuple[TensorSpec, ...] = (TensorSpec("vector", (None, 12)),)
    outputs: tuple[TensorSpec, ...] = (TensorSpec("probabilities", (None, 2)),)

    def run(self, inputs: dict[str, NDArray[np.float32]]) -> dict[str, NDArray[np.float32]]:
        if self.error is not None:
            raise self.error
        (rows,) = inputs.values()
        self.seen.append(rows)
        return {"probabilities": np.tile(np.asarray(self.answer, np.float32), (len(rows), 1))}


def looks(*rows: tuple[float, ...]) -> list[SkuScores]:
    return [scores_of_look(np.asarray(row, np.float32), SKUS, 0.05) for row in rows]


TORN = looks((0.8, 0.79, 0.1), (0.2, 0.1, 0.9))


def children(network: Constant, card: ChildCard = CARD) -> ChildModels:
    return ChildModels((ChildModel(card, network),), PREPROCESS)


NOTHING = np.zeros((0, 4), np.float32)


def refined(
    models: ChildModels, covering: Sequence[NDArray[np.float32]] = (NOTHING, NOTHING)
) -> list[SkuScores]:
    answers = models.answers(FRAME, BOXES, VECTORS, TORN, covering)
    return [with_child(row, answer) for row, answer in zip(TORN, answers, strict=True)]


def test_only_the_look_that_is_torn_is_asked_about_and_changed() -> None:
    network = Constant()
    card = CARD.model_copy(update={"route_share": 0.5, "route_top_k": 2})
    first, second = refined(children(network, card))
    assert (first.sku_ids[0], second) == ("blue", TORN[1])
    assert [rows.shape for rows in network.seen] == [(1, 12)]


@pytest.mark.parametrize(
    "network",
    [
        pytest.param(Constant(error=InferenceError("broken")), id="fails"),
        pytest.param(Constant(error=InferenceTimeoutError("slow")), id="is too slow"),
        pytest.param(Constant(answer=(0.1, 0.2, 0.7)), id="answers in another form"),
    ],
)
def test_a_child_in_trouble_leaves_the_parents_answer(
    network: Constant, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR):
        models = children(network)
        assert refined(models) == TORN
    assert models.counts.num_failed == len(TORN)


def test_a_box_that_the_child_was_not_taught_is_not_asked_about() -> None:
    network = Constant()
    card = CARD.model_copy(update={"geometry_low": (9.0,) * 4, "geometry_high": (10.0,) * 4})
    models = children(network, card)
    assert refined(models) == TORN
    assert (network.seen, models.counts.num_abstained) == ([], len(TORN))


def test_an_embedder_of_its_own_gets_crops_of_its_own_size() -> None:
    network = Constant()
    card = CARD.model_copy(update={"input": "crops", "crop_px": 48})
    refined(children(network, card))
    assert network.seen[0].shape == (2, *input_shape(card, 8)) == (2, 3, 48, 48)


def test_what_stands_before_an_item_is_painted_over_for_a_child_too() -> None:
    network = Constant()
    card = CARD.model_copy(update={"input": "crops", "crop_px": 48, "crop_margin_percent": 0})
    refined(children(network, card), (BOXES[:1], NOTHING))
    covered, free = network.seen[0]
    assert np.ptp(covered[:, 4:44, 18:30]) == 0.0
    assert covered[0, 24, 24] != free[0, 24, 24]


def test_a_network_of_another_form_is_refused_at_load_and_a_late_one_is_not() -> None:
    with pytest.raises(InferenceError, match="its card says"):
        ChildModel(CARD, Constant(answer=(1.0,))).warm_up((1, 12))
    ChildModel(CARD, Constant(error=InferenceTimeoutError("slow"))).warm_up((1, 12))


def seen_by(models: ChildModels) -> list[object]:
    """What a camera says of one pack that was put down, frame by frame."""
    parts = replace(Parts().models(), children=models)
    pipeline = Pipeline(parts, PipelineSettings(), lane_id="l1", camera_id="c1")
    scenes = [Scene()] * 6 + [Scene((Pack("red", 100, 100),))] * 8
    return [
        pipeline.observe(
            paint(scene, noise_seed=i), sequence=i, captured_at_ns=(i + 1) * FRAME_NS,
            clip_time_ns=0,
        )
        for i, scene in enumerate(scenes)
    ]  # fmt: skip


def test_the_pipeline_votes_with_the_childs_word_and_without_it_says_what_it_always_did() -> None:
    plain = seen_by(ChildModels())
    torn = CARD.model_copy(update={"route_top_k": 32})
    named = seen_by(children(Constant(), torn))[-1].tracks[0].scores.sku_ids[0]  # type: ignore[attr-defined]
    assert plain[-1].tracks[0].scores.sku_ids[0] == "red"  # type: ignore[attr-defined]
    assert named == "blue"
    assert seen_by(children(Constant(error=InferenceError("broken")), torn)) == plain
