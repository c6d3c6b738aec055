"""Every attack starts in a world of its own and must leave what serves untouched."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.update_world import World, build_world


@pytest.fixture
def world(fast_folder: Path) -> Iterator[World]:
    world = build_world(fast_folder)
    before = world.serving_digest()
    yield world
    assert world.serving_digest() == before
    world.verify_serving()
