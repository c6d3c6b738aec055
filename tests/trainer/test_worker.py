"""Workers against a real hub: jobs done, cancelled, lost; a script tracked, cloned, run again."""

import hashlib
import io
import shutil
import subprocess
import sys
import tarfile
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.running_hub import RunningHub, running_hub
from trainer.hubctl.run import changed
from trainer.store import job_queue
from trainer.store.api_tokens import Role, create_token
from trainer.store.database import reading, writing
from trainer.worker import Worker, WorkerOptions
from trainer.worker_child import Child, ChildFailedError
from trainer.worker_environment import EnvironmentRefusedError, python_for, unpack_code
from trainer.worker_hub import HubRefusal, WorkerHub
from trainer.worker_jobs import fetch_tree, upload_tree
from trainer.worker_runs import push_run

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = """
import sys, time
from trainer.tracking import track

with track("descent", {"lr": 0.5, "steps": 3}, seed=7) as run:
    x = 1.0
    for step in range(run.parameters["steps"]):
        x -= run.parameters["lr"] * x
        run.scalar("x", step, x)
    print("arguments", sys.argv[1:])
    time.sleep(run.parameters.get("pause_s", 0))
    run.result["x"] = x
"""


class Place:
    """A hub, somebody who trains, and a worker with a token and a disk of its own."""

    def __init__(self, hub: RunningHub, folder: Path) -> None:
        self.engine, self.folder = hub.engine, folder / "disk"
        self.speaker = self._hub(hub, Role.TRAINER, folder / "desk")
        self.own = self._hub(hub, Role.WORKER, self.folder)

    def _hub(self, hub: RunningHub, role: Role, folder: Path) -> WorkerHub:
        with writing(hub.engine) as connection:
            token = create_token(connection, role, role, now=datetime.now(UTC), actor="test")
        return WorkerHub(hub.url, token, None, folder, sleep=lambda s: None)

    def worker(self, **more: Any) -> Worker:
        options = WorkerOptions("w1", poll_s=0.02, lease_s=5, max_jobs=1, **more)
        return Worker(self.own, self.folder, options)

    def enqueue(self, kind: str, **parameters: Any) -> str:
        body = {"kind": kind, "parameters": parameters}
        return str(self.speaker.call("POST", "/jobs", body)["job_id"])

    def job(self, job_id: str) -> dict[str, Any]:
        found: dict[str, Any] = self.speaker.call("GET", f"/jobs/{job_id}")
        return found


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    with running_hub(tmp_path) as hub:
        yield Place(hub, tmp_path)


@contextmanager
def at_work(worker: Worker) -> Iterator[threading.Thread]:
    thread = threading.Thread(target=worker.run)
    thread.start()
    yield thread
    thread.join(30)
    assert not thread.is_alive()


def offline_run(folder: Path) -> Path:
    """A script tracked where there is no hub."""
    (folder / "repo").mkdir()
    (folder / "repo" / "descent.py").write_text(SCRIPT)
    subprocess.run([sys.executable, "descent.py", "--fast"], cwd=folder / "repo", check=True,
                   env={"PYTHONPATH": str(ROOT)}, capture_output=True)  # fmt: skip
    (made,) = (folder / "repo" / "runs").iterdir()
    return made


def test_a_check_is_done_and_a_wrong_job_fails_with_its_reason(place: Place) -> None:
    wrong = place.enqueue("step.snapshot", inputs={"pictures": "ab" * 32})
    assert place.worker().run() == "1 jobs done"
    assert (place.job(wrong)["status"], "takes no" in place.job(wrong)["message"]) == (
        "failed",
        True,
    )
    right = place.enqueue("worker.check", num_bytes=3)
    place.worker().run()
    digest = hashlib.sha256(b"...").hexdigest()
    assert (place.job(right)["status"], place.job(right)["result"]) == ("done", {"sha256": digest})
    assert place.worker(idle_s=0.05).run().startswith("nothing to do")


def test_an_offline_run_is_pushed_cloned_changed_and_run_by_a_worker(
    place: Place, tmp_path: Path
) -> None:
    run_id = push_run(place.speaker, offline_run(tmp_path))
    assert push_run(place.speaker, next((tmp_path / "repo" / "runs").iterdir())) == run_id
    first = place.speaker.call("GET", f"/runs/{run_id}")
    assert (first["status"], first["result"], first["name"]) == ("done", {"x": 0.125}, "descent")
    assert first["capture"]["arguments"] == ["--fast"]
    assert any(line.startswith("numpy==") for line in first["capture"]["packages"])
    clone = place.speaker.call("POST", f"/runs/{run_id}/clone", {})
    parameters = changed(clone["parameters"], ["values.lr=0.1", "arguments=[]"])
    place.speaker.call("PATCH", f"/runs/{clone['run_id']}", {"parameters": parameters})
    job_id = place.speaker.call("POST", f"/runs/{clone['run_id']}/enqueue", {})["job_id"]
    place.worker().run()
    assert place.job(job_id)["status"] == "done", place.job(job_id)
    told = place.speaker.call("GET", f"/runs/{run_id}/compare/{clone['run_id']}")
    changes = {row["place"]: (row["left"], row["right"]) for row in told["parameters"]}
    assert changes == {"values.lr": ("0.5", "0.1"), "arguments": ("['--fast']", "[]")}
    assert told["left_curves"]["x"] == [[0, 0.5], [1, 0.25], [2, 0.125]]
    assert [round(v, 3) for _, v in told["right_curves"]["x"]] == [0.9, 0.81, 0.729]
    second = place.speaker.call("GET", f"/runs/{clone['run_id']}")
    assert {file["name"] for file in second["files"]} == {"job.log", "output.log"}
    assert "cores" in second["capture"]["hardware"]


def long_job(place: Place, tmp_path: Path) -> str:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        info = tarfile.TarInfo("descent.py")
        info.size = len(SCRIPT)
        tar.addfile(info, io.BytesIO(SCRIPT.encode()))
    code = place.speaker.upload_bytes(buffer.getvalue())
    return place.enqueue("script", code=code, entry="descent.py", values={"pause_s": 60})


def wait_for_logs(place: Place, job_id: str) -> None:
    tick = threading.Event()
    for _ in range(600):
        logs = place.speaker.call("GET", f"/jobs/{job_id}/logs")
        if any("arguments" in entry["text"] for entry in logs):
            return
        tick.wait(0.05)
    raise AssertionError("the script said nothing")


def test_a_cancelled_job_ends_its_child(place: Place, tmp_path: Path) -> None:
    job_id = long_job(place, tmp_path)
    with at_work(place.worker()):
        wait_for_logs(place, job_id)
        place.speaker.call("POST", f"/jobs/{job_id}/cancel")
    assert place.job(job_id)["status"] == "cancelled"
    assert place.speaker.call("GET", f"/runs/{job_id}")["status"] == "cancelled"


def test_what_was_made_without_the_lease_is_thrown_away(place: Place, tmp_path: Path) -> None:
    job_id = long_job(place, tmp_path)
    worker = place.worker()
    with at_work(worker):
        wait_for_logs(place, job_id)
        later = datetime.now(UTC) + timedelta(hours=1)
        with writing(place.engine) as connection:
            assert job_queue.take_back_lost(connection, now=later) == 1
            job_queue.cancel(connection, job_id, now=later, actor="test")
        worker.leave()
    assert worker.num_done == 0
    with reading(place.engine) as connection:
        assert job_queue.find_job(connection, job_id).result == {}


def test_a_folder_goes_to_the_hub_and_comes_back(place: Place, tmp_path: Path) -> None:
    (tmp_path / "out" / "deep").mkdir(parents=True)
    (tmp_path / "out" / "deep" / "a").write_bytes(b"x" * 5_000_000)
    (tmp_path / "out" / "empty").write_bytes(b"")
    tree = upload_tree(place.speaker, tmp_path / "out")
    back = fetch_tree(place.speaker, place.speaker.fetch_artifact(tree), tmp_path / "back")
    assert (back / "deep" / "a").read_bytes() == b"x" * 5_000_000
    with pytest.raises(HubRefusal, match="no artefact"):
        place.speaker.fetch_artifact("ab" * 32)


def test_a_child_is_ended_with_all_it_started(tmp_path: Path) -> None:
    child = Child(grace_s=0.2)
    heard = threading.Event()
    timer = threading.Thread(target=lambda: (heard.wait(20), child.stop()))
    timer.start()
    stubborn = "trap '' TERM; sleep 60 & echo begun; wait; wait"
    with pytest.raises(ChildFailedError):
        child.run(["bash", "-c", stubborn], lambda line: heard.set())
    timer.join()
    with pytest.raises(ChildFailedError):
        child.run(["true"], lambda line: None)


@pytest.mark.parametrize("name", ["../x", "-r list.txt", "git+https://x/y", "a @ file:///b", "a;b"])
def test_only_plain_requirements_are_installed(name: str, tmp_path: Path) -> None:
    with pytest.raises(EnvironmentRefusedError):
        python_for([name], tmp_path)


def test_code_that_leaves_its_folder_is_refused(tmp_path: Path) -> None:
    archive = tmp_path / "code.tar"
    with tarfile.open(archive, "w") as tar:
        tar.addfile(tarfile.TarInfo("../outside"), io.BytesIO(b""))
    with pytest.raises(EnvironmentRefusedError):
        unpack_code(archive, "ab" * 32, tmp_path / "code")
    assert not (tmp_path / "outside").exists()


def tiny_wheel(folder: Path, version: str) -> None:
    """A package of one line, as an index would have it."""
    folder.mkdir(exist_ok=True)
    about = f"Metadata-Version: 2.1\nName: tiny-answer\nVersion: {version}\n"
    wheel = "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    info = f"tiny_answer-{version}.dist-info"
    files = {"tiny_answer.py": f"VERSION = {version!r}\n", f"{info}/METADATA": about,
             f"{info}/WHEEL": wheel}  # fmt: skip
    record = "".join(f"{name},,\n" for name in [*files, f"{info}/RECORD"])
    with zipfile.ZipFile(folder / f"tiny_answer-{version}-py3-none-any.whl", "w") as archive:
        for name, text in {**files, f"{info}/RECORD": record}.items():
            archive.writestr(name, text)


@pytest.mark.skipif(shutil.which("uv") is None, reason="uv is not installed: pip install uv")
def test_an_edited_package_list_makes_one_environment_that_is_used_again(tmp_path: Path) -> None:
    for version in ("1.0", "2.0"):
        tiny_wheel(tmp_path / "index", version)
    places = [
        python_for([f"tiny-answer=={version}"], tmp_path / "env", str(tmp_path / "index"))
        for version in ("1.0", "2.0", "1.0")
    ]
    assert places[0] == places[2] != places[1]
    program = "import numpy, tiny_answer; print(tiny_answer.VERSION)"
    said = [
        subprocess.run([str(python), "-c", program], capture_output=True, text=True, check=True)
        for python in places[:2]
    ]
    assert [done.stdout.strip() for done in said] == ["1.0", "2.0"]
    with pytest.raises(EnvironmentRefusedError, match="install|pip"):
        python_for(["tiny-answer==3.0"], tmp_path / "env", str(tmp_path / "index"))


def test_a_worker_loads_no_torch_no_database_and_no_box() -> None:
    program = (
        "import sys, trainer.hubctl.worker\n"
        "heavy = {'torch', 'zmq', 'edge', 'sqlalchemy', 'onnxruntime', 'trainer.store'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True,
                          check=True, cwd=ROOT)  # fmt: skip
    assert done.stdout.strip() == "[]"
