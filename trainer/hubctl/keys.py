"""`hubctl keys`: the signing keys of the update road, made, shown, changed and taken away.

Every command opens the repository folder and the key folders at hand; nothing goes over the
network. A passphrase comes from a file that only its owner can read, or is asked for.
"""

import hashlib
import json
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Annotated

import typer

from trainer.hubctl.shared_options import option, with_shared
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


class KeyCall:
    """The repository with the keys at hand, and how a command tells what came of it.

    Attributes:
        repo: the repository folder.
        keys: folders with keys.
        passphrase: asks for it once, or reads it from its file.
    """

    def __init__(
        self, keys: list[Path], repo: Path, passphrase_file: Path | None, as_json: bool
    ) -> None:
        self.repo = repo
        self.keys = keys
        self.passphrase = _passphrase(passphrase_file)
        self._as_json = as_json

    @cached_property
    def signing(self) -> Signing:
        """The repository, opened at the first look."""
        return Signing(self.repo, KeyRing(self.keys, self.passphrase), now())

    def say(self, what: str, **facts: object) -> None:
        """What a command did: one JSON object, or lines."""
        say(self._as_json, what, **facts)

    def publish(self, what: str, **facts: object) -> None:
        """Publish what was edited, or let it wait for more signatures; say which roles changed."""
        self.say(what, **facts, changed=self.signing.publish())


with_keys = with_shared(
    KeyCall,
    (
        option("keys", Keys),
        option("repo", Repo, DEFAULT_REPO),
        option("passphrase_file", PassphraseFile, None),
        option("as_json", AsJson, False),
    ),
)


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
@with_keys
def rotate(call: KeyCall, keyid: KeyId, into: Into) -> None:
    """Replace a key by a new one."""
    new = rotate_key(call.signing, _whole(call.signing, keyid), into, call.passphrase)
    call.publish("rotated", role=new.role, new_keyid=new.keyid)


@app.command()
@with_keys
def revoke(call: KeyCall, keyid: KeyId) -> None:
    """Take a key away without a new one."""
    whole = _whole(call.signing, keyid)
    revoke_key(call.signing, whole)
    call.publish("revoked", keyid=whole)


@app.command()
@with_keys
def lost(call: KeyCall, keyid: KeyId, into: Into) -> None:
    """A key is gone: put a new one in its place with the keys that are left."""
    new = replace_lost(call.signing, _whole(call.signing, keyid), into, call.passphrase)
    call.publish("replaced", role=new.role, new_keyid=new.keyid)


@app.command()
@with_keys
def stolen(call: KeyCall, keyid: KeyId, into: Into) -> None:
    """A key is in wrong hands: replace it, and undo what it could have done."""
    new, listed = replace_stolen(call.signing, _whole(call.signing, keyid), into, call.passphrase)
    call.publish("replaced", role=new.role, new_keyid=new.keyid, look_through=listed)


@app.command("add-gate")
@with_keys
def add_gate(call: KeyCall, into: Into) -> None:
    """Make the gate key in a repository that is older than the gate."""
    new = add_gate_role(call.signing, into, call.passphrase)
    call.publish("made", role=new.role, new_keyid=new.keyid)


@app.command()
@with_keys
def split(
    call: KeyCall,
    offline: Annotated[list[Path], typer.Option(help="Three folders, one per keeper.")],
) -> None:
    """From one shop to a fleet: three keepers, two of them needed."""
    made = split_keys(call.signing, offline, call.passphrase)
    call.publish("split", num_new_keys=len(made))


@app.command()
@with_keys
def sign(call: KeyCall) -> None:
    """Add signatures to the change that waits; publish it once there are enough."""
    ring = KeyRing(call.keys, call.passphrase)
    signing = Signing(call.repo, ring, now(), take_pending=True)
    call.say("signed", changed=signing.publish())


@app.command()
def discard(repo: Repo = DEFAULT_REPO, as_json: AsJson = False) -> None:
    """Drop the change that waits for signatures."""
    Signing(repo, KeyRing([], no_passphrase), now()).discard_pending()
    say(as_json, "discarded")


@app.command()
@with_keys
def resign(
    call: KeyCall,
    all_online: Annotated[bool, typer.Option(help="Also what is not half through yet.")] = False,
    timestamp_days: Annotated[
        int | None, typer.Option(min=1, max=60, help="Longer, for an export on a stick.")
    ] = None,
) -> None:
    """Sign timestamp and snapshot anew, and online roles past half of their life; run it daily."""
    alarms = call.signing.renew(all_online=all_online)
    changed = call.signing.publish(timestamp_days=timestamp_days)
    call.say("signed anew", changed=changed, offline_roles_to_renew=alarms)


@app.command("renew-offline")
@with_keys
def renew_offline(
    call: KeyCall,
    role: Annotated[str, typer.Argument(help="root, targets or bundles.")],
) -> None:
    """Sign an offline role anew, unchanged, before it expires."""
    call.signing.touch(role)
    call.publish("renewed", role=role)


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
