"""hubctl model: register a bundle, approve, assign; its digest file for git: link and fetch.

`link` uploads for the gate alone; everybody may fetch a model once it has passed.
"""

import json
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import typer

from sync.bundle import open_bundle
from trainer.hubctl.digest_file import (
    fetch_files,
    fetch_linked,
    read_link,
    stage_files,
    write_link,
)
from trainer.hubctl.hub_session import HubAnswerError, HubCall, HubSession, with_hub

app = typer.Typer(no_args_is_help=True, help="Models: register, link, fetch, approve, assign.")

COLUMNS = ("bundle_id", "name", "version", "stage", "registered_by", "registered_at")
ModelArgument = Annotated[str, typer.Argument(help="Bundle id, or as many of its first letters.")]
NoteOption = Annotated[str, typer.Option(help="Why; it stays with the decision.")]


@app.command("list")
@with_hub
def list_models(session: HubCall) -> None:
    """Registered models, the newest first."""
    session.rows(session.api("GET", "/models"), COLUMNS)


@app.command("show")
@with_hub
def show(session: HubCall, model: ModelArgument) -> None:
    """Stage, lineage, verdicts, approvals, and the evaluation of its run, as JSON."""
    found = session.api("GET", f"/models/{whole_id(session, model)}")
    typer.echo(json.dumps({**found, "evaluation": _evaluation(session, found)}, indent=2))


@app.command("download")
@with_hub
def download(
    session: HubCall,
    model: ModelArgument,
    into: Annotated[Path, typer.Argument(help="Folder to make.")],
) -> None:
    """Bring a model's bundle folder, verified byte for byte."""
    bundle = fetch_files(session, whole_id(session, model), into, "/artifacts/{sha256}")
    reply = {"bundle_id": bundle.bundle_id, "folder": str(into)}
    session.say(reply, f"{into} holds {bundle.bundle_id}")


@app.command("register")
@with_hub
def register(
    session: HubCall,
    bundle: Annotated[Path, typer.Argument(help="Bundle folder.")],
    lineage: Annotated[list[str], typer.Option(help="run=..., dataset=..., parent=...")] = [],  # noqa: B006
    note: Annotated[str, typer.Option(help="What is new.")] = "",
) -> None:
    """Make a bundle known to the hub by its manifest."""
    manifest = open_bundle(bundle).manifest.model_dump(mode="json")
    origin = dict(text.partition("=")[::2] for text in lineage)
    body = {"manifest": manifest, "lineage": origin, "note": note}
    reply = session.api("POST", "/models", body)
    session.say(reply, f"registered {reply['bundle_id']}")


@app.command("approve")
@with_hub
def approve(session: HubCall, model: ModelArgument, note: NoteOption) -> None:
    """Approve a model that passed the gate; not by whoever registered it."""
    _decide(session, model, "approve", note)


@app.command("reject")
@with_hub
def reject(session: HubCall, model: ModelArgument, note: NoteOption) -> None:
    """Refuse a model."""
    _decide(session, model, "reject", note)


@app.command("assign")
@with_hub
def assign(
    session: HubCall,
    model: ModelArgument,
    ring: Annotated[str, typer.Option(help="Ring that runs it.")],
    channel: Annotated[str, typer.Option(help="Catalogue channel the ring follows.")] = "main",
) -> None:
    """Let a ring run an approved, released model."""
    path = f"/models/{whole_id(session, model)}/assign"
    reply = session.api("POST", path, {"ring": ring, "channel": channel})
    session.say(reply, f"ring {ring}: generation {reply['generation']}")


@app.command("link")
@with_hub
def link(
    session: HubCall,
    bundle: Annotated[Path, typer.Argument(help="Bundle folder.")],
    file: Annotated[Path, typer.Argument(help="Digest file to write, for git.")],
    lineage: Annotated[list[str], typer.Option(help="run=..., dataset=..., parent=...")] = [],  # noqa: B006
) -> None:
    """Write a bundle's digest into a file for git; its files go to the gate alone."""
    opened = open_bundle(bundle)
    known = {row["bundle_id"] for row in session.api("GET", "/models?limit=500")}
    if opened.bundle_id not in known:
        origin = dict(text.partition("=")[::2] for text in lineage)
        manifest = opened.manifest.model_dump(mode="json")
        session.api("POST", "/models", {"manifest": manifest, "lineage": origin})
    num_bytes = stage_files(session, opened)
    write_link(file, opened.manifest)
    reply = {"bundle_id": opened.bundle_id, "file": str(file), "num_bytes": num_bytes}
    session.say(reply, f"{file} names {opened.bundle_id}")


@app.command("fetch")
@with_hub
def fetch(
    session: HubCall,
    file: Annotated[Path, typer.Argument(help="Digest file that `link` wrote.")],
    into: Annotated[Path, typer.Argument(help="Folder to make.")],
) -> None:
    """Bring the bundle that a digest file names; only what passed the gate can be fetched."""
    bundle = fetch_linked(session, read_link(file), into)
    reply = {"bundle_id": bundle.bundle_id, "folder": str(into)}
    session.say(reply, f"{into} holds {bundle.bundle_id}")


@app.command("rule")
@with_hub
def rule(
    session: HubCall,
    name: Annotated[str, typer.Argument(help="Name of the model, as its manifest has it.")],
    mode: Annotated[str, typer.Argument(help="automatic, veto or manual.")],
    veto_hours: Annotated[int, typer.Option(min=0, help="Of mode veto.")] = 0,
) -> None:
    """How models of a name are approved once they passed."""
    path = f"/approval-rules/{quote(name, safe='')}"
    reply = session.api("PUT", path, {"mode": mode, "veto_hours": veto_hours})
    session.say(reply, f"{name}: {reply['mode']}, veto {reply['veto_hours']} h")


def _evaluation(session: HubSession, model: dict[str, Any]) -> Any:
    """What its run measured; None where a run of this hub did not make it."""
    run_id = quote(str(model["lineage"].get("run_id", "")), safe="")
    try:
        return session.api("GET", f"/runs/{run_id}")["result"].get("evaluation") if run_id else None
    except HubAnswerError:
        return None


def _decide(session: HubCall, model: str, decision: str, note: str) -> None:
    path = f"/models/{whole_id(session, model)}/{decision}"
    reply = session.api("POST", path, {"note": note})
    alone = " (single operator)" if reply["approvals"][0]["is_single_operator"] else ""
    session.say(reply, f"{reply['bundle_id'][:12]} is {reply['stage']}{alone}")


def whole_id(session: HubSession, beginning: str) -> str:
    """The one model that begins so.

    Raises:
        HubAnswerError: none, or several.
    """
    found = [m["bundle_id"] for m in session.api("GET", "/models?limit=500")]
    found = [bundle_id for bundle_id in found if bundle_id.startswith(beginning)]
    if len(found) != 1:
        raise HubAnswerError(
            f"{len(found)} models begin with {beginning!r}", hint="see hubctl model list"
        )
    return str(found[0])
