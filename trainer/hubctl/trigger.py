"""hubctl trigger: what starts training by itself. Speaks HTTP."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from trainer.hubctl.hub_session import (
    DEFAULT_HUB,
    DEFAULT_TOKEN,
    CaOption,
    HubOption,
    HubSession,
    JsonOption,
    TokenFileOption,
    print_rows,
    say_reply,
)

app = typer.Typer(no_args_is_help=True, help="Triggers that enqueue jobs.")

Name = Annotated[str, typer.Argument(help="Name or id of the trigger.")]
COLUMNS = ("name", "is_active", "last_state", "created_by", "trigger_id")
FIRING_COLUMNS = ("at", "occasion", "reasons", "job_id", "cost", "by")


@app.command("list")
def list_all(
    hub: HubOption = DEFAULT_HUB,
    token_file: TokenFileOption = DEFAULT_TOKEN,
    ca: CaOption = None,
    as_json: JsonOption = False,
) -> None:
    """Every trigger and why it fired or waits."""
    print_rows(as_json, HubSession(hub, token_file, ca).api("GET", "/triggers"), COLUMNS)


@app.command("create")
def create(
    name: Annotated[str, typer.Argument(help="a-z, 0-9, - and _.")],
    plan: Annotated[Path, typer.Argument(help="JSON: conditions, votes, cool_down_h, cost, job.")],
    hub: HubOption = DEFAULT_HUB,
    token_file: TokenFileOption = DEFAULT_TOKEN,
    ca: CaOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make a trigger; the secret of its push webhook is shown this once."""
    body = {"name": name, "plan": json.loads(plan.read_text())}
    reply = HubSession(hub, token_file, ca).api("POST", "/triggers", body)
    text = f"{name} made; push to {reply['push_path']} with secret {reply['push_secret']}"
    say_reply(as_json, reply, text)


@app.command("change")
def change(
    name: Name,
    plan: Annotated[Path | None, typer.Option(help="Another plan, as JSON.")] = None,
    active: Annotated[bool | None, typer.Option("--on/--off", help="Switch it.")] = None,
    hub: HubOption = DEFAULT_HUB,
    token_file: TokenFileOption = DEFAULT_TOKEN,
    ca: CaOption = None,
    as_json: JsonOption = False,
) -> None:
    """Switch a trigger on or off, or give it another plan."""
    body: dict[str, Any] = {} if active is None else {"is_active": active}
    if plan is not None:
        body["plan"] = json.loads(plan.read_text())
    reply = HubSession(hub, token_file, ca).api("PATCH", f"/triggers/{name}", body)
    say_reply(as_json, reply, f"{reply['name']} is {'on' if reply['is_active'] else 'off'}")


@app.command("fire")
def fire(
    name: Name,
    occasion: Annotated[str, typer.Option(help="The same one twice fires once.")] = "",
    reason: Annotated[str, typer.Option(help="Kept with the firing.")] = "asked for",
    hub: HubOption = DEFAULT_HUB,
    token_file: TokenFileOption = DEFAULT_TOKEN,
    ca: CaOption = None,
    as_json: JsonOption = False,
) -> None:
    """Fire a trigger now; cool-down and cost cap hold."""
    body = {"occasion": occasion, "reason": reason}
    reply = HubSession(hub, token_file, ca).api("POST", f"/triggers/{name}/fire", body)
    word = "enqueued" if reply["is_new"] else "was enqueued already"
    say_reply(as_json, reply, f"job {reply['job_id']} {word}")


@app.command("firings")
def firings(
    name: Name,
    hub: HubOption = DEFAULT_HUB,
    token_file: TokenFileOption = DEFAULT_TOKEN,
    ca: CaOption = None,
    as_json: JsonOption = False,
) -> None:
    """Each time it fired, newest first."""
    reply = HubSession(hub, token_file, ca).api("GET", f"/triggers/{name}/firings")
    print_rows(as_json, reply, FIRING_COLUMNS)


@app.command("delete")
def delete(
    name: Name,
    hub: HubOption = DEFAULT_HUB,
    token_file: TokenFileOption = DEFAULT_TOKEN,
    ca: CaOption = None,
    as_json: JsonOption = False,
) -> None:
    """Take a trigger away; its jobs stay."""
    reply = HubSession(hub, token_file, ca).api("DELETE", f"/triggers/{name}")
    say_reply(as_json, reply, f"{name} is gone")
