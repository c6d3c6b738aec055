import numpy as np
import pytest

from edge.perception.change_gate import ChangeGate
from edge.perception.pipeline_settings import MS, PipelineSettings
from edge.perception.presence import Fate, fate_of
from edge.perception.scene_memory import Novelty, PlaceState, SceneMemory
from edge.perception.track import Track
from tests.fakes.counter_scene import FRAME_NS, Pack, Scene, paint

NOW = 100_000 * MS
BOX = np.asarray([100, 100, 160, 180], np.float32)
RED = Pack("red", 100, 100)


def track(
    *,
    unseen_ms: int = 0,
    quiet_ms: int = 0,
    empty_ms: int = -1,
    rested: bool = True,
    hits: int = 9,
    is_confirmed: bool = True,
) -> Track:
    return Track(
        1, BOX, 0.9, 0, NOW - unseen_ms * MS, 0, BOX, 0, BOX,
        hits=hits, missed_runs=3, is_confirmed=is_confirmed,
        rest_xyxy=BOX if rested else None,
        covered_until_ns=NOW - quiet_ms * MS,
        empty_since_ns=0 if empty_ms < 0 else NOW - empty_ms * MS,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("unseen", "place", "is_hidden", "has_left", "fate"),
    [
        pytest.param(track(empty_ms=60), "empty", False, False, Fate.GONE, id="empty"),
        pytest.param(track(empty_ms=10), "empty", False, False, Fate.KEEP, id="just empty"),
        pytest.param(track(unseen_ms=9_000), "item", False, False, Fate.STILL_RESTING, id="there"),
        pytest.param(track(is_confirmed=False), "item", False, False, Fate.GONE,
                     id="there, but never found again"),
        pytest.param(track(unseen_ms=20_000), "item", False, False, Fate.GONE, id="never found"),
        pytest.param(track(unseen_ms=9_000, quiet_ms=2_900), "covered", False, False, Fate.KEEP,
                     id="covered a moment ago"),
        pytest.param(track(unseen_ms=9_000, quiet_ms=3_000), "covered", False, False, Fate.GONE,
                     id="covered for long"),
        pytest.param(track(unseen_ms=9_000, quiet_ms=9_000), "covered", True, False, Fate.KEEP,
                     id="behind another item"),
        pytest.param(track(unseen_ms=700, quiet_ms=700), "unclear", False, False, Fate.GONE,
                     id="nobody can tell, long unseen"),
        pytest.param(track(unseen_ms=900, quiet_ms=100), "unclear", False, False, Fate.KEEP,
                     id="nobody can tell, a hand was there"),
        pytest.param(track(rested=False, unseen_ms=200), "unclear", False, False, Fate.KEEP,
                     id="carried, lost for a moment"),
        pytest.param(track(rested=False, unseen_ms=300), "unclear", False, False, Fate.GONE,
                     id="carried, lost"),
        pytest.param(track(rested=False, unseen_ms=70), "unclear", False, True, Fate.GONE,
                     id="carried out through the border"),
        pytest.param(track(rested=False, hits=1), "unclear", False, False, Fate.GONE,
                     id="seen once only"),
    ],
)  # fmt: skip
def test_what_becomes_of_an_item_that_was_not_found(
    unseen: Track, place: str, is_hidden: bool, has_left: bool, fate: Fate
) -> None:
    answer = fate_of(
        unseen, PlaceState(place), NOW, PipelineSettings(), is_hidden=is_hidden, has_left=has_left
    )
    assert answer is fate


def place_after(last: Scene, *, is_counter_known: bool = True) -> PlaceState:
    """What the place of the red pack shows in the last frame."""
    gate, scene = ChangeGate(), SceneMemory()
    first = Scene() if is_counter_known else Scene((RED,))
    at_ns = 0
    for k in range(20):
        at_ns += FRAME_NS
        change = gate.compare(paint(first, noise_seed=k))
        scene.watch(change, at_ns, [] if is_counter_known else [BOX])
    change = gate.compare(paint(Scene((RED,)), noise_seed=50))
    scene.watch(change, at_ns + FRAME_NS, [BOX])
    patch = scene.patch(change, BOX)
    change = gate.compare(paint(last, noise_seed=51))
    scene.watch(change, at_ns + 2 * FRAME_NS, [BOX])
    return scene.place(change, patch)


@pytest.mark.parametrize(
    ("last", "state"),
    [
        pytest.param(Scene((RED,)), PlaceState.ITEM, id="as before"),
        pytest.param(Scene((RED,), brightness=-20), PlaceState.ITEM, id="as before, darker"),
        pytest.param(Scene(), PlaceState.EMPTY, id="taken"),
        pytest.param(Scene(brightness=15), PlaceState.EMPTY, id="taken, brighter"),
        pytest.param(Scene((RED,), (60, 60, 200, 220)), PlaceState.COVERED, id="under a hand"),
        pytest.param(Scene((Pack("blue", 100, 100),)), PlaceState.COVERED, id="another item"),
    ],
)
def test_a_place_shows_the_item_the_counter_or_something_else(
    last: Scene, state: PlaceState
) -> None:
    assert place_after(last) is state


def test_a_place_whose_counter_was_never_seen_tells_nothing() -> None:
    assert place_after(Scene(), is_counter_known=False) is PlaceState.UNCLEAR


LEFT_HALF = np.asarray([100, 100, 135, 180], np.float32)
BESIDE = np.asarray([300, 100, 360, 180], np.float32)


@pytest.mark.parametrize(
    ("last", "box", "novelty"),
    [
        pytest.param(Scene((RED,)), BESIDE, Novelty.COUNTER, id="bare counter"),
        pytest.param(Scene((RED,)), LEFT_HALF, Novelty.KNOWN_ITEM, id="part of an item"),
        pytest.param(Scene((RED,)), BOX, Novelty.KNOWN_ITEM, id="the item itself"),
        pytest.param(Scene((RED, Pack("blue", 300, 100))), BESIDE, Novelty.NEW, id="a new item"),
        pytest.param(Scene((RED, Pack("blue", 105, 105, 30, 60))), LEFT_HALF, Novelty.NEW,
                     id="a small item on a known one"),
    ],
)  # fmt: skip
def test_nothing_new_lies_where_the_picture_did_not_change(
    last: Scene, box: np.ndarray, novelty: Novelty
) -> None:
    gate, scene = ChangeGate(), SceneMemory()
    for k in range(20):
        change = gate.compare(paint(Scene(), noise_seed=k))
        scene.watch(change, k * FRAME_NS, [])
    change = gate.compare(paint(Scene((RED,)), noise_seed=50))
    scene.watch(change, 21 * FRAME_NS, [BOX])
    patch = scene.patch(change, BOX)
    change = gate.compare(paint(last, noise_seed=51))
    scene.watch(change, 22 * FRAME_NS, [BOX])
    assert scene.novelty(change, box, [patch]) is novelty


def test_nothing_comes_where_no_pixel_moved_for_long() -> None:
    gate, scene = ChangeGate(), SceneMemory()
    for k in range(60):
        pack = (RED,) if k >= 20 else ()
        change = gate.compare(paint(Scene(pack), noise_seed=k))
        scene.watch(change, k * FRAME_NS, [BOX])
    assert scene.novelty(change, LEFT_HALF, []) is Novelty.UNMOVED
