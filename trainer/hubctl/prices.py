"""`hubctl prices ...`: what things cost, for every box of a channel, from a moment on.

Works on the repository folder with the keys at hand, like `hubctl bundle`. An online box has a new
list at its next check-in; it takes effect when the list says so and changes no basket at payment.
"""

import json
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from sync.price_list import load_price_list
from sync.update_documents import PriceListEntry
from trainer.hubctl.bundle import DEFAULT_CHANNEL
from trainer.hubctl.keys import DEFAULT_REPO, AsJson, KeyCall, Repo, no_passphrase, now, with_keys
from trainer.release.catalogue_signing import set_prices
from trainer.release.key_files import KeyRing
from trainer.release.signing import Signing

app = typer.Typer(no_args_is_help=True, help="Price lists of a channel of stores.")

Channel = Annotated[str, typer.Option(help="Channel of stores; assignments name it.")]
Moment = Annotated[
    datetime | None,
    typer.Option(formats=["%Y-%m-%dT%H:%M:%S%z"], help="2026-12-01T06:00:00+01:00"),
]


@app.command()
@with_keys
def publish(
    call: KeyCall,
    file: Annotated[Path, typer.Argument(help="A price list: sync/price_list.py, JSON.")],
    channel: Channel = DEFAULT_CHANNEL,
    valid_from: Moment = None,
    valid_until: Moment = None,
) -> None:
    """Publish a price list; the one before counts until `--valid-from` (default: now)."""
    prices = load_price_list(file)
    entry = set_prices(
        call.signing,
        channel,
        prices,
        valid_from=valid_from or call.signing.now,
        valid_until=valid_until,
    )
    call.publish("published", channel=channel, **_facts(entry))


@app.command("list")
def list_prices(
    repo: Repo = DEFAULT_REPO, channel: Channel = DEFAULT_CHANNEL, as_json: AsJson = False
) -> None:
    """The list in force and those to come."""
    index = Signing(repo, KeyRing([], no_passphrase), now()).index(channel)
    rows = [_facts(entry) for entry in (index.prices if index is not None else ())]
    if as_json:
        typer.echo(json.dumps({"channel": channel, "prices": rows}, indent=1))
        return
    for row in rows:
        until = f" until {row['valid_until']}" if row["valid_until"] else ""
        typer.echo(f"version {row['version']} from {row['valid_from']}{until}")


def _facts(entry: PriceListEntry) -> dict[str, object]:
    return {
        "version": entry.version,
        "valid_from": entry.valid_from.isoformat(),
        "valid_until": entry.valid_until.isoformat() if entry.valid_until else None,
        "sha256": entry.sha256,
    }
