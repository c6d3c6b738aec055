"""Runs as a worker reports them: begun with everything captured, ended with what came of it.

Flow: job -> run (capture, curves by pulse) -> files linked -> finish ; run folder -> hub
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from sync.errors import SyncError
from trainer.errors import TrainerError
from trainer.run_capture import hardware, own_code
from trainer.steps.step_key import environment_lock
from trainer.tracking import CODE, FILES, OUTPUT, RECORD, SCALARS
from trainer.worker_hub import WorkerHub
from trainer.worker_pulse import Pulse

POINTS_AT_ONCE = 2000
MAX_FILES = 500


@contextmanager
def reported_run(
    hub: WorkerHub, pulse: Pulse, *, run_id: str, name: str, kind: str,
    parameters: Mapping[str, Any], code: str,
) -> Iterator[dict[str, Any]]:  # fmt: skip
    """A run around a job; what is put into the yielded dictionary is its result."""
    laid_over = sorted(map(str, parameters.get("packages", ())))  # as a clone's list has them
    capture = {"code": code, "packages": [*environment_lock(), *laid_over], "hardware": hardware(),
               "entry": str(parameters.get("entry", f"job {kind}"))}  # fmt: skip
    begin = {"run_id": run_id, "name": name, "kind": kind, "parameters": dict(parameters),
             "status": "running"}  # fmt: skip
    hub.call("POST", "/runs", begin)
    hub.call("POST", f"/runs/{run_id}/start", {"job_id": pulse.job_id, "capture": capture})
    pulse.run_id = run_id
    result: dict[str, Any] = {}
    status = "failed"
    try:
        yield result
        status = "done"
    finally:
        if not pulse.is_lost:
            with suppress(TrainerError, SyncError):  # the job's own end must still be told
                _end(hub, pulse, run_id, "cancelled" if pulse.is_cancelled else status, result)


def keep_code(hub: WorkerHub) -> str:
    """The worker's own code as an artefact; its sha256."""
    return hub.upload_bytes(own_code())


def link_files(hub: WorkerHub, run_id: str, files: Mapping[str, Path]) -> None:
    """Upload files and let them belong to a run."""
    for name, path in list(files.items())[:MAX_FILES]:
        sha256 = hub.upload_file(path)
        hub.call("POST", f"/runs/{run_id}/files", {"name": name, "sha256": sha256})


def files_of_folder(folder: Path) -> dict[str, Path]:
    """What a tracked run left, by name: kept files, output, and TensorBoard's events."""
    found = {OUTPUT: folder / OUTPUT} if (folder / OUTPUT).is_file() else {}
    kept = sorted(p for p in (folder / FILES).rglob("*") if p.is_file())
    found |= {p.relative_to(folder / FILES).as_posix(): p for p in kept}
    return found | event_files(folder)


def event_files(folder: Path) -> dict[str, Path]:
    """TensorBoard's event files below a folder, by their place."""
    found = sorted(p for p in folder.rglob("*tfevents*") if p.is_file())
    return {f"tensorboard/{p.relative_to(folder).as_posix()}": p for p in found}


def push_run(hub: WorkerHub, folder: Path) -> str:
    """A run that was made without a hub; its id. Told twice, it is there once."""
    record = json.loads((folder / RECORD).read_text())
    run_id, capture = str(record["run_id"]), dict(record["capture"])
    parameters: dict[str, Any] = {
        "entry": capture.get("entry", ""), "arguments": capture.get("arguments", []),
        "values": record["values"],
    }  # fmt: skip
    if (folder / CODE).is_file():
        parameters["code"] = capture["code"] = hub.upload_file(folder / CODE)
    hub.call("POST", "/runs", {
        "run_id": run_id, "name": record["name"], "kind": "script", "parameters": parameters,
        "capture": capture, "status": "running",
    })  # fmt: skip
    push_points(hub, run_id, folder)
    link_files(hub, run_id, files_of_folder(folder))
    status = record["status"] if record["status"] in ("done", "failed") else "failed"
    body = {"status": status, "result": record.get("result", {})}
    hub.call("POST", f"/runs/{run_id}/finish", body)
    return run_id


def push_points(hub: WorkerHub, run_id: str, folder: Path) -> None:
    """Every figure that a run wrote down."""
    if not (folder / SCALARS).is_file():
        return
    points = [json.loads(line) for line in (folder / SCALARS).read_text().splitlines()]
    for first in range(0, len(points), POINTS_AT_ONCE):
        body = {"points": points[first : first + POINTS_AT_ONCE]}
        hub.call("POST", f"/runs/{run_id}/scalars", body)


def _end(hub: WorkerHub, pulse: Pulse, run_id: str, status: str, result: Mapping[str, Any]) -> None:
    pulse.flush()
    sha256 = hub.upload_bytes(pulse.output().encode())
    hub.call("POST", f"/runs/{run_id}/files", {"name": "job.log", "sha256": sha256})
    hub.call("POST", f"/runs/{run_id}/finish", {"status": status, "result": dict(result)})
