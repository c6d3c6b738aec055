"""The pipeline: which steps follow one another, and what each is given. No torch, no network.

Flow: request -> steps in order, each with its inputs and parameters
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from trainer.steps.step_table import STEPS, StepError, step_named

CHILD_PATH = ("quality", "snapshot", "child")

Digest = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


class PipelineRequest(BaseModel):
    """Parameters of a job of the kind `pipeline`.

    Attributes:
        dataset: version to learn from.
        champion: id of the bundle to start from and to be compared with.
        path: fast (cached features, seconds) or full (training); `fit` is told. child: one
            look-alike family's own model and nothing else, named by the parameters of `child`.
        steps: parameters by step, where they are not the defaults.
        skip: steps to leave out, of those that others can do without.
        checkpoint: trained weights to start from, as an artefact or by the model that left them;
            what the champion's lineage names by default.
        run_id: the run this is an attempt of; a new one by default.
        code, packages: archive to run instead of the worker's own code, and what to lay over its
            environment: what a clone of a run carries.
        name, version: of the bundle; the champion's name, and its version with the job's number.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    dataset: Digest
    champion: Digest
    path: Literal["fast", "full", "child"] = "fast"
    steps: dict[str, dict[str, Any]] = Field(default={}, max_length=20)
    skip: tuple[Literal["tune"], ...] = ()
    checkpoint: Digest | None = None
    run_id: str = Field(default="", pattern="^([0-9a-f]{32})?$")
    code: str = Field(default="", pattern="^([0-9a-f]{64})?$")
    packages: tuple[str, ...] = Field(default=(), max_length=100)
    name: str = Field(default="", max_length=100)
    version: str = Field(default="", max_length=40)
    note: str = Field(default="", max_length=2000)

    def order(self) -> list[str]:
        """Steps to run, one after the other."""
        if self.path == "child":
            return list(CHILD_PATH)
        return [name for name in STEPS if name not in (*self.skip, "child")]

    def parameters(self, name: str) -> dict[str, Any]:
        """What a step is told; unknown names are the step's to refuse."""
        given = dict(self.steps.get(name, {}))
        return {"path": self.path, **given} if name == "fit" else given


def read_request(parameters: Mapping[str, Any]) -> PipelineRequest:
    """A job's parameters.

    Raises:
        StepError: something is missing, wrong, or names no step.
    """
    try:
        request = PipelineRequest.model_validate(dict(parameters))
    except ValidationError as err:
        first = err.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise StepError(
            f"pipeline: {where}: {first['msg']}", hint="trainer/steps/README.md"
        ) from err
    for name in request.steps:
        step_named(name)
    return request


def inputs_for(name: str, available: Mapping[str, Path]) -> dict[str, Path]:
    """Of everything that is there, what a step needs or may take."""
    return {key: available[key] for key in step_named(name).inputs if key in available}
