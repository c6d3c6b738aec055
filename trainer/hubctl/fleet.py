"""hubctl fleet: who belongs here, who waits, who is silent; enrol, revoke, replace, command."""

from typing import Annotated, Any

import typer

from trainer.hubctl.hub_session import HubCall, with_hub

app = typer.Typer(no_args_is_help=True, help="Boxes: enrol, list, revoke, replace, command.")

COLUMNS = ("box_id", "status", "ring", "seen_at", "verdict", "bundle", "fingerprint_words")
BoxArgument = Annotated[str, typer.Argument(help="Id of the box.")]


@app.command("list")
@with_hub
def list_boxes(
    session: HubCall,
    status: Annotated[str, typer.Option(help="pending, enrolled, revoked, quarantined")] = "",
) -> None:
    """Every box with its last word."""
    boxes = session.call("GET", f"/boxes?status={status}")
    session.rows(boxes if session.as_json else [_row(box) for box in boxes], COLUMNS)


@app.command("claim-code")
@with_hub
def claim_code(
    session: HubCall,
    box: Annotated[str, typer.Option(help="Bind the code to one box id.")] = "",
    ring: Annotated[str, typer.Option(help="Ring the box joins.")] = "",
) -> None:
    """A one-time code to enrol a box: edgectl enrol --hub ... --claim-code ..."""
    reply = session.call("POST", "/claim-codes", {"box_id": box, "ring": ring})
    session.say(reply, f"claim code (48 hours, once): {reply['claim_code']}")


@app.command("accept")
@with_hub
def accept(
    session: HubCall,
    box: BoxArgument,
    words: Annotated[str, typer.Option(help="The six words on the box's screen.")],
    ring: Annotated[str, typer.Option(help="Ring the box joins.")] = "",
) -> None:
    """Let a waiting box in, once its six words agree."""
    body = {"fingerprint_words": words, "ring": ring}
    reply = session.call("POST", f"/boxes/{box}/accept", body)
    session.say(reply, f"{box} is {reply['status']}")


@app.command("revoke")
@with_hub
def revoke(
    session: HubCall,
    box: BoxArgument,
    reason: Annotated[str, typer.Option(help="Why; goes into the audit.")],
) -> None:
    """Shut a box out; it goes on selling, and gets nothing from here any more."""
    body = {"status": "revoked", "reason": reason}
    reply = session.call("POST", f"/boxes/{box}/status", body)
    session.say(reply, f"{box} is {reply['status']}")


@app.command("readmit")
@with_hub
def readmit(
    session: HubCall,
    box: BoxArgument,
    reason: Annotated[str, typer.Option(help="What was found out.")],
) -> None:
    """Let a revoked or quarantined box back in."""
    body = {"status": "enrolled", "reason": reason}
    reply = session.call("POST", f"/boxes/{box}/status", body)
    session.say(reply, f"{box} is {reply['status']}")


@app.command("replace")
@with_hub
def replace(session: HubCall, box: BoxArgument) -> None:
    """A dead box gives its id to a new machine; the old key is worth nothing from here on."""
    reply = session.call("POST", f"/boxes/{box}/replace")
    session.say(reply, f"claim code for the new machine: {reply['claim_code']}")


@app.command("command")
@with_hub
def command(
    session: HubCall,
    box: BoxArgument,
    kind: Annotated[str, typer.Argument(help="restart, logs, picture, support_bundle, ...")],
) -> None:
    """Ask a box to do something; it does so after its next check-in."""
    body = {"kind": kind}
    reply = session.call("POST", f"/boxes/{box}/commands", body)
    session.say(reply, f"asked: {reply['command_id']}")


def _row(box: dict[str, Any]) -> dict[str, Any]:
    silent = " (silent)" if box["is_silent"] else ""
    return {**box, "bundle": box["bundle"][:12], "status": box["status"] + silent}
