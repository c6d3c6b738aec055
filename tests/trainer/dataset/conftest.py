from pathlib import Path

import cv2
import numpy as np
import pytest

CUBE = """v -2 -3 -4
v 2 -3 -4
v 2 3 -4
v -2 3 -4
v -2 -3 4
v 2 -3 4
v 2 3 4
v -2 3 4
vt 0 0
vt 1 0
vt 1 1
vt 0 1
f 4/1 3/2 2/3 1/4
f 5/1 6/2 7/3 8/4
f 1/1 2/2 6/3 5/4
f 2/1 3/2 7/3 6/4
f 3/1 4/2 8/3 7/4
f 4/1 1/2 5/3 8/4
"""


@pytest.fixture
def packs(tmp_path: Path) -> Path:
    """Two boxes of 4 x 6 x 8 cm, one red, one blue."""
    for sku_id, colour in (("red_box", (20, 20, 220)), ("blue_box", (220, 30, 20))):
        folder = tmp_path / "packs" / sku_id
        folder.mkdir(parents=True)
        (folder / "mesh.obj").write_text(CUBE)
        cv2.imwrite(str(folder / "texture.jpg"), np.full((64, 64, 3), colour, dtype=np.uint8))
    (tmp_path / "packs" / "skus.csv").write_text("sku,category\nred_box,box\nblue_box,box\n")
    return tmp_path / "packs"
