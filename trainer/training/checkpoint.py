"""A run's state on disk: written whole or not at all, read without running code from it."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from trainer.errors import CheckpointError

LAST_NAME = "last.pt"


def save_checkpoint(path: Path, state: Mapping[str, object]) -> None:
    """Write temp, fsync, rename, fsync the directory: the previous file survives any failure.

    Raises:
        CheckpointError: the disk is full or read-only; says so and leaves the previous file.
    """
    temporary = path.with_suffix(".tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("wb") as stream:
            torch.save(dict(state), stream)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(path)
        _fsync_directory(path.parent)
    except (OSError, RuntimeError) as err:  # torch reports a short write as RuntimeError
        temporary.unlink(missing_ok=True)
        raise CheckpointError(
            f"checkpoint {path.name} could not be written: {err}",
            hint="free some space and start again; the previous checkpoint is whole",
        ) from err


def load_checkpoint(path: Path) -> dict[str, Any]:
    """Read a checkpoint; tensors and plain values only.

    Raises:
        CheckpointError: missing, damaged, or holding anything but tensors and plain values.
    """
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except (OSError, RuntimeError, EOFError, ValueError, KeyError) as err:
        raise CheckpointError(
            f"checkpoint {path.name} cannot be read: {str(err)[:200]}",
            hint="delete it to start again, or give another run folder",
        ) from err
    return dict(state)


def _fsync_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
