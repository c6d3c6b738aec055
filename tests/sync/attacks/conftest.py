"""Every attack starts in a world of its own and must leave what serves untouched."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.update_world import World, build_world

MEMORY = Path("/dev/shm")


@pytest.fixture
def fast_folder() -> Iterator[Path]:
    """A folder in memory where there is one: fsync costs nothing there."""
    folder = Path(tempfile.mkdtemp(dir=MEMORY if MEMORY.is_dir() else None, prefix="tillsight-"))
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def world(fast_folder: Path) -> Iterator[World]:
    world = build_world(fast_folder)
    before = world.serving_digest()
    yield world
    assert world.serving_digest() == before
    world.verify_serving()
