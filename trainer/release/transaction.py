"""One transaction on the signed repository: touch roles, sign with the keys at hand, publish.

Flow: touched roles -> signatures -> thresholds checked -> files in order, timestamp.json last

Nothing is visible to a box before publish(). Where keys of several people are needed, what is
signed so far waits in `pending/` for the next one. What the roles say is signing.py's business, who
holds keys keys_ceremony.py's.
"""

from datetime import datetime, timedelta
from pathlib import Path

from tuf.api.exceptions import RepositoryError
from tuf.api.metadata import Metadata, Root

from sync.durable_file import AtStep, fsync_directory, ignore_step, write_durably
from trainer.release.key_files import KeyRing
from trainer.release.release_errors import (
    PublishRefusedError,
    RepositoryFolderError,
    ThresholdError,
)
from trainer.release.signed_tree import (
    PENDING_FOLDER,
    SignedTree,
    describe_snapshot,
    load_tree,
    next_version,
    refer,
    to_bytes,
    write_tree,
)
from trainer.release.signing_roles import OFFLINE_ROLES, valid_days


class Transaction:
    """Opened, edited, published once."""

    def __init__(
        self,
        folder: Path,
        keys: KeyRing,
        now: datetime,
        *,
        new_tree: SignedTree | None = None,
        take_pending: bool = False,
        at_step: AtStep = ignore_step,
    ) -> None:
        """Open the repository.

        Args:
            new_tree: only for the ceremony that makes a repository.
            take_pending: go on with the change that waits for signatures.
        """
        self.folder = folder
        self.keys = keys
        self.now = now
        self.changed: set[str] = set()
        self.tree = new_tree or load_tree(folder)
        self._at_step = at_step
        self._is_new = new_tree is not None
        self._old_root: Root | None = None
        if new_tree is not None:
            self.changed = {*new_tree.targets_roles(), "root"}
        else:
            self._old_root = Metadata[Root].from_bytes(to_bytes(self.tree.roles["root"])).signed
            if take_pending:
                self._take_up_pending()

    def touch(self, role: str) -> None:
        """Note that a role changes: next version, no signatures.

        Raises:
            PublishRefusedError: another change of this role waits for signatures.
        """
        if role not in self.changed:
            if (self.folder / PENDING_FOLDER / f"{role}.json").exists():
                raise PublishRefusedError(
                    f"a change of {role} waits for signatures",
                    hint="finish it with hubctl keys sign, or drop it with hubctl keys discard",
                )
            next_version(self.tree, role, self.now)
            self.changed.add(role)
        else:
            self.tree.roles[role].signatures.clear()

    def renew(self, *, all_online: bool = False) -> list[str]:
        """Sign anew what is past half of its life.

        Returns:
            The offline roles past half of theirs: their keepers must sign.
        """
        alarms: list[str] = []
        for role in [*self.tree.targets_roles(), "root"]:
            is_offline = role in OFFLINE_ROLES
            if not (self._is_past_half(role) or (all_online and not is_offline)):
                continue
            if is_offline:
                alarms.append(role)
            else:
                self.touch(role)
        return alarms

    def publish(self, *, timestamp_days: int | None = None) -> list[str]:
        """Sign what changed and make it visible at once; the roles that changed.

        Raises:
            ThresholdError: keys are missing; nothing is visible, signatures wait in `pending/`.
        """
        for role in self.changed:
            self._sign(role)
        missing = {role: n for role in sorted(self.changed) if (n := self._missing(role)) > 0}
        if missing:
            self._save_pending()
            raise _not_enough(missing)
        refer(self.tree, self.now, timestamp_days=timestamp_days)
        self._sign("snapshot")
        describe_snapshot(self.tree)
        self._sign("timestamp")
        missing = {role: n for role in ("snapshot", "timestamp") if (n := self._missing(role)) > 0}
        if missing:
            raise _not_enough(missing)
        changed = self.changed | {"snapshot", "timestamp"}
        write_tree(self.tree, changed, at_step=self._at_step)
        self._clear_pending(self.changed)
        self.changed.clear()
        return sorted(changed)

    def pending(self) -> dict[str, int]:
        """Changed roles and how many signatures each still needs."""
        return {role: self._missing(role) for role in sorted(self.changed)}

    def discard_pending(self) -> None:
        """Throw away what waits for signatures; this transaction ends with it."""
        self._clear_pending(set(self.tree.roles))
        self.changed.clear()

    def _sign(self, role: str) -> None:
        """Sign with every key at hand that the role has, and for a new root the old one's too."""
        keyids = self.tree.keyids(role)
        if role == "root" and self._old_root is not None:
            keyids += [k for k in self._old_root.roles["root"].keyids if k not in keyids]
        metadata = self.tree.roles[role]
        for keyid in self.keys.at_hand(keyids):
            if keyid not in metadata.signatures:
                metadata.sign(self.keys.signer(keyid), append=True)

    def _missing(self, role: str) -> int:
        return self.tree.missing_signatures(role, self._old_root)

    def _is_past_half(self, role: str) -> bool:
        half = timedelta(days=valid_days(role)) / 2
        expires: datetime = self.tree.roles[role].signed.expires
        return expires - self.now < half

    def _save_pending(self) -> None:
        folder = self.folder / PENDING_FOLDER
        folder.mkdir(parents=True, exist_ok=True)
        for role in sorted(self.changed):
            write_durably(folder / f"{role}.json", to_bytes(self.tree.roles[role]))

    def _take_up_pending(self) -> None:
        """Changes that wait, with the signatures they have; outdated ones are refused."""
        for path in sorted((self.folder / PENDING_FOLDER).glob("*.json")):
            role = path.stem
            try:
                waiting = Metadata.from_bytes(path.read_bytes())
            except (OSError, RepositoryError) as err:
                raise RepositoryFolderError(
                    f"pending {path.name} is damaged", hint="run hubctl keys discard"
                ) from err
            known = self.tree.roles.get(role)
            if known is not None and waiting.signed.version != known.signed.version + 1:
                raise RepositoryFolderError(
                    f"pending {path.name} is not the next version", hint="run hubctl keys discard"
                )
            self.tree.roles[role] = waiting
            self.changed.add(role)

    def _clear_pending(self, roles: set[str]) -> None:
        folder = self.folder / PENDING_FOLDER
        if folder.is_dir():
            for role in roles:
                (folder / f"{role}.json").unlink(missing_ok=True)
            fsync_directory(folder)


def _not_enough(missing: dict[str, int]) -> ThresholdError:
    said = ", ".join(f"{role} {n}" for role, n in missing.items())
    return ThresholdError(
        f"signatures are missing: {said}",
        hint="bring the other keys and run hubctl keys sign",
        missing=missing,
    )
