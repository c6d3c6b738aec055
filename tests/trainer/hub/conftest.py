"""A hub for each test, on each kind of database."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.people_hub import PeopleHub, people_hub


@pytest.fixture
def centre(tmp_path: Path) -> Iterator[PeopleHub]:
    with people_hub(tmp_path) as hub:
        yield hub


@pytest.fixture
def any_centre(database_url: str, tmp_path: Path) -> Iterator[PeopleHub]:
    with people_hub(tmp_path, database_url) as hub:
        yield hub
