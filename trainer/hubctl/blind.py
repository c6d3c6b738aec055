"""hubctl blind: versions of the blind set, and the ledger of looks at them.

Made of whole baskets that boxes recorded; nobody who trains can read their pictures.
"""

import json
from pathlib import Path
from typing import Annotated

import typer

from trainer.hubctl.hub_session import HubCall, with_hub

app = typer.Typer(no_args_is_help=True, help="Blind sets: versions, and looks spent on them.")

COLUMNS = ("version", "blind_set_id", "num_recordings", "looks_used", "budget", "created_at")


@app.command("list")
@with_hub
def list_sets(session: HubCall) -> None:
    """Versions, the newest first."""
    session.rows(session.api("GET", "/blind-sets"), COLUMNS)


@app.command("create")
@with_hub
def create(
    session: HubCall,
    note: Annotated[str, typer.Option(help="Why this version.")],
    truths: Annotated[
        Path | None,
        typer.Option(help="JSON: recording -> {SKU: pieces}, null for what was paid; all if none."),
    ] = None,
    budget: Annotated[int, typer.Option(min=1, help="How many looks it stands.")] = 20,
) -> None:
    """Make a version out of recorded baskets."""
    named = None if truths is None else json.loads(truths.read_text())
    body = {"recordings": named, "note": note, "budget": budget}
    reply = session.api("POST", "/blind-sets", body)
    text = f"version {reply['version']}: {reply['num_recordings']} recordings"
    session.say(reply, f"{text}, {reply['looks_used']} of {reply['budget']} looks spent")


@app.command("looks")
@with_hub
def looks(
    session: HubCall,
    blind_set: Annotated[str, typer.Argument(help="Digest of a version.")],
) -> None:
    """Every look at a version, and what came of it."""
    rows = session.api("GET", f"/blind-sets/{blind_set}/looks")
    session.rows(rows, ("look", "bundle_id", "verdict", "by", "at"))
