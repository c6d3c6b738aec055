import cv2
import numpy as np
import pytest

from trainer.dataset.compose import (
    Composite,
    Sprite,
    TrayPolicy,
    compose_onto,
    compose_tray,
    counter_texture,
)
from trainer.dataset.procedural_sprites import procedural_sprites


def red_square() -> Sprite:
    sprite = np.zeros((60, 60, 4), dtype=np.uint8)
    sprite[10:50, 10:50] = (0, 0, 255, 255)
    return sprite


def tray(seed: int, **policy: float) -> Composite:
    background = np.full((180, 320, 3), 200, dtype=np.uint8)
    random = np.random.default_rng(seed)
    return compose_tray(procedural_sprites(6, 0), background, TrayPolicy(**policy), random)  # type: ignore[arg-type]


def test_the_same_generator_makes_the_same_tray() -> None:
    first, second = tray(5), tray(5)
    assert np.array_equal(first.picture, second.picture)
    assert np.array_equal(first.boxes, second.boxes)


def test_boxes_lie_inside_the_picture_and_are_not_empty() -> None:
    found = np.concatenate([tray(seed).boxes for seed in range(20)])
    assert len(found) > 20
    assert found.min() >= 0
    assert found[:, [0, 2]].max() <= 320
    assert np.all(found[:, 2:] - found[:, :2] >= 6)


def test_a_box_is_tight_around_what_is_visible() -> None:
    background = np.full((200, 200, 3), 255, dtype=np.uint8)
    policy = TrayPolicy(max_items=1, size_range=(0.3, 0.3), distractor_probability=0.0)
    trays = [
        compose_tray([red_square()], background, policy, np.random.default_rng(s)) for s in range(8)
    ]
    shown = next(t for t in trays if len(t.boxes))
    red = (shown.picture[..., 2].astype(int) - shown.picture[..., 0] > 60).astype(np.uint8)
    x, y, columns, rows = cv2.boundingRect(red)
    assert np.allclose(shown.boxes[0], (x, y, x + columns, y + rows), atol=2)


def test_an_item_hidden_too_far_is_ignored_not_wanted() -> None:
    trays = [tray(s, max_items=12, max_overlap=0.95) for s in range(40)]
    assert any(len(t.ignored) for t in trays)
    assert all(len(t.boxes) == len(t.sprite_index) for t in trays)


def test_a_tray_needs_sprites() -> None:
    with pytest.raises(ValueError, match="sprite"):
        compose_tray([], np.zeros((9, 9, 3), np.uint8), TrayPolicy(), np.random.default_rng(0))


def test_a_product_among_neighbours_stays_mostly_visible() -> None:
    canvas = counter_texture(200, 200, np.random.default_rng(0))
    neighbours = procedural_sprites(3, 1)
    _, xyxy = compose_onto(canvas, red_square(), neighbours, 90.0, np.random.default_rng(2))
    assert np.all(xyxy[2:] - xyxy[:2] > 20)


def test_procedural_products_have_an_outline() -> None:
    shares = [np.mean(s[..., 3] > 127) for s in procedural_sprites(20, 4)]
    assert min(shares) > 0.1
