"""hubctl alerts: what needs somebody, and who is told by webhook. Speaks HTTP."""

from typing import Annotated

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

app = typer.Typer(no_args_is_help=True, help="Alerts and webhooks.")

Number = Annotated[int, typer.Argument(help="Number of the alert.")]
Note = Annotated[str, typer.Option(help="Why.")]
COLUMNS = ("alert_id", "state", "kind", "place", "title", "opened_at", "changed_by")
HOOK_COLUMNS = ("webhook_id", "url", "events", "is_active", "created_by")
DELIVERY_COLUMNS = ("created_at", "event", "status", "attempts", "last_error")


@app.command("list")
def list_all(
    state: Annotated[str, typer.Option(help="active, open, acknowledged, closed.")] = "active",
    hub: HubOption = DEFAULT_HUB,
    token_file: TokenFileOption = DEFAULT_TOKEN,
    ca: CaOption = None,
    as_json: JsonOption = False,
) -> None:
    """Alerts, newest first."""
    reply = HubSession(hub, token_file, ca).api("GET", f"/alerts?state={state}")
    print_rows(as_json, reply["items"], COLUMNS)


@app.command("acknowledge")
def acknowledge(
    number: Number,
    note: Note = "",
    hub: HubOption = DEFAULT_HUB,
    token_file: TokenFileOption = DEFAULT_TOKEN,
    ca: CaOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say that somebody looks at it."""
    path = f"/alerts/{number}/acknowledge"
    reply = HubSession(hub, token_file, ca).api("POST", path, {"note": note})
    say_reply(as_json, reply, f"alert {number} is {reply['state']}")


@app.command("close")
def close(
    number: Number,
    note: Note = "",
    hub: HubOption = DEFAULT_HUB,
    token_file: TokenFileOption = DEFAULT_TOKEN,
    ca: CaOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say that it is over; the same finding opens a new one."""
    path = f"/alerts/{number}/close"
    reply = HubSession(hub, token_file, ca).api("POST", path, {"note": note})
    say_reply(as_json, reply, f"alert {number} is {reply['state']}")


@app.command("webhooks")
def webhooks(
    hub: HubOption = DEFAULT_HUB,
    token_file: TokenFileOption = DEFAULT_TOKEN,
    ca: CaOption = None,
    as_json: JsonOption = False,
) -> None:
    """Who is told."""
    print_rows(as_json, HubSession(hub, token_file, ca).api("GET", "/webhooks"), HOOK_COLUMNS)


@app.command("add-webhook")
def add_webhook(
    url: Annotated[str, typer.Argument(help="https://..., a public address.")],
    event: Annotated[
        list[str] | None, typer.Option(help="alert.opened, alert.closed, trigger.fired, ...")
    ] = None,
    hub: HubOption = DEFAULT_HUB,
    token_file: TokenFileOption = DEFAULT_TOKEN,
    ca: CaOption = None,
    as_json: JsonOption = False,
) -> None:
    """Tell an address of events; the secret that signs them is shown this once."""
    body = {"url": url, **({"events": event} if event else {})}
    reply = HubSession(hub, token_file, ca).api("POST", "/webhooks", body)
    say_reply(as_json, reply, f"webhook {reply['webhook_id']}, secret {reply['secret']}")


@app.command("test-webhook")
def send_test(
    webhook_id: Annotated[str, typer.Argument(help="Its id.")],
    hub: HubOption = DEFAULT_HUB,
    token_file: TokenFileOption = DEFAULT_TOKEN,
    ca: CaOption = None,
    as_json: JsonOption = False,
) -> None:
    """Send a test message now and show what became of it."""
    reply = HubSession(hub, token_file, ca).api("POST", f"/webhooks/{webhook_id}/test")
    print_rows(as_json, reply, DELIVERY_COLUMNS)
    if reply[0]["status"] != "done":
        raise typer.Exit(1)


@app.command("delete-webhook")
def delete_webhook(
    webhook_id: Annotated[str, typer.Argument(help="Its id.")],
    hub: HubOption = DEFAULT_HUB,
    token_file: TokenFileOption = DEFAULT_TOKEN,
    ca: CaOption = None,
    as_json: JsonOption = False,
) -> None:
    """Tell an address nothing any more."""
    reply = HubSession(hub, token_file, ca).api("DELETE", f"/webhooks/{webhook_id}")
    say_reply(as_json, reply, f"webhook {webhook_id} is gone")
