"""hubctl trigger: what starts training by itself. Speaks HTTP."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from trainer.hubctl.hub_session import HubCall, with_hub

app = typer.Typer(no_args_is_help=True, help="Triggers that enqueue jobs.")

Name = Annotated[str, typer.Argument(help="Name or id of the trigger.")]
COLUMNS = ("name", "is_active", "last_state", "created_by", "trigger_id")
FIRING_COLUMNS = ("at", "occasion", "reasons", "job_id", "cost", "by")


@app.command("list")
@with_hub
def list_all(session: HubCall) -> None:
    """Every trigger and why it fired or waits."""
    session.rows(session.api("GET", "/triggers"), COLUMNS)


@app.command("create")
@with_hub
def create(
    session: HubCall,
    name: Annotated[str, typer.Argument(help="a-z, 0-9, - and _.")],
    plan: Annotated[Path, typer.Argument(help="JSON: conditions, votes, cool_down_h, cost, job.")],
) -> None:
    """Make a trigger; the secret of its push webhook is shown this once."""
    body = {"name": name, "plan": json.loads(plan.read_text())}
    reply = session.api("POST", "/triggers", body)
    text = f"{name} made; push to {reply['push_path']} with secret {reply['push_secret']}"
    session.say(reply, text)


@app.command("change")
@with_hub
def change(
    session: HubCall,
    name: Name,
    plan: Annotated[Path | None, typer.Option(help="Another plan, as JSON.")] = None,
    active: Annotated[bool | None, typer.Option("--on/--off", help="Switch it.")] = None,
) -> None:
    """Switch a trigger on or off, or give it another plan."""
    body: dict[str, Any] = {} if active is None else {"is_active": active}
    if plan is not None:
        body["plan"] = json.loads(plan.read_text())
    reply = session.api("PATCH", f"/triggers/{name}", body)
    session.say(reply, f"{reply['name']} is {'on' if reply['is_active'] else 'off'}")


@app.command("fire")
@with_hub
def fire(
    session: HubCall,
    name: Name,
    occasion: Annotated[str, typer.Option(help="The same one twice fires once.")] = "",
    reason: Annotated[str, typer.Option(help="Kept with the firing.")] = "asked for",
) -> None:
    """Fire a trigger now; cool-down and cost cap hold."""
    body = {"occasion": occasion, "reason": reason}
    reply = session.api("POST", f"/triggers/{name}/fire", body)
    word = "enqueued" if reply["is_new"] else "was enqueued already"
    session.say(reply, f"job {reply['job_id']} {word}")


@app.command("firings")
@with_hub
def firings(session: HubCall, name: Name) -> None:
    """Each time it fired, newest first."""
    reply = session.api("GET", f"/triggers/{name}/firings")
    session.rows(reply, FIRING_COLUMNS)


@app.command("delete")
@with_hub
def delete(session: HubCall, name: Name) -> None:
    """Take a trigger away; its jobs stay."""
    reply = session.api("DELETE", f"/triggers/{name}")
    session.say(reply, f"{name} is gone")
