"""What the endpoints of people need beside the boxes' own: pictures opened, lists signed.

Made once at start. Where the hub holds no catalogue key, publishing is refused with a hint; the
keepers then publish with `hubctl prices` and `hubctl catalogue` where their keys are.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from sqlalchemy import Engine

from trainer.errors import DegradedError
from trainer.release.key_files import KeyRing, passphrase_from_file
from trainer.release.signing import Signing
from trainer.store.backup import Place
from trainer.store.blobs import FolderBlobs


def utc_now() -> datetime:
    """The time of every decision; tests put another one in its place."""
    return datetime.now(UTC)


class PublishingError(DegradedError):
    """This hub cannot sign."""

    code = "publish.no_key"


class SealingKeyError(DegradedError):
    """This hub cannot open pictures."""

    code = "sealing.no_key"


class Publisher:
    """The signed repository with the hub's own keys; one transaction at a time."""

    def __init__(self, repository: Path, keys: Path, passphrase_file: Path) -> None:
        """Read which keys are there; they are opened at the first signature."""
        self._repository = repository
        self._keys = KeyRing([keys], lambda: passphrase_from_file(passphrase_file))
        self._lock = threading.Lock()

    @contextmanager
    def transaction(self) -> Iterator[Signing]:
        """Edit and publish; nobody else signs meanwhile."""
        with self._lock:
            signing = Signing(self._repository, self._keys, datetime.now(UTC))
            yield signing
            signing.publish()


@dataclass(frozen=True, slots=True)
class BackupPlace:
    """The hub that is saved, and the folder that backups lie in."""

    place: Place
    folder: Path


@dataclass(frozen=True, slots=True)
class HubServices:
    """Database, blobs, and keys where this hub has them.

    Attributes:
        repository: folder of the signed repository; empty before `hubctl keys init`.
        webhook_hosts: names that webhooks may reach though they are private.
        backups: where backups lie and what they are made of; none without `backup_dir`.
        clock: when an approval is due, by whose time.
    """

    engine: Engine
    blobs: FolderBlobs
    repository: Path
    sealing_key: X25519PrivateKey | None = None
    publisher: Publisher | None = None
    webhook_hosts: tuple[str, ...] = ()
    backups: BackupPlace | None = None
    clock: Callable[[], datetime] = utc_now

    def must_publish(self) -> Publisher:
        """The publisher.

        Raises:
            PublishingError: this hub holds no key.
        """
        if self.publisher is None:
            raise PublishingError(
                "this hub holds no catalogue key",
                hint="set `catalogue_keys` and `catalogue_passphrase_file` in hub.toml, or publish "
                "with hubctl where the keys are",
            )
        return self.publisher

    def must_unseal(self) -> X25519PrivateKey:
        """The key that opens pictures.

        Raises:
            SealingKeyError: this hub holds none.
        """
        if self.sealing_key is None:
            raise SealingKeyError("this hub holds no sealing key", hint="start it with its folder")
        return self.sealing_key
