"""hubctl model, hubctl gate: register a bundle, judge it on blind recordings, approve, assign.

`gate` replays here, where the blind recordings lie, and sends only results; the hub judges and
spends a look at the blind set. Its exit code is 0 pass, 1 reject, 3 inconclusive, so CI can use it.
"""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from sync.bundle import open_bundle
from trainer.hubctl.hub_session import (
    DEFAULT_HUB,
    DEFAULT_TOKEN,
    CaOption,
    HubAnswerError,
    HubOption,
    HubSession,
    JsonOption,
    TokenFileOption,
    print_rows,
    say_reply,
)
from trainer.release.blind_replay import replay

app = typer.Typer(no_args_is_help=True, help="Models: register, look, approve, assign.")

EXIT_CODES = {"pass": 0, "reject": 1, "inconclusive": 3}
COLUMNS = ("bundle_id", "name", "version", "stage", "registered_by", "registered_at")
ModelArgument = Annotated[str, typer.Argument(help="Bundle id, or as many of its first letters.")]
NoteOption = Annotated[str, typer.Option(help="Why; it stays with the decision.")]


@app.command("list")
def list_models(
    hub: HubOption = DEFAULT_HUB,
    token_file: TokenFileOption = DEFAULT_TOKEN,
    ca: CaOption = None,
    as_json: JsonOption = False,
) -> None:
    """Registered models, the newest first."""
    print_rows(as_json, HubSession(hub, token_file, ca).api("GET", "/models"), COLUMNS)


@app.command("register")
def register(
    bundle: Annotated[Path, typer.Argument(help="Bundle folder.")],
    lineage: Annotated[list[str], typer.Option(help="run=..., dataset=..., parent=...")] = [],  # noqa: B006
    note: Annotated[str, typer.Option(help="What is new.")] = "",
    hub: HubOption = DEFAULT_HUB,
    token_file: TokenFileOption = DEFAULT_TOKEN,
    ca: CaOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make a bundle known to the hub by its manifest."""
    manifest = open_bundle(bundle).manifest.model_dump(mode="json")
    origin = dict(text.partition("=")[::2] for text in lineage)
    body = {"manifest": manifest, "lineage": origin, "note": note}
    reply = HubSession(hub, token_file, ca).api("POST", "/models", body)
    say_reply(as_json, reply, f"registered {reply['bundle_id']}")


@app.command("approve")
def approve(
    model: ModelArgument,
    note: NoteOption,
    hub: HubOption = DEFAULT_HUB,
    token_file: TokenFileOption = DEFAULT_TOKEN,
    ca: CaOption = None,
    as_json: JsonOption = False,
) -> None:
    """Approve a model that passed the gate; not by whoever registered it."""
    _decide(HubSession(hub, token_file, ca), model, "approve", note, as_json)


@app.command("reject")
def reject(
    model: ModelArgument,
    note: NoteOption,
    hub: HubOption = DEFAULT_HUB,
    token_file: TokenFileOption = DEFAULT_TOKEN,
    ca: CaOption = None,
    as_json: JsonOption = False,
) -> None:
    """Refuse a model."""
    _decide(HubSession(hub, token_file, ca), model, "reject", note, as_json)


@app.command("assign")
def assign(
    model: ModelArgument,
    ring: Annotated[str, typer.Option(help="Ring that runs it.")],
    channel: Annotated[str, typer.Option(help="Catalogue channel the ring follows.")] = "main",
    hub: HubOption = DEFAULT_HUB,
    token_file: TokenFileOption = DEFAULT_TOKEN,
    ca: CaOption = None,
    as_json: JsonOption = False,
) -> None:
    """Let a ring run an approved, released model."""
    session = HubSession(hub, token_file, ca)
    path = f"/models/{_whole(session, model)}/assign"
    reply = session.api("POST", path, {"ring": ring, "channel": channel})
    say_reply(as_json, reply, f"ring {ring}: generation {reply['generation']}")


def gate(
    champion: Annotated[Path, typer.Option(help="Bundle folder of what runs now.")],
    candidate: Annotated[Path, typer.Option(help="Bundle folder of the registered candidate.")],
    recordings: Annotated[Path, typer.Option(help="Folder of the blind recordings.")],
    policy: Annotated[str, typer.Option(help="production or demo.")] = "production",
    edgectl: Annotated[str, typer.Option(help="The box's own command.")] = "edgectl",
    limit: Annotated[int, typer.Option(min=0, help="At most so many recordings; 0 is all.")] = 0,
    hub: HubOption = DEFAULT_HUB,
    token_file: TokenFileOption = DEFAULT_TOKEN,
    ca: CaOption = None,
    as_json: JsonOption = False,
) -> None:
    """Replay both on the blind recordings and let the hub judge."""
    session = HubSession(hub, token_file, ca)
    results = {
        name: replay(edgectl, folder, recordings, limit=limit).model_dump(mode="json")
        for name, folder in (("champion", champion), ("candidate", candidate))
    }
    path = f"/models/{results['candidate']['bundle_id']}/gate"
    reply = session.api("POST", path, {**results, "policy": policy})
    say_reply(as_json, reply, "\n".join(_lines(reply)))
    raise typer.Exit(EXIT_CODES[reply["verdict"]])


def _decide(session: HubSession, model: str, decision: str, note: str, as_json: bool) -> None:
    path = f"/models/{_whole(session, model)}/{decision}"
    reply = session.api("POST", path, {"note": note})
    alone = " (single operator)" if reply["approvals"][0]["is_single_operator"] else ""
    say_reply(as_json, reply, f"{reply['bundle_id'][:12]} is {reply['stage']}{alone}")


def _whole(session: HubSession, beginning: str) -> str:
    found = [m["bundle_id"] for m in session.api("GET", "/models?limit=500")]
    found = [bundle_id for bundle_id in found if bundle_id.startswith(beginning)]
    if len(found) != 1:
        raise HubAnswerError(
            f"{len(found)} models begin with {beginning!r}", hint="see hubctl model list"
        )
    return str(found[0])


def _lines(reply: dict[str, Any]) -> list[str]:
    told = reply["document"]
    lines = [
        f"{reply['verdict']} (policy {reply['policy']}, look {reply['look']})",
        f"  {told['num_baskets']} baskets",
        f"  champion {told['champion_accuracy']:.2%}, candidate {told['candidate_accuracy']:.2%}",
        f"  difference {told['difference']:+.2%}, {told['lower']:+.2%} to {told['upper']:+.2%}",
    ]
    lines += [f"  {reason}" for reason in told["reasons"]]
    if told["num_more"]:
        lines.append(f"  label {told['num_more']} more baskets")
    return [*lines, f"  margins: {json.dumps(told['policy'])}"]
