"""What a worker does for each kind of job: a step, the pipeline of all, a captured script, a check.

Flow: job -> inputs fetched -> `python -m trainer.steps run NAME` as a child -> results uploaded

The effects at the hub (artefacts by digest, a model by its bundle id) are the same however often a
job is done; its end counts once, for the holder of the newest lease.
"""

import hashlib
import json
import os
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sync.bundle import open_bundle
from trainer.errors import DegradedError
from trainer.steps.pipeline_plan import PipelineRequest, inputs_for, read_request
from trainer.steps.step_table import STEPS, StepError, step_named
from trainer.worker_child import Child
from trainer.worker_hub import HubRefusal, WorkerHub
from trainer.worker_pulse import Pulse
from trainer.worker_runs import (
    event_files,
    files_of_folder,
    keep_code,
    link_files,
    reported_run,
)

CHECK = "import hashlib,sys;print(hashlib.sha256(b'.'*int(sys.argv[1])).hexdigest())"
MAX_CHECK_BYTES = 100_000_000
TREE_FORMAT = 1


class JobRefusedError(DegradedError):
    """A job that cannot be done as it was asked."""

    code = "worker.job"


@dataclass
class Desk:
    """What a job works with.

    Attributes:
        folder: this job's own, emptied before it starts.
        command: interpreter and environment of a child, given extra packages and a code archive.
    """

    job: dict[str, Any]
    hub: WorkerHub
    pulse: Pulse
    child: Child
    folder: Path
    cache: Path
    command: Callable[[Sequence[str], str], tuple[Path, Mapping[str, str]]]
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def parameters(self) -> dict[str, Any]:
        """Of the job."""
        found: dict[str, Any] = self.job["parameters"]
        return found


def do_job(desk: Desk) -> dict[str, Any]:
    """Do a job; its result.

    Raises:
        JobRefusedError: no such kind, or a wrong parameter.
        ChildFailedError: a step failed.
        HubRefusal: the hub refused an input or a result.
    """
    kind = str(desk.job["kind"])
    if kind == "pipeline":
        return _pipeline(desk)
    if kind == "script":
        return _script(desk)
    if kind == "worker.check":
        return _check(desk)
    if kind.startswith("step."):
        return _one_step(desk, kind.removeprefix("step."))
    raise JobRefusedError(f"no job of kind {kind!r}", hint="one of: " + ", ".join(KINDS))


KINDS = ("pipeline", *(f"step.{name}" for name in STEPS), "script", "worker.check")


def _pipeline(desk: Desk) -> dict[str, Any]:
    request = read_request(desk.parameters)
    run_id = request.run_id or str(desk.job["job_id"])
    parameters = {k: v for k, v in desk.parameters.items() if k != "run_id"}
    name = request.note or f"pipeline {request.path} {request.dataset[:8]}"
    code = request.code or keep_code(desk.hub)
    with reported_run(
        desk.hub, desk.pulse, run_id=run_id, name=name[:200], kind="pipeline",
        parameters=parameters, code=code,
    ) as result:  # fmt: skip
        lineage = {
            "run_id": run_id, "dataset": request.dataset, "champion": request.champion,
            "job": str(desk.job["job_id"]), "code": code, **starting_weights(desk, request),
        }  # fmt: skip
        result |= run_steps(desk, request, lineage)
    return result


def run_steps(desk: Desk, request: PipelineRequest, lineage: dict[str, str]) -> dict[str, Any]:
    """Every step of the request's path, and the model registered that the last one made."""
    available = _fetched(desk, request, lineage)
    champion = open_bundle(available["champion"])
    order, reused = request.order(), list[str]()
    for number, name in enumerate(order):
        first, last = (10 + 80 * n // len(order) for n in (number, number + 1))
        desk.pulse.part(first, last, name)
        parameters = request.parameters(name)
        if name == order[-1]:
            version = f"{champion.manifest.version.split('+')[0]}+{lineage['run_id'][:8]}"
            told: dict[str, Any] = {
                "created": str(desk.job["created_at"]), "version": request.version or version,
            }  # fmt: skip
            if name == "package":
                told |= {"name": request.name, "lineage": lineage}
            parameters = {**told, **parameters}
        if name == "fit" and int(desk.job["num_gpus"]) > 1:
            parameters = {"num_processes": int(desk.job["num_gpus"]), **parameters}
        available[name], was_here = run_child(desk, name, inputs_for(name, available), parameters)
        reused += [name] * was_here
    desk.pulse.part(90, 100, "registering the model")
    bundle_id = _register(desk, available[order[-1]], lineage, request.note)
    if "fit" in available:
        link_files(desk.hub, lineage["run_id"], event_files(available["fit"]))
    judge = available["evaluate" if "evaluate" in available else "child"]
    return {
        **lineage,
        "bundle_id": bundle_id,
        "evaluation": json.loads((judge / "evaluation.json").read_text()),
        "seconds": desk.seconds,
        "reused": reused,
    }


def _fetched(desk: Desk, request: PipelineRequest, lineage: Mapping[str, str]) -> dict[str, Path]:
    """Everything the steps start from, on this machine."""
    started = time.monotonic()
    desk.pulse.part(0, 10, "fetching data set and champion")

    def tell(number: int, total: int) -> None:
        desk.pulse.hear(f"::progress {100 * number // total} {number} of {total} pictures")

    available = {
        "champion": desk.hub.fetch_bundle(request.champion),
        "dataset": desk.hub.fetch_dataset(request.dataset, tell),
        "catalogue": desk.folder / "catalogue.json",
    }
    available["catalogue"].write_bytes(desk.hub.fetch_bytes("/skus-export?format=json"))
    if "from_checkpoint" in lineage:
        available["checkpoint"] = desk.hub.fetch_artifact(lineage["from_checkpoint"])
    desk.seconds["fetch"] = round(time.monotonic() - started, 2)
    return available


def starting_weights(desk: Desk, request: PipelineRequest) -> dict[str, str]:
    """The trained weights to start from, for the lineage: as asked, or the champion's own.

    Raises:
        JobRefusedError: a model was asked for that left no weights.
    """
    asked = request.checkpoint or ""
    if not asked and request.path != "full":
        return {}
    model_id = asked or request.champion
    try:
        model = desk.hub.call("GET", f"/models/{model_id}")
    except HubRefusal as err:
        if err.status != 404:  # an artefact, or a champion published without being registered
            raise
        return {"from_checkpoint": asked} if asked else {}
    weights = str(model["lineage"].get("checkpoint", ""))
    if asked and not weights:
        raise JobRefusedError(
            f"model {asked[:12]} left no weights", hint="the fast path trains none; see its lineage"
        )
    return {"from_checkpoint": weights, "started_from": model_id} if weights else {}


def run_child(
    desk: Desk, name: str, inputs: Mapping[str, Path], parameters: Mapping[str, Any]
) -> tuple[Path, bool]:
    """The result folder of a step, and whether it was in the cache."""
    started = time.monotonic()
    out = desk.folder / name
    packages, code = desk.parameters.get("packages", []), str(desk.parameters.get("code", ""))
    python, environment = desk.command(packages, code)
    given = [f"{key}={path}" for key, path in inputs.items()]
    told: list[str] = []

    def hear(line: str) -> None:
        told.append(line) if "was done before" in line else None
        desk.pulse.hear(line)

    desk.child.run(
        [str(python), "-m", "trainer.steps", "--die-with-parent", "run", name, "--inputs", *given,
         "--params", json.dumps(parameters), "--out", str(out), "--cache", str(desk.cache)],
        hear, environment=environment,
    )  # fmt: skip
    desk.seconds[name] = round(time.monotonic() - started, 2)
    return out, bool(told)


def _register(desk: Desk, package: Path, lineage: Mapping[str, str], note: str) -> str:
    """Upload the bundle's files and its manifest, and make it a model; its id."""
    started = time.monotonic()
    bundle = open_bundle(package / "bundle")
    desk.hub.send_bundle(bundle.directory)
    told = dict(lineage)
    weights = package / "weights.pt"
    if weights.is_file():
        told["checkpoint"] = _digest(weights)
        desk.hub.upload(weights, told["checkpoint"])
    body = {"manifest": bundle.manifest.model_dump(mode="json"), "lineage": told, "note": note}
    desk.pulse.require_lease()
    try:
        desk.hub.call("POST", "/models", body)
    except HubRefusal as err:
        if err.said != "model.refused":  # an earlier attempt of this job has registered it
            raise
        desk.hub.call("GET", f"/models/{bundle.bundle_id}")
    desk.seconds["register"] = round(time.monotonic() - started, 2)
    return bundle.bundle_id


def _script(desk: Desk) -> dict[str, Any]:
    """A captured script again: its code archive, its arguments, its values as a clone has them."""
    told = desk.parameters
    code, run_id = str(told.get("code", "")), str(told.get("run_id") or desk.job["job_id"])
    python, environment = desk.command(told.get("packages", []), code)
    folder, run_folder = desk.folder / "code", desk.folder / "run"
    if code:
        shutil.copytree(environment["PYTHONPATH"].split(os.pathsep)[0], folder)
    entry = (folder / str(told.get("entry", ""))).resolve()
    if not entry.is_file() or not entry.is_relative_to(folder.resolve()):
        raise JobRefusedError("a script needs `code` and an `entry` in it", hint="clone a run")
    command = [str(python), "-m", "trainer.tracked_script", "--die-with-parent"]
    command += ["--run-id", run_id, "--folder", str(run_folder)]
    command += ["--values", json.dumps(told.get("values", {})), str(entry)]
    command += map(str, told.get("arguments", []))
    desk.pulse.part(0, 100, f"running {told['entry']}")
    with reported_run(
        desk.hub, desk.pulse, run_id=run_id, name=entry.name, kind="script",
        parameters={k: v for k, v in told.items() if k != "run_id"}, code=code,
    ) as result:  # fmt: skip
        try:
            desk.child.run(command, desk.pulse.hear, folder=folder, environment=environment)
        finally:
            link_files(desk.hub, run_id, files_of_folder(run_folder))
        record = run_folder / "run.json"
        result |= json.loads(record.read_text())["result"] if record.is_file() else {}
    return {"run_id": run_id, "result": result}


def _one_step(desk: Desk, name: str) -> dict[str, Any]:
    """`{"inputs": {"shards": "<tree>", "dataset": "<version>"}, "parameters": {}}`."""
    step = step_named(name)
    asked = desk.parameters.get("inputs", {})
    strange = sorted(set(asked) - set(step.inputs))
    if strange:
        raise StepError(f"step {name} takes no {strange}", hint=", ".join(step.inputs))
    inputs = {key: _input(desk, key, str(digest)) for key, digest in asked.items()}
    out, was_here = run_child(desk, name, inputs, desk.parameters.get("parameters", {}))
    desk.pulse.part(90, 100, "uploading the result")
    return {"output": upload_tree(desk.hub, out), "was_here": was_here, "seconds": desk.seconds}


def _input(desk: Desk, name: str, digest: str) -> Path:
    if name == "dataset":
        return desk.hub.fetch_dataset(digest, lambda number, total: None)
    if name == "champion":
        return desk.hub.fetch_bundle(digest)
    path = desk.hub.fetch_artifact(digest)
    return path if name == "checkpoint" else fetch_tree(desk.hub, path, desk.folder / "in" / name)


def upload_tree(hub: WorkerHub, folder: Path) -> str:
    """A folder as artefacts: each file, and a list of them whose digest names the folder."""
    files = []
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        sha256 = _digest(path)
        hub.upload(path, sha256)
        files.append({"path": path.relative_to(folder).as_posix(), "sha256": sha256})
    tree = {"format": TREE_FORMAT, "files": files}
    return hub.upload_bytes(json.dumps(tree, sort_keys=True).encode())


def fetch_tree(hub: WorkerHub, listed: Path, folder: Path) -> Path:
    """The folder that a list of files names.

    Raises:
        JobRefusedError: it is no such list, or a path leaves the folder.
    """
    try:
        files = [
            (str(f["path"]), str(f["sha256"])) for f in json.loads(listed.read_text())["files"]
        ]
    except (ValueError, KeyError, TypeError, UnicodeDecodeError) as err:
        raise JobRefusedError("an input is no list of files", hint="give a step's output") from err
    for name, sha256 in files:
        target = (folder / name).resolve()
        if not target.is_relative_to(folder.resolve()):
            raise JobRefusedError(f"path {name[:80]!r} leaves its folder")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(hub.fetch_artifact(sha256), target)
    return folder


def _check(desk: Desk) -> dict[str, Any]:
    """A child that computes one digest: shows that a worker lives, and what a job costs."""
    num_bytes = int(desk.parameters.get("num_bytes", 1000))
    if not 0 <= num_bytes <= MAX_CHECK_BYTES:
        raise JobRefusedError(f"{num_bytes} bytes", hint=f"0 to {MAX_CHECK_BYTES}")
    lines: list[str] = []
    python, environment = desk.command([], "")
    desk.child.run(
        [str(python), "-I", "-S", "-c", CHECK, str(num_bytes)], lines.append,
        environment=environment,
    )  # fmt: skip
    return {"sha256": lines[0].strip()}


def _digest(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
