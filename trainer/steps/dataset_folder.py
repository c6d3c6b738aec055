"""A data set version on this machine: its manifest and the pictures it names.

Flow: manifest.jsonl + pictures/<sha256>.jpg -> DatasetManifest, pixels

Whoever fetched it (worker.py, a person) laid it out so; nothing here speaks to the hub.
"""

import hashlib
from pathlib import Path

from trainer.dataset.manifest import DatasetItem, DatasetManifest, read_manifest
from trainer.steps.step_table import StepError

MANIFEST_NAME = "manifest.jsonl"
PICTURES = "pictures"


def load_dataset(folder: Path) -> DatasetManifest:
    """The manifest of a folder.

    Raises:
        StepError: there is none.
        ManifestError: it is no canonical manifest.
    """
    path = folder / MANIFEST_NAME
    if not path.is_file():
        raise StepError(f"{folder.name} has no {MANIFEST_NAME}", hint="fetch the data set first")
    return read_manifest(path.read_bytes())


def picture_path(folder: Path, picture: str) -> Path:
    """Where a picture lies, or would."""
    return folder / PICTURES / f"{picture}.jpg"


def picture_bytes(folder: Path, item: DatasetItem) -> bytes:
    """The JPEG of an item.

    Raises:
        StepError: missing, or other bytes than the manifest names.
    """
    path = picture_path(folder, item.picture)
    data = path.read_bytes() if path.is_file() else b""
    if hashlib.sha256(data).hexdigest() != item.picture:
        raise StepError(
            f"picture {item.picture[:12]} is missing or altered", hint="fetch the data set again"
        )
    return data
