"""hubctl gate: let the hub judge a model; by its id, by a digest file in git, or by replays here.

`--ci FILE` is for a runner: it compares the digest file with the base branch's, asks the hub, waits
and exits with 0 pass, 1 reject, 3 inconclusive. No blind picture and no truth reaches the runner.
With `--recordings` the replays are made here, where somebody who may (`gate.run`) holds recordings.
"""

import json
import subprocess
import time
from pathlib import Path
from typing import Annotated, Any

import typer

from trainer.hubctl.digest_file import parse_link, read_link
from trainer.hubctl.hub_session import HubAnswerError, HubCall, HubSession, with_hub
from trainer.hubctl.model import whole_id
from trainer.release.blind_replay import replay

EXIT_CODES = {"pass": 0, "reject": 1, "inconclusive": 3}
POLL_S = 0.5


@with_hub
def gate(
    session: HubCall,
    champion: Annotated[
        str, typer.Option(help="What runs now: a model id, or a bundle folder with --recordings.")
    ] = "",
    candidate: Annotated[
        str, typer.Option(help="A model id, or a bundle folder with --recordings.")
    ] = "",
    recordings: Annotated[Path | None, typer.Option(help="Replay here, on this folder.")] = None,
    ci: Annotated[Path | None, typer.Option(help="Judge what this digest file names.")] = None,
    base: Annotated[str, typer.Option(help="Git ref the digest file is compared with.")] = "",
    policy: Annotated[str, typer.Option(help="production or demo.")] = "production",
    with_parts: Annotated[bool, typer.Option(help="Also each part of it alone.")] = True,
    wait_s: Annotated[int, typer.Option(min=1, help="How long to wait for a worker.")] = 6 * 3600,
    edgectl: Annotated[str, typer.Option(help="The box's own command.")] = "edgectl",
    limit: Annotated[int, typer.Option(min=0, help="At most so many recordings; 0 is all.")] = 0,
) -> None:
    """Let the hub judge a candidate; the exit code says what it said."""
    if recordings is not None:
        verdict = _replay_here(session, Path(champion), Path(candidate), recordings, edgectl,
                               policy, limit)  # fmt: skip
        _tell(session, verdict)
    if ci is not None:
        candidate, champion = read_link(ci).bundle_id, champion or _digest_at(base, ci)
        if candidate == champion:
            session.say({"verdict": "unchanged"}, f"{ci} names the same model as {base}")
            raise typer.Exit(0)
    if not candidate:
        raise typer.BadParameter("say what: --candidate ID, or --ci FILE")
    body = {"policy": policy, "with_parts": with_parts}
    body |= {"champion": whole_id(session, champion)} if champion else {}
    model = whole_id(session, candidate)
    job = session.api("POST", f"/models/{model}/gate-jobs", body)
    _tell(session, _verdict_of(session, model, str(job["job_id"]), wait_s))


def _replay_here(
    session: HubSession, champion: Path, candidate: Path, recordings: Path, edgectl: str,
    policy: str, limit: int,
) -> dict[str, Any]:  # fmt: skip
    results = {
        name: replay(edgectl, folder, recordings, limit=limit).model_dump(mode="json")
        for name, folder in (("champion", champion), ("candidate", candidate))
    }
    path = f"/models/{results['candidate']['bundle_id']}/gate"
    reply: dict[str, Any] = session.api("POST", path, {**results, "policy": policy})
    return reply


def _digest_at(base: str, file: Path) -> str:
    """The model that the digest file names at a git ref; empty where it is not there yet."""
    if not base:
        return ""
    command = ["git", "-C", str(file.parent or "."), "show", f"{base}:./{file.name}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return parse_link(done.stdout).bundle_id if done.returncode == 0 else ""


def _verdict_of(session: HubSession, model: str, job_id: str, wait_s: int) -> dict[str, Any]:
    """Wait for the worker; the verdict of this very job."""
    until = time.monotonic() + wait_s
    while time.monotonic() < until:
        job = session.api("GET", f"/jobs/{job_id}")
        if job["status"] == "done":
            wanted = job["result"]["verdict_id"]
            verdicts = session.api("GET", f"/models/{model}")["verdicts"]
            return dict(next(v for v in verdicts if v["verdict_id"] == wanted))
        if job["status"] in ("failed", "cancelled"):
            raise HubAnswerError(f"gate job {job['status']}: {job['message']}", hint="ask again")
        time.sleep(POLL_S)
    raise HubAnswerError(
        f"no verdict in {wait_s} s", hint="does a gate worker run? hubctl job workers"
    )


def _tell(session: HubCall, verdict: dict[str, Any]) -> None:
    session.say(verdict, "\n".join(_lines(verdict)))
    raise typer.Exit(EXIT_CODES[verdict["verdict"]])


def _lines(reply: dict[str, Any]) -> list[str]:
    told = reply["document"]
    lines = [
        f"{reply['verdict']} (policy {reply['policy']}, look {reply['look']})",
        f"  {told['num_baskets']} baskets",
        f"  champion {told['champion_accuracy']:.2%}, candidate {told['candidate_accuracy']:.2%}",
        f"  difference {told['difference']:+.2%}, {told['lower']:+.2%} to {told['upper']:+.2%}",
    ]
    lines += [f"  {reason}" for reason in told["reasons"]]
    lines += [f"  {told['blamed']}"] if told.get("blamed") else []
    if told["num_more"]:
        lines.append(f"  label {told['num_more']} more baskets")
    return [*lines, f"  margins: {json.dumps(told['policy'])}"]
