"""What a frozen body says of photographs, computed once and kept on disk.

Flow: photographs -> windows -> frozen body -> float16 (N, V, C), one file per photograph

A file is named by the photograph's bytes and by how it was looked at, so lists, folds and searches
share one folder, a run that is killed goes on, and a changed photograph is looked at again.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from rich.progress import track
from torch import nn

from sync.preprocess import Picture, normalise
from trainer.dataset.photo_list import Photo, read_photo
from trainer.dataset.photo_samples import PLAIN, Augmentation, middle_window, training_window
from trainer.training.efficientnet_lite import EfficientNetLite, Variant, load_imagenet_weights

# N photographs, V views, C numbers per view

HalfArray = NDArray[np.float16]
NUM_TOGETHER = 8  # photographs of which one batch is made


@dataclass(frozen=True, slots=True)
class Views:
    """How a photograph is looked at.

    Attributes:
        shares: middle squares, as shares of the shorter side; a photograph is judged by these.
        num_random: training windows behind them, others for every photograph.
        augmentation: of the training windows.
    """

    shares: tuple[float, ...] = ()
    num_random: int = 0
    input_px: int = 224
    variant: Variant = "lite0"
    augmentation: Augmentation = field(default=PLAIN, repr=False)

    @property
    def name(self) -> str:
        """Tells features of one kind from those of another; files are named by it."""
        return repr(self) if self.augmentation == PLAIN else f"{self!r} {self.augmentation!r}"

    @property
    def count(self) -> int:
        """Views of one photograph."""
        return len(self.shares) + self.num_random


MIDDLE = Views(shares=(0.85, 1.0))
DRAWN = Views(num_random=2)


class FeatureStore:
    """Features by photograph, in a folder that may be deleted at any time."""

    def __init__(self, folder: Path, views: Views, device: str = "cpu") -> None:
        self.folder, self.views, self.device = folder, views, device
        self._body: nn.Module | None = None

    def features(self, photos: Sequence[Photo], *, show: bool = True) -> HalfArray:
        """Float16 (N, V, C); what is not in the folder yet is computed.

        Raises:
            DatasetError: a photograph cannot be opened.
        """
        paths = [self._path(photo) for photo in photos]
        found = [_read(path, self.views.count) for path in paths]
        missing = [i for i, rows in enumerate(found) if rows is None]
        groups = [missing[i : i + NUM_TOGETHER] for i in range(0, len(missing), NUM_TOGETHER)]
        for group in track(groups, "looking", disable=not show or len(groups) < 4, transient=True):
            for i, rows in zip(group, self._looked([photos[i] for i in group]), strict=True):
                _write(paths[i], rows)
                found[i] = rows
        return np.stack([rows for rows in found if rows is not None])

    def _path(self, photo: Photo) -> Path:
        digest = hashlib.sha256(self.views.name.encode() + photo.path.read_bytes()).hexdigest()
        return self.folder / digest[:2] / f"{digest[2:]}.npy"

    @torch.inference_mode()
    def _looked(self, photos: Sequence[Photo]) -> HalfArray:
        windows = [w for photo in photos for w in _windows(photo, self.views)]
        batch = torch.from_numpy(normalise(windows))
        batch = batch.to(self.device, memory_format=torch.channels_last)
        rows = self._open_body()(batch).float().cpu().numpy()  # (N * V, C)
        return np.asarray(rows.reshape(len(photos), self.views.count, -1), dtype=np.float16)

    def _open_body(self) -> nn.Module:
        if self._body is None:
            body = EfficientNetLite(self.views.variant)
            load_imagenet_weights(body, self.views.variant)
            self._body = body.eval().to(self.device).to(memory_format=torch.channels_last)
        return self._body


def _windows(photo: Photo, views: Views) -> list[Picture]:
    picture = read_photo(photo.path)
    seed = hashlib.sha256(photo.path.name.encode()).digest()[:8]
    random = np.random.default_rng(int.from_bytes(seed, "big"))
    middle = [middle_window(picture, views.input_px, share) for share in views.shares]
    may_mirror = views.augmentation.may_mirror(photo.path)
    drawn = [
        training_window(
            picture, views.input_px, random, views.augmentation, may_mirror=may_mirror
        )
        for _ in range(views.num_random)
    ]  # fmt: skip
    return [*middle, *drawn]


def _read(path: Path, num_views: int) -> HalfArray | None:
    """Rows of one photograph; None where the file is missing or not whole."""
    try:
        rows = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError):
        return None
    is_whole = rows.dtype == np.float16 and rows.ndim == 2 and len(rows) == num_views
    return np.asarray(rows, dtype=np.float16) if is_whole else None


def _write(path: Path, rows: HalfArray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".tmp")
    with temporary.open("wb") as stream:
        np.save(stream, rows, allow_pickle=False)
    temporary.replace(path)
