"""hubctl run: what was tried. List, show, compare, clone, edit, enqueue, note, tag, push."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from trainer.hubctl.hub_session import (
    DEFAULT_CA,
    DEFAULT_HUB,
    DEFAULT_TOKEN,
    CaOption,
    HubAnswerError,
    HubCall,
    HubOption,
    HubSession,
    TokenFileOption,
    print_table,
    with_hub,
)
from trainer.hubctl.worker import DEFAULT_STATE
from trainer.mlflow_mirror import mirror_run
from trainer.worker_hub import WorkerHub
from trainer.worker_runs import push_run

app = typer.Typer(no_args_is_help=True, help="Runs: what was tried, and again with a change.")

COLUMNS = ("run_id", "name", "kind", "status", "tags", "created_by", "created_at")
RunArgument = Annotated[str, typer.Argument(help="Run id, or as many of its first letters.")]


@app.command("list")
@with_hub
def list_runs(
    session: HubCall,
    status: Annotated[str, typer.Option(help="Only these.")] = "",
    text: Annotated[str, typer.Option(help="Part of the name.")] = "",
) -> None:
    """Runs, the newest first."""
    page = session.api("GET", f"/runs?limit=100&status={status}&q={text}")
    session.rows(page["items"], COLUMNS)


@app.command("show")
@with_hub
def show(
    session: HubCall,
    run: RunArgument,
    with_curves: Annotated[bool, typer.Option("--curves", help="Every point too.")] = False,
) -> None:
    """Everything about a run, as JSON."""
    found = session.api("GET", f"/runs/{whole(session, run)}")
    if with_curves:
        found["curves"] = session.api("GET", f"/runs/{found['run_id']}/scalars")
    typer.echo(json.dumps(found, indent=2))


@app.command("compare")
@with_hub
def compare(session: HubCall, left: RunArgument, right: RunArgument) -> None:
    """Where two runs differ: parameters, code, packages, results, the end of each curve."""
    told = session.api("GET", f"/runs/{whole(session, left)}/compare/{whole(session, right)}")
    if session.as_json:
        typer.echo(json.dumps(told, indent=2))
        return
    rows = [{"what": what, **row} for what in ("parameters", "packages", "capture", "result")
            for row in told[what]]  # fmt: skip
    names = sorted({*told["left_curves"], *told["right_curves"]})
    rows += [{"what": "curve", "place": name, "left": _last(told["left_curves"], name),
              "right": _last(told["right_curves"], name)} for name in names]  # fmt: skip
    print_table(rows, ("what", "place", "left", "right"))


@app.command("clone")
@with_hub
def clone(
    session: HubCall,
    run: RunArgument,
    name: Annotated[str, typer.Option(help="Of the clone.")] = "",
    values: Annotated[
        list[str], typer.Option("--set", help="place=JSON, such as steps.fit.path=full")
    ] = [],  # noqa: B006
) -> None:
    """A draft with the same code and parameters, changed where --set says so."""
    made = session.api("POST", f"/runs/{whole(session, run)}/clone", {"name": name})
    if values:
        parameters = changed(made["parameters"], values)
        made = session.api("PATCH", f"/runs/{made['run_id']}", {"parameters": parameters})
    session.say(made, f"draft {made['run_id']}")


@app.command("enqueue")
@with_hub
def enqueue(
    session: HubCall,
    run: RunArgument,
    priority: Annotated[int, typer.Option(min=-100, max=100)] = 0,
    num_gpus: Annotated[int, typer.Option(min=0, max=64)] = 0,
) -> None:
    """Queue a draft for the workers."""
    body = {"priority": priority, "num_gpus": num_gpus}
    reply = session.api("POST", f"/runs/{whole(session, run)}/enqueue", body)
    session.say(reply, f"job {reply['job_id']} waits")


@app.command("note")
@with_hub
def note(
    session: HubCall,
    run: RunArgument,
    text: Annotated[str, typer.Argument(help="What there is to know.")],
) -> None:
    """Replace a run's note."""
    reply = session.api("PATCH", f"/runs/{whole(session, run)}", {"note": text})
    session.say(reply, f"noted at {reply['run_id'][:12]}")


@app.command("tag")
@with_hub
def tag(
    session: HubCall,
    run: RunArgument,
    tags: Annotated[list[str], typer.Argument(help="All of its tags from now on.")],
) -> None:
    """Replace a run's tags."""
    reply = session.api("PATCH", f"/runs/{whole(session, run)}", {"tags": tags})
    session.say(reply, f"{reply['run_id'][:12]}: {', '.join(reply['tags'])}")


@app.command("push")
def push(
    folder: Annotated[Path, typer.Argument(help="Of a tracked run: the one with run.json.")],
    hub: HubOption = DEFAULT_HUB,
    token_file: TokenFileOption = DEFAULT_TOKEN,
    ca: CaOption = None,
    state: Annotated[Path, typer.Option(help="Folder for what is under way.")] = DEFAULT_STATE,
) -> None:
    """Bring a run that was made without a hub to it: code, curves, output, files."""
    trusted = ca or (DEFAULT_CA if DEFAULT_CA.is_file() else None)
    speaker = WorkerHub(hub, token_file.read_text().strip(), trusted, state)
    typer.echo(push_run(speaker, folder))


@app.command("fetch")
@with_hub
def fetch(
    session: HubCall,
    run: RunArgument,
    into: Annotated[Path, typer.Argument(help="Folder to make; `tensorboard --logdir` reads it.")],
) -> None:
    """Bring a run's files: output, TensorBoard's events, what it kept."""
    found = session.api("GET", f"/runs/{whole(session, run)}")
    for file in found["files"]:
        target = (into / file["name"]).resolve()
        if not target.is_relative_to(into.resolve()):
            raise HubAnswerError(f"file {file['name'][:80]!r} leaves its folder", hint="look at it")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(session.fetch(f"/artifacts/{file['sha256']}"))
    reply = {"run_id": found["run_id"], "folder": str(into), "num_files": len(found["files"])}
    session.say(reply, f"{reply['num_files']} files in {into}")


@app.command("mirror")
@with_hub
def mirror(
    session: HubCall,
    run: RunArgument,
    tracking_uri: Annotated[str, typer.Option(help="Of MLflow, such as https://mlflow:5000.")],
) -> None:
    """Show a run in MLflow too (extra `mlflow`)."""
    found = session.api("GET", f"/runs/{whole(session, run)}")
    curves = session.api("GET", f"/runs/{found['run_id']}/scalars")
    typer.echo(mirror_run(found, curves, tracking_uri))


def whole(session: HubSession, beginning: str) -> str:
    """The id that begins so.

    Raises:
        HubAnswerError: none or several do.
    """
    if len(beginning) == 32:
        return beginning
    rows = session.api("GET", "/runs?limit=500")["items"]
    found = [row["run_id"] for row in rows if row["run_id"].startswith(beginning)]
    if len(found) != 1:
        raise HubAnswerError(f"{len(found)} runs begin with {beginning!r}", hint="hubctl run list")
    return str(found[0])


def changed(parameters: dict[str, Any], values: list[str]) -> dict[str, Any]:
    """Parameters with `a.b=JSON` set; what is no JSON is text."""
    for line in values:
        place, _, text = line.partition("=")
        *above, last = place.split(".")
        target = parameters
        for name in above:
            target = target.setdefault(name, {})
        try:
            target[last] = json.loads(text)
        except ValueError:
            target[last] = text
    return parameters


def _last(curves: dict[str, list[list[float]]], name: str) -> str:
    points = curves.get(name)
    return f"{points[-1][1]:.6g} at {points[-1][0]:g}" if points else "-"
