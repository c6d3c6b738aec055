"""A recogniser trained straight from shards, here or in a bucket; and scenes packed into them.

Flow: COCO scenes -> shards; shards -> THE LOOP -> weights.pt, skus.json

Which share of the time it waited for data stands in every line of progress and in TensorBoard.
"""

import dataclasses
import json
import tempfile
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from trainer.dataset.augment_policy import USUAL, AugmentationPolicy, policies_from, record
from trainer.dataset.coco_scenes import read_scene_folder
from trainer.dataset.region_samples import WINDOW, CropForm, ShardedRegions
from trainer.dataset.scene_quality import SceneAside
from trainer.dataset.scene_shards import Packed, pack_scenes
from trainer.dataset.shards import ShardPlace, ShardReader, ShardWriter
from trainer.errors import DatasetError
from trainer.training.recipes import Recipe
from trainer.training.tasks import Task, metric_task
from trainer.training.train import Place, train

if TYPE_CHECKING:
    from trainer.s3_bucket import Bucket

SKUS_NAME = "skus.json"
SCHEME = "s3://"
MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class ShardsAt:
    """Where shards lie.

    Attributes:
        where: a folder, or s3://bucket/prefix.
        credentials: file for a bucket (s3_bucket.read_bucket).
        cache, cache_mib: folder for what a bucket's shards are kept in, and how much of them.
    """

    where: str
    credentials: Path | None = None
    cache: Path | None = None
    cache_mib: int = 2048

    @property
    def is_bucket(self) -> bool:
        """Whether they lie in a bucket."""
        return self.where.startswith(SCHEME)

    def opened(self) -> Path | ShardPlace:
        """For reading.

        Raises:
            TrainerError: not there, not readable, or the cache is too small for one shard.
        """
        if not self.is_bucket:
            return Path(self.where)
        from trainer.dataset.bucket_shards import open_bucket_shards

        if self.cache is None:
            raise DatasetError("a bucket without a cache", hint="name a folder: --cache DIR")
        return open_bucket_shards(self._bucket(), self.cache, self.cache_mib * MIB)

    def _bucket(self) -> "Bucket":
        from trainer.s3_bucket import read_bucket

        if self.credentials is None:
            raise DatasetError("a bucket without credentials", hint="name their file: --s3 FILE")
        return read_bucket(self.where, self.credentials)

    def writer(self, scratch: Path, max_bytes: int) -> ShardWriter:
        """For writing; a bucket's shards lie in `scratch` until they are whole."""
        if not self.is_bucket:
            return ShardWriter(Path(self.where), max_bytes)
        from trainer.dataset.bucket_shards import BucketSink

        return ShardWriter(scratch, max_bytes, BucketSink(self._bucket()))


def pack(
    folders: Mapping[str, Sequence[Path]], to: ShardsAt, known_skus: Sequence[str], max_mb: int
) -> tuple[Packed, ...]:
    """Scene folders of each split as shards.

    Raises:
        DatasetError: a folder holds no scenes, or nothing in them may teach.
    """
    made: list[Packed] = []
    with (
        tempfile.TemporaryDirectory() as scratch,
        to.writer(Path(scratch), max_mb * 1_000_000) as writer,
    ):
        for split, places in folders.items():
            scenes = [scene for place in places for scene in read_scene_folder(place)]
            made.append(pack_scenes(scenes, known_skus, writer, split))
        if not any(part.num_regions for part in made):
            raise DatasetError("no box may teach", hint=_reasons(made))
    return tuple(made)


def train_from_shards(
    recipe: Recipe, shards: ShardsAt, run_dir: Path, place: Place, *,
    split: str = "train", window: int = WINDOW, per_sku: bool = False,
    errors: Mapping[str, float] | None = None, arguments: tuple[str, ...] = (),
    build: Callable[[Recipe, int], Task] = metric_task,
) -> Path:  # fmt: skip
    """Train, or go on training; the weights.

    Args:
        per_sku: change each SKU's pictures as their number and `errors` ask for.
        errors: share of an SKU's pictures that is wrong today.
        build: the network and its loss, for so many classes.
    """
    with ShardReader(shards.opened(), split) as reader:
        form = CropForm(recipe.input_width_px)
        source = ShardedRegions(reader, form, shards.where, window=window)
        told: dict[str, list[str]] = {USUAL.name: list(source.sku_ids)}
        if per_sku:
            source.policies = _policies(source, errors or {})
            told = record(source.policies, source.sku_ids)
        torch.manual_seed(recipe.seed)  # the network's first weights too
        task = build(recipe, len(source.sku_ids))
        run_dir.mkdir(parents=True, exist_ok=True)
        if place.shard.rank == 0:
            (run_dir / SKUS_NAME).write_text(json.dumps(source.sku_ids))
        return train(
            recipe, task, source, run_dir, place=place, arguments=arguments,
            facts={"augmentation": told},
        )  # fmt: skip


def for_steps(recipe: Recipe, num_steps: int | None, seed: int) -> Recipe:
    """The recipe with another length and seed."""
    if num_steps is None:
        return dataclasses.replace(recipe, seed=seed)
    warmup = min(recipe.warmup_steps, num_steps // 10 + 1)
    return dataclasses.replace(recipe, seed=seed, num_steps=num_steps, warmup_steps=warmup)


def _policies(source: ShardedRegions, errors: Mapping[str, float]) -> dict[int, AugmentationPolicy]:
    wrong = {n: errors[sku] for n, sku in enumerate(source.sku_ids) if sku in errors}
    return policies_from(Counter(source.labels), wrong)


def _reasons(made: Sequence[Packed]) -> str:
    counts = Counter(row.code for part in made for row in part.aside)
    return ", ".join(f"{count} x {code}" for code, count in counts.most_common()) or "no boxes"


def aside_rows(made: Sequence[Packed]) -> list[SceneAside]:
    """All that was put aside."""
    return [row for part in made for row in part.aside]
