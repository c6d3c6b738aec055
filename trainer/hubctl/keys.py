"""`hubctl keys`: the signing keys of the update road, made, shown, changed and taken away.

Every command opens the repository folder and the key folders at hand; nothing goes over the
network. A passphrase comes from a file that only its owner can read, or is asked for.
"""

import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from trainer.release.key_files import KeyRing, Passphrase, passphrase_from_file
from trainer.release.key_inventory import inventory
from trainer.release.keys_ceremony import (
    KeyPlan,
    add_gate_role,
    create_repository,
    replace_lost,
    replace_stolen,
    revoke_key,
    rotate_key,
    split_keys,
)
from trainer.release.signed_tree import METADATA_FOLDER
from trainer.release.signing import Signing
from trainer.release.usb_export import export_updates

app = typer.Typer(no_args_is_help=True, help="Signing keys of the update road.")

Repo = Annotated[Path, typer.Option(help="The repository folder that the hub serves.")]
Keys = Annotated[list[Path], typer.Option(help="A folder with keys; give it once per folder.")]
PassphraseFile = Annotated[
    Path | None, typer.Option(help="First line is the passphrase; asked for if not given.")
]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object instead of lines.")]
Into = Annotated[Path, typer.Option(help="The folder that the new key goes into.")]
KeyId = Annotated[str, typer.Argument(help="Key id, or as many of its first letters as needed.")]

DEFAULT_REPO = Path("/var/lib/tillsight/hub/updates")


@app.command()
def init(
    online: Annotated[Path, typer.Option(help="The hub's key folder.")],
    offline: Annotated[
        list[Path], typer.Option(help="One folder (one shop), or three (one per keeper).")
    ],
    repo: Repo = DEFAULT_REPO,
    passphrase_file: PassphraseFile = None,
    as_json: AsJson = False,
) -> None:
    """The root ceremony: make every key and publish version 1."""
    plan = KeyPlan(tuple(offline), online)
    create_repository(repo, plan, _passphrase(passphrase_file, confirm=True), now())
    say(as_json, "created", **_root_facts(repo), mode="one shop" if plan.is_one_shop else "split")


@app.command("list")
def list_keys(
    repo: Repo = DEFAULT_REPO,
    keys: Keys = [],  # noqa: B006
    as_json: AsJson = False,
) -> None:
    """Roles, their keys, thresholds and expiry; needs no passphrase."""
    rows = inventory(repo, KeyRing(keys, no_passphrase), now())
    if as_json:
        typer.echo(json.dumps({"roles": rows}, indent=1))
        return
    for row in rows:
        held = f"{row['num_at_hand']} at hand" if keys else ""
        typer.echo(
            f"{row['role']:12} {row['threshold']} of {len(row['keyids'])}  v{row['version']:<4} "
            f"{row['days_left']:4d} days left  {' '.join(k[:8] for k in row['keyids'])}  {held}"
        )


@app.command()
def rotate(
    keyid: KeyId,
    into: Into,
    keys: Keys,
    repo: Repo = DEFAULT_REPO,
    passphrase_file: PassphraseFile = None,
    as_json: AsJson = False,
) -> None:
    """Replace a key by a new one."""
    signing, passphrase = _open(repo, keys, passphrase_file)
    new = rotate_key(signing, _whole(signing, keyid), into, passphrase)
    publish_change(signing, as_json, "rotated", role=new.role, new_keyid=new.keyid)


@app.command()
def revoke(
    keyid: KeyId,
    keys: Keys,
    repo: Repo = DEFAULT_REPO,
    passphrase_file: PassphraseFile = None,
    as_json: AsJson = False,
) -> None:
    """Take a key away without a new one."""
    signing, _ = _open(repo, keys, passphrase_file)
    whole = _whole(signing, keyid)
    revoke_key(signing, whole)
    publish_change(signing, as_json, "revoked", keyid=whole)


@app.command()
def lost(
    keyid: KeyId,
    into: Into,
    keys: Keys,
    repo: Repo = DEFAULT_REPO,
    passphrase_file: PassphraseFile = None,
    as_json: AsJson = False,
) -> None:
    """A key is gone: put a new one in its place with the keys that are left."""
    signing, passphrase = _open(repo, keys, passphrase_file)
    new = replace_lost(signing, _whole(signing, keyid), into, passphrase)
    publish_change(signing, as_json, "replaced", role=new.role, new_keyid=new.keyid)


@app.command()
def stolen(
    keyid: KeyId,
    into: Into,
    keys: Keys,
    repo: Repo = DEFAULT_REPO,
    passphrase_file: PassphraseFile = None,
    as_json: AsJson = False,
) -> None:
    """A key is in wrong hands: replace it, and undo what it could have done."""
    signing, passphrase = _open(repo, keys, passphrase_file)
    new, listed = replace_stolen(signing, _whole(signing, keyid), into, passphrase)
    publish_change(
        signing, as_json, "replaced", role=new.role, new_keyid=new.keyid, look_through=listed
    )


@app.command("add-gate")
def add_gate(
    into: Into,
    keys: Keys,
    repo: Repo = DEFAULT_REPO,
    passphrase_file: PassphraseFile = None,
    as_json: AsJson = False,
) -> None:
    """Make the gate key in a repository that is older than the gate."""
    signing, passphrase = _open(repo, keys, passphrase_file)
    new = add_gate_role(signing, into, passphrase)
    publish_change(signing, as_json, "made", role=new.role, new_keyid=new.keyid)


@app.command()
def split(
    offline: Annotated[list[Path], typer.Option(help="Three folders, one per keeper.")],
    keys: Keys,
    repo: Repo = DEFAULT_REPO,
    passphrase_file: PassphraseFile = None,
    as_json: AsJson = False,
) -> None:
    """From one shop to a fleet: three keepers, two of them needed."""
    signing, passphrase = _open(repo, keys, passphrase_file)
    made = split_keys(signing, offline, passphrase)
    publish_change(signing, as_json, "split", num_new_keys=len(made))


@app.command()
def sign(
    keys: Keys,
    repo: Repo = DEFAULT_REPO,
    passphrase_file: PassphraseFile = None,
    as_json: AsJson = False,
) -> None:
    """Add signatures to the change that waits; publish it once there are enough."""
    passphrase = _passphrase(passphrase_file)
    signing = Signing(repo, KeyRing(keys, passphrase), now(), take_pending=True)
    publish_change(signing, as_json, "signed")


@app.command()
def discard(repo: Repo = DEFAULT_REPO, as_json: AsJson = False) -> None:
    """Drop the change that waits for signatures."""
    Signing(repo, KeyRing([], no_passphrase), now()).discard_pending()
    say(as_json, "discarded")


@app.command()
def resign(
    keys: Keys,
    repo: Repo = DEFAULT_REPO,
    all_online: Annotated[bool, typer.Option(help="Also what is not half through yet.")] = False,
    timestamp_days: Annotated[
        int | None, typer.Option(min=1, max=60, help="Longer, for an export on a stick.")
    ] = None,
    passphrase_file: PassphraseFile = None,
    as_json: AsJson = False,
) -> None:
    """Sign timestamp and snapshot anew, and online roles past half of their life; run it daily."""
    signing, _ = _open(repo, keys, passphrase_file)
    alarms = signing.renew(all_online=all_online)
    changed = signing.publish(timestamp_days=timestamp_days)
    say(as_json, "signed anew", changed=changed, offline_roles_to_renew=alarms)


@app.command("renew-offline")
def renew_offline(
    role: Annotated[str, typer.Argument(help="root, targets or bundles.")],
    keys: Keys,
    repo: Repo = DEFAULT_REPO,
    passphrase_file: PassphraseFile = None,
    as_json: AsJson = False,
) -> None:
    """Sign an offline role anew, unchanged, before it expires."""
    signing, _ = _open(repo, keys, passphrase_file)
    signing.touch(role)
    publish_change(signing, as_json, "renewed", role=role)


@app.command("export-root")
def export_root(
    to: Annotated[Path, typer.Option(help="File to write.")],
    repo: Repo = DEFAULT_REPO,
    as_json: AsJson = False,
) -> None:
    """Write the root that new boxes are born with, and its hash for the claim code."""
    facts = _root_facts(repo)
    to.write_bytes(_newest_root(repo))
    say(as_json, "written", **facts, file=str(to))


@app.command("export-stick")
def export_stick(
    to: Annotated[Path, typer.Option(help="Folder on the stick.")],
    repo: Repo = DEFAULT_REPO,
    bundle: Annotated[list[str], typer.Option(help="Bundle ids; all released if none.")] = [],  # noqa: B006
    as_json: AsJson = False,
) -> None:
    """Write metadata and blobs for boxes without a network."""
    released = Signing(repo, KeyRing([], no_passphrase), now()).bundles()
    report = export_updates(repo, to, bundle_ids=frozenset(bundle or released))
    say(as_json, "exported", num_blobs=report.num_blobs, num_bytes=report.num_bytes)


def open_signing(repo: Path, keys: list[Path], passphrase_file: Path | None) -> Signing:
    """The repository with the keys at hand."""
    return _open(repo, keys, passphrase_file)[0]


def _open(repo: Path, keys: list[Path], passphrase_file: Path | None) -> tuple[Signing, Passphrase]:
    passphrase = _passphrase(passphrase_file)
    return Signing(repo, KeyRing(keys, passphrase), now()), passphrase


def publish_change(signing: Signing, as_json: bool, what: str, **facts: object) -> None:
    """Publish what was edited, or let it wait for more signatures, and say which roles changed."""
    changed = signing.publish()
    say(as_json, what, **facts, changed=changed)


def _whole(signing: Signing, beginning: str) -> str:
    """The key id that begins so; ambiguous and unknown ones are refused by the ceremony."""
    tree = signing.tree
    known = {k for role in (*tree.root.roles, *_delegated(signing)) for k in tree.keyids(role)}
    found = [keyid for keyid in known if keyid.startswith(beginning)]
    if len(found) != 1:
        raise typer.BadParameter(f"{len(found)} keys begin with {beginning!r}")
    return found[0]


def _delegated(signing: Signing) -> list[str]:
    delegations = signing.tree.targets().delegations
    return [] if delegations is None or delegations.roles is None else list(delegations.roles)


def _passphrase(file: Path | None, *, confirm: bool = False) -> Passphrase:
    """Asked for once, or read from a file."""
    known: list[str] = []

    def ask() -> str:
        if not known and file is not None:
            known.append(passphrase_from_file(file))
        if not known:
            said = typer.prompt("Passphrase", hide_input=True, confirmation_prompt=confirm)
            known.append(str(said))
        return known[0]

    return ask


def no_passphrase() -> str:
    """Stands where a command reads only."""
    raise typer.BadParameter("this command signs nothing")


def _newest_root(repo: Path) -> bytes:
    roots = (repo / METADATA_FOLDER).glob("*.root.json")
    return max(roots, key=lambda path: int(path.name.split(".")[0])).read_bytes()


def _root_facts(repo: Path) -> dict[str, object]:
    raw = _newest_root(repo)
    return {"root_sha256": hashlib.sha256(raw).hexdigest(), "root_bytes": len(raw)}


def now() -> datetime:
    """The time that goes into what is signed."""
    return datetime.now(UTC)


def say(as_json: bool, what: str, **facts: object) -> None:
    """What a command did: one JSON object, or lines."""
    if as_json:
        typer.echo(json.dumps({"result": what, **facts}, indent=1))
        return
    typer.echo(what)
    for name, value in facts.items():
        said = ", ".join(str(v) for v in value) if isinstance(value, list) else value
        typer.echo(f"  {name.replace('_', ' ')}: {said}")
