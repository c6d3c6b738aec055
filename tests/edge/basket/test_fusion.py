"""Boxes of several cameras become items: counted once, kept while hidden, gone when gone."""

from collections import Counter as Multiset
from itertools import permutations

import cv2
import msgspec
import numpy as np
import pytest

from edge.basket.association import Agreement, View
from edge.basket.camera_view import scores_of
from edge.basket.counter import Counter
from edge.basket.counter_map import CounterMap, box_of_place, shapes_behind
from edge.basket.fusion import FusedItem, Fusion
from edge.basket.grouping import best_assignment
from edge.basket.shape_book import ShapeBook
from edge.messages.perception_messages import (
    ObservationStatus,
    SkuScoresMessage,
    TrackObservation,
)
from tests.edge.basket.fusion_scenes import (
    MS,
    Scene,
    basket_after_placing,
    message,
    offer,
    random_scene,
    still_outcome,
)
from tests.edge.basket.lane_script import START
from tests.fakes.virtual_counter import Solid, three_cameras

ALL = ("top", "left", "right")
CAN = Solid("sku-1", 0.0, 0.0, 6.6, 6.6, 12.0, is_round=True)
TALL = Solid("sku-2", 0.0, -6.0, 9.0, 7.0, 24.0)


def at(solid: Solid, x: float, y: float) -> Solid:
    return Solid(
        solid.sku_id, x, y, solid.width, solid.depth, solid.height, solid.yaw, solid.is_round
    )


class Counted:
    """A fusion over a scene, fed frame by frame."""

    def __init__(self, solids: list[Solid], cameras: tuple[str, ...] = ALL) -> None:
        maps = {name: m for name, m in three_cameras().items() if name in cameras}
        self.scene = Scene(solids, maps, np.random.default_rng(3))
        self.fusion = Fusion(dict(maps))
        self.now_ms = 5_000.0
        self.items: list[FusedItem] = []

    def frame(
        self,
        shown: list[Solid] | None = None,
        *,
        cameras: tuple[str, ...] | None = None,
        hand_in: tuple[str, ...] = (),
        behind_ms: float = 0.0,
    ) -> None:
        """One frame of each camera in `cameras`, taken `behind_ms` ago."""
        self.now_ms += 66
        at_ns = int((self.now_ms - behind_ms) * MS)
        for name in cameras or tuple(self.scene.maps):
            visible = self.scene.solids if shown is None else shown
            tracks = self.scene.tracks(name, visible, 1_000 * MS)
            self.fusion.observe(message(name, at_ns, tracks, has_hand=name in hand_in))
        self.items = self.fusion.items()

    def frames(self, duration_ms: float, shown: list[Solid], **more: tuple[str, ...]) -> None:
        for _ in range(int(duration_ms / 66) + 1):
            self.frame(shown, **more)  # type: ignore[arg-type]

    @property
    def present(self) -> list[FusedItem]:
        return [item for item in self.items if not item.is_gone]


# --- counting -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cameras", "least"),
    [
        pytest.param(ALL, 0.95, id="three cameras"),
        pytest.param(("top", "left"), 0.95, id="two cameras, one overhead"),
        pytest.param(("left", "right"), 0.80, id="two oblique cameras"),
        pytest.param(("left",), 1.0, id="one camera"),
    ],
)
def test_items_of_random_counters_are_counted(cameras: tuple[str, ...], least: float) -> None:
    outcomes = [still_outcome(random_scene(77, number, cameras)) for number in range(20)]
    assert sum(outcome.is_count_right for outcome in outcomes) >= least * len(outcomes)


def test_items_put_down_one_by_one_under_skew_are_lines_or_questions_at_once() -> None:
    scenes = [random_scene(78, number, ALL, count=4) for number in range(3)]
    results = [basket_after_placing(scene) for scene in scenes]
    counted = [bought.total() + num_asks for bought, num_asks, _ in results]
    latencies = [ms for _, _, times in results for ms in times]
    assert counted == [4] * len(scenes)
    assert np.percentile(latencies, 95) <= 150


@pytest.mark.parametrize("gap", [0.2, 1.0, 4.0])
@pytest.mark.parametrize("direction", [(1.0, 0.0), (0.0, 1.0), (0.7, 0.7), (0.7, -0.7)])
def test_identical_items_side_by_side_stay_two(gap: float, direction: tuple[float, float]) -> None:
    reach = 6.6 + gap
    other = at(CAN, direction[0] * reach, direction[1] * reach)
    counted = Counted([CAN, other])
    counted.frame()
    assert len(counted.present) == 2


def test_a_row_of_six_identical_cans_is_six() -> None:
    counted = Counted([at(CAN, 7.0 * i - 17.5, 0.0) for i in range(6)])
    counted.frame()
    assert len(counted.present) == 6


def test_an_item_one_camera_sees_alone_is_an_item() -> None:
    scene = Counted([CAN])
    tracks = scene.scene.tracks("left", [CAN], 1)
    scene.fusion.observe(message("left", 5_000 * MS, tracks))
    scene.fusion.observe(message("top", 5_000 * MS, []))
    scene.fusion.observe(message("right", 5_000 * MS, []))
    assert [set(item.tracks) for item in scene.fusion.items()] == [{"left"}]


def test_an_item_behind_a_tall_one_is_not_merged_with_it() -> None:
    """The small can hides behind the tall pack for the right camera only."""
    small = Solid("sku-3", -5.0, 4.0, 5.0, 5.0, 6.0, is_round=True)
    counted = Counted([at(TALL, 0.0, -1.0), small])
    counted.frame()
    assert len(counted.present) == 2


def test_places_are_near_the_truth() -> None:
    solids = [at(CAN, -15.0, 8.0), at(CAN, 14.0, -9.0)]
    counted = Counted(solids)
    counted.frame()
    found = sorted((item.place.x_cm, item.place.y_cm) for item in counted.present)
    truth = sorted((solid.x, solid.y) for solid in solids)
    assert np.abs(np.array(found) - np.array(truth)).max() < 2.0


def test_each_camera_counts_once() -> None:
    counted = Counted([CAN])
    counted.frame()
    assert set(counted.present[0].scores) == set(ALL)


# --- over time ----------------------------------------------------------------------------


def test_an_item_keeps_its_id_while_others_come_and_go() -> None:
    first, second = at(CAN, -10, 0), at(CAN, 10, 0)
    counted = Counted([first, second])
    counted.frame([first])
    before = counted.present[0].item_id
    counted.frames(500, [first, second])
    counted.frames(1_700, [first])
    assert [item.item_id for item in counted.present] == [before]


def test_an_item_that_is_lifted_is_gone_after_a_while() -> None:
    counted = Counted([CAN])
    counted.frames(1_600, [CAN])
    counted.frame([])
    assert len(counted.present) == 1
    counted.frames(400, [])
    assert counted.present == []


def test_a_hand_in_any_camera_keeps_items_for_a_while_only() -> None:
    counted = Counted([CAN])
    counted.frames(1_600, [CAN])
    counted.frames(3_000, [], hand_in=("left",))
    kept = len(counted.present)
    counted.frames(3_000, [], hand_in=("left",))
    assert (kept, len(counted.present)) == (1, 0)


def test_an_item_hidden_in_one_camera_stays() -> None:
    counted = Counted([CAN])
    counted.frames(1_600, [CAN])
    for _ in range(20):
        counted.frame([CAN], cameras=("top", "left"))
        counted.frame([], cameras=("right",))
    assert len(counted.present) == 1


def test_a_dead_camera_blocks_nothing() -> None:
    other = at(CAN, 15, 0)
    counted = Counted([CAN, other])
    counted.frames(1_600, [CAN, other])
    counted.frames(600, [CAN], cameras=("top", "left"))
    assert len(counted.present) == 1


def test_an_item_only_a_dead_camera_saw_stays() -> None:
    counted = Counted([CAN])
    counted.frame([CAN], cameras=("right",))
    for _ in range(20):
        counted.frame([], cameras=("top", "left"))
    assert len(counted.present) == 1


def test_a_lagging_camera_brings_back_nothing_that_was_taken() -> None:
    """The right camera shows the counter as it was two seconds ago."""
    counted = Counted([CAN])
    counted.frames(1_600, [], cameras=("top", "left"))
    for _ in range(20):
        counted.frame([], cameras=("top", "left"))
        counted.frame([CAN], cameras=("right",), behind_ms=2_000)
    assert counted.present == []


def test_a_lagging_camera_joins_the_items_of_the_others() -> None:
    counted = Counted([CAN])
    for _ in range(10):
        counted.frame([CAN], cameras=("top", "left"))
        counted.frame([CAN], cameras=("right",), behind_ms=2_000)
    assert [set(item.tracks) for item in counted.present] == [set(ALL)]


def test_the_only_camera_left_may_lag() -> None:
    counted = Counted([CAN], cameras=("right",))
    counted.frame([CAN], behind_ms=3_000)
    assert len(counted.present) == 1


def test_a_frame_that_was_not_understood_changes_nothing() -> None:
    counted = Counted([CAN])
    counted.frames(1_600, [CAN])
    for _ in range(30):
        counted.now_ms += 66
        empty = message("top", int(counted.now_ms * MS), [])
        failed = msgspec.structs.replace(empty, status=ObservationStatus.TIMED_OUT)
        counted.fusion.observe(failed)
    assert len([item for item in counted.fusion.items() if not item.is_gone]) == 1


def test_an_unchanged_frame_without_tracks_keeps_the_last_ones() -> None:
    counted = Counted([CAN])
    counted.frame()
    empty = message("top", int((counted.now_ms + 66) * MS), [])
    unchanged = msgspec.structs.replace(empty, status=ObservationStatus.UNCHANGED)
    counted.fusion.observe(unchanged)
    assert "top" in counted.fusion.items()[0].tracks


def test_an_older_frame_than_the_newest_is_dropped() -> None:
    counted = Counted([CAN])
    counted.frame()
    counted.fusion.observe(message("top", 1_000 * MS, []))
    assert "top" in counted.fusion.items()[0].tracks


def test_a_message_of_a_foreign_camera_is_ignored() -> None:
    counted = Counted([CAN])
    counted.fusion.observe(message("elsewhere", 9_000 * MS, []))
    assert counted.fusion.items() == []


# --- cameras that are not calibrated ------------------------------------------------------


def box(track_id: int, x: float) -> TrackObservation:
    return TrackObservation(track_id, (x, 100, x + 80, 200), 0.9, True, 1)


def test_a_single_camera_without_calibration_counts_its_tracks() -> None:
    fusion = Fusion({"one": None})
    fusion.observe(message("one", 5_000 * MS, [box(1, 100), box(2, 300)]))
    assert len(fusion.items()) == 2


def test_of_several_cameras_without_calibration_one_counts() -> None:
    fusion = Fusion({"one": None, "two": None})
    for camera in ("one", "two"):
        fusion.observe(message(camera, 5_000 * MS, [box(1, 100)]))
        assert len(fusion.items()) == 1


def test_a_camera_without_calibration_leaves_counting_to_the_others() -> None:
    counted = Counted([CAN])
    counted.fusion = Fusion({**counted.scene.maps, "extra": None})
    counted.frame()
    counted.fusion.observe(message("extra", int(counted.now_ms * MS), [box(1, 100), box(2, 300)]))
    assert len(counted.fusion.items()) == 1


# --- the lane -----------------------------------------------------------------------------


def test_two_boxes_taken_for_two_items_become_one_line_once_they_agree() -> None:
    """A camera that first reports a badly cut box corrects itself: one item, one line."""
    scene = Scene([CAN], three_cameras(), np.random.default_rng(5))
    counter = Counter("lane1", "box1", offer(), dict(scene.maps))
    counter.restore((), 1, 0)
    good = {name: scene.tracks(name, [CAN], 1)[0] for name in ALL}
    bad = msgspec.structs.replace(good["left"], xyxy=(100.0, 100.0, 160.0, 160.0))
    for step in range(40):
        at_ns = (5_000 + 66 * step) * MS
        for name in ALL:
            track = bad if name == "left" and step < 15 else good[name]
            sure = msgspec.structs.replace(track, scores=sure_scores())
            drafts = counter.on_observations(message(name, at_ns, [sure]), at_ns, START)
            counter.apply(drafts, committed_at_ns=at_ns)
    lines = Multiset({x.sku_id: x.quantity for x in counter.snapshot(at_ns).lines})
    assert lines == Multiset({"sku-1": 1})


def sure_scores(first: str = "sku-1", second: str = "sku-2") -> SkuScoresMessage:
    return SkuScoresMessage((first, second), (-0.001, -7.0), -20.0, 0.9, 1)


def test_views_that_are_surely_of_two_skus_part_further_than_views_that_waver() -> None:
    maps = three_cameras()
    scene = Scene([CAN], maps, np.random.default_rng(5))
    boxes = {name: np.array(scene.tracks(name, [CAN], 1)[0].xyxy) for name in ("top", "left")}
    wavering = SkuScoresMessage(("sku-2", "sku-3", "sku-4"), (-1.0, -1.1, -1.2), -20.0, 0.9, 1)

    def worth(seen_left: SkuScoresMessage) -> float:
        shown = {"top": sure_scores(), "left": seen_left}
        views = [View((name, 1), boxes[name], scores_of(shown[name])) for name in boxes]
        book = ShapeBook(maps)
        book.begin_round()
        return Agreement(views, book).worth([0, 1])

    same, other = worth(sure_scores()), worth(sure_scores("sku-2", "sku-1"))
    assert same > worth(wavering) > other


# --- geometry -----------------------------------------------------------------------------


@pytest.mark.parametrize("camera", ALL)
def test_a_shape_of_the_right_height_has_the_box_it_came_from(camera: str) -> None:
    counter_map = three_cameras()[camera]
    wanted = box_of_place(counter_map, (3.0, -4.0), (8.0, 6.0, 12.5))
    shapes = shapes_behind(counter_map, wanted[None])
    right = int(np.argmin(np.abs(np.linalg.norm(shapes.centre_cm[0] - (3.0, -4.0), axis=1))))
    assert shapes.own_iou[0].max() > 0.97
    assert np.abs(shapes.centre_cm[0, right] - (3.0, -4.0)).max() < 1.0


@pytest.mark.parametrize("camera", ALL)
def test_projecting_agrees_with_opencv(camera: str) -> None:
    counter_map = three_cameras()[camera]
    points = np.random.default_rng(1).uniform((-30, -20, 0), (30, 20, 30), (50, 3))
    turn, _ = cv2.Rodrigues(counter_map.rotation)
    expected, _ = cv2.projectPoints(
        points, turn, counter_map.translation, counter_map.matrix, counter_map.dist
    )
    assert np.abs(counter_map.project(points) - expected[:, 0]).max() < 1e-6


def test_a_ray_through_a_point_on_the_counter_comes_back_to_it() -> None:
    counter_map = three_cameras()["left"]
    points = np.random.default_rng(1).uniform((-20, -15, 0), (20, 15, 0), (20, 3))
    back = counter_map.on_plane(counter_map.project(points), np.zeros(1))[:, 0]
    assert np.abs(back - points[:, :2]).max() < 0.05


def test_a_calibration_file_becomes_a_map() -> None:
    data = {
        "format": 1, "camera_id": "a", "image_size": [640, 480], "dist": [0.1, 0, 0, 0, 0],
        "K": np.eye(3).tolist(), "R": np.eye(3).tolist(), "t": [0, 0, 50],
    }  # fmt: skip
    assert CounterMap.from_json(data).position == pytest.approx([0, 0, -50])


@pytest.mark.parametrize("change", [{"format": 2}, {"K": None}, {"R": [[1]]}, {"image_size": []}])
def test_another_calibration_file_is_refused(change: dict[str, object]) -> None:
    data: dict[str, object] = {
        "format": 1, "camera_id": "a", "image_size": [640, 480], "dist": [],
        "K": np.eye(3).tolist(), "R": np.eye(3).tolist(), "t": [0, 0, 50],
    }  # fmt: skip
    with pytest.raises(ValueError, match=r"format|lacks|reshape"):
        CounterMap.from_json({**data, **change})


@pytest.mark.parametrize("seed", range(5))
def test_the_assignment_is_the_best_of_all(seed: int) -> None:
    gain = np.random.default_rng(seed).normal(size=(4, 6))
    best = max(sum(gain[r, c] for r, c in enumerate(p)) for p in permutations(range(6), 4))
    assert sum(gain[r, c] for r, c in enumerate(best_assignment(gain))) == pytest.approx(best)
