"""Workers that Ray places: as many as asked, each leases by itself; without Ray the way out."""

import importlib.util
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.fakes.running_hub import running_hub
from trainer.ray_workers import HubAddress, RayMissingError, RayPlan, run_on_ray
from trainer.store import job_queue
from trainer.store.api_tokens import Role, create_token
from trainer.store.database import reading, writing
from trainer.worker import WorkerOptions

OPTIONS = WorkerOptions("ray", kinds=("worker.check",), poll_s=0.05, idle_s=3.0)


def test_without_ray_the_way_out_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(RayMissingError) as refused:
        run_on_ray(HubAddress("http://x", "t"), tmp_path, OPTIONS, RayPlan())
    assert "tillsight[ray]" in refused.value.hint


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.filterwarnings("default")
@pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="pip install tillsight[ray]")
def test_two_workers_of_a_cluster_share_the_jobs_of_one_hub(tmp_path: Path) -> None:
    now = datetime.now(UTC)
    with running_hub(tmp_path) as hub:
        with writing(hub.engine) as connection:
            token = create_token(connection, "w", Role.TRAINER, now=now, actor="test")
            jobs = [
                job_queue.enqueue(
                    connection, "worker.check", {"num_bytes": 30_000_000}, now=now, actor="test"
                ).job_id
                for _ in range(8)
            ]
        plan = RayPlan(address="", num_workers=2)
        ended = run_on_ray(HubAddress(hub.url, token), tmp_path / "nodes", OPTIONS, plan)
        with reading(hub.engine) as connection:
            done = [job_queue.find_job(connection, job_id) for job_id in jobs]
    assert [job.status for job in done] == ["done"] * 8
    names = {job.worker.partition("@")[0] for job in done}
    assert names <= {"ray-0", "ray-1"}
    assert len(ended) == 2
    assert all("nothing to do" in line for line in ended)
