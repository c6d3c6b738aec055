import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.perception.change_gate import BlockGrid, Change
from edge.perception.counter_region import CounterRegion
from edge.perception.detector import Detections
from edge.perception.pipeline_settings import PipelineSettings
from edge.perception.scene_memory import Novelty
from edge.perception.sku_vote import Look, SkuVote
from edge.perception.stillness import let_rest, watch_pixels
from edge.perception.track import Track
from edge.perception.tracker import Tracker
from sync.decision import SkuScores

FRAME_NS = 66_666_667
GRID = BlockGrid(0, 0, 8.0, 8.0, 80, 45)
THRESHOLD = 0.4
REGION = CounterRegion((), 640, 360)
Boxes = list[tuple[float, float, float, float]]


def still_frame(moving: Boxes | None = None) -> Change:
    """A frame in which only the pixels in these boxes move."""
    grid = np.zeros((45, 80), dtype=bool)
    for box in moving or []:
        grid[GRID.slices(np.asarray(box, np.float32))] = True
    small = np.zeros((180, 320, 3), dtype=np.uint8)
    return Change(GRID, small, grid, grid, np.ones((45, 80), np.float32), is_first=False)


def found(boxes: Boxes, score: float = 0.9) -> Detections:
    xyxy = np.asarray(boxes, dtype=np.float32).reshape(-1, 4)
    return Detections(xyxy, np.full(len(boxes), score, dtype=np.float32), 2.0)


class Watch:
    def __init__(self) -> None:
        self.tracker = Tracker(PipelineSettings())
        self.frame = 999

    def see(
        self,
        boxes: Boxes,
        moving: Boxes | None = None,
        score: float = 0.9,
        arm: tuple[float, float, float, float] | None = None,
    ) -> list[Track]:
        arms = None if arm is None else still_frame([arm]).moving
        self.frame += 1
        at_ns = self.frame * FRAME_NS
        change = still_frame(moving)
        self.tracker.match(found(boxes, score), change, at_ns, THRESHOLD)
        watch_pixels(self.tracker.tracks, change, at_ns, arms, is_hand_present=False)
        let_rest(self.tracker.tracks, at_ns, REGION, PipelineSettings())
        return self.tracker.tracks


BOX = (100.0, 100.0, 160.0, 180.0)


def shifted(box: tuple[float, float, float, float], x: float, y: float = 0.0) -> Boxes:
    return [(box[0] + x, box[1] + y, box[2] + x, box[3] + y)]


def test_an_item_rests_after_two_still_detections() -> None:
    watch = Watch()
    watch.see([BOX])
    (track,) = watch.see([BOX])
    assert track.is_resting
    assert track.rest_since_ns == 1000 * FRAME_NS


def test_an_item_whose_pixels_move_does_not_rest() -> None:
    watch = Watch()
    for _ in range(5):
        (track,) = watch.see([BOX], moving=[BOX])
    assert not track.is_resting


def test_an_item_that_hangs_on_an_arm_rests_when_it_is_let_go_of() -> None:
    holding, gone = (120.0, 140.0, 160.0, 360.0), (110.0, 186.0, 190.0, 360.0)
    watch = Watch()
    states = [watch.see([BOX], moving=[gone], arm=holding)[0].is_resting for _ in range(6)]
    assert not any(states)
    (track,) = watch.see([BOX], moving=[gone], arm=gone)
    assert track.is_resting
    assert track.rest_since_ns == 1000 * FRAME_NS


def test_a_held_item_that_surely_is_a_product_rests_in_the_hand() -> None:
    fidget = (110.0, 186.0, 190.0, 360.0)
    watch = Watch()
    (track,) = watch.see([BOX], moving=[fidget], arm=BOX)
    track.held_wait_ms = PipelineSettings().rest_sure_ms
    states = [watch.see([BOX], moving=[fidget], arm=BOX)[0].is_resting for _ in range(4)]
    assert states == [True, True, True, True]


def test_an_item_that_is_never_let_go_of_rests_after_the_stated_time() -> None:
    watch = Watch()
    fidget = (110.0, 186.0, 190.0, 360.0)
    states = [watch.see([BOX], moving=[fidget], arm=BOX)[0].is_resting for _ in range(60)]
    assert states.index(True) == 45


def test_a_still_arm_at_the_border_needs_more_patience_than_an_item_in_the_middle() -> None:
    arm = (300.0, 200.0, 360.0, 360.0)
    watch = Watch()
    watch.see([arm], moving=[arm])
    states = [watch.see([arm])[0].is_resting for _ in range(10)]
    assert states.index(True) == 8


def test_the_box_of_a_hand_on_an_item_does_not_rest_soon() -> None:
    hand = (80.0, 80.0, 190.0, 250.0)
    watch = Watch()
    for _ in range(2):
        watch.see([BOX])
    for _ in range(2):
        watch.see([BOX, hand], moving=[(120.0, 170.0, 150.0, 260.0)])
    assert [t.is_resting for t in watch.see([BOX, hand])] == [True, False]


def test_a_jittering_box_keeps_resting() -> None:
    watch = Watch()
    watch.see([BOX])
    watch.see([BOX])
    for k in range(10):
        (track,) = watch.see(shifted(BOX, (-1) ** k * 2.0), moving=[BOX])
    assert track.is_resting
    assert track.rest_since_ns == 1000 * FRAME_NS


def test_an_item_that_is_lifted_stops_resting_at_once_and_keeps_its_number() -> None:
    watch = Watch()
    watch.see([BOX])
    watch.see([BOX])
    for k in range(1, 4):
        (track,) = watch.see(shifted(BOX, 0, -25.0 * k), moving=[BOX])
    assert not track.is_resting
    assert track.track_id == 1


def test_a_box_that_jumps_while_no_pixel_moves_is_adopted_without_movement() -> None:
    watch = Watch()
    watch.see([BOX])
    watch.see([BOX])
    for _ in range(3):
        (track,) = watch.see(shifted(BOX, 15.0))
    assert track.is_resting
    assert track.rest_since_ns == 1000 * FRAME_NS
    assert track.xyxy[0] == 115.0


def test_a_hand_that_hides_a_part_neither_moves_nor_shrinks_the_item() -> None:
    watch = Watch()
    watch.see([BOX])
    watch.see([BOX])
    for _ in range(4):
        (track,) = watch.see([(100.0, 100.0, 160.0, 130.0)], moving=[(100.0, 130.0, 160.0, 260.0)])
    assert track.is_resting
    assert track.xyxy[3] == 180.0
    assert not track.is_unseen


def test_what_lies_within_an_item_and_is_much_smaller_stands_before_it() -> None:
    watch = Watch()
    on_it, beside = (115.0, 115.0, 140.0, 150.0), (150.0, 100.0, 200.0, 180.0)
    for _ in range(2):
        item, small, other = watch.see([BOX, on_it, beside])
    small.is_resting = True  # what appears within an item rests later
    assert watch.tracker.before(item).tolist() == [list(on_it)]
    assert len(watch.tracker.before(small)) == 0
    assert len(watch.tracker.before(other)) == 0


def test_a_weak_detection_continues_a_known_item_and_begins_none() -> None:
    watch = Watch()
    assert watch.see([BOX], score=0.25) == []
    watch.see([BOX])
    watch.see([BOX])
    (track,) = watch.see([BOX], score=0.25)
    assert not track.is_unseen


def test_a_fast_item_is_followed_by_its_velocity() -> None:
    watch = Watch()
    for k in range(6):
        tracks = watch.see(shifted(BOX, 45.0 * k), moving=[BOX])
    assert [track.track_id for track in tracks if not track.is_unseen] == [1]


def test_twins_that_touch_keep_their_numbers_while_one_slides_away() -> None:
    watch = Watch()
    left, right = BOX, (160.0, 100.0, 220.0, 180.0)
    watch.see([left, right])
    watch.see([left, right])
    for k in range(1, 8):
        tracks = watch.see([*shifted(left, -12.0 * k), right], moving=[left])
    by_id = {track.track_id: track.xyxy[0] for track in tracks}
    assert abs(by_id[2] - 160.0) < 1
    assert abs(by_id[1] - 16.0) < 1


@pytest.mark.parametrize("factor", [0.5, 2.0])
def test_boxes_follow_another_picture_size(factor: float) -> None:
    watch = Watch()
    watch.see([BOX])
    watch.tracker.scale(factor, factor)
    assert watch.tracker.tracks[0].xyxy.tolist() == [v * factor for v in BOX]


class Picture:
    """A picture that shows every resting item in its place and nothing new."""

    def shows(self, track: Track) -> bool:
        return True

    def has_left(self, track: Track, xyxy: np.ndarray) -> bool:
        return False

    def __init__(self, answer: Novelty = Novelty.COUNTER) -> None:
        self.answer = answer

    def novelty(self, xyxy: np.ndarray) -> Novelty:
        return self.answer


def test_an_item_that_is_seen_in_its_place_does_not_follow_another_box() -> None:
    watch = Watch()
    watch.see([BOX])
    watch.see([BOX])
    beside = shifted(BOX, 28.0)
    watch.tracker.match(found(beside), still_frame([BOX]), 1010 * FRAME_NS, THRESHOLD, Picture())
    (track,) = watch.tracker.tracks
    assert track.is_resting
    assert track.xyxy.tolist() == list(BOX)


@pytest.mark.parametrize(
    ("answer", "first_run"),
    [
        pytest.param(Novelty.COUNTER, 3, id="the picture shows the counter"),
        pytest.param(Novelty.UNMOVED, 10, id="nothing moved there for long"),
    ],
)
def test_what_the_picture_speaks_against_is_believed_when_the_detector_insists(
    answer: Novelty, first_run: int
) -> None:
    tracker = Tracker(PipelineSettings())
    counts = []
    for k in range(12):
        tracker.match(found([BOX]), still_frame(), k * FRAME_NS, THRESHOLD, Picture(answer))
        counts.append(len(tracker.tracks))
    assert counts == [0] * (first_run - 1) + [1] * (13 - first_run)


CELLS = st.lists(st.integers(0, 19), min_size=1, max_size=12, unique=True)


@settings(max_examples=25, deadline=None)
@given(CELLS, st.integers(0, 2**32 - 1))
def test_items_that_lie_still_keep_their_numbers_whatever_the_detector_does(
    cells: list[int], seed: int
) -> None:
    """Boxes jitter, come in any order, and any of them may be missed in any frame."""
    random = np.random.default_rng(seed)
    places = np.asarray(
        [(120.0 * (c % 5), 85.0 * (c // 5), 120.0 * (c % 5) + 90, 85.0 * (c // 5) + 70)
         for c in cells],
        dtype=np.float32,
    )  # fmt: skip
    places += 10  # at the border it might be an arm
    watch = Watch()
    for _ in range(2):
        watch.see([tuple(box) for box in places.tolist()])
    before = {t.track_id: t.xyxy.copy() for t in watch.tracker.tracks}
    for _ in range(12):
        kept = places[random.random(len(places)) > 0.3]
        seen = random.permutation(kept) + random.normal(0, 1.0, (len(kept), 4))
        watch.see([tuple(box) for box in seen.tolist()])
        assert {t.track_id for t in watch.tracker.tracks} == set(before)
        for track in watch.tracker.tracks:
            assert track.is_resting
            assert np.abs(track.xyxy - before[track.track_id]).max() < 6


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_numbers_are_unique_and_never_come_back(seed: int) -> None:
    random = np.random.default_rng(seed)
    watch = Watch()
    born: list[int] = []
    for _ in range(15):
        corners = random.uniform(0, 500, (int(random.integers(0, 6)), 2))
        boxes = np.concatenate([corners, corners + random.uniform(20, 100, corners.shape)], axis=1)
        known = {t.track_id for t in watch.tracker.tracks}
        watch.see([tuple(box) for box in boxes.tolist()], moving=[(0, 0, 640, 360)])
        ids = [t.track_id for t in watch.tracker.tracks]
        assert len(set(ids)) == len(ids)
        fresh = sorted(set(ids) - known)
        assert not set(fresh) & set(born)
        born += fresh
        watch.tracker.tracks = [t for t in watch.tracker.tracks if t.missed_runs < 2]
    assert born == sorted(born)


@pytest.mark.parametrize(
    ("score", "wanted"),
    [
        pytest.param(0.7, [False, True, True, True], id="something may stand before it"),
        pytest.param(0.9, [True, True, True, True], id="the detector is sure that nothing does"),
    ],
)
def test_a_recognised_product_rests_while_a_hand_still_withdraws_over_it(
    score: float, wanted: list[bool]
) -> None:
    watch = Watch()
    (track,) = watch.see([BOX], moving=[BOX], score=score)
    track.held_wait_ms, track.look_ns = PipelineSettings().rest_sure_ms, 2000 * FRAME_NS
    states = [watch.see([BOX], moving=[BOX], score=score)[0].is_resting for _ in range(4)]
    assert states == wanted
    assert track.rest_since_ns == 1000 * FRAME_NS


def test_a_product_that_a_hand_uncovers_rests_as_soon_as_all_of_it_shows() -> None:
    watch = Watch()
    for hidden in (50.0, 35.0, 20.0):
        (track,) = watch.see([(100.0, 100.0 + hidden, 160.0, 180.0)], moving=[BOX], score=0.6)
    track.held_wait_ms, track.look_ns = PipelineSettings().rest_sure_ms, 2000 * FRAME_NS
    assert not track.is_resting
    (track,) = watch.see([BOX], moving=[BOX], score=0.9)
    assert track.is_resting
    assert track.rest_since_ns == 1000 * FRAME_NS


def test_a_look_from_below_the_hand_does_not_let_a_product_rest_early() -> None:
    watch = Watch()
    (track,) = watch.see([BOX], moving=[BOX], score=0.6)
    track.held_wait_ms, track.look_ns = PipelineSettings().rest_sure_ms, 1000 * FRAME_NS
    assert not watch.see([BOX], moving=[BOX], score=0.9)[0].is_resting


def test_what_nobody_recognised_does_not_rest_while_its_pixels_move() -> None:
    watch = Watch()
    watch.see([BOX], moving=[BOX])
    states = [watch.see([BOX], moving=[BOX])[0].is_resting for _ in range(6)]
    assert not any(states)


def test_a_recognised_product_that_is_carried_does_not_rest() -> None:
    watch = Watch()
    (track,) = watch.see([BOX], moving=[BOX])
    track.held_wait_ms, track.look_ns = PipelineSettings().rest_sure_ms, 2000 * FRAME_NS
    states = [watch.see(shifted(BOX, 15.0 * k), moving=[BOX])[0].is_resting for k in range(1, 6)]
    assert not any(states)


def a_vote(sku_id: str) -> SkuVote:
    look = Look(np.ones(1, np.float32), SkuScores((sku_id,), (-0.1,), -20.0, 0.9), is_clean=True)
    return SkuVote((look,), look.scores)


@pytest.mark.parametrize(
    ("second_sku", "num_left"),
    [
        pytest.param("cola_330", 1, id="the same SKU is the item's visible part"),
        pytest.param("honey_500", 2, id="another SKU is another item"),
    ],
)
def test_a_new_box_at_the_place_of_a_missed_item(second_sku: str, num_left: int) -> None:
    aside, part = (240.0, 100.0, 300.0, 160.0), np.asarray((100.0, 100.0, 160.0, 160.0), np.float32)
    watch = Watch()
    watch.see([BOX])
    watch.see([BOX])
    item, second = watch.see([BOX, aside])
    item.vote, second.vote = a_vote("cola_330"), a_vote(second_sku)
    item.missed_runs, second.xyxy = 1, part
    watch.tracker.absorb_doubles(1003 * FRAME_NS)
    assert len(watch.tracker.tracks) == num_left
    assert item.is_unseen == (num_left == 2)


def test_a_part_of_an_item_under_a_number_of_its_own_is_forgotten() -> None:
    foot, lid = (104.0, 140.0, 156.0, 178.0), (110.0, 104.0, 150.0, 130.0)
    watch = Watch()
    watch.see([BOX, foot, lid], moving=[BOX])
    item, part, other = watch.see([BOX, foot, lid], moving=[BOX])
    item.vote, part.vote, other.vote = a_vote("water"), a_vote("water"), a_vote("honey_500")
    watch.tracker.absorb_doubles(1002 * FRAME_NS)
    assert watch.tracker.tracks == [item, other]


def test_a_box_that_came_with_the_item_around_it_needs_long_patience() -> None:
    part = (104.0, 140.0, 156.0, 178.0)
    watch = Watch()
    for _ in range(2):
        watch.see([BOX])
    states = [watch.see([BOX, part])[1].is_resting for _ in range(50)]
    assert states.index(True) == 45


@pytest.mark.parametrize(
    ("item_odds", "held_wait_ms", "is_patient"),
    [
        pytest.param(-6.0, 400, False, id="another product: it lies on the pack"),
        pytest.param(-0.5, 400, True, id="perhaps the pack itself: a part of its print"),
        pytest.param(-6.0, 3000, True, id="like no product: a part of its print"),
    ],
)
def test_what_came_with_the_pack_below_it(
    item_odds: float, held_wait_ms: int, is_patient: bool
) -> None:
    part = (104.0, 140.0, 156.0, 178.0)
    watch = Watch()
    for _ in range(2):
        watch.see([BOX])
    item, track = watch.see([BOX, part])
    scores = SkuScores(("honey_500", "cereal_375"), (-0.1, item_odds), -20.0, 0.7)
    item.vote = a_vote("cereal_375")
    track.vote = SkuVote((Look(np.ones(1, np.float32), scores, is_clean=True),), scores)
    track.held_wait_ms = held_wait_ms
    assert watch.see([BOX, part])[1].is_resting != is_patient


def test_what_reaches_the_border_and_looks_like_no_product_waits_like_what_is_held() -> None:
    arm, inside = (300.0, 200.0, 360.0, 360.0), (300.0, 100.0, 360.0, 260.0)
    for box, wanted in ((arm, 44), (inside, 0)):
        watch = Watch()
        (track,) = watch.see([box], moving=[box])
        track.held_wait_ms = PipelineSettings().rest_held_ms
        states = [watch.see([box])[0].is_resting for _ in range(60)]
        assert states.index(True) == wanted


def test_what_lay_at_the_border_before_it_was_found_is_looked_at_before_it_rests() -> None:
    box = (300.0, 200.0, 360.0, 360.0)
    states = []
    for look_ns in (0, 1):
        watch = Watch()
        (track,) = watch.see([box])
        track.look_ns = look_ns
        states.append([watch.see([box])[0].is_resting for _ in range(12)])
    assert states[0].index(True) == 8  # 600 ms, where no look is to be had
    assert states[1].index(True) == 0


def test_a_recognised_product_at_the_border_need_not_wait_like_an_arm() -> None:
    pack = (300.0, 200.0, 360.0, 360.0)
    watch = Watch()
    (track,) = watch.see([pack], moving=[pack])
    track.held_wait_ms, track.look_ns = PipelineSettings().rest_sure_ms, 2000 * FRAME_NS
    states = [watch.see([pack])[0].is_resting for _ in range(3)]
    assert states == [True, True, True]


@pytest.mark.parametrize(
    ("below", "num_frames"),
    [
        pytest.param("honey_500", 0, id="on another SKU: an item"),
        pytest.param("cola_330", None, id="on the same SKU: perhaps the rest of it"),
    ],
)
def test_a_recognised_box_that_overlaps_a_resting_item(below: str, num_frames: int | None) -> None:
    beside, arm = (130.0, 120.0, 200.0, 200.0), (150.0, 120.0, 200.0, 360.0)
    watch = Watch()
    watch.see([BOX])
    watch.see([BOX])
    item, track = watch.see([BOX, beside], moving=[beside], arm=arm)
    item.vote, track.vote = a_vote(below), a_vote("cola_330")
    track.held_wait_ms, track.look_ns = PipelineSettings().rest_sure_ms, 2000 * FRAME_NS
    states = [watch.see([BOX, beside], moving=[beside], arm=arm)[1].is_resting for _ in range(4)]
    assert (states.index(True) if True in states else None) == num_frames


def test_an_item_is_dated_by_when_it_stood_not_by_when_the_hand_let_it_be_seen_whole() -> None:
    half = (100.0, 130.0, 160.0, 180.0)
    watch = Watch()
    for _ in range(4):
        watch.see([half], moving=[half])
    for _ in range(3):
        (track,) = watch.see([BOX])
    assert track.is_resting
    assert track.rest_since_ns == 1000 * FRAME_NS


def test_an_item_that_slides_is_dated_by_its_last_place() -> None:
    watch = Watch()
    for k in range(4):
        watch.see(shifted(BOX, 15.0 * k), moving=[BOX])
    for _ in range(3):
        (track,) = watch.see(shifted(BOX, 60.0))
    assert track.is_resting
    assert track.rest_since_ns == 1004 * FRAME_NS
