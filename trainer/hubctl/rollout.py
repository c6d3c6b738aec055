"""hubctl rollout: start a release, look at it, let it on, hold, resume, take it back.

The hub carries it on by itself; every order here is kept with its note and the numbers of that
moment. Prints what the hub answers; judges nothing.
"""

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from trainer.hubctl.hub_session import HubAnswerError, HubCall, HubSession, with_hub

app = typer.Typer(no_args_is_help=True, help="Releases to the fleet, ring by ring.")

COLUMNS = ("rollout_id", "name", "version", "phase", "ring", "num_confirmed", "num_boxes",
           "num_failed", "reason", "started_at")  # fmt: skip
RING_COLUMNS = ("name", "state", "boxes", "offered", "fetched", "swapped", "confirmed", "refused",
                "rolled_back", "held", "silent", "offline", "told", "generation")  # fmt: skip
NumberArgument = Annotated[int, typer.Argument(help="Number of the rollout.")]
NoteOption = Annotated[str, typer.Option(help="Why; it stays with the decision.")]


@app.command("list")
@with_hub
def list_rollouts(session: HubCall) -> None:
    """Every rollout, the newest first."""
    session.rows(session.api("GET", "/rollouts"), COLUMNS)


@app.command("show")
@with_hub
def show(session: HubCall, rollout: NumberArgument) -> None:
    """Rings, boxes, evidence and every decision of one rollout."""
    reply = session.api("GET", f"/rollouts/{rollout}")
    session.say(reply, "\n".join(_lines(reply)))
    if not session.as_json:
        _print_rings(reply["rings"])


@app.command("start")
@with_hub
def start(
    session: HubCall,
    model: Annotated[str, typer.Argument(help="Bundle id, or as many of its first letters.")],
    ring: Annotated[
        list[str], typer.Option(help="In their order; `lab` first is the lab lane.")
    ] = [],  # noqa: B006
    plan: Annotated[
        Path | None, typer.Option(help="JSON file with every limit, instead of --ring.")
    ] = None,
    channel: Annotated[str, typer.Option(help="Catalogue channel the rings follow.")] = "main",
    policy: Annotated[str, typer.Option(help="production, lab or demo.")] = "production",
    note: NoteOption = "",
) -> None:
    """Begin with an approved model in the first ring."""
    body = {"bundle_id": _whole(session, model), "rings": ring, "channel": channel,
            "policy": policy, "note": note, "plan": _plan(plan)}  # fmt: skip
    reply = session.api("POST", "/rollouts", body)
    session.say(reply, f"rollout {reply['rollout_id']} begins in ring {reply['ring']}")


@app.command("next")
@with_hub
def let_on(session: HubCall, rollout: NumberArgument, note: NoteOption) -> None:
    """Let it into the next ring before the evidence is there; an approver's word."""
    _order(session, rollout, "next", note)


@app.command("hold")
@with_hub
def hold(session: HubCall, rollout: NumberArgument, note: NoteOption = "") -> None:
    """It goes no further for now; evidence of harm still stops it."""
    _order(session, rollout, "hold", note)


@app.command("resume")
@with_hub
def resume(session: HubCall, rollout: NumberArgument, note: NoteOption = "") -> None:
    """Go on; soak and deadline of its ring begin anew."""
    _order(session, rollout, "resume", note)


@app.command("withdraw")
@with_hub
def withdraw(session: HubCall, rollout: NumberArgument, note: NoteOption = "") -> None:
    """Take it back everywhere: boxes leave it between two baskets."""
    _order(session, rollout, "withdraw", note)


def _order(session: HubCall, rollout: int, act: str, note: str) -> None:
    reply = session.api("POST", f"/rollouts/{rollout}/{act}", {"note": note})
    session.say(reply, f"rollout {rollout} is {reply['phase']} in ring {reply['ring']}")


def _plan(path: Path | None) -> Any:
    if path is None:
        return None
    try:
        return json.loads(path.read_text())
    except (OSError, ValueError) as err:
        raise HubAnswerError(
            f"plan {path} cannot be read: {err}", hint="see trainer/hub/README.md, Rollouts"
        ) from err


def _whole(session: HubSession, beginning: str) -> str:
    found = [m["bundle_id"] for m in session.api("GET", "/models?limit=500")]
    found = [bundle_id for bundle_id in found if bundle_id.startswith(beginning)]
    if len(found) != 1:
        raise HubAnswerError(
            f"{len(found)} models begin with {beginning!r}", hint="see hubctl model list"
        )
    return str(found[0])


def _lines(reply: dict[str, Any]) -> list[str]:
    numbers, used, usual = reply["numbers"], reply["box_policy"], reply["production_policy"]
    what = f"rollout {reply['rollout_id']}: {reply['name']} {reply['version']}"
    why = f": {reply['reason']}" if reply["reason"] else ""
    evidence = ", ".join(
        f"{name.replace('_', ' ')} {numbers[f'log_e_{name}']:.2f}"
        for name in ("worse", "no_worse", "failures")
    )
    limits = f"margin {used['margin']:g}, at least {used['min_baskets']} baskets"
    beside = f"production: {usual['margin']:g}, {usual['min_baskets']}"
    lines = [
        f"{what} is {reply['phase']} in ring {reply['ring']}{why}",
        f"  now: {reply['waits_for']}",
        f"  log e-values: {evidence}; each decides at {numbers['log_e_needed']:.2f}",
        f"  boxes judge by `{used['name']}`: {limits} ({beside})",
    ]
    lines += [
        f"  {d['at'][:19]} {d['action']:9} {d['ring']:10} {d['by']}: {d['reason']}"
        f"{' (' + d['note'] + ')' if d['note'] else ''}"
        for d in reply["decisions"]
    ]
    lines += [
        f"  {b['box_id']} in {b['ring']}: {'silent, ' if b['is_silent'] else ''}{b['step']}: "
        f"{b['reason']}"
        for b in reply["troubled_boxes"][:20]
    ]
    return lines


def _print_rings(rings: list[dict[str, Any]]) -> None:
    table = Table(*RING_COLUMNS)
    for ring in rings:
        table.add_row(*[str(ring[name]) for name in RING_COLUMNS])
    Console(width=140).print(table)
