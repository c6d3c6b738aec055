"""hubctl store: stores as objects, their prices as files, their signed price lists. Speaks HTTP."""

import json
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import typer

from trainer.hubctl.hub_session import HubCall, with_hub

app = typer.Typer(no_args_is_help=True, help="Stores, their prices and price lists.")

StoreArgument = Annotated[str, typer.Argument(help="Id of the store.")]
COLUMNS = ("store_id", "name", "time_zone", "currency", "channel", "num_prices", "boxes",
           "price_list_version")  # fmt: skip
PROMOTION_COLUMNS = (
    "promotion_id", "sku_id", "kind", "quantity", "amount_minor", "percent", "weekdays",
    "from_time", "until_time", "valid_from", "valid_until",
)  # fmt: skip


@app.command("list")
@with_hub
def list_stores(session: HubCall) -> None:
    """Every store."""
    session.rows(session.api("GET", "/stores"), COLUMNS)


@app.command("create")
@with_hub
def create(
    session: HubCall,
    store_id: StoreArgument,
    name: Annotated[str, typer.Option(help="As people call it.")],
    currency: Annotated[str, typer.Option(help="ISO 4217.")] = "EUR",
    time_zone: Annotated[str, typer.Option(help="Europe/Berlin")] = "UTC",
    tax: Annotated[list[str], typer.Option(help="class=basis points: standard=1900")] = [],  # noqa: B006
) -> None:
    """A new store."""
    body = {
        "store_id": store_id,
        "name": name,
        "currency": currency,
        "time_zone": time_zone,
        "tax_rates": dict(_rate(text) for text in tax),
    }
    reply = session.api("POST", "/stores", body)
    session.say(reply, f"store {store_id} in channel {reply['channel']}")


@app.command("clone")
@with_hub
def clone(
    session: HubCall,
    source: StoreArgument,
    store_id: Annotated[str, typer.Argument(help="Id of the new store.")],
    name: Annotated[str, typer.Option(help="As people call it.")],
    with_prices: Annotated[bool, typer.Option(help="Prices and promotions too.")] = True,
) -> None:
    """A new store like another."""
    body = {"store_id": store_id, "name": name, "with_prices": with_prices}
    reply = session.api("POST", f"/stores/{quote(source, safe='')}/clone", body)
    session.say(reply, f"store {store_id} with {reply['num_prices']} prices")


@app.command("import-prices")
@with_hub
def import_prices(
    session: HubCall,
    store_id: StoreArgument,
    file: Annotated[Path, typer.Argument(help="CSV: sku_id,amount_minor,valid_from,...")],
    apply: Annotated[bool, typer.Option("--apply", help="Take it; without, only shown.")] = False,
) -> None:
    """Show what a file of prices holds, and with --apply take it."""
    path = f"/stores/{quote(store_id, safe='')}/prices-import?preview={str(not apply).lower()}"
    reply = session.send("POST", path, file.read_bytes())
    lines = [f"{reply['num_prices']} prices, {reply['num_errors']} errors"]
    lines += [f"  line {e['line']} {e['sku_id']}: {e['message']}" for e in reply["errors"]]
    session.say(reply, "\n".join(lines))
    if reply["num_errors"]:
        raise typer.Exit(1)


@app.command("promotions")
@with_hub
def promotions(session: HubCall, store_id: StoreArgument) -> None:
    """What is cheaper, from when to when, on which days (0 is Monday) and at which hours."""
    reply = session.api("GET", f"/stores/{quote(store_id, safe='')}/promotions")
    session.rows(reply, PROMOTION_COLUMNS)


@app.command("promote")
@with_hub
def promote(
    session: HubCall,
    store_id: StoreArgument,
    file: Annotated[Path, typer.Argument(help="JSON: a promotion, or a list of them.")],
) -> None:
    """Add promotions, or replace those of the same id; they count once prices are published."""
    told = json.loads(file.read_text())
    path = f"/stores/{quote(store_id, safe='')}/promotions"
    reply = [session.api("POST", path, one) for one in (told if isinstance(told, list) else [told])]
    session.rows(reply, PROMOTION_COLUMNS)


@app.command("drop-promotion")
@with_hub
def drop_promotion(
    session: HubCall,
    store_id: StoreArgument,
    promotion_id: Annotated[str, typer.Argument(help="As `promotions` lists it.")],
) -> None:
    """Take a promotion off; it ends once prices are published."""
    path = f"/stores/{quote(store_id, safe='')}/promotions/{quote(promotion_id, safe='')}"
    session.say(session.api("DELETE", path), f"{promotion_id} is off")


@app.command("publish-prices")
@with_hub
def publish_prices(
    session: HubCall,
    store_id: StoreArgument,
    valid_from: Annotated[str, typer.Option(help="2026-12-01T06:00:00+01:00; now if none.")] = "",
) -> None:
    """Sign the store's price list on the hub; its boxes read it at their next check-in."""
    body = {"valid_from": valid_from or None}
    reply = session.api("POST", f"/stores/{quote(store_id, safe='')}/price-list/publish", body)
    text = (
        f"version {reply['version']} with {reply['num_prices']} prices, channel {reply['channel']}"
    )
    session.say(reply, text)


@app.command("margins")
@with_hub
def margins(
    session: HubCall,
    store_id: StoreArgument,
    compute: Annotated[bool, typer.Option("--now", help="Count labels now.")] = False,
    off: Annotated[str, typer.Option(help="Why the bundles' own margins count again.")] = "",
    on: Annotated[str, typer.Option(help="Why the store's own count again.")] = "",
) -> None:
    """How sure a box of this store must be to charge by itself, and the labels behind it."""
    if off and on:
        raise typer.BadParameter("either --off or --on")
    path = f"/stores/{quote(store_id, safe='')}/margins"
    if off or on:
        reply = session.api("PUT", path, {"is_on": bool(on), "note": on or off})
    elif compute:
        reply = session.api("POST", f"{path}/compute")
    else:
        reply = session.api("GET", path)
    session.say(reply, _margins(reply))


@app.command("forget")
@with_hub
def forget(
    session: HubCall,
    store_id: StoreArgument,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what it takes.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Remove a store's pictures, labels and recordings; name the models to be retrained."""
    path = f"/stores/{quote(store_id, safe='')}/forget"
    reply = session.api("POST", path, {"is_dry_run": True})
    if not dry_run:
        if not yes:
            typer.confirm(f"{_forgotten(reply)}\nReally?", abort=True, err=True)
        reply = session.api("POST", path, {"is_dry_run": False, "confirm": store_id})
    session.say(reply, _forgotten(reply))


def _margins(reply: dict[str, Any]) -> str:
    state = "on" if reply["is_on"] else "off, the bundles' own margins count"
    generation = reply["signed_generation"]
    signed = f"signed, generation {generation}" if generation else "nothing signed yet"
    lines = [f"store {reply['store_id']}: {state}; {signed}"]
    for bundle in reply["bundles"]:
        lines += _bundle_margins(bundle, reply)
    return "\n".join(lines if reply["bundles"] else [*lines, "  no label with evidence yet"])


def _bundle_margins(bundle: dict[str, Any], reply: dict[str, Any]) -> list[str]:
    own = (bundle["own_accept_margin"], bundle["own_family_margin"])
    own_text = "not at this hub" if own[0] is None else f"{own[0]:.3f} and {own[1]:.3f}"
    margins = f"{bundle['accept_margin']:.3f} and {bundle['family_margin']:.3f} nats"
    sources = ", ".join(f"{bundle[f'num_{n}']} {n}" for n in ("reviewed", "barcode", "shopper"))
    promised = f"promised {100 * reply['max_wrong_share']:.2f} %"
    bound = f"at most {100 * bundle['wrong_share_bound']:.2f} % wrong, {promised}"
    left_out = ", ".join(f"{bundle[f'num_{n}']} {n}" for n in ("contested", "waiting", "unclear"))
    return [
        f"  bundle {bundle['bundle_id'][:12]} is {bundle['state']}"
        + (", signed for its boxes" if bundle["is_signed"] else ""),
        f"    margins {margins} (the second among look-alikes); the bundle's own: {own_text}",
        f"    {bundle['num_labels']} labels, {reply['num_needed']} needed: {sources}",
        f"    charged {bundle['num_charged']}, wrong {bundle['num_wrong']}: {bound}",
        f"    not counted: {left_out}",
    ]


def _forgotten(reply: dict[str, Any]) -> str:
    verb = "removed" if reply["is_done"] else "would be removed"
    what = f"{reply['num_blobs']} pictures and recordings, {reply['num_labels']} labels"
    what = f"{reply['num_cases']} cases, {what}, {reply['num_answers']} answers"
    lines = [f"store {reply['store_id']}: {what} {verb}"]
    lines += [
        f"  data set {d['name']} {d['version_id'][:12]} held {d['num_pictures']} ({d['split']})"
        for d in reply["datasets"]
    ]
    lines += [
        f"  retrain model {m['bundle_id'][:12]} {m['name']} {m['version']} ({m['stage']})"
        for m in reply["models"]
    ]
    return "\n".join([*lines, *(f"  blind set {name[:12]} anew" for name in reply["blind_sets"])])


def _rate(text: str) -> tuple[str, int]:
    name, _, rate = text.partition("=")
    if not rate.isdigit():
        raise typer.BadParameter(f"{text!r} is no class=basis points")
    return name, int(rate)
