"""Which weights a pipeline starts from, and how the lineage says so."""

from pathlib import Path
from typing import Any, cast

import pytest

from trainer.steps.pipeline_plan import read_request
from trainer.worker_hub import HubRefusal, WorkerHub
from trainer.worker_jobs import Desk, JobRefusedError, starting_weights

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
