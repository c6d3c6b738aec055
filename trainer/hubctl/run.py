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
    HubOption,
    HubSession,
    JsonOption,
    TokenFileOption,
    print_rows,
    say_reply,
)
from trainer.hubctl.worker import DEFAULT_STATE
from trainer.mlflow_mirror import mirror_run
from trainer.worker_hub import WorkerHub
from trainer.worker_runs import push_run

app = typer.Typer(no_args_is_help=True, help="Runs: what was tried, and again with a change.")

COLUMNS = ("run_id", "name", "kind", "status", "tags", "created_by", "created_at")
RunArgument = Annotated[str, typer.Argument(help="Run id, or as many of its first letters.")]


@app.command("list")
def list_runs(
    hub: HubOption = DEFAULT_HUB,
    token_file: TokenFileOption = DEFAULT_TOKEN,
    ca: CaOption = None,
    as_json: JsonOption = False,
    status: Annotated[str, typer.Option(help="Only these.")] = "",
    text: Annotated[str, typer.Option(help="Part of the name.")] = "",
) -> None:
    """Runs, the newest first."""
    page = HubSession(hub, token_file, ca).api("GET", f"/runs?limit=100&status={status}&q={text}")
    print_rows(as_json, page["items"], COLUMNS)


@app.command("show")
def show(
    run: RunArgument,
    hub: HubOption = DEFAULT_HUB,
    token_file: TokenFileOption = DEFAULT_TOKEN,
    ca: CaOption = None,
    with_curves: Annotated[bool, typer.Option("--curves", help="Every point too.")] = False,
) -> None:
    """Everything about a run, as JSON."""
    session = HubSession(hub, token_file, ca)
    found = session.api("GET", f"/runs/{whole(session, run)}")
    if with_curves:
        found["curves"] = session.api("GET", f"/runs/{found['run_id']}/scalars")
    typer.echo(json.dumps(found, indent=2))


@app.command("compare")
def compare(
    left: RunArgument,
    right: RunArgument,
    hub: HubOption = DEFAULT_HUB,
    token_file: TokenFileOption = DEFAULT_TOKEN,
    ca: CaOption = None,
    as_json: JsonOption = False,
) -> None:
    """Where two runs differ: parameters, code, packages, results, the end of each curve."""
    session = HubSession(hub, token_file, ca)
    told = session.api("GET", f"/runs/{whole(session, left)}/compare/{whole(session, right)}")
    if as_json:
        typer.echo(json.dumps(told, indent=2))
        return
    rows = [{"what": what, **row} for what in ("parameters", "packages", "capture", "result")
            for row in told[what]]  # fmt: skip
    names = sorted({*told["left_curves"], *told["right_curves"]})
    rows += [{"what": "curve", "place": name, "left": _last(told["left_curves"], name),
              "right": _last(told["right_curves"], name)} for name in names]  # fmt: skip
    print_rows(False, rows, ("what", "place", "left", "right"))


@app.command("clone")
def clone(
    run: RunArgument,
    name: Annotated[str, typer.Option(help="Of the clone.")] = "",
    values: Annotated[
        list[str], typer.Option("--set", help="place=JSON, such as steps.fit.path=full")
    ] = [],  # noqa: B006
    hub: HubOption = DEFAULT_HUB,
    token_file: TokenFileOption = DEFAULT_TOKEN,
    ca: CaOption = None,
    as_json: JsonOption = False,
) -> None:
    """A draft with the same code and parameters, changed where --set says so."""
    session = HubSession(hub, token_file, ca)
    made = session.api("POST", f"/runs/{whole(session, run)}/clone", {"name": name})
    if values:
        parameters = changed(made["parameters"], values)
        made = session.api("PATCH", f"/runs/{made['run_id']}", {"parameters": parameters})
    say_reply(as_json, made, f"draft {made['run_id']}")


@app.command("enqueue")
def enqueue(
    run: RunArgument,
    priority: Annotated[int, typer.Option(min=-100, max=100)] = 0,
    num_gpus: Annotated[int, typer.Option(min=0, max=64)] = 0,
    hub: HubOption = DEFAULT_HUB,
    token_file: TokenFileOption = DEFAULT_TOKEN,
    ca: CaOption = None,
    as_json: JsonOption = False,
) -> None:
    """Queue a draft for the workers."""
    session = HubSession(hub, token_file, ca)
    body = {"priority": priority, "num_gpus": num_gpus}
    reply = session.api("POST", f"/runs/{whole(session, run)}/enqueue", body)
    say_reply(as_json, reply, f"job {reply['job_id']} waits")


@app.command("note")
def note(
    run: RunArgument,
    text: Annotated[str, typer.Argument(help="What there is to know.")],
    hub: HubOption = DEFAULT_HUB,
    token_file: TokenFileOption = DEFAULT_TOKEN,
    ca: CaOption = None,
) -> None:
    """Replace a run's note."""
    session = HubSession(hub, token_file, ca)
    session.api("PATCH", f"/runs/{whole(session, run)}", {"note": text})


@app.command("tag")
def tag(
    run: RunArgument,
    tags: Annotated[list[str], typer.Argument(help="All of its tags from now on.")],
    hub: HubOption = DEFAULT_HUB,
    token_file: TokenFileOption = DEFAULT_TOKEN,
    ca: CaOption = None,
) -> None:
    """Replace a run's tags."""
    session = HubSession(hub, token_file, ca)
    session.api("PATCH", f"/runs/{whole(session, run)}", {"tags": tags})


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


@app.command("mirror")
def mirror(
    run: RunArgument,
    tracking_uri: Annotated[str, typer.Option(help="Of MLflow, such as https://mlflow:5000.")],
    hub: HubOption = DEFAULT_HUB,
    token_file: TokenFileOption = DEFAULT_TOKEN,
    ca: CaOption = None,
) -> None:
    """Show a run in MLflow too (extra `mlflow`)."""
    session = HubSession(hub, token_file, ca)
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
