"""How signing keys come, change hands and go: the ceremonies behind `hubctl keys`.

Flow: ceremony -> new root and role metadata -> Transaction.publish

One shop (a threshold of one, every key in one folder) and a fleet (three offline keys in three
pockets, two of them needed) run the same code; `split` leads from one to the other. A ceremony that
would leave no way on is refused before anything changes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from tuf.api.metadata import (
    DelegatedRole,
    Delegations,
    Role,
    Root,
    Snapshot,
    SuccinctRoles,
    Targets,
    Timestamp,
)

from sync.durable_file import AtStep, ignore_step
from sync.gate_verdict import GATE_ROLE
from sync.update_documents import ASSIGN_BOX_ROLE, ASSIGN_ROLE
from trainer.release.key_files import KeyFile, KeyRing, Passphrase, create_key
from trainer.release.release_errors import CeremonyError
from trainer.release.signed_tree import METADATA_FOLDER, SignedTree, add_role
from trainer.release.signing import Signing
from trainer.release.signing_roles import (
    BIN_PREFIX,
    DEFAULT_BIN_BITS,
    DELEGATED_ROLES,
    KEY_ROLES,
    OFFLINE_ROLES,
    SIGNING_ROLES,
    TOP_ROLES,
    key_role,
)

FRESH_START = ("snapshot", "timestamp")  # with these keys new, boxes forget versions run up


@dataclass(frozen=True, slots=True)
class KeyPlan:
    """Where keys are made.

    Attributes:
        offline: one folder per keeper; one alone means one-shop mode, thresholds of one.
        online: the hub's folder.
    """

    offline: tuple[Path, ...]
    online: Path

    @property
    def is_one_shop(self) -> bool:
        """Whether one keeper holds everything."""
        return len(self.offline) == 1

    def folders(self, role: str) -> tuple[Path, ...]:
        """Where the keys of a role go."""
        if SIGNING_ROLES[role].place == "online":
            return (self.online,)
        return self.offline[: SIGNING_ROLES[role].num_keys]

    def threshold(self, role: str) -> int:
        """How many must sign."""
        return 1 if self.is_one_shop else SIGNING_ROLES[role].threshold


def create_repository(
    folder: Path,
    plan: KeyPlan,
    passphrase: Passphrase,
    now: datetime,
    *,
    bin_bits: int = DEFAULT_BIN_BITS,
    at_step: AtStep = ignore_step,
) -> Signing:
    """The root ceremony: make every key, sign and publish version 1 of every role.

    Raises:
        CeremonyError: there is a repository already, or the plan cannot meet a threshold.
    """
    if any((folder / METADATA_FOLDER).glob("*.root.json")):
        raise CeremonyError(f"{folder} has a root already", hint="rotate its keys instead")
    if len(plan.offline) not in (1, SIGNING_ROLES["root"].num_keys):
        raise CeremonyError(
            f"{len(plan.offline)} offline folders", hint="give one (one shop) or three (split)"
        )
    keys = KeyRing([], passphrase)
    made = {role: [create_key(f, role, passphrase) for f in plan.folders(role)]
            for role in KEY_ROLES}  # fmt: skip
    for key in (key for role_keys in made.values() for key in role_keys):
        keys.add(key)
    tree = _first_tree(folder, plan, made, now, bin_bits)
    signing = Signing(folder, keys, now, new_tree=tree, at_step=at_step)
    signing.publish()
    return signing


def rotate_key(signing: Signing, keyid: str, folder: Path, passphrase: Passphrase) -> KeyFile:
    """Replace a key by a new one; the old one signs its last signature if it is at hand."""
    role = role_of(signing, keyid)
    new = create_key(folder, role, passphrase)
    signing.keys.add(new)
    _replace(signing, role, keyid, new)
    return new


def revoke_key(signing: Signing, keyid: str) -> None:
    """Take a key away without a new one.

    Raises:
        CeremonyError: too few would be left to meet the threshold.
    """
    role = role_of(signing, keyid)
    left = len(signing.tree.keyids(role)) - 1
    if left < signing.tree.threshold(role):
        raise CeremonyError(
            f"role {role} would have {left} keys and needs {signing.tree.threshold(role)}",
            hint="use rotate, which puts a new one in its place",
        )
    _replace(signing, role, keyid, None)
    signing.keys.drop(keyid)


def replace_lost(signing: Signing, keyid: str, folder: Path, passphrase: Passphrase) -> KeyFile:
    """A key is gone: the other keepers put a new one in its place.

    Raises:
        CeremonyError: too few root or targets keys are left to say so.
    """
    role = role_of(signing, keyid)
    signing.keys.drop(keyid)
    _require_way_on(signing, role, keyid)
    return rotate_key(signing, keyid, folder, passphrase)


def replace_stolen(
    signing: Signing, keyid: str, folder: Path, passphrase: Passphrase
) -> tuple[KeyFile, list[str]]:
    """A key is in wrong hands: replace it, and undo what it could have done.

    Snapshot and timestamp get new keys too, so boxes forget versions the thief may have run up.

    Returns:
        The new key, and every path the role lists, for its keeper to look through.
    """
    role = role_of(signing, keyid)
    if not signing.keys.has(keyid):
        _require_way_on(signing, role, keyid)
    new = rotate_key(signing, keyid, folder, passphrase)
    for top in FRESH_START:
        if top != role:
            old = signing.tree.keyids(top)[0]
            online = signing.keys.files[old].path.parent if old in signing.keys.files else folder
            rotate_key(signing, old, online, passphrase)
    listed = [
        path
        for name in signing.tree.targets_roles()
        if name not in TOP_ROLES and key_role(name) == role
        for path in signing.tree.targets(name).targets
    ]
    return new, sorted(listed)


def split_keys(signing: Signing, folders: Sequence[Path], passphrase: Passphrase) -> list[KeyFile]:
    """From one shop to a fleet: three keepers, two needed, for every offline role.

    Raises:
        CeremonyError: it is split already, or there are not three different folders.
    """
    if signing.tree.threshold("root") > 1:
        raise CeremonyError("the keys are split already", hint="rotate single keys instead")
    if len(set(folders)) != SIGNING_ROLES["root"].num_keys:
        raise CeremonyError(f"{len(set(folders))} folders", hint="give three, one per keeper")
    made: list[KeyFile] = []
    for role in OFFLINE_ROLES:
        for old in signing.tree.keyids(role):
            _replace(signing, role, old, None)
        for folder in folders:
            key = create_key(folder, role, passphrase)
            signing.keys.add(key)
            made.append(key)
            _add(signing, role, key)
        _role_entry(signing, role).threshold = SIGNING_ROLES[role].threshold
    return made


def add_gate_role(signing: Signing, folder: Path, passphrase: Passphrase) -> KeyFile:
    """Give a repository that is older than the gate its key and its role.

    Raises:
        CeremonyError: it has one.
    """
    delegations = signing.tree.targets().delegations
    assert delegations is not None
    assert delegations.roles is not None
    if GATE_ROLE in delegations.roles:
        raise CeremonyError("there is a gate key already", hint="rotate it instead")
    key = create_key(folder, GATE_ROLE, passphrase)
    signing.keys.add(key)
    paths = list(SIGNING_ROLES[GATE_ROLE].paths)
    delegations.roles[GATE_ROLE] = DelegatedRole(GATE_ROLE, [], 1, True, paths)
    add_role(signing.tree, GATE_ROLE, Targets(), signing.now)
    signing.tree.targets(GATE_ROLE).version = 0  # touch() counts it up to 1
    _add(signing, GATE_ROLE, key)
    signing.touch("targets")
    signing.touch(GATE_ROLE)
    return key


def role_of(signing: Signing, keyid: str) -> str:
    """The role a key signs for.

    Raises:
        CeremonyError: no role has it.
    """
    found = {role for role in KEY_ROLES if keyid in signing.tree.keyids(role)}
    if len(found) != 1:
        raise CeremonyError(f"no role has key {keyid[:12]}", hint="run hubctl keys list")
    return found.pop()


def _first_tree(
    folder: Path, plan: KeyPlan, made: dict[str, list[KeyFile]], now: datetime, bin_bits: int
) -> SignedTree:
    tree = SignedTree(folder)
    root = Root(consistent_snapshot=True)
    targets = Targets(
        delegations=Delegations(
            {},
            {
                name: DelegatedRole(name, [], 1, True, list(SIGNING_ROLES[name].paths))
                for name in DELEGATED_ROLES
            },
        )
    )
    assign_key = made[ASSIGN_ROLE][0]
    bins = SuccinctRoles([assign_key.keyid], 1, bin_bits, BIN_PREFIX)
    boxes = Targets(delegations=Delegations({assign_key.keyid: assign_key.public}, None, bins))
    for role, signed in (("root", root), ("targets", targets), ("snapshot", Snapshot()),
                         ("timestamp", Timestamp())):  # fmt: skip
        add_role(tree, role, signed, now)
    for role in DELEGATED_ROLES:
        add_role(tree, role, boxes if role == ASSIGN_BOX_ROLE else Targets(), now)
    for role in bins.get_roles():
        add_role(tree, role, Targets(), now)
    for role in (*TOP_ROLES, *DELEGATED_ROLES):
        delegator = root if role in TOP_ROLES else targets
        for key in made[key_role(role)]:
            delegator.add_key(key.public, role)
        delegator.get_delegated_role(role).threshold = plan.threshold(role)
    tree.snapshot.version = tree.timestamp.version = 0  # publish() counts them up to 1
    return tree


def _replace(signing: Signing, role: str, old: str, new: KeyFile | None) -> None:
    """Change a role's keys in its delegator and have everything it signs signed anew."""
    for name in _sharing(role):
        delegator = signing.tree.delegator(name)
        signing.touch("root" if name in TOP_ROLES else "targets")
        delegator.revoke_key(old, name)
        if new is not None:
            delegator.add_key(new.public, name)
    if role == ASSIGN_ROLE:
        signing.touch(ASSIGN_BOX_ROLE)
        boxes = signing.tree.targets(ASSIGN_BOX_ROLE)
        boxes.revoke_key(old)
        if new is not None:
            boxes.add_key(new.public)
    _sign_anew(signing, role)


def _add(signing: Signing, role: str, key: KeyFile) -> None:
    signing.tree.delegator(role).add_key(key.public, role)


def _sign_anew(signing: Signing, role: str) -> None:
    for name in [*signing.tree.targets_roles(), "root"]:
        if key_role(name) == role:
            signing.touch(name)


def _role_entry(signing: Signing, role: str) -> Role:
    return signing.tree.delegator(role).get_delegated_role(role)


def _sharing(role: str) -> list[str]:
    """The roles of the table that a role's keys sign."""
    return [name for name in SIGNING_ROLES if key_role(name) == role]


def _require_way_on(signing: Signing, role: str, keyid: str) -> None:
    """Root says who may sign top-level roles, targets who may sign the others."""
    deciding = "root" if role in TOP_ROLES else "targets"
    left = [k for k in signing.tree.keyids(deciding) if k != keyid]
    needed = signing.tree.threshold(deciding)
    if len(left) < needed:
        raise CeremonyError(
            f"{len(left)} {deciding} keys are left and {needed} must sign",
            hint=f"replace the {deciding} keys from above first; without root keys every box "
            "must be enrolled anew with a new root",
        )
