"""Real worker processes, killed with -9: every job done, none twice in effect."""

from pathlib import Path

import pytest

from tools.benchmarks.queue_storm import storm


def test_ten_jobs_survive_a_killed_worker(tmp_path: Path) -> None:
    found = storm(tmp_path, num_jobs=10, kill_every_s=1.5)
    assert found.is_right, found


@pytest.mark.slow
@pytest.mark.timeout(1000)
@pytest.mark.parametrize("base", ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def test_three_hundred_jobs_survive_the_storm(
    tmp_path: Path, base: str, request: pytest.FixtureRequest
) -> None:
    url = request.getfixturevalue("postgres_url") if base == "postgres" else ""
    found = storm(tmp_path, num_jobs=300, database_url=url)
    assert found.is_right, found
    assert found.kills > 2
