from collections.abc import Callable
from functools import cache

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from cameras.condition import Condition, ConditionMonitor, ConditionPolicy, measure
from tests.fakes.fake_capture import plain_picture

Picture = NDArray[np.uint8]
SECOND = 1_000_000_000


@cache
def counter(seed: int = 0, items: int = 6) -> Picture:
    """A textured counter with packs on it; the counter is the same for every seed."""
    rng = np.random.default_rng(99)
    grain = cv2.resize(rng.normal(0, 14, (90, 160)).astype(np.float32), (640, 360))
    picture = np.clip(130 + grain[..., None] + np.zeros(3, np.float32), 0, 255).astype(np.uint8)
    for x in range(20, 640, 90):
        cv2.rectangle(picture, (x, 8), (x + 40, 30), (60, 90, 160), -1)
        cv2.putText(picture, f"A{x}", (x, 345), cv2.FONT_HERSHEY_SIMPLEX, 0.7, (20, 20, 20), 2)
    rng = np.random.default_rng(seed)
    for _ in range(items):
        x, y = int(rng.integers(60, 520)), int(rng.integers(60, 260))
        colour = tuple(int(c) for c in rng.integers(0, 256, 3))
        cv2.rectangle(picture, (x, y), (x + 60, y + 50), colour, -1)
        cv2.putText(picture, str(seed), (x + 5, y + 30), cv2.FONT_HERSHEY_SIMPLEX, 0.8, (0,) * 3, 2)
    return noisy(picture, seed)


def noisy(picture: Picture, seed: int) -> Picture:
    noise = np.roll(_noise(), 7919 * (seed + 1))
    return np.asarray(cv2.add(picture, noise, dtype=cv2.CV_8U), np.uint8)


@cache
def _noise() -> NDArray[np.int16]:
    return np.random.default_rng(1).normal(0, 2, (360, 640, 3)).round().astype(np.int16)


def blurred(seed: int) -> Picture:
    return noisy(cv2.GaussianBlur(counter(seed), (0, 0), 4).astype(np.uint8), seed)


def dark(seed: int) -> Picture:
    return (counter(seed) // 8).astype(np.uint8)


def black(seed: int) -> Picture:
    return plain_picture(0, 640, 360)


def covered(seed: int) -> Picture:
    picture = counter(seed).copy()
    picture[:, :520] = (90, 100, 120)
    return noisy(picture, seed)


def moved(seed: int) -> Picture:
    turn = cv2.getRotationMatrix2D((320, 180), 2.0, 1.0)
    turn[:, 2] += (18, 6)
    return noisy(np.asarray(cv2.warpAffine(counter(seed), turn, (640, 360)), np.uint8), seed)


def dimmed(seed: int) -> Picture:
    return (counter(seed) * 0.6).astype(np.uint8)


def watched(monitor: ConditionMonitor, view: Callable[[int], Picture], at_s: range) -> list[str]:
    for second in at_s:
        monitor.check(view(second), second * SECOND)
    return [condition.value for condition in monitor.conditions]


def learned() -> ConditionMonitor:
    monitor = ConditionMonitor()
    assert watched(monitor, counter, range(12)) == []
    return monitor


@pytest.mark.parametrize(
    ("view", "expected"),
    [
        pytest.param(counter, [], id="other goods on the counter"),
        pytest.param(dimmed, [], id="less light"),
        pytest.param(blurred, ["blurred"], id="a finger on the lens"),
        pytest.param(dark, ["dark"], id="the light is off"),
        pytest.param(black, ["dark"], id="black pictures"),
        pytest.param(covered, ["covered"], id="a bag before the lens"),
        pytest.param(moved, ["moved"], id="a push"),
    ],
)
def test_a_condition_is_raised_and_clears(
    view: Callable[[int], Picture], expected: list[str]
) -> None:
    monitor = learned()
    assert watched(monitor, view, range(12, 24)) == expected
    assert watched(monitor, counter, range(24, 28)) == []


def test_a_passing_hand_is_no_condition() -> None:
    assert watched(learned(), covered, range(12, 15)) == []


def test_what_flickers_is_not_raised() -> None:
    monitor = learned()
    views = (counter, dark)
    assert watched(monitor, lambda second: views[second % 2](second), range(12, 30)) == []


def test_a_camera_dark_from_the_start_is_dark() -> None:
    assert watched(ConditionMonitor(), black, range(6)) == ["dark"]


def test_a_camera_covered_from_the_start_is_covered() -> None:
    def wholly(second: int) -> Picture:
        return noisy(plain_picture(110, 640, 360), second)

    assert watched(ConditionMonitor(), wholly, range(6)) == ["covered"]


def test_a_camera_moved_while_switched_off_is_noticed_by_its_reference() -> None:
    monitor = ConditionMonitor(reference=counter(3))
    assert watched(monitor, moved, range(20, 32)) == ["moved"]
    monitor.accept_view(moved(40))
    assert watched(monitor, moved, range(40, 52)) == []


def test_the_baseline_survives_a_restart() -> None:
    monitor = ConditionMonitor(baseline=learned().baseline)
    assert watched(monitor, blurred, range(6)) == ["blurred"]


def test_it_looks_once_per_second() -> None:
    monitor = learned()
    assert not monitor.is_due(11 * SECOND + SECOND // 2)
    assert monitor.is_due(12 * SECOND)
    num_views = monitor.baseline.num_views
    monitor.check(counter(), 11 * SECOND + 1)
    assert monitor.baseline.num_views == num_views


def test_every_condition_has_a_next_step() -> None:
    assert all(len(condition.next_step) > 20 for condition in Condition)


def test_hysteresis_bands_do_not_cross() -> None:
    policy = ConditionPolicy()
    assert policy.dark_enter < policy.dark_leave
    assert policy.blurred_enter < policy.blurred_leave
    assert policy.covered_enter > policy.covered_leave
    assert policy.moved_enter > policy.moved_leave


def test_a_big_black_bag_is_not_blur() -> None:
    def bag(second: int) -> Picture:
        picture = counter(second).copy()
        picture[80:300, 150:420] = 12
        return noisy(picture, second)

    assert watched(learned(), bag, range(12, 24)) == []


def test_light_alone_does_not_change_sharpness() -> None:
    assert measure(dimmed(1)).sharpness == pytest.approx(measure(counter(1)).sharpness, rel=0.25)
