"""hubctl fleet: who belongs here, who waits, who is silent; enrol, revoke, replace, command."""

import json
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from trainer.hubctl.hub_session import (
    DEFAULT_HUB,
    DEFAULT_TOKEN,
    CaOption,
    HubOption,
    HubSession,
    JsonOption,
    TokenFileOption,
)

app = typer.Typer(no_args_is_help=True, help="Boxes: enrol, list, revoke, replace, command.")

BoxArgument = Annotated[str, typer.Argument(help="Id of the box.")]


@app.command("list")
def list_boxes(
    status: Annotated[str, typer.Option(help="pending, enrolled, revoked, quarantined")] = "",
    hub: HubOption = DEFAULT_HUB,
    token_file: TokenFileOption = DEFAULT_TOKEN,
    ca: CaOption = None,
    as_json: JsonOption = False,
) -> None:
    """Every box with its last word."""
    boxes = HubSession(hub, token_file, ca).call("GET", f"/boxes?status={status}")
    if as_json:
        _print_json(boxes)
        return
    table = Table()
    columns = ("box_id", "status", "ring", "seen_at", "verdict", "bundle", "fingerprint_words")
    for column in columns:
        table.add_column(column)
    for box in boxes:
        silent = " (silent)" if box["is_silent"] else ""
        cells = {**box, "bundle": box["bundle"][:12], "status": box["status"] + silent}
        table.add_row(*[str(cells[name]) for name in columns])
    Console().print(table)


@app.command("claim-code")
def claim_code(
    box: Annotated[str, typer.Option(help="Bind the code to one box id.")] = "",
    ring: Annotated[str, typer.Option(help="Ring the box joins.")] = "",
    hub: HubOption = DEFAULT_HUB,
    token_file: TokenFileOption = DEFAULT_TOKEN,
    ca: CaOption = None,
    as_json: JsonOption = False,
) -> None:
    """A one-time code to enrol a box: edgectl enrol --hub ... --claim-code ..."""
    session = HubSession(hub, token_file, ca)
    reply = session.call("POST", "/claim-codes", {"box_id": box, "ring": ring})
    _say(as_json, reply, f"claim code (48 hours, once): {reply['claim_code']}")


@app.command("accept")
def accept(
    box: BoxArgument,
    words: Annotated[str, typer.Option(help="The six words on the box's screen.")],
    ring: Annotated[str, typer.Option(help="Ring the box joins.")] = "",
    hub: HubOption = DEFAULT_HUB,
    token_file: TokenFileOption = DEFAULT_TOKEN,
    ca: CaOption = None,
    as_json: JsonOption = False,
) -> None:
    """Let a waiting box in, once its six words agree."""
    body = {"fingerprint_words": words, "ring": ring}
    reply = HubSession(hub, token_file, ca).call("POST", f"/boxes/{box}/accept", body)
    _say(as_json, reply, f"{box} is {reply['status']}")


@app.command("revoke")
def revoke(
    box: BoxArgument,
    reason: Annotated[str, typer.Option(help="Why; goes into the audit.")],
    hub: HubOption = DEFAULT_HUB,
    token_file: TokenFileOption = DEFAULT_TOKEN,
    ca: CaOption = None,
    as_json: JsonOption = False,
) -> None:
    """Shut a box out; it goes on selling, and gets nothing from here any more."""
    body = {"status": "revoked", "reason": reason}
    reply = HubSession(hub, token_file, ca).call("POST", f"/boxes/{box}/status", body)
    _say(as_json, reply, f"{box} is {reply['status']}")


@app.command("readmit")
def readmit(
    box: BoxArgument,
    reason: Annotated[str, typer.Option(help="What was found out.")],
    hub: HubOption = DEFAULT_HUB,
    token_file: TokenFileOption = DEFAULT_TOKEN,
    ca: CaOption = None,
    as_json: JsonOption = False,
) -> None:
    """Let a revoked or quarantined box back in."""
    body = {"status": "enrolled", "reason": reason}
    reply = HubSession(hub, token_file, ca).call("POST", f"/boxes/{box}/status", body)
    _say(as_json, reply, f"{box} is {reply['status']}")


@app.command("replace")
def replace(
    box: BoxArgument,
    hub: HubOption = DEFAULT_HUB,
    token_file: TokenFileOption = DEFAULT_TOKEN,
    ca: CaOption = None,
    as_json: JsonOption = False,
) -> None:
    """A dead box gives its id to a new machine; the old key is worth nothing from here on."""
    reply = HubSession(hub, token_file, ca).call("POST", f"/boxes/{box}/replace")
    _say(as_json, reply, f"claim code for the new machine: {reply['claim_code']}")


@app.command("command")
def command(
    box: BoxArgument,
    kind: Annotated[str, typer.Argument(help="restart, logs, picture, support_bundle, ...")],
    hub: HubOption = DEFAULT_HUB,
    token_file: TokenFileOption = DEFAULT_TOKEN,
    ca: CaOption = None,
    as_json: JsonOption = False,
) -> None:
    """Ask a box to do something; it does so after its next check-in."""
    body = {"kind": kind}
    reply = HubSession(hub, token_file, ca).call("POST", f"/boxes/{box}/commands", body)
    _say(as_json, reply, f"asked: {reply['command_id']}")


def _say(as_json: bool, reply: Any, text: str) -> None:
    if as_json:
        _print_json(reply)
    else:
        Console().print(text, highlight=False)


def _print_json(value: Any) -> None:
    typer.echo(json.dumps(value, indent=2))
