"""What training waits for: `tools/bench training`, two rows of the table of figures to beat.

Flow: one step of a head on kept features | on a frozen body, in turns; pictures out of shards |
files, cold, in turns -> rows

A step is the product's: loss, backward, clipping, AdamW, moving average; both sides have the same
head and draw classes alike. Cold means that the page cache let go of the data (posix_fadvise, no
root needed); names and inodes of files stay cached, which is kind to the peer. Beside other work
both sides mostly wait for a core: a second row of the same turns leaves that wait out.
"""

import os
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from tools.benchmarks.ratio import Bar, Row, row_of, timed_ms
from tools.benchmarks.report import Report, machine, publish
from trainer.dataset.shard_order import ShardOrder
from trainer.dataset.shards import FolderShards, ShardReader, ShardWriter
from trainer.training.schedule import sample_at

CACHED_BAR, SHARDS_BAR = Bar(20), Bar(10)
PARTS = ("features", "shards")
FILES_PER_FOLDER = 1000
BODY_PX, BODY_CHANNELS, DIM = 224, 1280, 256
WINDOW = 4


def training(
    only: Annotated[
        list[str] | None, typer.Option(help=f"Only these parts: {', '.join(PARTS)}.")
    ] = None,
    classes: Annotated[list[int], typer.Option(help="Classes of the head.")] = [81, 12_000],  # noqa: B006
    batch: Annotated[int, typer.Option(min=1, help="Pictures of a step.")] = 256,
    repeats: Annotated[int, typer.Option(min=1)] = 5,
    images: Annotated[int, typer.Option(min=100, help="Pictures read from disk.")] = 8000,
    image_bytes: Annotated[int, typer.Option(min=100, help="Mean size of one.")] = 25_000,
    folder: Annotated[
        Path | None, typer.Option(help="On the disk to be measured; a temporary one without.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json")] = False,
    out: Annotated[Path | None, typer.Option(help="Also write the JSON document here.")] = None,
) -> None:
    """Kept features against a frozen body in every step; shards against a file per picture."""
    chosen, facts, rows = tuple(only or PARTS), machine(), []
    if set(chosen) - set(PARTS):
        raise typer.BadParameter(f"choose from {', '.join(PARTS)}")
    if "features" in chosen:
        for count in classes:
            rows += cached_rows(count, batch, repeats)
    if "shards" in chosen:
        with tempfile.TemporaryDirectory(dir=folder) as place:
            rows += shards_rows(Path(place), images, image_bytes, repeats)
    words = f"one thread; {batch} pictures a step; {images} pictures of about {image_bytes} bytes"
    publish(Report("What training waits for", words, facts, rows), as_json=as_json, out=out)


def cached_rows(num_classes: int, batch: int, repeats: int) -> list[Row]:
    """One optimiser step of the same head: features from memory, or from Lite0 in the step."""
    import torch

    from trainer.training.efficientnet_lite import EfficientNetLite
    from trainer.training.freeze import build_optimizer
    from trainer.training.moving_average import MovingAverage
    from trainer.training.photo_head import HeadModel, HeadTask
    from trainer.training.recipes import head_on_cached_features

    torch.set_num_threads(1)
    torch.manual_seed(0)
    recipe = replace(head_on_cached_features(), batch_size=batch)
    task = HeadTask(HeadModel(BODY_CHANNELS, DIM, num_classes), recipe, num_classes).train()
    optimizer, average = build_optimizer(task, None, recipe), MovingAverage(task.exported)
    body = EfficientNetLite("lite0").eval()
    kept = torch.randn(batch, BODY_CHANNELS, dtype=torch.float16)
    pictures = torch.randn(batch, 3, BODY_PX, BODY_PX)
    pictures = pictures.to(memory_format=torch.channels_last)
    labels = torch.randint(num_classes, (batch,))

    def step(features: torch.Tensor) -> None:
        optimizer.zero_grad(set_to_none=True)
        task(features.float(), labels).backward()
        torch.nn.utils.clip_grad_norm_(task.parameters(), recipe.clip_norm)
        optimizer.step()
        average.update(task.exported, recipe.ema_decay)

    def online() -> None:
        with torch.no_grad():
            parts = [body(pictures[at : at + 32]) for at in range(0, batch, 32)]
        step(torch.cat(parts))

    drawn = num_classes if task.block is None else recipe.sampled_classes
    kept_step = partial(step, kept)
    kept_step()
    online()
    turns = [(_took(kept_step), _took(online)) for _ in range(repeats)]
    return _rows(
        f"head of {num_classes} classes on kept features, a step", "frozen Lite0 in every step",
        turns, CACHED_BAR,
        note=f"{batch} pictures of {BODY_PX} px, decoded before; the loss is of {drawn} classes",
    )  # fmt: skip


def shards_rows(place: Path, num_images: int, image_bytes: int, repeats: int) -> list[Row]:
    """Every picture once, in the order of training, from a cold page cache; without decoding."""
    files = _write(place, num_images, image_bytes)
    shards = sorted((place / "shards").glob("*.tar"))

    def from_shards() -> None:
        with ShardReader(FolderShards(place / "shards")) as reader:
            order = ShardOrder([sample.shard for sample in reader.samples], WINDOW)
            for position in range(num_images):
                reader.read(order.sample_at(position, seed=1), "jpg")

    def from_files() -> None:
        for position in range(num_images):
            files[sample_at(position, num_images, 1)].read_bytes()

    turns = []
    for _ in range(repeats):
        _let_go(shards)
        ours = _took(from_shards, num_images)
        _let_go(files)
        turns.append((ours, _took(from_files, num_images)))
    return _rows(
        "a picture out of shards, cold", "a file per picture", turns, SHARDS_BAR,
        note=f"with checksum; shuffled over {WINDOW} of {len(shards)} shards at a time; files over "
        "all; the index is read within our time, nothing is decoded",
    )  # fmt: skip


def _write(place: Path, num_images: int, image_bytes: int) -> list[Path]:
    """The same bytes as shards and as files."""
    random = np.random.default_rng(0)
    files = []
    shard_bytes = max(1_000_000, num_images * image_bytes // 8)
    with ShardWriter(place / "shards", shard_bytes) as writer:
        for number in range(num_images):
            data = random.bytes(int(image_bytes * random.uniform(0.5, 1.5)))
            path = place / f"{number // FILES_PER_FOLDER:05d}" / f"{number:07d}.jpg"
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(data)
            files.append(path)
            writer.add("train", f"{number:07d}", {"jpg": data}, {"sku_id": "x"})
    os.sync()  # what is not on the disk yet cannot leave the page cache
    return files


@dataclass(frozen=True)
class Took:
    """Milliseconds by the clock, and of these how many it waited for a core that others had."""

    ms: float
    queued_ms: float


def _took(work: Callable[[], None], num_parts: int = 1) -> Took:
    """One of so many equal parts."""
    before_ns = _queued_ns()
    ms = timed_ms(work)
    return Took(ms / num_parts, (_queued_ns() - before_ns) / 1e6 / num_parts)


def _rows(
    name: str, peer: str, turns: Sequence[tuple[Took, Took]], bar: Bar, *, note: str
) -> list[Row]:
    """By the clock, and without the wait for a core: what idle ones would have made of it."""
    whole = [(ours.ms, theirs.ms) for ours, theirs in turns]
    alone = [(ours.ms - ours.queued_ms, theirs.ms - theirs.queued_ms) for ours, theirs in turns]
    without = "the same turns: disk and own work, as the kernel counts them"
    return [
        row_of(name, peer, whole, bar, note=note),
        row_of(f"{name}, without the wait for a core", peer, alone, bar, note=without),
    ]


def _let_go(files: list[Path]) -> None:
    """Let the page cache forget these files."""
    for path in files:
        handle = os.open(path, os.O_RDONLY)
        os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)
        os.close(handle)


def _queued_ns() -> int:
    """How long this process has been ready to run and had no core."""
    return int(Path("/proc/self/schedstat").read_text().split()[1])
