"""hubctl review: how much waits, how people label, labels as files. Speaks HTTP."""

import json
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote, urlencode

import typer

from trainer.hubctl.hub_session import HubCall, with_hub

app = typer.Typer(no_args_is_help=True, help="Cases, reviewers, labels.")

FormOption = Annotated[str, typer.Option("--format", help="coco or label_studio.")]
COLUMNS = ("reviewer", "num_answers", "num_boxes", "median_seconds", "num_gold", "num_gold_right",
           "num_compared", "num_agreed")  # fmt: skip


@app.command("queue")
@with_hub
def queue(session: HubCall) -> None:
    """How many cases have each status."""
    reply = session.api("GET", "/review/queue")
    session.say(reply, ", ".join(f"{count} {status}" for status, count in reply.items()))


@app.command("stats")
@with_hub
def stats(session: HubCall) -> None:
    """How each person labels: time, gold questions, agreement."""
    session.rows(session.api("GET", "/review/stats"), COLUMNS)


@app.command("vet")
@with_hub
def vet(
    session: HubCall,
    limit: Annotated[int, typer.Option(min=1, help="Cases at a time.")] = 50,
) -> None:
    """Hold what shoppers and barcodes said against vetted pictures, until nothing waits."""
    total = {"num_vetted": 0, "num_accepted": 0, "num_blocked": 0}
    while (part := session.api("POST", "/weak-labels/vet", {"limit": limit}))["num_vetted"]:
        total = {name: total[name] + part[name] for name in total}
    text = f"{total['num_vetted']} vetted: {total['num_accepted']} accepted, "
    session.say(total, text + f"{total['num_blocked']} blocked and left to reviewers")


@app.command("weak")
@with_hub
def weak(
    session: HubCall,
    status: Annotated[str, typer.Option(help="accepted or blocked; both without.")] = "",
    source: Annotated[str, typer.Option(help="shopper or barcode; both without.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=1000)] = 100,
) -> None:
    """Weak labels and what became of them."""
    asked = urlencode({"status": status, "source": source, "limit": limit})
    reply = session.api("GET", f"/weak-labels?{asked}")
    columns = ("case_id", "camera_id", "item_id", "source", "sku_id", "status", "reason", "rival")
    session.rows(reply["items"], columns)


@app.command("export")
@with_hub
def export(
    session: HubCall,
    to: Annotated[Path, typer.Argument(help="File to write.")],
    form: FormOption = "coco",
    store: Annotated[str, typer.Option(help="Of one store only.")] = "",
    waiting: Annotated[
        int, typer.Option(min=0, help="Instead of labels: so many cases that wait, with guesses.")
    ] = 0,
    pictures: Annotated[
        Path | None, typer.Option(help="Folder for the pictures, <case>/<camera>.jpg.")
    ] = None,
) -> None:
    """Write every label to a file, or what waits for another tool to label."""
    asked: dict[str, str | int] = {"format": form, "store_id": store}
    asked |= {"status": "waiting", "limit": waiting} if waiting else {}
    data = session.fetch(f"/labels/export?{urlencode(asked)}")
    to.write_bytes(data)
    names = _picture_names(json.loads(data)) if pictures is not None else []
    for name in names:
        case_id, _, file = name.partition("/")
        target = (pictures or to.parent) / quote(case_id, safe="") / quote(file, safe="")
        target.parent.mkdir(parents=True, exist_ok=True)
        camera = quote(file.removesuffix(".jpg"), safe="")
        target.write_bytes(session.fetch(f"/cases/{quote(case_id, safe='')}/pictures/{camera}"))
    reply = {"file": str(to), "bytes": len(data), "pictures": len(names)}
    session.say(reply, f"{len(data)} bytes in {to}, {len(names)} pictures")


@app.command("import")
@with_hub
def import_file(
    session: HubCall,
    file: Annotated[Path, typer.Argument(help="COCO or Label Studio JSON, as exported.")],
    form: FormOption = "coco",
    apply: Annotated[bool, typer.Option("--apply", help="Take it; without, only shown.")] = False,
) -> None:
    """Show what a file of labels holds, and with --apply take it."""
    asked = urlencode({"format": form, "preview": str(not apply).lower()})
    path = f"/labels/import?{asked}"
    reply = session.send("POST", path, file.read_bytes())
    lines = [f"{reply['num_cases']} cases, {reply['num_boxes']} boxes", *reply["errors"]]
    session.say(reply, "\n  ".join(lines))
    if reply["errors"]:
        raise typer.Exit(1)


def _picture_names(said: Any) -> list[str]:
    """`<case>/<camera>.jpg` of every picture that a file of either form names."""
    if isinstance(said, dict):
        return [str(image["file_name"]) for image in said["images"]]
    return [str(task["data"]["file_name"]) for task in said]
