"""hubctl gate-worker: leases gate jobs, replays the blind set with the box's own code, reports.

Flow: lease `gate` -> begin (a look is spent) -> recordings and bundles -> replays -> verdict

It runs with a token of role `gate`, the only one that reads blind pictures, in an environment with
[edge]. Pictures and bundles lie in a scratch folder for as long as the job runs, no longer.
"""

import shutil
import socket
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from sync.bundle import Bundle
from sync.errors import SyncError
from sync.recording import Recording
from sync.recording_folder import write_recording_folder
from trainer.errors import TrainerError
from trainer.hubctl.digest_file import fetch_files
from trainer.hubctl.hub_session import HubAnswerError, HubCall, HubSession, with_hub
from trainer.release.gate_run import run_gate

LEASE_S = 60
BEAT_S = 15.0
IDLE_S = 5.0


@with_hub
def gate_worker(
    session: HubCall,
    edgectl: Annotated[str, typer.Option(help="The box's own command.")] = "edgectl",
    scratch: Annotated[
        Path | None, typer.Option(help="Where blind pictures lie meanwhile.")
    ] = None,
    once: Annotated[bool, typer.Option(help="End when no job waits.")] = False,
    idle_s: Annotated[float, typer.Option(help="Ask again after so long.")] = IDLE_S,
) -> None:
    """Judge candidates as the hub asks for it; needs a token of role `gate`."""
    waiting = threading.Event()
    while True:
        job = _lease(session)
        if job is not None:
            _work(session, job, edgectl, scratch)
        elif once:
            return
        else:
            waiting.wait(idle_s)


def _lease(session: HubSession) -> dict[str, Any] | None:
    worker = f"gate-{socket.gethostname()}"
    body = {"worker": worker, "kinds": ["gate"], "lease_s": LEASE_S}
    job: dict[str, Any] | None = session.api("POST", "/jobs-lease", body)
    return job


def _work(session: HubSession, job: dict[str, Any], edgectl: str, scratch: Path | None) -> None:
    """One job to its end; what goes wrong is the job's message."""
    name, lease = job["job_id"], {"lease_id": job["lease_id"]}
    folder = Path(tempfile.mkdtemp(prefix="gate-", dir=scratch))
    try:
        told = {"message": "fetching models and recordings"}
        with _heartbeats(session, name, lease, told):
            verdict = _judge(session, name, edgectl, folder, told)
        result = {"verdict_id": verdict["verdict_id"], "verdict": verdict["verdict"]}
        end = {"status": "done", "result": result, "message": verdict["verdict"]}
    except (TrainerError, SyncError) as err:
        end = {"status": "failed", "message": f"{err.code}: {err}"[:1900]}
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    typer.echo(f"gate job {name[:12]}: {end['message']}")
    session.api("POST", f"/jobs/{name}/finish", {**lease, **end})


def _judge(
    session: HubSession, job_id: str, edgectl: str, folder: Path, told: dict[str, str]
) -> dict[str, Any]:
    def say(text: str) -> None:
        told["message"] = f"replaying {text}"
        typer.echo(f"  replaying {text}")

    plan = session.api("POST", f"/gate-jobs/{job_id}/begin")
    champion = _fetch_model(session, str(plan["champion"]), folder / "champion")
    candidate = _fetch_model(session, str(plan["candidate"]), folder / "candidate", champion)
    recordings = folder / "recordings"
    _fetch_recordings(session, str(plan["blind_set"]), recordings)
    found = run_gate(
        edgectl, champion, candidate, recordings, folder,
        with_parts=bool(plan["with_parts"]), say=say,
    )  # fmt: skip
    body = {
        "champion": found.champion.model_dump(mode="json"),
        "candidate": found.candidate.model_dump(mode="json"),
        "evidence": found.evidence.model_dump(mode="json"),
        "policy": plan["policy"],
        "job_id": job_id,
    }
    verdict: dict[str, Any] = session.api("POST", f"/models/{plan['candidate']}/gate", body)
    return verdict


def _fetch_model(session: HubSession, model: str, into: Path, like: Bundle | None = None) -> Bundle:
    return fetch_files(session, model, into, f"/models/{model}/files/{{sha256}}", like)


def _fetch_recordings(session: HubSession, blind_set: str, root: Path) -> None:
    base = f"/blind-sets/{blind_set}/recordings"
    for item in session.api("GET", base):
        path = f"{base}/{item['recording_id']}"
        recording = Recording.model_validate(session.api("GET", path))
        write_recording_folder(root, recording, session.fetch(f"{path}/frames"))


@contextmanager
def _heartbeats(
    session: HubSession, job_id: str, lease: dict[str, str], told: dict[str, str]
) -> Iterator[None]:
    """Keep the lease while the block runs, and tell `told`; a lost one is heard of at the end."""
    stopping = threading.Event()

    def beat() -> None:
        while not stopping.wait(BEAT_S):
            body = {**lease, **told, "lease_s": LEASE_S}
            try:
                session.api("POST", f"/jobs/{job_id}/heartbeat", body)
            except HubAnswerError as err:
                typer.echo(f"  heartbeat: {err}", err=True)

    thread = threading.Thread(target=beat, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stopping.set()
        thread.join()
