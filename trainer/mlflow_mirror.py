"""A run of the hub shown in MLflow as well, for teams that look there; nothing is read back.

Flow: run + curves -> MLflow tracking server

An extra: `pip install tillsight[mlflow]`. The hub stays the place where runs are kept; a run that
is mirrored twice is one run there, found by its tag.
"""

import math
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from trainer.errors import DegradedError
from trainer.run_difference import flattened

RUN_TAG = "tillsight.run_id"
MAX_PARAMETER_CHARS = 500
METRICS_AT_ONCE, PARAMETERS_AT_ONCE = 1000, 100  # MLflow takes no more in one request
STATES = {"done": "FINISHED", "failed": "FAILED", "cancelled": "KILLED"}


class MirrorError(DegradedError):
    """MLflow is not here, or does not answer."""

    code = "run.mirror"


def mirror_run(
    run: Mapping[str, Any], curves: Mapping[str, Sequence[Sequence[float]]], tracking_uri: str,
    experiment: str = "tillsight",
) -> str:  # fmt: skip
    """Write a run (`GET /runs/ID`) and its curves to MLflow; MLflow's id of it.

    Raises:
        MirrorError: mlflow-skinny is not installed.
    """
    try:
        from mlflow.entities import Metric, Param, RunTag
        from mlflow.tracking import MlflowClient
    except ImportError as err:
        raise MirrorError("MLflow is not installed", hint="install tillsight[mlflow]") from err
    client = MlflowClient(tracking_uri=tracking_uri)
    known = client.get_experiment_by_name(experiment)
    experiment_id = known.experiment_id if known else client.create_experiment(experiment)
    for earlier in client.search_runs([experiment_id], f"tags.`{RUN_TAG}` = '{run['run_id']}'"):
        client.delete_run(earlier.info.run_id)
    made = client.create_run(
        experiment_id, start_time=_milliseconds(run.get("started_at")), run_name=str(run["name"])
    )
    tags = [RunTag(RUN_TAG, str(run["run_id"])), *(RunTag(f"tag.{t}", "1") for t in run["tags"])]
    parameters = [
        Param(place, text[:MAX_PARAMETER_CHARS])
        for place, text in flattened(run["parameters"]).items()
    ]
    client.log_batch(made.info.run_id, tags=tags)
    for first in range(0, len(parameters), PARAMETERS_AT_ONCE):
        part = parameters[first : first + PARAMETERS_AT_ONCE]
        client.log_batch(made.info.run_id, params=part)
    points = [
        Metric(name, float(value), 0, int(step))
        for name, curve in curves.items()
        for step, value in curve
        if math.isfinite(value)
    ]
    for first in range(0, len(points), METRICS_AT_ONCE):
        client.log_batch(made.info.run_id, metrics=points[first : first + METRICS_AT_ONCE])
    status = STATES.get(str(run["status"]), "RUNNING")
    client.set_terminated(made.info.run_id, status, _milliseconds(run.get("finished_at")))
    return str(made.info.run_id)


def _milliseconds(told: str | None) -> int | None:
    """A time of the hub as MLflow counts; None where there is none, which is now."""
    return int(datetime.fromisoformat(told).timestamp() * 1000) if told else None
