"""hubctl blind: versions of the blind set, and the ledger of looks at them.

Made of whole baskets that boxes recorded; nobody who trains can read their pictures.
"""

import json
from pathlib import Path
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

app = typer.Typer(no_args_is_help=True, help="Blind sets: versions, and looks spent on them.")

COLUMNS = ("version", "blind_set_id", "num_recordings", "looks_used", "budget", "created_at")


@app.command("list")
def list_sets(
    hub: HubOption = DEFAULT_HUB,
    token_file: TokenFileOption = DEFAULT_TOKEN,
    ca: CaOption = None,
    as_json: JsonOption = False,
) -> None:
    """Versions, the newest first."""
    print_rows(as_json, HubSession(hub, token_file, ca).api("GET", "/blind-sets"), COLUMNS)


@app.command("create")
def create(
    note: Annotated[str, typer.Option(help="Why this version.")],
    truths: Annotated[
        Path | None,
        typer.Option(help="JSON: recording -> {SKU: pieces}, null for what was paid; all if none."),
    ] = None,
    budget: Annotated[int, typer.Option(min=1, help="How many looks it stands.")] = 20,
    hub: HubOption = DEFAULT_HUB,
    token_file: TokenFileOption = DEFAULT_TOKEN,
    ca: CaOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make a version out of recorded baskets."""
    named = None if truths is None else json.loads(truths.read_text())
    body = {"recordings": named, "note": note, "budget": budget}
    reply = HubSession(hub, token_file, ca).api("POST", "/blind-sets", body)
    text = f"version {reply['version']}: {reply['num_recordings']} recordings"
    say_reply(as_json, reply, f"{text}, {reply['looks_used']} of {reply['budget']} looks spent")


@app.command("looks")
def looks(
    blind_set: Annotated[str, typer.Argument(help="Digest of a version.")],
    hub: HubOption = DEFAULT_HUB,
    token_file: TokenFileOption = DEFAULT_TOKEN,
    ca: CaOption = None,
    as_json: JsonOption = False,
) -> None:
    """Every look at a version, and what came of it."""
    rows = HubSession(hub, token_file, ca).api("GET", f"/blind-sets/{blind_set}/looks")
    print_rows(as_json, rows, ("look", "bundle_id", "verdict", "by", "at"))
