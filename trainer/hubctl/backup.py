"""hubctl backup: on the hub's machine, while it runs. hubctl gc: over HTTP, blobs nothing names."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from trainer.config import load_hub_config
from trainer.hub.serve import open_blobs
from trainer.hubctl.hub_session import HubCall, JsonOption, say_reply, with_hub
from trainer.store.backup import (
    BackupReport,
    Place,
    as_json,
    create_backup,
    list_backups,
    restore_backup,
    verify_backup,
)

app = typer.Typer(no_args_is_help=True, help="Backups of this machine's hub.")
sweep_app = typer.Typer(no_args_is_help=True, help="Blobs that nothing names any more.")

Folder = Annotated[Path, typer.Argument(help="Where backups lie; blobs are shared between them.")]
ConfigOption = Annotated[Path, typer.Option(help="hub.toml of the hub.")]
NameOption = Annotated[str, typer.Option("--at", help="Which one; the newest by default.")]
DEFAULT_CONFIG = Path("/etc/tillsight/hub.toml")


@app.command("create")
def create(
    to: Folder,
    config: ConfigOption = DEFAULT_CONFIG,
    portable: Annotated[
        bool, typer.Option("--portable", help="Tables as JSON: loads into PostgreSQL too.")
    ] = False,
    json_wanted: JsonOption = False,
) -> None:
    """Save database, keys, signed metadata and blobs; the hub may run."""
    report = create_backup(_place(config), to, now=datetime.now(UTC), is_portable=portable)
    _say(report, json_wanted)


@app.command("verify")
def verify(source: Folder, name: NameOption = "", json_wanted: JsonOption = False) -> None:
    """Read everything again; exit 1 where something is not what was saved."""
    report = verify_backup(source, name)
    _say(report, json_wanted)
    if report.problems:
        raise typer.Exit(1)


@app.command("list")
def list_all(source: Folder, json_wanted: JsonOption = False) -> None:
    """What there is, oldest first."""
    names = list_backups(source)
    say_reply(json_wanted, names, "\n".join(names) or "none")


@app.command("restore")
def restore(
    source: Folder,
    name: NameOption = "",
    config: ConfigOption = DEFAULT_CONFIG,
    json_wanted: JsonOption = False,
) -> None:
    """Make the hub again where `state_dir` is empty; start it afterwards."""
    _say(restore_backup(source, _place(config), name), json_wanted)


@sweep_app.command("run")
@with_hub
def run(
    session: HubCall,
    dry_run: Annotated[bool, typer.Option(help="Only show; --no-dry-run removes.")] = True,
) -> None:
    """Show or remove blobs that no row, manifest, bundle or signed metadata names."""
    path = f"/blobs-sweep?dry_run={str(dry_run).lower()}"
    reply = session.api("POST", path)
    word = "would go" if dry_run else "are gone"
    text = (
        f"{reply['num_doomed']} of {reply['num_blobs']} blobs ({reply['doomed_bytes']} bytes) "
        f"{word}; {reply['num_young']} unnamed ones are younger than a day"
    )
    session.say(reply, text)


@sweep_app.command("pins")
@with_hub
def pins(session: HubCall) -> None:
    """What nothing may sweep."""
    reply = session.api("GET", "/blobs-pins")
    session.rows(reply, ("sha256", "note"))


@sweep_app.command("pin")
@with_hub
def pin(
    session: HubCall,
    sha256: Annotated[str, typer.Argument(help="64 hex digits.")],
    note: Annotated[str, typer.Option(help="Why.")],
) -> None:
    """Keep a blob, whoever names it or not."""
    reply = session.api("PUT", f"/blobs-pins/{sha256}", {"note": note})
    session.say(reply, f"{sha256[:12]} stays")


@sweep_app.command("unpin")
@with_hub
def unpin(
    session: HubCall,
    sha256: Annotated[str, typer.Argument(help="64 hex digits.")],
) -> None:
    """Let go of a blob."""
    reply = session.api("DELETE", f"/blobs-pins/{sha256}")
    session.say(reply, f"{sha256[:12]} may go once nothing names it")


def _place(config: Path) -> Place:
    read = load_hub_config(config)
    return Place(read.state_dir, read.resolved_database_url(), open_blobs(read))


def _say(report: BackupReport, json_wanted: bool) -> None:
    if json_wanted:
        typer.echo(json.dumps(as_json(report), indent=2))
        return
    typer.echo(
        f"{report.name}: {report.num_files} files, {report.num_blobs} blobs "
        f"({report.num_new_blobs} new), {report.num_bytes} bytes, {len(report.missing)} missing"
    )
    for problem in report.problems:
        typer.echo(f"  {problem}", err=True)
