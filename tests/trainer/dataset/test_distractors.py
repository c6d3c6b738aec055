from pathlib import Path

import numpy as np
import pytest

from trainer.dataset.compose import TrayPolicy, compose_tray
from trainer.dataset.distractors import draw_arm, draw_flat_thing
from trainer.dataset.procedural_packs import PREFIX, dressed, render_procedural_views
from trainer.dataset.procedural_sprites import procedural_sprites
from trainer.dataset.views import joined_views, read_views


@pytest.mark.parametrize("draw", [draw_arm, draw_flat_thing])
def test_a_distractor_covers_a_part_of_the_picture(draw: object) -> None:
    shares = []
    for seed in range(12):
        colours, mask = draw(160, 96, np.random.default_rng(seed))  # type: ignore[operator]
        assert colours.shape == (96, 160, 3)
        shares.append(float(np.mean(mask > 0)))
    assert 0.005 < np.median(shares) < 0.5


def test_an_arm_reaches_the_border() -> None:
    _, mask = draw_arm(160, 96, np.random.default_rng(3))
    assert mask[0].any() or mask[-1].any() or mask[:, 0].any() or mask[:, -1].any()


def test_distractors_are_never_labelled() -> None:
    background = np.full((96, 160, 3), 180, np.uint8)
    policy = TrayPolicy(max_items=0, distractor_probability=1.0)
    tray = compose_tray(procedural_sprites(1, 0), background, policy, np.random.default_rng(1))
    assert len(tray.boxes) == 0
    assert not np.array_equal(tray.picture, background)


def test_invented_products_look_unlike_the_mesh_they_come_from() -> None:
    texture = np.full((64, 64, 3), (20, 20, 220), np.uint8)
    looks = [dressed(texture, np.random.default_rng(s)).mean(axis=(0, 1)) for s in range(8)]
    assert min(np.abs(look - (20, 20, 220)).max() for look in looks) > 25


def test_invented_products_stand_behind_the_real_ones(packs: Path, tmp_path: Path) -> None:
    out = tmp_path / "invented"
    render_procedural_views(packs, out, ["red_box"], 2, 2, seed=5, sprite_px=40)
    invented = read_views(out)
    assert all(name.startswith(PREFIX) for name in invented.sku_ids)
    both = joined_views(invented, invented)
    assert both.view(3, 1).shape == (40, 40, 4)
