"""Finds signed targets, and refuses one that the wrong role lists.

Flow: path + expected role -> TargetFile

TUF already confines delegated roles to their paths. What it cannot know is which role ought to
answer for a path here, so a top-level or a newly delegated role could shadow the right one; that is
checked here. Nothing is downloaded but metadata.
"""

import hashlib

from tuf.api.metadata import Role, Root, TargetFile

from sync.durable_updater import DurableUpdater
from sync.update_errors import AlteredError, UntrustedError, WrongRoleError


class RoleGuard:
    """Look-ups of one check."""

    def __init__(self, updater: DurableUpdater) -> None:
        self._updater = updater

    def find(self, path: str, role: str) -> TargetFile | None:
        """The target at `path`; None where nobody lists it, which is no error.

        Raises:
            WrongRoleError: another role than `role` or its bins lists it.
            AlteredError: it is listed without a sha256.
        """
        target = self._updater.get_targetinfo(path)
        if target is None:
            return None
        if not any(found is target for found in self._listed_by(role, path)):
            raise WrongRoleError(
                f"{path} is not listed by role {role}", hint=f"run hubctl keys stolen {role}"
            )
        if "sha256" not in target.hashes:
            raise AlteredError(f"{path} is listed without a sha256", hint="publish it again")
        return target

    def keys(self, role: str) -> str:
        """Digest of the keys and the threshold that a delegated role has now."""
        targets = self._updater.role("targets")
        roles = None
        if targets is not None and targets.delegations is not None:
            roles = targets.delegations.roles
        if roles is None or role not in roles:
            raise UntrustedError(f"role {role} is not delegated", hint="run hubctl keys list")
        return key_digest(roles[role])

    def delegated(self) -> list[str]:
        """Roles below `targets` that were read in this check; bins are not remembered."""
        targets = self._updater.role("targets")
        if targets is None or targets.delegations is None or targets.delegations.roles is None:
            return []
        return [n for n in self._updater.versions() if n in targets.delegations.roles]

    def _listed_by(self, role: str, path: str) -> list[TargetFile | None]:
        names = [n for n in self._updater.versions() if n == role or n.startswith(f"{role}-bin-")]
        roles = [self._updater.role(name) for name in names]
        return [r.targets.get(path) for r in roles if r is not None]


def key_digest(*roles: Role) -> str:
    """A short text that changes when any of the roles' keys or thresholds do."""
    said = ";".join(f"{sorted(role.keyids)}/{role.threshold}" for role in roles)
    return hashlib.sha256(said.encode()).hexdigest()[:32]


def keys_of_root(root: Root) -> str:
    """key_digest of the roles whose versions start anew when root replaces their keys."""
    return key_digest(root.roles["timestamp"], root.roles["snapshot"])
