"""hubctl dataset: versions of data sets: create, list, show, diff, rebuild, quarantine. HTTP."""

import hashlib
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote, urlencode

import typer

from sync.durable_file import write_durably
from trainer.dataset.manifest import DatasetManifest, read_manifest
from trainer.hubctl.hub_session import HubAnswerError, HubCall, HubSession, with_hub

app = typer.Typer(no_args_is_help=True, help="Versions of data sets.")

VersionArgument = Annotated[str, typer.Argument(help="Version, or its first 8 digits or more.")]
COLUMNS = ("version", "name", "items", "train", "validation", "test", "skus", "quarantined",
           "created_at", "state")  # fmt: skip


@app.command("create")
@with_hub
def create(
    session: HubCall,
    name: Annotated[str, typer.Argument(help="What the versions of this set are called.")],
    store: Annotated[list[str], typer.Option(help="Only these stores.")] = [],  # noqa: B006
    since: Annotated[str, typer.Option(help="From this day on: 2026-11-01.")] = "",
    until: Annotated[str, typer.Option(help="Up to and with this day.")] = "",
    weak: Annotated[bool, typer.Option(help="Vetted shopper and barcode labels too.")] = False,
    by: Annotated[str, typer.Option(help="Stays together: basket, day or store.")] = "day",
    validation: Annotated[int, typer.Option(help="Per cent.")] = 10,
    test: Annotated[int, typer.Option(help="Per cent.")] = 10,
    note: Annotated[str, typer.Option(help="Why.")] = "",
) -> None:
    """Make a version of what is labelled now; pictures nobody has looked at are measured first."""
    chosen: dict[str, Any] = {"store_ids": store, "with_weak": weak}
    chosen |= {"since": since or None, "until": until or None}
    total = 0
    while (part := session.api("POST", "/datasets/measure", chosen))["num_measured"]:
        total += part["num_measured"] - part["num_missing"]
        if part["num_measured"] == part["num_missing"]:
            break
        typer.echo(f"{total} pictures measured", err=True)
    split = {"by": by, "validation_percent": validation, "test_percent": test}
    reply = session.api("POST", "/datasets", {**chosen, "name": name, "note": note, "split": split})
    session.say(reply, _line(reply))


@app.command("list")
@with_hub
def list_all(
    session: HubCall,
    name: Annotated[str, typer.Option(help="Versions of this set only.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=1000)] = 50,
) -> None:
    """Versions, the newest first."""
    asked = urlencode({"name": name, "limit": limit})
    reply = session.api("GET", f"/datasets?{asked}")
    session.rows(reply["items"] if session.as_json else map(_row, reply["items"]), COLUMNS)


@app.command("show")
@with_hub
def show(session: HubCall, version: VersionArgument) -> None:
    """One version: what chose it, what is in it, which models were made from it."""
    reply = session.api("GET", f"/datasets/{quote(version, safe='')}")
    lines = [_line(reply)]
    lines += [f"  {name} = {value}" for name, value in sorted(reply["recipe"].items()) if value]
    lines += [f"  left out: {n} {why}" for why, n in reply["quarantined_by_reason"].items()]
    lines += [f"  model {m['bundle_id'][:12]} {m['name']} {m['version']}" for m in reply["models"]]
    session.say(reply, "\n".join(lines))


@app.command("diff")
@with_hub
def diff(session: HubCall, before: VersionArgument, after: VersionArgument) -> None:
    """What changed from one version to another: pictures, labels, splits, rules."""
    path = f"/datasets/{quote(before, safe='')}/diff/{quote(after, safe='')}"
    reply = session.api("GET", path)
    session.say(reply, "\n".join(_changes(reply)))


@app.command("rebuild")
@with_hub
def rebuild(
    session: HubCall,
    version: VersionArgument,
    to: Annotated[Path | None, typer.Option(help="Write pictures and manifest here too.")] = None,
) -> None:
    """Make a version again and verify every byte; exit code 1 where it is not whole."""
    reply = session.api("POST", f"/datasets/{quote(version, safe='')}/rebuild", {})
    lines = [
        f"version {reply['version_id'][:12]}: {reply['num_pictures']} pictures, "
        + ("every byte as it was" if reply["is_whole"] else "NOT whole"),
        f"  {len(reply['missing'])} missing, {len(reply['altered'])} altered",
        f"  tree {reply['tree_sha256']}",
    ]
    if reply["is_same_today"]:
        lines.append("  the same recipe gives the same version today")
    else:
        lines += ["  the same recipe gives another version today:", *_changes(reply["changes"])]
    if to is not None:
        written = _write(session, reply["version_id"], to)
        lines.append(f"  {written} pictures and {to / 'manifest.jsonl'} written and verified")
    session.say(reply, "\n".join(lines))
    if not reply["is_whole"]:
        raise typer.Exit(1)


@app.command("quarantine")
@with_hub
def quarantine(
    session: HubCall,
    version: VersionArgument,
    reason: Annotated[str, typer.Option(help="quality.blurred, ...; all without.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=1000)] = 100,
) -> None:
    """Pictures that were left out, and why."""
    asked = urlencode({"reason": reason, "limit": limit})
    path = f"/datasets/{quote(version, safe='')}/quarantine?{asked}"
    reply = session.api("GET", path)
    session.rows(reply["items"], ("source", "source_id", "camera_id", "reasons", "picture"))


@app.command("pin")
@with_hub
def pin(
    session: HubCall,
    version: VersionArgument,
    off: Annotated[bool, typer.Option("--off", help="Let it go again.")] = False,
) -> None:
    """Keep a version from deletion."""
    path = f"/datasets/{quote(version, safe='')}/pin"
    reply = session.api("PUT", path, {"is_pinned": not off})
    session.say(reply, _line(reply))


@app.command("delete")
@with_hub
def delete(session: HubCall, version: VersionArgument) -> None:
    """Delete a version that is not pinned and that no model was made from."""
    session.api("DELETE", f"/datasets/{quote(version, safe='')}")
    session.say({"version": version}, f"version {version} is deleted")


def _write(session: HubSession, version_id: str, folder: Path) -> int:
    """The version as files; what is here and right is not fetched again."""
    data = session.fetch(f"/datasets/{version_id}/manifest")
    manifest: DatasetManifest = read_manifest(data, version_id=version_id)
    pictures = folder / "pictures"
    pictures.mkdir(parents=True, exist_ok=True)
    names = sorted({item.picture for item in manifest.items})
    for name in names:
        path = pictures / f"{name}.jpg"
        if not path.is_file() or hashlib.sha256(path.read_bytes()).hexdigest() != name:
            got = session.fetch(f"/datasets/{version_id}/pictures/{name}")
            if hashlib.sha256(got).hexdigest() != name:
                raise HubAnswerError(f"picture {name[:12]} came with other bytes", hint="try again")
            write_durably(path, got)
    write_durably(folder / "manifest.jsonl", data)
    return len(names)


def _changes(reply: dict[str, Any]) -> list[str]:
    lines = [f"  {count} {kind.replace('_', ' ')}" for kind, count in reply["counts"].items()]
    lines += [f"  {name}: {a or '-'} -> {b or '-'}" for name, (a, b) in reply["recipe"].items()]
    for item in reply["relabelled"]:
        boxes = "; ".join(f"[{place}] {a} -> {b}" for place, a, b in item["boxes"])
        lines.append(f"  {item['source_id']}/{item['camera_id']}: {boxes}")
    return lines


def _line(reply: dict[str, Any]) -> str:
    counts = reply["counts"]
    state = f"; {reply['withdrawn']}" if reply["withdrawn"] else ""
    return (
        f"{reply['name']} {reply['version_id'][:12]}: {counts['items']} pictures "
        f"({counts['train']} train, {counts['validation']} validation, {counts['test']} test), "
        f"{counts['boxes']} boxes of {counts['skus']} SKUs, {counts['quarantined']} left out{state}"
    )


def _row(reply: dict[str, Any]) -> dict[str, Any]:
    state = "withdrawn" if reply["withdrawn"] else "pinned" if reply["is_pinned"] else ""
    short = {"version": reply["version_id"][:12], "state": state}
    return {**reply, **reply["counts"], **short}
