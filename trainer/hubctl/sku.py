"""hubctl sku: the catalogue of the hub: find, show, files out and in, pictures by GTIN.

Speaks HTTP. A file is shown before it is taken: without `--apply` nothing changes.
"""

import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote, urlencode

import typer

from trainer.hubctl.hub_session import HubAnswerError, HubCall, HubSession, say_reply, with_hub
from trainer.hubctl.onboard import onboard

app = typer.Typer(no_args_is_help=True, help="What is sold: SKUs of the hub's catalogue.")

app.command("onboard")(onboard)

FormOption = Annotated[str, typer.Option("--format", help="csv or json.")]
COLUMNS = ("sku_id", "gtin", "name", "unit", "category", "age_limit", "has_picture", "status")
PICTURE_ENDINGS = (".jpg", ".jpeg", ".png", ".webp")
MAX_PICTURE_BYTES = 8 * 1024 * 1024


@app.command("list")
@with_hub
def list_skus(
    session: HubCall,
    query: Annotated[str, typer.Option("-q", help="Words of a name, id, GTIN.")] = "",
    category: Annotated[str, typer.Option(help="dairy/milk")] = "",
    limit: Annotated[int, typer.Option(min=1, max=500)] = 50,
) -> None:
    """SKUs by words and category."""
    asked = urlencode({"q": query, "category": category, "limit": limit})
    page = session.api("GET", f"/skus?{asked}")
    rows = [
        {**sku, "name": sku["names"]["en"], "category": "/".join(sku["category_path"])}
        for sku in page["items"]
    ]
    session.rows(rows, COLUMNS)


@app.command("show")
@with_hub
def show(
    session: HubCall,
    sku_id: Annotated[str, typer.Argument()],
) -> None:
    """One SKU with prices and history, as JSON."""
    sku = session.api("GET", f"/skus/{quote(sku_id, safe='')}")
    history = session.api("GET", f"/skus/{quote(sku_id, safe='')}/history")
    say_reply(True, {**sku, "history": history}, "")


@app.command("export")
@with_hub
def export(
    session: HubCall,
    to: Annotated[Path, typer.Argument(help="File to write.")],
    form: FormOption = "csv",
) -> None:
    """Write the catalogue to a file."""
    data = session.fetch(f"/skus-export?format={quote(form)}")
    to.write_bytes(data)
    session.say({"file": str(to), "bytes": len(data)}, f"{len(data)} bytes in {to}")


@app.command("import")
@with_hub
def import_file(
    session: HubCall,
    file: Annotated[Path, typer.Argument(help="CSV or JSON, as exported.")],
    form: FormOption = "csv",
    apply: Annotated[bool, typer.Option("--apply", help="Take it; without, only shown.")] = False,
) -> None:
    """Show what a file would change, and with --apply take it."""
    asked = urlencode({"format": form, "preview": not apply})
    reply = session.send("POST", f"/skus-import?{asked}", file.read_bytes())
    done = "would be" if reply["is_preview"] else "are"
    lines = [
        f"{reply['num_created']} {done} new, {reply['num_changed']} {done} changed",
        f"{reply['num_unchanged']} stay, {reply['num_errors']} errors",
    ]
    lines += [f"  line {e['line']} {e['sku_id']}: {e['message']}" for e in reply["errors"]]
    session.say(reply, "\n".join(lines))
    if reply["num_errors"]:
        raise typer.Exit(1)


@app.command("photos")
@with_hub
def photos(
    session: HubCall,
    source: Annotated[Path, typer.Argument(help="Folder or ZIP of pictures named by GTIN or id.")],
    apply: Annotated[bool, typer.Option("--apply", help="Send them; without, only shown.")] = False,
) -> None:
    """Catalogue pictures by GTIN; SKUs that have one are left out, so it can be called again."""
    report: dict[str, list[str]] = {"sent": [], "has_one": [], "unknown": [], "refused": []}
    for name, data in _pictures(source):
        sku = _sku_named(session, name)
        if sku is None:
            report["unknown"].append(name)
        elif sku["has_picture"]:
            report["has_one"].append(name)
        else:
            report[_send(session, sku["sku_id"], data, apply)].append(name)
    verb = "sent" if apply else "would be sent"
    counts = {what: len(names) for what, names in report.items()}
    text = (
        f"{counts['sent']} {verb}, {counts['has_one']} have one, "
        f"{counts['unknown']} of no SKU, {counts['refused']} refused"
    )
    session.say(report, text)


def _send(session: HubSession, sku_id: str, data: bytes, apply: bool) -> str:
    if not apply:
        return "sent"
    try:
        session.send("PUT", f"/skus/{quote(sku_id, safe='')}/picture", data)
    except HubAnswerError:
        return "refused"
    return "sent"


def _sku_named(session: HubSession, stem: str) -> dict[str, Any] | None:
    """The one SKU whose id or GTIN is the file's name."""
    page = session.api("GET", f"/skus?{urlencode({'q': stem, 'limit': 20})}")
    for sku in page["items"]:
        if stem == sku["sku_id"] or (stem.isdigit() and stem.zfill(14) == sku["gtin"]):
            found: dict[str, Any] = sku
            return found
    return None


def _pictures(source: Path) -> Iterator[tuple[str, bytes]]:
    """Name without ending, and bytes; nothing is unpacked to disk, so no path can leave it."""
    if source.is_dir():
        for path in sorted(source.iterdir()):
            if path.suffix.lower() in PICTURE_ENDINGS:
                yield path.stem, path.read_bytes()
        return
    with zipfile.ZipFile(source) as archive:
        for entry in archive.infolist():
            path = Path(entry.filename)
            if path.suffix.lower() in PICTURE_ENDINGS and entry.file_size <= MAX_PICTURE_BYTES:
                with archive.open(entry) as stream:
                    yield path.stem, stream.read(MAX_PICTURE_BYTES)
