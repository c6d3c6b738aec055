"""Which weights a pipeline starts from, how the lineage says so, and what each path registers."""

import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import pytest

from edge.config import FACTORY_BUNDLE
from sync.bundle import open_bundle
from trainer.steps.pipeline_plan import read_request
from trainer.worker_hub import HubRefusal, WorkerHub
from trainer.worker_jobs import Desk, JobRefusedError, run_steps, starting_weights

CHAMPION, MODEL, FAST, ARTIFACT, WEIGHTS = ("ab" * 32, "cd" * 32, "ef" * 32, "12" * 32, "34" * 32)


class Registry:
    """The models of a hub: two were trained, one was only fitted on kept features."""

    def call(self, method: str, path: str) -> dict[str, Any]:
        assert method == "GET"
        kept = {CHAMPION: {"checkpoint": WEIGHTS}, MODEL: {"checkpoint": WEIGHTS}, FAST: {}}
        model_id = path.removeprefix("/models/")
        if model_id not in kept:
            raise HubRefusal(404, {"code": "not_found", "message": "no such model"})
        return {"bundle_id": model_id, "lineage": kept[model_id]}


def desk(folder: Path) -> Desk:
    hub = cast(WorkerHub, Registry())
    nothing = cast(Any, None)
    return Desk({}, hub, nothing, nothing, folder, folder, nothing)


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        pytest.param({}, {}, id="the fast path trains nothing"),
        pytest.param(
            {"path": "full"}, {"from_checkpoint": WEIGHTS, "started_from": CHAMPION}, id="champion"
        ),
        pytest.param({"path": "full", "champion": FAST}, {}, id="a champion without weights"),
        pytest.param(
            {"path": "full", "champion": "99" * 32}, {}, id="a champion nobody registered"
        ),
        pytest.param(
            {"path": "full", "checkpoint": MODEL},
            {"from_checkpoint": WEIGHTS, "started_from": MODEL},
            id="another model",
        ),
        pytest.param({"checkpoint": ARTIFACT}, {"from_checkpoint": ARTIFACT}, id="an artefact"),
    ],
)
def test_the_lineage_names_the_weights_and_the_model_that_training_began_from(
    asked: dict[str, str], told: dict[str, str], tmp_path: Path
) -> None:
    request = read_request({"dataset": "77" * 32, "champion": CHAMPION, **asked})
    assert starting_weights(desk(tmp_path), request) == told


def test_a_model_that_left_no_weights_is_no_start(tmp_path: Path) -> None:
    request = read_request({"dataset": "77" * 32, "champion": CHAMPION, "checkpoint": FAST})
    with pytest.raises(JobRefusedError, match="left no weights"):
        starting_weights(desk(tmp_path), request)


class HubOfOneChampion:
    """Hands out the factory bundle; keeps what is registered."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.registered: list[Any] = []

    def fetch_bundle(self, bundle_id: str) -> Path:
        return FACTORY_BUNDLE

    def fetch_dataset(self, version_id: str, tell: Callable[[int, int], None]) -> Path:
        return self.folder

    def fetch_bytes(self, path: str) -> bytes:
        return b"{}"

    def send_bundle(self, folder: Path) -> None:
        open_bundle(folder, verify_files=False)

    def call(self, method: str, path: str, body: Any) -> dict[str, Any]:
        self.registered.append((method, path, body))
        return {}


class ChildThatLeavesABundle:
    """Notes every step; each leaves the champion's bundle and a word about it."""

    def __init__(self) -> None:
        self.steps: list[tuple[str, dict[str, Any]]] = []

    def run(
        self, command: Sequence[str], hear: Callable[[str], None], environment: Mapping[str, str]
    ) -> None:
        name, out = command[command.index("run") + 1], Path(command[command.index("--out") + 1])
        told = json.loads(command[command.index("--params") + 1])
        self.steps.append((name, told))
        shutil.copytree(FACTORY_BUNDLE, out / "bundle")
        (out / "evaluation.json").write_text('{"family": "fontela_water"}')


class Silent:
    """A pulse that nobody listens to."""

    def part(self, first_percent: int, last_percent: int, message: str) -> None: ...

    def hear(self, line: str) -> None: ...

    def require_lease(self) -> None: ...


def test_the_path_of_a_family_registers_what_its_last_step_made(tmp_path: Path) -> None:
    hub, child = HubOfOneChampion(tmp_path), ChildThatLeavesABundle()
    job = {"job_id": "ab" * 16, "created_at": "2026-11-21T00:00:00+00:00", "num_gpus": 0}
    desk = Desk({**job, "parameters": {}}, cast(Any, hub), cast(Any, Silent()), cast(Any, child),
                tmp_path, tmp_path, lambda packages, code: (Path("python"), {}))  # fmt: skip
    request = read_request({"dataset": "77" * 32, "champion": CHAMPION, "path": "child"})
    result = run_steps(desk, request, {"run_id": "cd" * 16})
    assert [name for name, _ in child.steps] == ["quality", "snapshot", "child"]
    version = f"{open_bundle(FACTORY_BUNDLE, verify_files=False).manifest.version}+cdcdcdcd"
    assert child.steps[-1][1] == {"created": job["created_at"], "version": version}
    assert [path for _, path, _ in hub.registered] == ["/models"]
    assert result["evaluation"] == {"family": "fontela_water"}
