from pathlib import Path

import numpy as np
import pytest

from trainer.dataset.mesh_views import load_surface, render_view
from trainer.dataset.views import decode_sprite, pack_sku_ids, read_views, render_views
from trainer.errors import DatasetError


def test_a_surface_has_the_size_of_its_mesh_and_outward_normals(packs: Path) -> None:
    cloud = load_surface(packs / "red_box")
    assert cloud.extent_cm.tolist() == [4, 6, 8]
    assert np.mean((cloud.points * cloud.normals).sum(axis=1) > 0) > 0.99


def test_a_view_shows_the_colour_of_the_texture(packs: Path) -> None:
    sprite = render_view(load_surface(packs / "red_box"), np.random.default_rng(1), 96)
    inside = sprite[sprite[..., 3] > 0][:, :3].astype(float).mean(axis=0)
    assert inside[2] > 2 * inside[0]


def test_a_view_has_no_pinholes(packs: Path) -> None:
    sprite = render_view(load_surface(packs / "blue_box"), np.random.default_rng(2), 96)
    rows, columns = np.nonzero(sprite[..., 3])
    assert len(rows) > 300
    for row in np.unique(rows)[5:-5]:
        own = columns[rows == row]
        assert own.max() - own.min() + 1 == len(own)  # a box is convex


def test_rendering_can_be_continued_and_read_back(packs: Path, tmp_path: Path) -> None:
    out = tmp_path / "views"
    render_views(packs, out, pack_sku_ids(packs), 2, seed=3, sprite_px=48)
    first = (out / "red_box" / "001.png").read_bytes()
    (out / "red_box" / "001.png").unlink()
    render_views(packs, out, pack_sku_ids(packs), 2, seed=3, sprite_px=48)
    views = read_views(out)
    assert views.sku_ids == ("blue_box", "red_box")
    assert views.encoded[1][1] == first
    assert views.view(0, 5).shape == (48, 48, 4)


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        pytest.param("index.csv", "index.csv", id="no index"),
        pytest.param("red_box/000.png", "000.png", id="a file is missing"),
    ],
)
def test_an_incomplete_views_folder_is_refused(
    packs: Path, tmp_path: Path, broken: str, message: str
) -> None:
    render_views(packs, tmp_path / "views", ["red_box"], 1, seed=3, sprite_px=32)
    (tmp_path / "views" / broken).unlink()
    with pytest.raises(DatasetError, match=message):
        read_views(tmp_path / "views")


def test_bytes_that_are_no_picture_are_refused() -> None:
    with pytest.raises(DatasetError, match="no readable"):
        decode_sprite(b"not a picture")


def test_a_pack_without_mesh_is_refused_by_name(packs: Path) -> None:
    (packs / "red_box" / "mesh.obj").unlink()
    with pytest.raises(DatasetError, match="red_box"):
        load_surface(packs / "red_box")
