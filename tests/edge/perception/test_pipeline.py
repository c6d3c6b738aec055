from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np
import pytest

from edge.errors import InferenceError, InferenceTimeoutError
from edge.messages.perception_messages import Observations, ObservationStatus, TrackObservation
from edge.perception.models import Models
from edge.perception.pipeline import Pipeline
from edge.perception.pipeline_settings import PipelineSettings
from tests.fakes.counter_scene import (
    FINE,
    FRAME_NS,
    HEIGHT,
    MS,
    WIDTH,
    Pack,
    Parts,
    Scene,
    hue_gallery,
    paint,
    raise_error,
)

RED, BLUE, GREEN = Pack("red", 100, 100), Pack("blue", 300, 150), Pack("green", 450, 90)


class Lane:
    """One camera and the clock of its clip."""

    def __init__(
        self, parts: Parts | None = None, settings: PipelineSettings | None = None
    ) -> None:
        self.parts = parts or Parts()
        self.pipeline = Pipeline(
            self.parts.models(), settings or PipelineSettings(), lane_id="l1", camera_id="c1"
        )
        self.num_frames = 0
        self.answers: list[Observations] = []

    def play(self, scenes: Iterable[Scene]) -> Observations:
        for scene in scenes:
            self.num_frames += 1
            self.answers.append(
                self.pipeline.observe(
                    paint(scene, noise_seed=self.num_frames),
                    sequence=self.num_frames,
                    captured_at_ns=self.num_frames * FRAME_NS,
                    clip_time_ns=self.num_frames * FRAME_NS,
                )
            )
        return self.answers[-1]


def hold(scene: Scene, count: int) -> list[Scene]:
    return [scene] * count


def put(pack: Pack, around: Sequence[Pack] = ()) -> list[Scene]:
    """A hand carries a pack in from below in five frames, leaves it and withdraws."""
    carried = [pack.at(pack.x, pack.y + 40 * k) for k in (5, 4, 3, 2, 1, 0)]
    hands = [(pack.x + 10, p.y + 50, pack.x + 50, HEIGHT - 1) for p in carried]
    away = [(pack.x + 10, pack.y + 60 + 50 * k, pack.x + 50, HEIGHT - 1) for k in (1, 2, 3, 4)]
    visible = [hand for hand in away if hand[1] < HEIGHT]
    return [
        *(Scene((*around, p), h) for p, h in zip(carried, hands, strict=True)),
        *(Scene((*around, pack), h) for h in visible),
    ]


def take(pack: Pack, around: Sequence[Pack] = ()) -> list[Scene]:
    return put(pack, around)[::-1]


def resting(answer: Observations) -> list[TrackObservation]:
    return [track for track in answer.tracks if track.is_resting]


def colours(answer: Observations) -> list[str]:
    return sorted(t.scores.sku_ids[0] for t in resting(answer) if t.scores is not None)


def basket_course(answers: Sequence[Observations]) -> list[list[str]]:
    """What rests on the counter, each time it changes."""
    course: list[list[str]] = []
    for answer in answers:
        if not course or colours(answer) != course[-1]:
            course.append(colours(answer))
    return course


def test_an_item_that_is_put_rests_and_is_recognised_after_few_looks() -> None:
    lane = Lane()
    answer = lane.play([*hold(Scene(), 8), *put(RED), *hold(Scene((RED,)), 10)])
    (track,) = resting(answer)
    assert colours(answer) == ["red"]
    assert np.abs(np.asarray(track.xyxy) - [100, 100, 160, 180]).max() < 4
    assert track.resting_since_ns <= (8 + 6 + 3) * FRAME_NS
    assert lane.pipeline.counts.num_embeddings <= 4  # below the hand, and one clean look


def test_an_item_rests_from_its_first_still_frame_and_is_told_two_frames_later() -> None:
    lane = Lane()
    lane.play(hold(Scene(), 8))
    lane.play(hold(Scene((RED,)), 4))  # it appears out of nowhere: no hand around it
    told = [answer.captured_at_ns for answer in lane.answers if resting(answer)]
    assert told[0] <= (9 + 2) * FRAME_NS
    assert resting(lane.answers[-1])[0].resting_since_ns <= 10 * FRAME_NS


def test_an_item_that_is_taken_ends_when_its_place_is_seen_empty() -> None:
    lane = Lane()
    lane.play([*hold(Scene(), 30), *put(RED), *hold(Scene((RED,)), 10)])
    lane.play([*take(RED), *hold(Scene(), 4)])
    assert basket_course(lane.answers) == [[], ["red"], []]


def test_an_item_under_a_hand_that_stays_is_kept_and_said_to_be_hidden() -> None:
    lane = Lane()
    covering = [Scene((RED,), (80, 80 + k % 2 * 6, 180, HEIGHT - 1)) for k in range(40)]
    lane.play([*hold(Scene(), 30), *hold(Scene((RED,)), 10)])
    answer = lane.play(covering)
    assert [t.is_occluded for t in answer.tracks] == [True]
    assert answer.is_hand_present
    answer = lane.play(hold(Scene((RED,)), 5))
    assert [t.is_occluded for t in answer.tracks] == [False]
    assert len({t.track_id for a in lane.answers for t in resting(a)}) == 1


def test_an_item_covered_for_good_is_given_up_after_the_stated_time() -> None:
    settings = PipelineSettings(hold_covered_ms=1000)
    lane = Lane(settings=settings)
    lane.play([*hold(Scene(), 30), *hold(Scene((RED,)), 10)])
    covered = Scene((RED,), (80, 80, 180, 200))
    assert resting(lane.play(hold(covered, 12)))
    assert not resting(lane.play(hold(covered, 20)))


def test_a_moved_item_keeps_its_identity() -> None:
    lane = Lane()
    path = [RED.at(100 + 15 * k, 100) for k in range(14)]
    lane.play([*hold(Scene(), 30), *hold(Scene((RED,)), 10)])
    lane.play(Scene((p,), (p.x + 20, p.y + 60, p.x + 60, HEIGHT - 1)) for p in path)
    answer = lane.play(hold(Scene((path[-1],)), 10))
    assert len(resting(answer)) == 1
    assert len({t.track_id for a in lane.answers for t in resting(a)}) == 1
    assert abs(resting(answer)[0].xyxy[0] - path[-1].x) < 5


def test_identical_items_side_by_side_keep_their_identity_when_one_is_taken() -> None:
    lane = Lane()
    left, right = RED, RED.at(170, 100)
    lane.play([*hold(Scene(), 30), *hold(Scene((left, right)), 10)])
    before = {t.track_id: t.xyxy[0] for t in resting(lane.answers[-1])}
    answer = lane.play([*take(left, (right,)), *hold(Scene((right,)), 10)])
    (kept,) = resting(answer)
    assert len(before) == 2
    assert abs(before[kept.track_id] - 170) < 5


def test_another_item_at_the_place_of_the_first_is_recognised_anew() -> None:
    lane = Lane()
    hand = [Scene((), (80, 60 + k % 2 * 8, 180, HEIGHT - 1)) for k in range(6)]
    lane.play([*hold(Scene(), 30), *hold(Scene((RED,)), 10), *hand])
    answer = lane.play(hold(Scene((BLUE.at(100, 100),)), 20))
    assert colours(answer) == ["blue"]


def test_a_hand_alone_is_no_item() -> None:
    lane = Lane()
    hands = [Scene((), (200, HEIGHT - 40 * k, 260, HEIGHT - 1)) for k in range(1, 8)]
    lane.play([*hold(Scene(), 10), *hands, *hands[::-1], *hold(Scene(), 5)])
    assert not any(answer.tracks for answer in lane.answers)
    assert any(answer.is_hand_present for answer in lane.answers)


def test_a_still_counter_hardly_wakes_the_detector() -> None:
    lane = Lane()
    lane.play(hold(Scene((RED, BLUE)), 150))
    assert lane.pipeline.counts.num_detector_runs <= 14  # once per second and to begin with
    assert lane.answers[-1].status is ObservationStatus.UNCHANGED
    assert colours(lane.answers[-1]) == ["blue", "red"]


def test_a_hand_is_followed_quickly_and_what_it_leaves_is_looked_at_finely() -> None:
    lane = Lane(Parts(preprocess=FINE))
    widths = lane.parts.detector.widths
    lane.play(hold(Scene(), 8))
    assert set(widths) == {640}

    widths.clear()
    lane.play(put(RED))
    assert set(widths) == {320}

    widths.clear()
    lane.play(hold(Scene((RED,)), 10))
    assert widths[-1] == 640
    assert widths.count(640) == 1  # and then it is seen
    assert colours(lane.answers[-1]) == ["red"]


def test_a_lamp_that_dims_everything_ends_no_item() -> None:
    lane = Lane()
    lane.play(hold(Scene((RED, BLUE)), 20))
    dimmed = [Scene((RED, BLUE), brightness=-3 * k) for k in range(12)]
    lane.play([*dimmed, *hold(dimmed[-1], 10)])
    assert basket_course(lane.answers[5:]) == [["blue", "red"]]


@pytest.mark.parametrize(
    ("error", "status"),
    [
        pytest.param(InferenceError("boom"), ObservationStatus.DETECTOR_FAILED, id="it raises"),
        pytest.param(InferenceTimeoutError("slow"), ObservationStatus.TIMED_OUT, id="too slow"),
    ],
)
def test_a_failing_detector_says_unknown_and_keeps_every_item(
    error: InferenceError, status: ObservationStatus
) -> None:
    lane = Lane()
    lane.play(hold(Scene((RED, BLUE)), 20))
    lane.parts.detector.fault = raise_error(error)
    answer = lane.play(hold(Scene(), 40))  # even though both items are taken meanwhile
    assert answer.status is status
    assert answer.reason == error.code
    assert [t.is_occluded for t in answer.tracks] == [True, True]
    lane.parts.detector.fault = lambda: None
    assert not resting(lane.play(hold(Scene(), 40)))


def test_a_detector_that_answers_with_no_numbers_has_failed() -> None:
    lane = Lane()
    lane.play(hold(Scene((RED,)), 10))
    lane.parts.detector.is_poisoned = True
    answer = lane.play(hold(Scene((RED, BLUE)), 3))
    assert answer.status is ObservationStatus.DETECTOR_FAILED
    assert len(answer.tracks) == 1


def test_a_failing_embedder_leaves_the_item_without_scores_and_says_why() -> None:
    lane = Lane()
    lane.parts.embedder.fault = raise_error(InferenceError("boom"))
    answer = lane.play(hold(Scene((RED,)), 10))
    assert resting(answer)[0].scores is None
    assert answer.reason == "inference.failed"
    lane.parts.embedder.fault = lambda: None
    assert colours(lane.play(hold(Scene((RED,)), 3))) == ["red"]


def test_an_item_the_detector_misses_for_a_moment_stays_and_is_not_called_hidden() -> None:
    lane = Lane()
    lane.play([*hold(Scene(), 30), *hold(Scene((RED,)), 20)])
    lane.parts.detector.is_blind = True
    lane.play(hold(Scene((RED,)), 45))
    assert [t.is_occluded for t in lane.answers[-1].tracks] == [False]
    assert basket_course(lane.answers[32:]) == [["red"]]


def test_without_a_bundle_every_frame_says_so() -> None:
    pipeline = Pipeline(None, PipelineSettings(), lane_id="l1", camera_id="c1")
    answer = pipeline.observe(paint(Scene((RED,))), sequence=1, captured_at_ns=1)
    assert answer.status is ObservationStatus.NO_BUNDLE
    pipeline.replace_models(Parts().models())
    assert pipeline.observe(
        paint(Scene((RED,))), sequence=2, captured_at_ns=FRAME_NS
    ).status is ObservationStatus.SEEN  # fmt: skip


def test_a_new_gallery_renames_what_lies_there_without_another_embedding() -> None:
    lane = Lane()
    models = lane.parts.models(("red", "green"))
    lane.pipeline.replace_models(models)
    lane.play(hold(Scene((BLUE,)), 10))
    count = lane.parts.embedder.num_crops
    lane.pipeline.replace_models(models.with_gallery(hue_gallery(("red", "green", "blue"))))
    assert colours(lane.play(hold(Scene((BLUE,)), 1))) == ["blue"]
    assert lane.parts.embedder.num_crops == count


def test_new_models_look_at_every_item_again() -> None:
    lane = Lane()
    lane.play(hold(Scene((RED, BLUE)), 10))
    other = Parts()
    lane.pipeline.replace_models(other.models(bundle_id="c" * 64))
    answer = lane.play(hold(Scene((RED, BLUE)), 3))
    assert answer.bundle_id == "c" * 64
    assert other.embedder.num_crops == 2
    assert colours(answer) == ["blue", "red"]


def test_what_lies_beside_the_counter_is_no_item() -> None:
    polygon = ((0, 0), (280, 0), (280, HEIGHT), (0, HEIGHT))
    lane = Lane(settings=PipelineSettings(counter_region=polygon))
    answer = lane.play(hold(Scene((RED, BLUE)), 10))
    assert colours(answer) == ["red"]


def test_a_camera_that_changes_its_size_keeps_its_items() -> None:
    lane = Lane()
    lane.play(hold(Scene((RED, BLUE)), 10))
    ids = {t.track_id for t in lane.answers[-1].tracks}
    small = paint(Scene((RED, BLUE)))[::2, ::2]
    answer = lane.pipeline.observe(small, sequence=11, captured_at_ns=11 * FRAME_NS)
    assert {t.track_id for t in answer.tracks} == ids
    assert max(t.xyxy[2] for t in answer.tracks) <= WIDTH / 2


def test_frames_are_never_written_to() -> None:
    frame = paint(Scene((RED,)))
    assert not frame.flags.writeable
    Lane().pipeline.observe(frame, sequence=1, captured_at_ns=FRAME_NS)


def naive_course(models: Models, frames: Sequence[np.ndarray]) -> list[str]:
    """The same networks, every item embedded, no memory: the basket of the last frame."""
    frame = frames[-1]
    found = models.detector.detect(frame, models.parameters.detector_score)
    scores = models.matcher.match(models.embedder.embed(frame, found.xyxy))
    return sorted(s.sku_ids[0] for s in scores)


def test_the_basket_is_that_of_the_naive_way_with_far_fewer_model_runs() -> None:
    lane = Lane()
    script = [
        *hold(Scene(), 30), *put(RED), *hold(Scene((RED,)), 40),
        *put(BLUE, (RED,)), *hold(Scene((RED, BLUE)), 40),
        *put(GREEN, (RED, BLUE)), *hold(Scene((RED, BLUE, GREEN)), 40),
        *take(RED, (BLUE, GREEN)), *hold(Scene((BLUE, GREEN)), 40),
    ]  # fmt: skip
    answer = lane.play(script)
    naive = naive_course(lane.parts.models(), [paint(script[-1], noise_seed=len(script))])
    num_naive_crops = sum(len(scene.packs) for scene in script)
    assert colours(answer) == naive == ["blue", "green"]
    assert basket_course(lane.answers) == [
        [], ["red"], ["blue", "red"], ["blue", "green", "red"], ["blue", "green"],
    ]  # fmt: skip
    assert lane.pipeline.counts.num_detector_runs < len(script) / 2.5
    assert lane.pipeline.counts.num_embeddings < num_naive_crops / 20


def test_the_same_frames_give_the_same_answers() -> None:
    script = [*hold(Scene(), 8), *put(RED), *hold(Scene((RED,)), 8)]
    first, second = Lane(), Lane()
    first.play(script)
    second.play(script)
    assert first.answers == second.answers


def test_a_large_blob_never_rests() -> None:
    lane = Lane()
    answer = lane.play(hold(Scene((Pack("red", 20, 20, 560, 300),)), 20))
    assert len(answer.tracks) == 1
    assert not resting(answer)


def test_times_do_not_depend_on_where_the_clock_starts() -> None:
    lane, late = Lane(), Lane()
    late.num_frames = 10**6
    scenes = [*hold(Scene(), 8), *put(RED), *hold(Scene((RED,)), 8)]
    lane.play(scenes)
    late.play(scenes)
    assert [len(resting(a)) for a in lane.answers] == [len(resting(a)) for a in late.answers]
    assert replace(PipelineSettings(), rest_ms=1).rest_ms * MS == 1_000_000
