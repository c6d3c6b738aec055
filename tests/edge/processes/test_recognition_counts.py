"""How sure the cameras were, in counts: each item once, by the hour."""

import math

from edge.messages.perception_messages import (
    Observations,
    ObservationStatus,
    SkuScoresMessage,
    TrackObservation,
)
from edge.processes.recognition_counts import NS_PER_S, WINDOW_S, RecognitionCounts
from sync.recognition_report import FEATURE_SCALE, features_of

SKETCH = tuple(range(-8, 8))


def track(track_id: int, sku_id: str = "jam", confidence: float = 0.97) -> TrackObservation:
    scores = SkuScoresMessage((sku_id, "tea"), (math.log(confidence), -9.0), -12.0, 0.72, 2, SKETCH)
    return TrackObservation(track_id, (0, 0, 9, 9), 0.9, True, 1, scores)


def seen(*tracks: TrackObservation, status: str = "seen", bundle: str = "b") -> Observations:
    return Observations("a", "top", 1, 1, ObservationStatus(status), bundle, tracks)


def test_an_item_counts_once_with_what_it_was_last_thought_to_be() -> None:
    counts = RecognitionCounts()
    assert counts.take(0) == ()
    for _ in range(5):
        counts.on_observations(seen(track(1, "tea", 0.5), track(2)))
    counts.on_observations(seen(track(1, "jam", 0.97), track(2)))
    counts.on_observations(seen())
    (told,) = counts.take(WINDOW_S * NS_PER_S)
    assert (told.camera, told.num_items, told.best) == ("a/top", 2, {"jam": 2})
    assert told.confidence == (0, 0, 0, 0, 0, 0, 0, 2, 0, 0)
    assert (sum(told.similarity), told.similarity[7]) == (2, 2)
    expected = tuple(round(2 * FEATURE_SCALE * x) for x in features_of(SKETCH))
    assert (told.num_sketched, told.features) == (2, expected)


def test_a_failed_frame_counts_nothing_and_what_stands_is_not_counted_yet() -> None:
    counts = RecognitionCounts()
    counts.take(0)
    counts.on_observations(seen(track(1)))
    counts.on_observations(seen(status="detector_failed"))
    assert counts.take(WINDOW_S * NS_PER_S) == ()
    counts.on_observations(seen())
    (told,) = counts.take(2 * WINDOW_S * NS_PER_S)
    assert told.num_items == 1


def test_two_bundles_within_an_hour_are_told_apart() -> None:
    counts = RecognitionCounts()
    counts.take(0)
    for bundle in ("b", "c"):
        counts.on_observations(seen(track(1), bundle=bundle))
        counts.on_observations(seen(bundle=bundle))
    assert [told.bundle_id for told in counts.take(WINDOW_S * NS_PER_S)] == ["b", "c"]
