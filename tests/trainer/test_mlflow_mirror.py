"""A run shown in MLflow: parameters, curves, state; twice is once."""

import importlib.util
from pathlib import Path

import pytest

from trainer.mlflow_mirror import RUN_TAG, MirrorError, mirror_run

RUN = {
    "run_id": "ab" * 16, "name": "descent", "status": "done", "tags": ["baseline"],
    "parameters": {"values": {"lr": 0.5, **{f"p{n}": n for n in range(120)}}},
    "started_at": "2026-11-21T10:00:00Z", "finished_at": "2026-11-21T10:01:40Z",
}  # fmt: skip
CURVES = {"x": [[0, 0.5], [1, 0.25]]}


def test_without_mlflow_the_way_out_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "mlflow.entities", None)
    with pytest.raises(MirrorError) as refused:
        mirror_run(RUN, CURVES, "unused")
    assert "tillsight[mlflow]" in refused.value.hint


@pytest.mark.slow  # MLflow makes its tables first
@pytest.mark.timeout(600)
@pytest.mark.filterwarnings("default")
def test_a_run_is_there_once_with_its_curves(tmp_path: Path) -> None:
    if importlib.util.find_spec("mlflow") is None:
        pytest.skip("MLflow is not installed: pip install mlflow-skinny")
    from mlflow.tracking import MlflowClient

    uri = f"sqlite:///{tmp_path / 'mlflow.db'}"
    try:
        first = mirror_run(RUN, CURVES, uri)
    except ImportError as err:
        pytest.skip(f"this MLflow keeps nothing in a file: {err}")
    second = mirror_run(RUN, CURVES, uri)
    client = MlflowClient(tracking_uri=uri)
    experiment = client.get_experiment_by_name("tillsight")
    found = client.search_runs([experiment.experiment_id])
    assert [r.info.run_id for r in found] == [second] != [first]
    assert (found[0].data.params["values.lr"], len(found[0].data.params)) == ("0.5", 121)
    assert found[0].info.end_time - found[0].info.start_time == 100_000
    assert found[0].info.status == "FINISHED"
    assert found[0].data.tags[RUN_TAG] == RUN["run_id"]
    assert [m.value for m in client.get_metric_history(second, "x")] == [0.5, 0.25]
