"""Labelled regions out of shards: crops as the box cuts them, and which belong to one item.

Flow: shards -> Region -> crop; regions -> items with their looks
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sync.boxes import FloatArray
from sync.bundle import Preprocess
from sync.preprocess import Picture, crop_square
from trainer.dataset.region_cut import region_pixels
from trainer.dataset.shards import ShardReader


@dataclass(frozen=True, slots=True)
class Region:
    """One labelled box with its surroundings.

    Attributes:
        pixels: uint8 BGR; what stands before the item is painted over already, as the box does it.
        xyxy: float32 (4,), the box inside `pixels`.
        source_id: the case or onboarding; the same for all cameras that looked at one moment.
    """

    pixels: Picture
    xyxy: FloatArray
    sku_id: str
    source_id: str
    camera_id: str
    label_source: str

    def crop(self, form: Preprocess) -> Picture:
        """As the box would cut it."""
        return crop_square(self.pixels, self.xyxy, form.crop_px, form.crop_margin_percent / 100)


def read_regions(shards: Path, split: str) -> list[Region]:
    """All regions of one split, in order.

    Raises:
        DatasetError: a shard is damaged.
    """
    with ShardReader(shards, split) as reader:
        return [region_of(reader, number) for number in range(len(reader))]


def region_of(reader: ShardReader, number: int) -> Region:
    """One region.

    Raises:
        DatasetError: it cannot be decoded.
    """
    facts = reader.samples[number].facts
    return Region(
        region_pixels(reader, number),
        np.asarray(facts["xyxy"], np.float32),
        str(facts["sku_id"]),
        str(facts["source_id"]),
        str(facts["camera_id"]),
        str(facts["label_source"]),
    )


def looks_of_items(regions: Sequence[Region]) -> list[list[int]]:
    """Numbers of the regions that show one physical item.

    Several cameras see an item once each; where an SKU lies there more than once nobody knows which
    is which, and every region counts as an item of its own.
    """
    groups: dict[tuple[str, str], list[int]] = defaultdict(list)
    for number, region in enumerate(regions):
        groups[(region.source_id, region.sku_id)].append(number)
    items: list[list[int]] = []
    for numbers in groups.values():
        cameras = Counter(regions[n].camera_id for n in numbers)
        is_one = max(cameras.values()) == 1
        items += [numbers] if is_one else [[n] for n in numbers]
    return items
