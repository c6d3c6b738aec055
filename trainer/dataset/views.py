"""Single-product pictures with transparency, by SKU: rendered from meshes, or given in a folder.

Flow: packs folder -> views folder; views folder -> ViewSet

A views folder has `index.csv` with the columns `file` and `sku`, and PNG files with an alpha
channel.
"""

import csv
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from trainer.dataset.compose import Sprite
from trainer.dataset.mesh_views import load_surface, render_view
from trainer.errors import DatasetError

logger = logging.getLogger(__name__)

INDEX_NAME = "index.csv"
SKU_COLUMNS = ("sku", "sku_id")


@dataclass(frozen=True, slots=True)
class ViewSet:
    """Views of many products, encoded as they lie on disk.

    Attributes:
        sku_ids: one entry per product.
        encoded: for each product, PNG bytes of its views.
    """

    sku_ids: tuple[str, ...]
    encoded: tuple[tuple[bytes, ...], ...]

    def view(self, product: int, number: int) -> Sprite:
        """View `number` of a product; counts past the end start again."""
        own = self.encoded[product]
        return decode_sprite(own[number % len(own)])


def render_views(
    packs_dir: Path,
    out_dir: Path,
    sku_ids: Sequence[str],
    views_per_sku: int,
    seed: int,
    sprite_px: int = 200,
) -> None:
    """Write views of packs; products that are there already are kept, so it can be continued."""
    out_dir.mkdir(parents=True, exist_ok=True)
    rows: list[tuple[str, str]] = []
    for number, sku_id in enumerate(sku_ids):
        folder = out_dir / sku_id
        folder.mkdir(exist_ok=True)
        wanted = [folder / f"{i:03d}.png" for i in range(views_per_sku)]
        rows += [(path.relative_to(out_dir).as_posix(), sku_id) for path in wanted]
        if all(path.exists() for path in wanted):
            continue
        cloud = load_surface(packs_dir / sku_id, sprite_px)
        for i, path in enumerate(wanted):
            sprite = render_view(cloud, np.random.default_rng([seed, number, i]), sprite_px)
            cv2.imwrite(str(path), sprite)
        logger.info("views rendered sku=%s number=%d/%d", sku_id, number + 1, len(sku_ids))
    write_index(out_dir, rows)


def write_index(out_dir: Path, rows: Sequence[tuple[str, str]]) -> None:
    """Write index.csv: file and SKU of every view."""
    with (out_dir / INDEX_NAME).open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["file", "sku"])
        writer.writerows(rows)


def read_views(folder: Path) -> ViewSet:
    """All views of a folder.

    Raises:
        DatasetError: no index, a column is missing, or a file it names is not there.
    """
    by_sku: dict[str, list[bytes]] = {}
    for row in _index_rows(folder):
        path = folder / row[0]
        if not path.is_file():
            raise DatasetError(f"{INDEX_NAME} names {row[0]}, which is not there")
        by_sku.setdefault(row[1], []).append(path.read_bytes())
    sku_ids = tuple(sorted(by_sku))
    return ViewSet(sku_ids, tuple(tuple(by_sku[s]) for s in sku_ids))


def joined_views(first: ViewSet, second: ViewSet) -> ViewSet:
    """Both sets, the products of `first` with the lower numbers."""
    return ViewSet(first.sku_ids + second.sku_ids, first.encoded + second.encoded)


def pack_sku_ids(packs_dir: Path) -> list[str]:
    """SKUs of a packs folder, in the order of its skus.csv.

    Raises:
        DatasetError: no skus.csv or no column `sku`.
    """
    try:
        with (packs_dir / "skus.csv").open(newline="") as stream:
            return [row["sku"] for row in csv.DictReader(stream)]
    except (OSError, KeyError) as err:
        raise DatasetError(f"{packs_dir.name} has no skus.csv with a column sku") from err


def decode_sprite(encoded: bytes) -> Sprite:
    """PNG bytes as BGRA; a picture without transparency is opaque.

    Raises:
        DatasetError: no readable picture.
    """
    picture = cv2.imdecode(np.frombuffer(encoded, dtype=np.uint8), cv2.IMREAD_UNCHANGED)
    if picture is None or picture.ndim != 3:
        raise DatasetError("a view is no readable colour picture")
    if picture.shape[2] == 3:
        picture = cv2.cvtColor(picture, cv2.COLOR_BGR2BGRA)
    return np.asarray(picture, dtype=np.uint8)


def _index_rows(folder: Path) -> list[tuple[str, str]]:
    try:
        with (folder / INDEX_NAME).open(newline="") as stream:
            rows = list(csv.DictReader(stream))
    except OSError as err:
        raise DatasetError(f"{folder.name} has no {INDEX_NAME}") from err
    column = next((c for c in SKU_COLUMNS if rows and c in rows[0]), None)
    if column is None or "file" not in rows[0]:
        raise DatasetError(f"{folder.name}/{INDEX_NAME} needs the columns file and sku")
    return [(row["file"], row[column]) for row in rows]
