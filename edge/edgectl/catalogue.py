"""edgectl catalogue, forget: the centre's prices and new SKUs on this box, and the way back.

Flow: catalogue/applied.json -> table; UplinkAction -> uplink
"""

import secrets
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from edge.config import EdgeConfig
from edge.config_file import read_config
from edge.edgectl.options import ConfigOption, JsonOption
from edge.edgectl.output import ExitCode, errors_for_people, print_json, print_table, say
from edge.messages.command_messages import Command, CommandReply, UplinkAction
from edge.processes.box_view import ask_lane, look_at_box
from edge.processes.hub_link import HubLink
from edge.processes.local_catalogue import catalogue_folder, load_local_catalogue
from edge.processes.local_orders import carry_out_here

app = typer.Typer(no_args_is_help=True, help="Prices and new SKUs that came after the bundle.")

DEFAULT_CONFIG = Path("/etc/tillsight/edge.toml")
PATIENCE_S = 300.0  # a stick may hold 100 MB and the disk may be slow

SegmentId = Annotated[str, typer.Argument(help="sha256 of a segment, or its first letters.")]


@app.command("list")
def list_catalogue(config: ConfigOption = DEFAULT_CONFIG, as_json: JsonOption = False) -> None:
    """What counts here, what was taken out, what could not be used."""
    with errors_for_people(as_json):
        found = load_local_catalogue(catalogue_folder(read_config(config)))
    index, applied = found.applied.index, found.applied
    prices = found.prices_at(datetime.now(UTC))
    rows = [
        (e.sha256, "reverted" if e.sha256 in applied.reverted else "counts", e.sku_ids)
        for e in (index.segments if index is not None else ())
    ]
    lists = [(e.version, e.valid_from.isoformat()) for e in (index.prices if index else ())]
    if as_json:
        print_json({
            "generation": index.generation if index else 0,
            "price_list": prices.version if prices else None,
            "price_lists": [{"version": v, "valid_from": since} for v, since in lists],
            "segments": [{"sha256": s, "state": state, "sku_ids": ids} for s, state, ids in rows],
            "problems": found.problems,
        })  # fmt: skip
        return
    print_table("New SKUs", ("segment", "state", "SKUs"),
                [(s[:12], state, " ".join(ids[:6])) for s, state, ids in rows])  # fmt: skip
    for version, since in lists:
        is_now = prices is not None and prices.version == version
        say(f"price list {version} from {since}{', in force' if is_now else ''}")
    for problem in found.problems:
        say(f"- not used: {problem}")


@app.command()
def revert(
    segment: SegmentId, config: ConfigOption = DEFAULT_CONFIG, as_json: JsonOption = False
) -> None:
    """Take a segment out on this box, from the next basket on."""
    order(config, UplinkAction("revert_segment", segment), as_json)


@app.command()
def restore(
    segment: SegmentId, config: ConfigOption = DEFAULT_CONFIG, as_json: JsonOption = False
) -> None:
    """Let a reverted segment count again."""
    order(config, UplinkAction("restore_segment", segment), as_json)


def forget(
    basket: Annotated[str, typer.Argument(help="Id of the basket, as on its receipt.")],
    config: ConfigOption = DEFAULT_CONFIG,
    as_json: JsonOption = False,
) -> None:
    """Give up every picture of a basket that has not left this box."""
    order(config, UplinkAction("delete_basket", basket), as_json)


def order(config: Path, action: UplinkAction, as_json: bool) -> None:
    """Let the uplink do something, or do it here while none runs; ends the command."""
    with errors_for_people(as_json):
        reply = _ask(read_config(config), action)
    if as_json:
        print_json({"is_done": reply.is_done, "code": reply.code, "message": reply.hint})
    else:
        say(reply.hint if reply.is_done else f"{reply.code}: {reply.hint}")
    raise typer.Exit(int(ExitCode.OK if reply.is_done else ExitCode.REFUSED))


def _ask(config: EdgeConfig, action: UplinkAction) -> CommandReply:
    command = Command("", secrets.token_hex(8), action, "edgectl")
    if "uplink" in look_at_box(config).health:
        return ask_lane(config, command, PATIENCE_S)
    config.paths.state_dir.mkdir(parents=True, exist_ok=True)
    link = HubLink(config, lambda _: "")
    try:
        code, text = carry_out_here(link, action, datetime.now(UTC))
    finally:
        link.close()
    return CommandReply(command.command_id, not code, code, text)
