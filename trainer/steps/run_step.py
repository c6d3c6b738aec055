"""Runs one step: inputs checked, parameters read, key computed, result from the cache or made.

Flow: name + inputs + parameters -> key -> cache | run() -> folder
"""

import importlib
import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol, cast

from pydantic import BaseModel, ConfigDict, ValidationError

from trainer.steps.step_cache import StepCache, StepResult
from trainer.steps.step_key import step_key, tree_digest
from trainer.steps.step_table import Step, StepError, step_named
from trainer.steps.step_voice import StepVoice


class StepModule(Protocol):
    """What a step's module offers."""

    Parameters: type[BaseModel]

    def run(self, inputs: Mapping[str, Path], parameters: Any, out: Path, voice: StepVoice) -> None:
        """Fill `out`, which may hold what a killed attempt left."""
        ...


class NoParameters(BaseModel):
    """A step without any."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def run_step(
    name: str,
    inputs: Mapping[str, Path],
    parameters: Mapping[str, Any],
    cache: StepCache,
    voice: StepVoice,
) -> StepResult:
    """The result of a step in the cache.

    Raises:
        StepError: no such step, an input is missing or not wanted, or a parameter is wrong.
    """
    step = step_named(name)
    _check_inputs(name, step, inputs)
    module = cast(StepModule, importlib.import_module(step.module))
    chosen = _parameters(name, module, parameters)
    digests = {key: tree_digest(path) for key, path in inputs.items()}
    key = step_key(name, step.module, chosen.model_dump(mode="json"), digests)
    result = cache.result(key, lambda out: module.run(inputs, chosen, out, voice))
    voice.progress(100, f"{name} {'was done before' if result.was_here else 'done'} {key[:12]}")
    return result


def place_result(result: StepResult, out: Path) -> None:
    """Copy a result where the caller wants it."""
    if out.exists():
        shutil.rmtree(out)
    shutil.copytree(result.folder, out)


def read_parameters(text: str) -> dict[str, Any]:
    """Parameters from JSON text or from the file that it names.

    Raises:
        StepError: neither.
    """
    try:
        found = json.loads(text if text.lstrip().startswith("{") else Path(text).read_text())
    except (OSError, ValueError) as err:
        raise StepError(f"parameters {text[:80]!r}: {err}", hint="a JSON object or a file") from err
    if not isinstance(found, dict):
        raise StepError("parameters are no JSON object", hint='such as {"num_steps": 200}')
    return found


def _check_inputs(name: str, step: Step, inputs: Mapping[str, Path]) -> None:
    missing = sorted(set(step.needs) - set(inputs))
    strange = sorted(set(inputs) - set(step.inputs))
    absent = sorted(key for key, path in inputs.items() if not path.exists())
    if missing or strange or absent:
        raise StepError(
            f"step {name}: missing {missing}, not wanted {strange}, not there {absent}",
            hint=f"needs {', '.join(step.needs)}; may take {', '.join(step.takes) or 'no more'}",
        )


def _parameters(name: str, module: StepModule, given: Mapping[str, Any]) -> BaseModel:
    try:
        return module.Parameters.model_validate(dict(given))
    except ValidationError as err:
        first = err.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise StepError(
            f"step {name}: {where}: {first['msg']}",
            hint="knows " + (", ".join(module.Parameters.model_fields) or "no parameters"),
        ) from err
