"""python-tuf's client, made to survive power cuts.

Flow: fetcher -> python-tuf's checks -> metadata folder, every file fsynced

Stock ngclient never fsyncs: after a power cut most of what it had acknowledged was gone, the
rollback memory with it. This subclass replaces three private methods and sets one private
attribute; `tests/sync/test_trusted_updates_hooks.py` fails when python-tuf moves them.
"""

import os
from datetime import datetime
from pathlib import Path

from tuf.api.metadata import Root, Targets
from tuf.ngclient import Updater, UpdaterConfig
from tuf.ngclient.fetcher import FetcherInterface

from sync.durable_file import (
    AtStep,
    fsync_directory,
    ignore_step,
    remove_leftovers,
    symlink_durably,
    write_if_changed,
)

MAX_ROOT_ROTATIONS = 256
MAX_DELEGATIONS = 8  # targets, one role, one bin; the rest is room for growth
MAX_ROOT_BYTES = 128_000
MAX_TIMESTAMP_BYTES = 4_096
MAX_SNAPSHOT_BYTES = 200_000  # 1,024 bins
MAX_TARGETS_BYTES = 2_000_000  # 8,000 ring or box assignments in one role


class DurableUpdater(Updater):
    """One refresh and its look-ups; hold the folder's lock around it."""

    def __init__(
        self,
        metadata_dir: Path,
        metadata_url: str,
        *,
        fetcher: FetcherInterface,
        bootstrap: bytes,
        reference_time: datetime | None = None,
        config: UpdaterConfig | None = None,
        at_step: AtStep = ignore_step,
    ) -> None:
        """Load the trusted root.

        Args:
            bootstrap: the root this box was born with; newer ones are found from it.
            reference_time: by which expiry is judged; None takes the system clock.
        """
        self._at_step = at_step
        metadata_dir.mkdir(parents=True, exist_ok=True)
        remove_leftovers(metadata_dir)
        super().__init__(
            str(metadata_dir),
            metadata_url,
            fetcher=fetcher,
            config=config or box_config(),
            bootstrap=bootstrap,
        )
        if reference_time is not None:
            self._trusted_set.reference_time = reference_time

    @property
    def root(self) -> Root:
        """The newest trusted root."""
        return self._trusted_set.root

    def versions(self) -> dict[str, int]:
        """Version of every role that was verified."""
        return {name: self._trusted_set[name].version for name in self._trusted_set._trusted_set}

    def timestamp_fields(self) -> tuple[datetime, dict[str, object]]:
        """Expiry of the verified timestamp and the fields TUF does not know."""
        timestamp = self._trusted_set.timestamp
        return timestamp.expires, timestamp.unrecognized_fields

    def role(self, name: str) -> Targets | None:
        """A verified targets role, or None if it was not needed yet."""
        found = self._trusted_set.get(name)
        return found if isinstance(found, Targets) else None

    def _persist_file(self, filename: str, data: bytes) -> None:
        write_if_changed(Path(filename), data, at_step=self._at_step)

    def _persist_root(self, version: int, data: bytes) -> None:
        history = Path(self._dir, "root_history")
        if not history.is_dir():
            history.mkdir()
            fsync_directory(Path(self._dir))
        self._persist_file(str(history / f"{version}.root.json"), data)

    def _update_root_symlink(self) -> None:
        version = self._trusted_set.root.version
        destination = os.path.join("root_history", f"{version}.root.json")  # noqa: PTH118
        symlink_durably(Path(self._dir, "root.json"), destination)
        self._at_step("root_linked")


def box_config() -> UpdaterConfig:
    """Caps on everything that is read before it is verified."""
    return UpdaterConfig(
        max_root_rotations=MAX_ROOT_ROTATIONS,
        max_delegations=MAX_DELEGATIONS,
        root_max_length=MAX_ROOT_BYTES,
        timestamp_max_length=MAX_TIMESTAMP_BYTES,
        snapshot_max_length=MAX_SNAPSHOT_BYTES,
        targets_max_length=MAX_TARGETS_BYTES,
    )
