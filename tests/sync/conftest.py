"""Folders in memory for tests that fsync thousands of times."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

MEMORY = Path("/dev/shm")


@pytest.fixture
def fast_folder() -> Iterator[Path]:
    """A folder in memory where there is one: fsync costs nothing there."""
    folder = Path(tempfile.mkdtemp(dir=MEMORY if MEMORY.is_dir() else None, prefix="tillsight-"))
    yield folder
    shutil.rmtree(folder)
