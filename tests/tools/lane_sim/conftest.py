"""A tiny packs folder: three cartons and a ball, drawn without a renderer."""

import csv
from pathlib import Path

import cv2
import numpy as np
import pytest

from tools.lane_sim.pack_folder import COLUMNS, Pack, read_packs
from tools.lane_sim.product_mesh import CartonNet, blob_mesh, carton_mesh, write_obj


@pytest.fixture
def packs_folder(tmp_path: Path) -> Path:
    folder = tmp_path / "packs"
    rows = []
    for number, size in enumerate([(8, 5, 12), (12, 6, 18), (15, 2, 9), (7, 7, 7)]):
        sku = f"sku{number}"
        mesh = blob_mesh(size) if sku == "sku3" else carton_mesh(CartonNet(*size))
        (folder / sku).mkdir(parents=True)
        write_obj(mesh, folder / sku)
        art = np.random.default_rng(number).integers(40, 230, (64, 64, 3), np.uint8)
        cv2.imwrite(str(folder / sku / "texture.jpg"), art)
        x, y, z = mesh.size_cm()
        rows.append([sku, "box", x, y, z, len(mesh.faces), "64x64"])
    with (folder / "skus.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerows([COLUMNS, *rows])
    return folder


@pytest.fixture
def packs(packs_folder: Path) -> list[Pack]:
    return read_packs(packs_folder)
