"""What the box remembers about updates: high-water marks, receipts, and when the hub was heard.

Flow: verified metadata -> UpdateState (one JSON file, durable) -> Freshness

python-tuf's rollback memory is its metadata folder; these marks stand apart from it, so losing one
of the two does not open the door to old metadata. Marks of a role start anew only when its keys
changed, which the offline keys must sign: that is also the way back from a stolen key that ran the
versions up.
"""

from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path

from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError

from sync.bundle import open_bundle
from sync.durable_file import AtStep, ignore_step, write_if_changed
from sync.errors import BundleError
from sync.update_errors import ReceiptError, RollbackError

LONG_OFFLINE = timedelta(days=14)  # as long as the timestamp is valid


class Freshness(StrEnum):
    """How recently the hub was heard; it gates new installs and nothing else."""

    FRESH = "fresh"
    STALE = "stale"
    LONG_OFFLINE = "long_offline"


class RoleMarks(BaseModel):
    """High-water marks under one set of keys.

    Attributes:
        keys: digest of the role's key ids and threshold.
        generations: document path -> highest generation seen.
        digests: document path -> sha256 of the document with that generation.
        floor: highest min_bundle_generation seen.
        version: highest metadata version seen.
    """

    model_config = ConfigDict(frozen=True)

    keys: str = ""
    generations: dict[str, int] = {}
    digests: dict[str, str] = {}
    floor: int = 0
    version: int = 0


class UpdateState(BaseModel):
    """Everything that must survive about updates.

    Attributes:
        roles: role name -> its marks; "timestamp" and "snapshot" have only versions.
        fresh_until: until when the last verified timestamp is valid.
    """

    model_config = ConfigDict(frozen=True)

    root_version: int = 0
    roles: dict[str, RoleMarks] = {}
    last_verified_at: AwareDatetime | None = None
    fresh_until: AwareDatetime | None = None

    def marks(self, role: str, keys: str) -> RoleMarks:
        """Marks of a role; empty ones if its keys are others than before."""
        known = self.roles.get(role, RoleMarks())
        return known if known.keys == keys else RoleMarks(keys=keys)

    def with_marks(self, role: str, marks: RoleMarks) -> "UpdateState":
        """This state with the marks of one role replaced."""
        return self.model_copy(update={"roles": {**self.roles, role: marks}})

    def freshness(self, now: datetime) -> Freshness:
        """FRESH while the last verified timestamp is valid; LONG_OFFLINE 14 days after it."""
        if self.fresh_until is None or self.last_verified_at is None:
            return Freshness.LONG_OFFLINE
        if now < self.fresh_until:
            return Freshness.FRESH
        if now < self.fresh_until + LONG_OFFLINE:
            return Freshness.STALE
        return Freshness.LONG_OFFLINE


class InstallReceipt(BaseModel):
    """Proof, kept on the box, that a bundle was verified; boot needs no hub and no TUF."""

    model_config = ConfigDict(frozen=True)

    bundle_id: str
    bundle_generation: int
    assignment_generation: int
    versions: dict[str, int]
    verified_at: AwareDatetime
    clock_source: str


def raise_version(marks: RoleMarks, role: str, version: int) -> RoleMarks:
    """Marks after a metadata version was seen.

    Raises:
        RollbackError: a higher one was seen before, under the same keys.
    """
    if version < marks.version:
        raise RollbackError(
            f"{role} version {version}, but {marks.version} was seen before",
            hint="somebody replays old metadata; run hubctl keys list on the hub",
        )
    return marks.model_copy(update={"version": version})


def raise_generation(marks: RoleMarks, path: str, generation: int, digest: str) -> RoleMarks:
    """Marks after a document was seen.

    Raises:
        RollbackError: a higher generation was seen before, or another document with this one.
    """
    highest = marks.generations.get(path, 0)
    hint = "publish it again with a higher generation"
    if generation < highest:
        raise RollbackError(
            f"{path} generation {generation}, but {highest} was seen before", hint=hint
        )
    if generation == highest and marks.digests.get(path) != digest:
        raise RollbackError(f"{path} has two contents for generation {generation}", hint=hint)
    return marks.model_copy(
        update={
            "generations": {**marks.generations, path: generation},
            "digests": {**marks.digests, path: digest},
        }
    )


def load_state(path: Path) -> UpdateState:
    """The state on disk; an empty one where it is missing or damaged."""
    try:
        return UpdateState.model_validate_json(path.read_bytes())
    except (OSError, ValidationError):
        return UpdateState()


def save_state(path: Path, state: UpdateState, *, at_step: AtStep = ignore_step) -> None:
    """Write the state durably, if it changed."""
    write_if_changed(path, state.model_dump_json().encode(), at_step=at_step)


def save_receipt(folder: Path, receipt: InstallReceipt, *, at_step: AtStep = ignore_step) -> Path:
    """Write a receipt durably; where it is."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{receipt.bundle_id}.json"
    write_if_changed(path, receipt.model_dump_json().encode(), at_step=at_step)
    return path


def verify_installed(directory: Path, receipts: Path, bundle_id: str) -> InstallReceipt:
    """Re-hash an installed bundle against its receipt, as at boot.

    Raises:
        ReceiptError: no receipt, or the directory is not what was verified.
    """
    hint = "the previous or the factory bundle takes over; fetch this one again"
    try:
        receipt = InstallReceipt.model_validate_json((receipts / f"{bundle_id}.json").read_bytes())
    except (OSError, ValidationError) as err:
        raise ReceiptError(f"bundle {bundle_id[:12]} has no receipt", hint=hint) from err
    try:
        found = open_bundle(directory, verify_files=True)
    except BundleError as err:
        raise ReceiptError(f"bundle {bundle_id[:12]}: {err}", hint=hint) from err
    if found.bundle_id != receipt.bundle_id:
        raise ReceiptError(
            f"{directory.name} holds bundle {found.bundle_id[:12]}, not {bundle_id[:12]}", hint=hint
        )
    return receipt
