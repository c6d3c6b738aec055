from edge.perception.pipeline import Pipeline
from edge.perception.pipeline_settings import PipelineSettings
from tests.fakes.counter_scene import FRAME_NS, Pack, Parts, Scene, paint
from tools.benchmarks.peer_pipelines import EveryFramePipeline

NUM_FRAMES = 30
RED, BLUE = Pack("red", 100, 100), Pack("blue", 300, 150)


def watched(kind: type[Pipeline]) -> Pipeline:
    pipeline = kind(Parts().models(), PipelineSettings(), lane_id="l1", camera_id="c1")
    for number in range(1, NUM_FRAMES + 1):
        picture = paint(Scene((RED, BLUE)), noise_seed=number)
        pipeline.observe(picture, sequence=number, captured_at_ns=number * FRAME_NS)
    return pipeline


def test_the_peer_detects_and_embeds_every_item_on_every_frame() -> None:
    counts = watched(EveryFramePipeline).counts
    assert counts.num_detector_runs == NUM_FRAMES
    assert counts.num_embeddings == 2 * NUM_FRAMES


def test_ours_does_so_only_where_something_changes() -> None:
    counts = watched(Pipeline).counts
    assert counts.num_detector_runs < NUM_FRAMES / 2
    assert counts.num_embeddings <= 4
