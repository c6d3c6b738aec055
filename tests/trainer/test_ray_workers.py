"""Workers that Ray places: as many as asked, each leases by itself; without Ray the way out."""

import importlib.util
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.fakes.running_hub import RunningHub, running_hub
from tests.fakes.thread_ray import ThreadRay
from trainer.ray_workers import HubAddress, RayMissingError, RayPlan, run_on_ray
from trainer.store import job_queue
from trainer.store.api_tokens import Role, create_token
from trainer.store.database import reading, writing
from trainer.worker import WorkerOptions

OPTIONS = WorkerOptions("ray", kinds=("worker.check",), poll_s=0.02, idle_s=0.5)


def busy_hub(hub: RunningHub, num_jobs: int) -> tuple[str, list[str]]:
    """A token, and jobs that wait."""
    now = datetime.now(UTC)
    with writing(hub.engine) as connection:
        token = create_token(connection, "w", Role.TRAINER, now=now, actor="test")
        jobs = [
            job_queue.enqueue(connection, "worker.check", {}, now=now, actor="test")
            for _ in range(num_jobs)
        ]
    return token, [job.job_id for job in jobs]


def test_without_ray_the_way_out_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(RayMissingError) as refused:
        run_on_ray(HubAddress("http://x", "t"), tmp_path, OPTIONS, RayPlan())
    assert "tillsight[ray]" in refused.value.hint


def test_each_task_is_a_worker_with_a_disk_of_its_own(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    ray = ThreadRay()
    monkeypatch.setitem(sys.modules, "ray", ray)
    with running_hub(tmp_path) as hub:
        token, jobs = busy_hub(hub, 4)
        plan = RayPlan(address="auto", num_workers=2, num_gpus=1)
        ended = run_on_ray(HubAddress(hub.url, token), tmp_path / "nodes", OPTIONS, plan)
        with reading(hub.engine) as connection:
            done = [job_queue.find_job(connection, job_id) for job_id in jobs]
    assert [job.status for job in done] == ["done"] * 4
    assert {job.worker.partition("@")[0] for job in done} <= {"ray-0", "ray-1"}
    assert sorted(p.name for p in (tmp_path / "nodes").iterdir()) == ["ray-0", "ray-1"]
    assert ray.asked == [{"num_cpus": 1, "num_gpus": 1, "max_retries": 3}]
    assert (ray.begun["address"], ray.is_over, len(ended)) == ("auto", True, 2)
    assert all("nothing to do" in line for line in ended)


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.filterwarnings("default")
@pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="pip install tillsight[ray]")
def test_two_workers_of_a_real_cluster_share_the_jobs_of_one_hub(tmp_path: Path) -> None:
    with running_hub(tmp_path) as hub:
        token, jobs = busy_hub(hub, 8)
        plan = RayPlan(address="", num_workers=2)
        ended = run_on_ray(HubAddress(hub.url, token), tmp_path / "nodes", OPTIONS, plan)
        with reading(hub.engine) as connection:
            done = [job_queue.find_job(connection, job_id) for job_id in jobs]
    assert [job.status for job in done] == ["done"] * 8
    assert len(ended) == 2
