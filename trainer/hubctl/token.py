"""hubctl token: who calls without a password. Make a worker's or a person's token, list, revoke."""

from pathlib import Path
from typing import Annotated

import typer

from sync.durable_file import write_durably
from trainer.hubctl.hub_session import HubAnswerError, HubCall, with_hub
from trainer.store.api_tokens import Role

app = typer.Typer(no_args_is_help=True, help="API tokens of workers, runners, scrapers, people.")

COLUMNS = ("name", "role", "created_at", "expires_at", "is_revoked")
NameArgument = Annotated[str, typer.Argument(help="As the audit shows it: token:NAME.")]


@app.command("list")
@with_hub
def list_tokens(session: HubCall) -> None:
    """Every token, revoked ones too; the hub keeps no secret of them."""
    session.rows(session.call("GET", "/tokens"), COLUMNS)


@app.command("create")
@with_hub
def create(
    session: HubCall,
    name: NameArgument,
    role: Annotated[Role, typer.Option(help="Its duty.")],
    file: Annotated[Path, typer.Option(help="Where the secret goes; only its owner reads it.")],
    days: Annotated[int, typer.Option(min=0, help="How long it lives; 0 for ever.")] = 0,
) -> None:
    """Make a token; its secret is told this once, into a file."""
    if file.exists():
        raise HubAnswerError(f"{file} is there already", hint="give another --file")
    body = {"name": name, "role": role.value, "days": days}
    made = session.call("POST", "/tokens", body)
    write_durably(file, f"{made['token']}\n".encode(), mode=0o600)
    told = {"name": name, "role": role.value, "file": str(file)}
    session.say(told, f"token {name} ({role.value}) lies in {file}")


@app.command("revoke")
@with_hub
def revoke(session: HubCall, name: NameArgument) -> None:
    """Make a token worthless, at once; its name stays taken."""
    session.call("DELETE", f"/tokens/{name}")
    session.say({"name": name, "is_revoked": True}, f"token {name} is worth nothing any more")
