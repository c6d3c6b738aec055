"""Scenes through the box's own stages: each picture is looked at once, baskets come from that.

Flow: Recording -> Observations of every camera -> basket of all cameras, of each alone, with other
margins

What one camera sees does not depend on the others, so a basket of one camera, or one decided with
other margins, needs no second look. Computing takes no time here: a busy machine gives the same
answer. Counts nothing; scene_accuracy.py does.
"""

from collections.abc import Sequence
from dataclasses import replace

from edge.basket.counter import Offer
from edge.edgectl.recordings import Recording
from edge.messages.perception_messages import Observations
from edge.perception.models import Models
from edge.perception.pipeline import Pipeline
from edge.perception.pipeline_settings import PipelineSettings
from tools.benchmarks.counter_play import LANE, Basket, CounterSide


def looked_at(recording: Recording, models: Models) -> list[Observations]:
    """What every camera's pipeline says about its frames, in order of capture."""
    pipelines = {
        name: Pipeline(
            models,
            recording.settings.get(name, PipelineSettings()),
            lane_id=LANE,
            camera_id=name,
        )
        for name in recording.maps
    }
    return [
        pipelines[frame.camera_id].observe(
            frame.pixels, sequence=frame.sequence, captured_at_ns=frame.captured_at_ns
        )
        for frame in recording.open_frames()
    ]


def basket_from(
    observed: Sequence[Observations], offer: Offer, recording: Recording, camera: str = ""
) -> Basket:
    """The basket that a counter ends with.

    Args:
        observed: of all cameras, in order of capture.
        offer: catalogue, prices and margins to decide with.
        recording: whose calibrations hold.
        camera: listen to this one only; empty listens to all.
    """
    maps = {name: m for name, m in recording.maps.items() if camera in ("", name)}
    counter = CounterSide(offer, maps)
    for message in observed:
        if message.camera_id in maps:
            counter.take(message, message.captured_at_ns)
    return counter.finish()


def with_margins(offer: Offer, factor: float) -> Offer:
    """The same offer, its margins and what it asks of similarity made stricter or looser.

    Args:
        factor: 1 changes nothing, 0 charges the first guess of whatever may be an SKU.
    """
    before = offer.parameters
    room = before.accept_similarity - before.unknown_similarity
    parameters = before.model_copy(
        update={
            "accept_margin": before.accept_margin * factor,
            "family_margin": before.family_margin * factor,
            "accept_similarity": min(1.0, before.unknown_similarity + room * factor),
        }
    )
    return replace(offer, parameters=parameters)
