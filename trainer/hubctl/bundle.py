"""`hubctl bundle ...` and `hubctl assign`: what boxes may install, and which ring runs what.

Works on the repository folder with the keys at hand, like `hubctl keys`; the hub serves the folder
as it stands. In split mode the change of the release keys waits for the other keepers.
"""

from pathlib import Path
from typing import Annotated

import typer

from sync.bundle import open_bundle
from sync.gate_verdict import BY_HAND, GateVerdict
from trainer.hubctl.keys import (
    DEFAULT_REPO,
    AsJson,
    KeyCall,
    Repo,
    no_passphrase,
    now,
    say,
    with_keys,
)
from trainer.release.key_files import KeyRing
from trainer.release.signing import Signing

app = typer.Typer(no_args_is_help=True, help="Bundles that boxes may install.")

BundleId = Annotated[str, typer.Argument(help="Bundle id, or as many of its first letters.")]
Channel = Annotated[str, typer.Option(help="Catalogue channel that the ring follows.")]
DEFAULT_CHANNEL = "main"
MIN_NOTE_CHARS = 3


@app.command()
@with_keys
def publish(
    call: KeyCall,
    directory: Annotated[Path, typer.Argument(help="Folder with manifest.json.")],
    patch_from: Annotated[
        list[Path], typer.Option(help="An older bundle; small patches from it are offered.")
    ] = [],  # noqa: B006
) -> None:
    """Verify a bundle and list it under the release keys; its files become blobs."""
    bundle = open_bundle(directory)
    bundle_id = call.signing.add_bundle(bundle, patch_from=[open_bundle(p) for p in patch_from])
    call.publish("published", bundle_id=bundle_id, num_files=len(bundle.manifest.files))


@app.command()
@with_keys
def withdraw(call: KeyCall, bundle: BundleId) -> None:
    """Nobody installs it any more; who has it serves on."""
    bundle_id = _whole(call.signing, bundle)
    call.signing.withdraw_bundle(bundle_id)
    call.publish("withdrawn", bundle_id=bundle_id)


@app.command()
@with_keys
def vouch(
    call: KeyCall,
    bundle: BundleId,
    note: Annotated[str, typer.Option(help="Why it may be installed without a replay.")],
) -> None:
    """Sign a verdict by hand where no gate can be asked; the verdict says so to every box."""
    if len(note.strip()) < MIN_NOTE_CHARS:
        raise typer.BadParameter(f"say why, in {MIN_NOTE_CHARS} letters or more")
    bundle_id = _whole(call.signing, bundle)
    call.signing.list_verdict(
        GateVerdict(
            bundle_id=bundle_id,
            verdict="pass",
            policy=BY_HAND,
            note=note,
            judged_at=call.signing.now,
        )
    )
    call.publish("vouched", bundle_id=bundle_id, policy=BY_HAND)


@app.command("list")
def list_bundles(repo: Repo = DEFAULT_REPO, as_json: AsJson = False) -> None:
    """Released bundles."""
    say(as_json, "released", bundles=Signing(repo, KeyRing([], no_passphrase), now()).bundles())


@with_keys
def assign(
    call: KeyCall,
    ring: Annotated[str, typer.Argument(help="Ring, or box:ID for one box.")],
    bundle: BundleId,
    channel: Channel = DEFAULT_CHANNEL,
    policy: Annotated[
        str, typer.Option(help="What boxes judge by: production, lab or demo; rings only.")
    ] = "",
) -> None:
    """Let a ring, or one box, run a released bundle; an older one is the way back."""
    bundle_id = _whole(call.signing, bundle)
    if ring.startswith("box:"):
        document = call.signing.assign_box(ring.removeprefix("box:"), bundle_id, channel=channel)
    else:
        document = call.signing.assign_ring(ring, bundle_id, channel=channel, policy=policy)
    call.publish("assigned", to=ring, bundle_id=bundle_id, generation=document.generation)


def _whole(signing: Signing, beginning: str) -> str:
    found = [bundle_id for bundle_id in signing.bundles() if bundle_id.startswith(beginning)]
    if len(found) != 1:
        raise typer.BadParameter(f"{len(found)} released bundles begin with {beginning!r}")
    return found[0]
