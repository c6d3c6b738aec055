"""Real worker processes, killed with -9: every job done, none twice in effect."""

from pathlib import Path

import pytest

from tools.benchmarks.queue_storm import storm

ON_POSTGRES = pytest.param("postgres", marks=[pytest.mark.postgres, pytest.mark.slow])
# In CI, tests/trainer/store/test_job_queue.py lets 300 jobs through workers that die in threads.
TRIED_ON = pytest.mark.parametrize("base", ["sqlite", ON_POSTGRES])


def url_of(base: str, request: pytest.FixtureRequest) -> str:
    return str(request.getfixturevalue("postgres_url")) if base == "postgres" else ""


@pytest.mark.slow
@TRIED_ON
def test_a_few_jobs_survive_a_killed_worker(
    tmp_path: Path, base: str, request: pytest.FixtureRequest
) -> None:
    found = storm(tmp_path, num_jobs=8, kill_every_s=3.0, database_url=url_of(base, request))
    assert found.is_right, found


@pytest.mark.slow
@pytest.mark.timeout(1000)
@TRIED_ON
def test_three_hundred_jobs_survive_the_storm(
    tmp_path: Path, base: str, request: pytest.FixtureRequest
) -> None:
    found = storm(tmp_path, num_jobs=300, database_url=url_of(base, request))
    assert found.is_right, found
    assert found.kills > 2
