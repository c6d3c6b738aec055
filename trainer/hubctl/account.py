"""hubctl account: people who may log in. The first one is made with the first start's token.

The hub writes `first-admin.token` at its very first start; `hubctl account create` with it makes
the first administrator. Passwords come from a file or are asked for, never from an argument.
"""

from pathlib import Path
from typing import Annotated, Any

import typer

from trainer.hubctl.hub_session import HubCall, with_hub
from trainer.release.key_files import passphrase_from_file

app = typer.Typer(no_args_is_help=True, help="People who may log in to the hub.")

NameArgument = Annotated[str, typer.Argument(help="Login name, lower case.")]
RoleOption = Annotated[
    list[str], typer.Option("--role", help="viewer, reviewer, trainer, approver, operator, admin.")
]
PasswordFile = Annotated[
    Path | None,
    typer.Option(help="First line is the password; asked for if not given."),
]
COLUMNS = ("name", "display_name", "roles", "is_active", "last_login_at")


@app.command("list")
@with_hub
def list_accounts(session: HubCall) -> None:
    """Every account with its roles."""
    rows = session.api("GET", "/accounts")
    session.rows(rows, COLUMNS)


@app.command("create")
@with_hub
def create(
    session: HubCall,
    name: NameArgument,
    role: RoleOption,
    display_name: Annotated[str, typer.Option(help="As colleagues see it.")] = "",
    password_file: PasswordFile = None,
) -> None:
    """A new account; the first administrator is made this way."""
    body = {
        "name": name,
        "roles": role,
        "display_name": display_name,
        "password": _password(password_file),
    }
    reply = session.api("POST", "/accounts", body)
    session.say(reply, f"account {name} may: {', '.join(reply['roles'])}")


@app.command("change")
@with_hub
def change(
    session: HubCall,
    name: NameArgument,
    role: RoleOption = [],  # noqa: B006
    is_active: Annotated[bool | None, typer.Option("--open/--close", help="May log in.")] = None,
) -> None:
    """Other roles, or closed and opened again."""
    body: dict[str, Any] = {"roles": role} if role else {}
    if is_active is not None:
        body["is_active"] = is_active
    reply = session.api("PATCH", f"/accounts/{name}", body)
    state = "open" if reply["is_active"] else "closed"
    session.say(reply, f"account {name} is {state}: {', '.join(reply['roles'])}")


@app.command("password")
@with_hub
def password(session: HubCall, name: NameArgument, password_file: PasswordFile = None) -> None:
    """Set a password; every session of the account ends."""
    body = {"password": _password(password_file)}
    reply = session.api("POST", f"/accounts/{name}/password", body)
    session.say(reply, f"password of {name} is set")


def _password(file: Path | None) -> str:
    if file is not None:
        return passphrase_from_file(file)
    return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True))
