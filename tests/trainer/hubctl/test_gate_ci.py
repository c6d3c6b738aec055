"""The gate in CI: commits that change a model's digest file, judged by the hub and its gate worker.

The runner's token is a trainer's. A real git repository, a real hub, the shipped CI file.
"""

import re
import subprocess
import threading
from collections.abc import Iterator
from contextlib import chdir
from dataclasses import dataclass
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.fakes.hub_process import HubProcess, hub_process
from tests.fakes.recording_sender import (
    PICTURE,
    send_recordings,
    write_parts_bundle,
    write_replay_command,
)
from trainer.hubctl.__main__ import app
from trainer.hubctl.gate_worker import gate_worker

ROOT = Path(__file__).parents[3]
WORKFLOW = ROOT / "deploy" / "ci" / "gate.yml"
NUM_BASKETS = 120


@dataclass
class Runner:
    """A clone on a runner, with the trainer's token and nothing else of the hub."""

    hub: HubProcess
    folder: Path

    def token(self, role: str) -> Path:
        path = self.folder / f"{role}.token"
        if not path.is_file():
            body = {"name": f"test-{role}", "role": role}
            path.write_text(self.hub.ok("POST", "/v1/operator/tokens", body)["token"])
        return path

    def hubctl(self, role: str, *words: str) -> tuple[int, str]:
        """Exit code, and what it said or what went wrong."""
        road = ["--hub", self.hub.address, "--token-file", str(self.token(role))]
        with chdir(self.folder / "repo"):
            done = CliRunner().invoke(app, [*words, *road])
        return done.exit_code, f"{done.output}{done.exception or ''}"

    def git(self, *words: str) -> str:
        author = ["-c", "user.name=ci", "-c", "user.email=ci@example.com"]
        done = subprocess.run(
            ["git", *author, *words], cwd=self.folder / "repo", capture_output=True, text=True,
            check=True,
        )  # fmt: skip
        return done.stdout

    def commit_model(self, version: str, **parts: bytes) -> str:
        """Link a bundle and commit its digest file; the commit's hash."""
        bundle = write_parts_bundle(self.folder / version, version, **parts)
        code, said = self.hubctl("trainer", "model", "link", str(bundle.directory), "model.json")
        assert code == 0, said
        self.git("add", "model.json")
        self.git("commit", "-q", "-m", f"model: {version}")
        return self.git("rev-parse", "HEAD").strip()

    def run_ci(self, edgectl: str) -> tuple[int, str]:
        """The shipped step, word for word; a gate worker runs elsewhere meanwhile."""
        stopping = threading.Event()

        def work() -> None:
            while not stopping.wait(0.1):
                gate_worker(
                    edgectl=edgectl, scratch=self.folder, once=True, idle_s=0.1,
                    hub=self.hub.address, token_file=self.token("gate"), ca=None, as_json=False,
                )  # fmt: skip

        thread = threading.Thread(target=work)
        self.token("gate")
        thread.start()
        try:
            return self.hubctl("trainer", *gate_words())
        finally:
            stopping.set()
            thread.join()


def gate_words() -> list[str]:
    """The words of the command in the shipped CI file, its variables filled in."""
    found = re.search(r"hubctl (gate --ci [^\n]*?) --hub", WORKFLOW.read_text())
    assert found is not None
    return found.group(1).replace("$BASE", "HEAD~1").replace("production", "demo").split()


@pytest.fixture(scope="module")
def runner(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runner]:
    folder = tmp_path_factory.mktemp("ci")
    (folder / "repo").mkdir()
    with hub_process(folder) as hub:
        box = hub.add_box("box-1")
        send_recordings(box, hub.sealing_key, NUM_BASKETS)
        hub.ok("POST", "/api/v1/blind-sets", {"note": "the first version", "budget": 9})
        made = Runner(hub, folder)
        made.git("init", "-q")
        made.commit_model("1.0.0")
        yield made


def test_a_commit_with_a_worse_model_is_rejected_and_its_files_are_gone(
    runner: Runner, tmp_path: Path
) -> None:
    runner.commit_model("1.1.0", detector=b"bad detector")
    code, said = runner.run_ci(write_replay_command(tmp_path))
    assert code == 1, said
    assert "reject" in said
    assert "the detector alone loses 40 and wins 0 of 120 baskets" in said
    code, said = runner.hubctl("trainer", "model", "fetch", "model.json", str(tmp_path / "out"))
    assert (code, "is rejected" in said) == (1, True)
    blobs = (p for p in (runner.folder / "hub").rglob("*") if p.is_file() and p.suffix != ".db")
    assert not [p for p in blobs if p.read_bytes() == b"bad detector"]
    runner.git("reset", "-q", "--hard", "HEAD~1")  # it was not merged


def test_a_commit_with_an_equal_model_passes_and_can_be_fetched(
    runner: Runner, tmp_path: Path
) -> None:
    runner.commit_model("1.2.0", gallery=b"newer gallery")
    code, said = runner.run_ci(write_replay_command(tmp_path))
    assert code == 0, said
    code, said = runner.hubctl("trainer", "model", "fetch", "model.json", str(tmp_path / "out"))
    assert code == 0, said
    assert (tmp_path / "out" / "gallery.npz").read_bytes() == b"newer gallery"
    runner.git("commit", "-q", "--allow-empty", "-m", "docs: no model")
    assert "names the same model" in runner.run_ci(write_replay_command(tmp_path))[1]


def test_no_blind_picture_reaches_the_runner_or_stays_at_the_worker(runner: Runner) -> None:
    blind_set = runner.hub.ok("GET", "/api/v1/blind-sets")[0]["blind_set_id"]
    session = runner.hub.admin
    for path in ("", "/recording-0000", "/recording-0000/frames"):
        for token in (runner.token("trainer").read_text(), None):
            headers = {"Authorization": f"Bearer {token}"} if token else {}
            reply = session.get(f"/api/v1/blind-sets/{blind_set}/recordings{path}", headers=headers)
            assert (reply.status_code, PICTURE in reply.content) == (403, False)
    assert not list(runner.folder.rglob("frames.tar"))
    looks = runner.hub.ok("GET", f"/api/v1/blind-sets/{blind_set}/looks")
    assert [(look["look"], look["verdict"]) for look in looks] == [(2, "pass"), (1, "reject")]
