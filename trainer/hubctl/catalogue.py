"""`hubctl catalogue ...`: new SKUs for boxes that have a bundle already, and the way back.

A segment of a gallery with the names, units and pictures of its SKUs; no bundle, no shadow. Works
on the repository folder with the keys at hand, like `hubctl bundle`.
"""

import json
from pathlib import Path
from typing import Annotated

import typer

from sync.bundle import BundleManifest, open_bundle
from sync.catalog import load_catalog
from sync.gallery import Gallery, load_gallery
from sync.price_list import load_price_list
from sync.update_documents import SegmentEntry, bundle_path
from trainer.hubctl.bundle import DEFAULT_CHANNEL
from trainer.hubctl.keys import DEFAULT_REPO, AsJson, KeyCall, Repo, no_passphrase, now, with_keys
from trainer.hubctl.prices import Channel
from trainer.release.catalogue_signing import add_segment, revert_segment, set_prices
from trainer.release.key_files import KeyRing
from trainer.release.signed_tree import BLOBS_FOLDER
from trainer.release.signing import Signing

app = typer.Typer(no_args_is_help=True, help="New SKUs of a channel of stores.")

SegmentId = Annotated[str, typer.Argument(help="sha256 of a segment, or its first letters.")]


@app.command()
@with_keys
def publish(
    call: KeyCall,
    segment: Annotated[Path, typer.Argument(help="Rows of the new SKUs, a gallery .npz.")],
    base: Annotated[str, typer.Option(help="The bundle it grows: a folder, or a released id.")],
    skus: Annotated[
        Path | None, typer.Option(help="The new SKUs, a catalogue JSON; pictures lie beside it.")
    ] = None,
    prices: Annotated[Path | None, typer.Option(help="A price list that holds them too.")] = None,
    channel: Channel = DEFAULT_CHANNEL,
) -> None:
    """Publish new SKUs, and their prices in the same breath."""
    listed = load_catalog(skus).skus if skus is not None else ()
    pictures = {
        sku.picture: (skus.parent / sku.picture).read_bytes()
        for sku in listed
        if skus is not None and sku.picture and (skus.parent / sku.picture).is_file()
    }
    entry = add_segment(
        call.signing, channel, load_gallery(segment), _base_gallery(call.signing, call.repo, base),
        skus=listed, pictures=pictures,
    )  # fmt: skip
    if prices is not None:
        set_prices(call.signing, channel, load_price_list(prices), valid_from=call.signing.now)
    call.publish("published", channel=channel, **_facts(entry))


@app.command()
@with_keys
def revert(call: KeyCall, segment: SegmentId, channel: Channel = DEFAULT_CHANNEL) -> None:
    """Take a segment out again, on every box of the channel."""
    index = call.signing.index(channel)
    names = [e.sha256 for e in (index.segments if index else ()) if e.sha256.startswith(segment)]
    if len(names) != 1:
        raise typer.BadParameter(f"{len(names)} segments of {channel} begin with {segment!r}")
    revert_segment(call.signing, channel, names[0])
    call.publish("reverted", channel=channel, sha256=names[0])


@app.command("list")
def list_segments(
    repo: Repo = DEFAULT_REPO, channel: Channel = DEFAULT_CHANNEL, as_json: AsJson = False
) -> None:
    """The segments of a channel."""
    index = Signing(repo, KeyRing([], no_passphrase), now()).index(channel)
    rows = [_facts(entry) for entry in (index.segments if index is not None else ())]
    if as_json:
        typer.echo(json.dumps({"channel": channel, "segments": rows}, indent=1))
        return
    for row in rows:
        typer.echo(f"{str(row['sha256'])[:12]}  {row['rows']} rows  {' '.join(row['sku_ids'])}")  # type: ignore[arg-type]


def _base_gallery(signing: Signing, repo: Path, base: str) -> Gallery:
    """The gallery of a bundle in a folder, or of a released one."""
    if Path(base).is_dir():
        return load_gallery(open_bundle(Path(base)).file("gallery"))
    found = [bundle_id for bundle_id in signing.bundles() if bundle_id.startswith(base)]
    if len(found) != 1:
        raise typer.BadParameter(f"no folder, and {len(found)} released bundles begin with {base}")
    target = signing.tree.targets("bundles").targets[bundle_path(found[0])]
    blobs = repo / BLOBS_FOLDER
    raw = (blobs / target.hashes["sha256"]).read_bytes()
    manifest = BundleManifest.model_validate_json(raw)
    entry = next(file for file in manifest.files if file.role == "gallery")
    return load_gallery(blobs / entry.sha256)


def _facts(entry: SegmentEntry) -> dict[str, object]:
    return {
        "sha256": entry.sha256,
        "rows": entry.rows,
        "sku_ids": list(entry.sku_ids),
        "embedder_id": entry.embedder_id,
    }
