"""hubctl alerts: what needs somebody, and who is told by webhook. Speaks HTTP."""

from typing import Annotated

import typer

from trainer.hubctl.hub_session import HubCall, with_hub

app = typer.Typer(no_args_is_help=True, help="Alerts and webhooks.")

Number = Annotated[int, typer.Argument(help="Number of the alert.")]
Note = Annotated[str, typer.Option(help="Why.")]
COLUMNS = ("alert_id", "state", "kind", "place", "title", "opened_at", "changed_by")
HOOK_COLUMNS = ("webhook_id", "url", "events", "is_active", "created_by")
DELIVERY_COLUMNS = ("created_at", "event", "status", "attempts", "last_error")


@app.command("list")
@with_hub
def list_all(
    session: HubCall,
    state: Annotated[str, typer.Option(help="active, open, acknowledged, closed.")] = "active",
) -> None:
    """Alerts, newest first."""
    reply = session.api("GET", f"/alerts?state={state}")
    session.rows(reply["items"], COLUMNS)


@app.command("acknowledge")
@with_hub
def acknowledge(session: HubCall, number: Number, note: Note = "") -> None:
    """Say that somebody looks at it."""
    path = f"/alerts/{number}/acknowledge"
    reply = session.api("POST", path, {"note": note})
    session.say(reply, f"alert {number} is {reply['state']}")


@app.command("close")
@with_hub
def close(session: HubCall, number: Number, note: Note = "") -> None:
    """Say that it is over; the same finding opens a new one."""
    path = f"/alerts/{number}/close"
    reply = session.api("POST", path, {"note": note})
    session.say(reply, f"alert {number} is {reply['state']}")


@app.command("webhooks")
@with_hub
def webhooks(session: HubCall) -> None:
    """Who is told."""
    session.rows(session.api("GET", "/webhooks"), HOOK_COLUMNS)


@app.command("add-webhook")
@with_hub
def add_webhook(
    session: HubCall,
    url: Annotated[str, typer.Argument(help="https://..., a public address.")],
    event: Annotated[
        list[str] | None, typer.Option(help="alert.opened, alert.closed, trigger.fired, ...")
    ] = None,
) -> None:
    """Tell an address of events; the secret that signs them is shown this once."""
    body = {"url": url, **({"events": event} if event else {})}
    reply = session.api("POST", "/webhooks", body)
    session.say(reply, f"webhook {reply['webhook_id']}, secret {reply['secret']}")


@app.command("test-webhook")
@with_hub
def send_test(
    session: HubCall,
    webhook_id: Annotated[str, typer.Argument(help="Its id.")],
) -> None:
    """Send a test message now and show what became of it."""
    reply = session.api("POST", f"/webhooks/{webhook_id}/test")
    session.rows(reply, DELIVERY_COLUMNS)
    if reply[0]["status"] != "done":
        raise typer.Exit(1)


@app.command("delete-webhook")
@with_hub
def delete_webhook(
    session: HubCall,
    webhook_id: Annotated[str, typer.Argument(help="Its id.")],
) -> None:
    """Tell an address nothing any more."""
    reply = session.api("DELETE", f"/webhooks/{webhook_id}")
    session.say(reply, f"webhook {webhook_id} is gone")
