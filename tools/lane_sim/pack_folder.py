"""A folder of product packs: skus.csv and per SKU mesh.obj (cm), mesh.mtl, texture.jpg.

Flow: folder -> Packs

Anybody's packs in this form are taken; a folder that is not in it is refused with what is missing.
"""

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from tools.lane_sim.errors import PackFolderError
from tools.lane_sim.product_mesh import ProductMesh

COLUMNS = ("sku", "category", "x_cm", "y_cm", "z_cm", "triangles", "source_texture")
FORM_HINT = "a packs folder has skus.csv and per SKU a folder with mesh.obj (cm) and texture.jpg"


@dataclass(frozen=True)
class Pack:
    """One SKU that can be put on the counter.

    Attributes:
        size_cm: bounding box standing as modelled, x y z.
        finish: matte, satin, gloss or metal; satin where the folder does not say.
        shape: the shape column where there is one, else guessed from the category.
        family: look-alikes, empty where the folder does not say.
    """

    sku: str
    category: str
    size_cm: tuple[float, float, float]
    folder: Path
    finish: str
    shape: str
    family: str = ""

    @property
    def mesh_path(self) -> Path:
        """The OBJ file."""
        return self.folder / "mesh.obj"

    @property
    def texture_path(self) -> Path:
        """The JPEG texture."""
        return self.folder / "texture.jpg"


def read_packs(folder: Path) -> list[Pack]:
    """Every pack of `folder`, in the order of its skus.csv.

    Raises:
        PackFolderError: no skus.csv, no row, a missing column, mesh or texture.
    """
    table = folder / "skus.csv"
    if not table.is_file():
        raise PackFolderError(f"{folder}: no skus.csv", hint=FORM_HINT)
    with table.open(newline="", encoding="utf-8") as file:
        reader = csv.DictReader(file)
        missing = [c for c in COLUMNS if c not in (reader.fieldnames or ())]
        if missing:
            raise PackFolderError(
                f"{table}: column {missing[0]!r} is missing", hint=f"columns: {', '.join(COLUMNS)}"
            )
        packs = [_pack(folder, row, line) for line, row in enumerate(reader, start=2)]
    if not packs:
        raise PackFolderError(f"{table}: no SKU", hint=FORM_HINT)
    return packs


@cache
def load_mesh(path: Path) -> ProductMesh:
    """Vertices, texture coordinates and triangles of an OBJ file, corners made unique.

    Raises:
        PackFolderError: the file has no triangle or a corner without texture coordinate.
    """
    vertices: list[list[float]] = []
    uvs: list[list[float]] = []
    corners: dict[tuple[int, int], int] = {}
    faces: list[tuple[int, int, int]] = []
    for line in path.read_text(encoding="utf-8").splitlines():
        word, _, rest = line.partition(" ")
        if word == "v":
            vertices.append([float(x) for x in rest.split()[:3]])
        elif word == "vt":
            uvs.append([float(x) for x in rest.split()[:2]])
        elif word == "f":
            ids = [_corner(part, path, corners) for part in rest.split()]
            faces += [(ids[0], ids[i], ids[i + 1]) for i in range(1, len(ids) - 1)]
    if not faces:
        raise PackFolderError(
            f"{path}: no triangle in it", hint="export the mesh as OBJ with faces"
        )
    keys = np.array(list(corners), np.int64) - 1
    return ProductMesh(
        np.array(vertices)[keys[:, 0]], np.array(uvs)[keys[:, 1]], np.array(faces, np.int64)
    )


def load_texture(path: Path) -> NDArray[np.uint8]:
    """The texture, RGB uint8.

    Raises:
        PackFolderError: not a readable picture.
    """
    picture = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if picture is None:
        raise PackFolderError(f"{path}: not a readable picture", hint="save it as a JPEG again")
    return np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB), np.uint8)


def _corner(part: str, path: Path, corners: dict[tuple[int, int], int]) -> int:
    fields = part.split("/")
    if len(fields) < 2 or not fields[1]:
        raise PackFolderError(
            f"{path}: a face without texture coordinate", hint="export OBJ with UVs"
        )
    return corners.setdefault((int(fields[0]), int(fields[1])), len(corners))


def _pack(folder: Path, row: dict[str, str], line: int) -> Pack:
    sku = row["sku"]
    place = folder / sku
    for name in ("mesh.obj", "texture.jpg"):
        if not (place / name).is_file():
            raise PackFolderError(
                f"{place}: {name} is missing (skus.csv line {line})", hint=FORM_HINT
            )
    try:
        size = (float(row["x_cm"]), float(row["y_cm"]), float(row["z_cm"]))
    except ValueError as err:
        raise PackFolderError(
            f"{folder / 'skus.csv'}: line {line}: sizes must be numbers",
            hint="x_cm, y_cm, z_cm in centimetres",
        ) from err
    shape = row.get("shape") or _guessed_shape(row["category"])
    return Pack(
        sku,
        row["category"],
        size,
        place,
        row.get("finish") or "satin",
        shape,
        row.get("family") or "",
    )


def _guessed_shape(category: str) -> str:
    return {"chips": "pouch", "soup": "can", "drink": "can", "hygiene": "pouch"}.get(
        category, "carton"
    )
