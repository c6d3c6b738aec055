"""Packs folders: taken when in form, refused with the missing part named."""

from pathlib import Path

import numpy as np
import pytest

from tools.lane_sim.errors import PackFolderError
from tools.lane_sim.pack_folder import load_mesh, load_texture, read_packs

GROCERY = Path(__file__).parents[4] / "shared" / "data" / "grocery_packs"
SPLITS = Path(__file__).parents[3] / "tools" / "lane_sim" / "splits"


def without_table(folder: Path) -> None:
    (folder / "skus.csv").unlink()


def without_mesh(folder: Path) -> None:
    (folder / "sku1" / "mesh.obj").unlink()


def without_texture(folder: Path) -> None:
    (folder / "sku2" / "texture.jpg").unlink()


def without_column(folder: Path) -> None:
    table = folder / "skus.csv"
    table.write_text(table.read_text().replace("x_cm", "wide"))


def with_a_word_as_size(folder: Path) -> None:
    table = folder / "skus.csv"
    table.write_text(table.read_text().replace("8.0,", "eight,", 1))


def empty(folder: Path) -> None:
    table = folder / "skus.csv"
    table.write_text(table.read_text().splitlines()[0] + "\n")


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        pytest.param(without_table, "no skus.csv", id="no table"),
        pytest.param(without_mesh, "mesh.obj is missing", id="no mesh"),
        pytest.param(without_texture, "texture.jpg is missing", id="no texture"),
        pytest.param(without_column, "column 'x_cm' is missing", id="no column"),
        pytest.param(with_a_word_as_size, "line 2: sizes must be numbers", id="no number"),
        pytest.param(empty, "no SKU", id="no row"),
    ],
)
def test_a_folder_out_of_form_is_refused(spoil: object, message: str, packs_folder: Path) -> None:
    spoil(packs_folder)  # type: ignore[operator]
    with pytest.raises(PackFolderError, match=message) as caught:
        read_packs(packs_folder)
    assert caught.value.hint


def test_a_mesh_without_texture_coordinates_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mesh.obj").write_text("v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\n")
    with pytest.raises(PackFolderError, match="without texture coordinate"):
        load_mesh(tmp_path / "mesh.obj")


def test_a_texture_that_is_no_picture_is_refused(tmp_path: Path) -> None:
    (tmp_path / "texture.jpg").write_bytes(b"not a picture")
    with pytest.raises(PackFolderError, match="not a readable picture"):
        load_texture(tmp_path / "texture.jpg")


def test_the_detector_split_is_thirty_and_fifteen_and_shares_none() -> None:
    train = (SPLITS / "detector_packs_train.txt").read_text().split()
    heldout = (SPLITS / "detector_packs_heldout.txt").read_text().split()
    assert (len(train), len(heldout)) == (30, 15)
    assert not set(train) & set(heldout)


@pytest.mark.skipif(not GROCERY.is_dir(), reason="no grocery packs (SynthDet) beside the project")
def test_somebody_elses_packs_are_read_and_the_split_names_them_all() -> None:
    packs = read_packs(GROCERY)
    names = [SPLITS / f"detector_packs_{part}.txt" for part in ("train", "heldout")]
    listed = {sku for name in names for sku in name.read_text().split()}
    assert listed == {pack.sku for pack in packs}
    for pack in packs[:8]:
        assert np.allclose(load_mesh(pack.mesh_path).size_cm(), pack.size_cm, atol=0.1)
