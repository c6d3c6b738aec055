"""hubctl job: what waits, runs and ran. List, show, follow, enqueue, cancel; who works."""

import json
import time
from typing import Annotated, Any

import typer

from trainer.hubctl.hub_session import HubAnswerError, HubCall, with_hub
from trainer.hubctl.run import changed

app = typer.Typer(no_args_is_help=True, help="Jobs: what waits, runs and ran.")

COLUMNS = ("job_id", "kind", "status", "progress", "message", "worker", "attempt", "created_by")
ENDED = ("done", "failed", "cancelled")
POLL_S = 1.0
JobArgument = Annotated[str, typer.Argument(help="Job id, or as many of its first letters.")]


@app.command("list")
@with_hub
def list_jobs(
    session: HubCall,
    status: Annotated[
        str, typer.Option(help="queued, leased, done, failed or cancelled; all without.")
    ] = "",
    limit: Annotated[int, typer.Option(min=1, max=500)] = 50,
) -> None:
    """Jobs, the newest first."""
    session.rows(session.api("GET", f"/jobs?status={status}&limit={limit}")["items"], COLUMNS)


@app.command("show")
@with_hub
def show(session: HubCall, job: JobArgument) -> None:
    """Everything about a job, as JSON."""
    typer.echo(json.dumps(session.api("GET", f"/jobs/{whole(session, job)}"), indent=2))


@app.command("logs")
@with_hub
def logs(
    session: HubCall,
    job: JobArgument,
    follow: Annotated[bool, typer.Option(help="Go on until it ends; exit 1 unless done.")] = False,
) -> None:
    """What its worker said, every attempt."""
    job_id, after = whole(session, job), 0
    while True:
        status = str(session.api("GET", f"/jobs/{job_id}")["status"])  # before its last words
        for row in session.api("GET", f"/jobs/{job_id}/logs?after={after}"):
            after = row["log_id"]
            typer.echo(row["text"], nl=not row["text"].endswith("\n"))
        if not follow:
            return
        if status in ENDED:
            raise typer.Exit(0 if status == "done" else 1)
        time.sleep(POLL_S)


@app.command("enqueue")
@with_hub
def enqueue(
    session: HubCall,
    kind: Annotated[str, typer.Argument(help="pipeline, step.NAME, script, worker.check")],
    values: Annotated[
        list[str],
        typer.Option("--set", help="place=JSON, such as dataset=9f3c... steps.fit.path=full"),
    ] = [],  # noqa: B006
    priority: Annotated[int, typer.Option(min=-100, max=100)] = 0,
    num_gpus: Annotated[int, typer.Option(min=0, max=64)] = 0,
    max_attempts: Annotated[int, typer.Option(min=1, max=20)] = 3,
) -> None:
    """Queue a job for the workers."""
    parameters: dict[str, Any] = changed({}, values)
    body = {"kind": kind, "parameters": parameters, "priority": priority, "num_gpus": num_gpus,
            "max_attempts": max_attempts}  # fmt: skip
    reply = session.api("POST", "/jobs", body)
    session.say(reply, f"job {reply['job_id']} waits")


@app.command("cancel")
@with_hub
def cancel(session: HubCall, job: JobArgument) -> None:
    """Stop a job; one that runs is told at its next heartbeat."""
    reply = session.api("POST", f"/jobs/{whole(session, job)}/cancel")
    state = "is asked to stop" if reply["status"] == "leased" else f"is {reply['status']}"
    session.say(reply, f"job {reply['job_id']} {state}")


@app.command("workers")
@with_hub
def workers(session: HubCall) -> None:
    """Who called for work within a day."""
    session.rows(
        session.api("GET", "/workers"), ("worker", "kinds", "num_gpus", "job_id", "seen_at")
    )


def whole(session: HubCall, beginning: str) -> str:
    """The id that begins so.

    Raises:
        HubAnswerError: none or several of the newest 500 do.
    """
    if len(beginning) >= 32:
        return beginning
    rows = session.api("GET", "/jobs?limit=500")["items"]
    found = [row["job_id"] for row in rows if row["job_id"].startswith(beginning)]
    if len(found) != 1:
        raise HubAnswerError(f"{len(found)} jobs begin with {beginning!r}", hint="hubctl job list")
    return str(found[0])
