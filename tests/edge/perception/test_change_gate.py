import numpy as np
import pytest

from edge.perception.change_gate import BLOCK_PX, ChangeGate, block_difference, shrink
from edge.perception.counter_region import CounterRegion
from tests.fakes.counter_scene import HEIGHT, WIDTH, Pack, Scene, paint

RED = Pack("red", 100, 100)
GUM = Pack("red", 100, 100, 24, 12)


def watched(scenes: list[Scene], noise: float, gate: ChangeGate | None = None) -> list[bool]:
    """Whether each frame after the first differs from the first."""
    gate = gate or ChangeGate()
    answers = []
    for k, scene in enumerate(scenes):
        change = gate.compare(paint(scene, noise_seed=k, noise=noise))
        answers.append(change.is_changed)
        if k == 0:
            gate.remember()
    return answers[1:]


@pytest.mark.parametrize("noise", [0.0, 2.0, 6.0, 12.0])
def test_noise_alone_is_no_change_once_it_is_known(noise: float) -> None:
    assert not any(watched([Scene()] * 60, noise)[30:])


@pytest.mark.parametrize("noise", [0.0, 2.0, 6.0])
@pytest.mark.parametrize("pack", [RED, GUM], ids=["a pack", "chewing gum"])
def test_an_item_is_a_change_at_once(noise: float, pack: Pack) -> None:
    assert watched([*[Scene()] * 30, Scene((pack,))], noise)[-1]


def test_a_lamp_that_dims_everything_evenly_is_no_change() -> None:
    scenes = [Scene((RED,), brightness=-k) for k in range(20)]
    assert not any(watched(scenes, 1.0))


def test_what_moves_and_what_differs_are_two_things() -> None:
    gate = ChangeGate()
    gate.compare(paint(Scene()))
    gate.remember()
    gate.compare(paint(Scene((RED,))))
    change = gate.compare(paint(Scene((RED,))))
    assert change.is_changed
    assert change.moving_share == 0
    box = np.asarray([100, 100, 160, 180], np.float32)
    assert change.changed[change.grid.slices(box)].mean() > 0.8


def test_after_a_failure_everything_counts_as_changed() -> None:
    gate = ChangeGate()
    gate.compare(paint(Scene()))
    gate.remember()
    gate.forget()
    change = gate.compare(paint(Scene()))
    assert change.is_first
    assert change.changed.all()


def test_another_picture_size_starts_afresh() -> None:
    gate = ChangeGate()
    gate.compare(paint(Scene()))
    gate.remember()
    assert gate.compare(paint(Scene())[::2, ::2]).is_first


@pytest.mark.parametrize("size", [(1080, 1920), (720, 1280), (360, 640), (100, 90), (17, 33)])
def test_any_picture_is_shrunk_to_whole_blocks(size: tuple[int, int]) -> None:
    small = shrink(np.zeros((*size, 3), np.uint8))
    assert small.shape[0] % BLOCK_PX == small.shape[1] % BLOCK_PX == 0
    assert small.shape[1] <= 320
    assert block_difference(small, small).max() == 0


def test_what_happens_beside_the_counter_wakes_nobody() -> None:
    region = CounterRegion(((300, 0), (640, 0), (640, HEIGHT), (200, HEIGHT)), WIDTH, HEIGHT)
    gate = ChangeGate()
    gate.compare(region.cut(paint(Scene())), region)
    gate.remember()
    assert not gate.compare(region.cut(paint(Scene((RED.at(205, 20),)))), region).is_changed
    assert gate.compare(region.cut(paint(Scene((RED.at(400, 20),)))), region).is_changed


def test_boxes_on_the_counter_are_told_from_those_beside_it() -> None:
    region = CounterRegion(((300, 0), (640, 0), (640, HEIGHT), (200, HEIGHT)), WIDTH, HEIGHT)
    boxes = np.asarray([[200, 0, 240, 40], [400, 0, 440, 40]], np.float32)
    assert region.holds(boxes).tolist() == [False, True]


def test_a_region_outside_the_picture_is_all_of_it() -> None:
    region = CounterRegion(((2000, 0), (3000, 0), (3000, 900)), WIDTH, HEIGHT)
    assert region.cut(paint(Scene())).shape == (HEIGHT, WIDTH, 3)


@pytest.mark.parametrize(
    ("box", "velocity", "answer"),
    [
        pytest.param((0, 100, 50, 150), (-40, 0), True, id="out to the left"),
        pytest.param((0, 100, 50, 150), (40, 0), False, id="in from the left"),
        pytest.param((200, 0, 250, 50), (0, -9), True, id="out at the top"),
        pytest.param((200, 100, 250, 150), (0, -9), False, id="in the middle"),
        pytest.param((600, 100, 640, 150), (9, 0), True, id="out to the right"),
        pytest.param((200, 300, 250, 360), (0, 9), True, id="out at the bottom"),
    ],
)
def test_an_item_that_leaves_is_known_by_where_it_moves(
    box: tuple[int, ...], velocity: tuple[int, int], answer: bool
) -> None:
    region = CounterRegion((), WIDTH, HEIGHT)
    assert (
        region.is_left_by(np.asarray(box, np.float32), np.asarray(velocity, np.float32)) == answer
    )
