"""Private keys as encrypted PEM files, and a ring of the folders that are at hand.

Flow: passphrase + folders -> KeyRing -> signatures

A key is `<role>-<n>.pem` (PKCS #8, encrypted, mode 0600) with its public half beside it, so that
listing needs no passphrase. Nothing is read from the environment and nothing is logged.
"""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from securesystemslib.signer import CryptoSigner, SSlibKey

from sync.durable_file import fsync_directory, write_durably
from trainer.release.release_errors import KeyFileError

PUBLIC_SUFFIX = ".pub.json"
MIN_PASSPHRASE_CHARS = 12  # PKCS #8 stretches a passphrase only a little; a short one is guessed

Passphrase = Callable[[], str]


@dataclass(frozen=True, slots=True)
class KeyFile:
    """A key as its public file tells it."""

    keyid: str
    role: str
    path: Path
    public: SSlibKey


class KeyRing:
    """Keys from several folders; a private key is decrypted when it signs for the first time."""

    def __init__(self, folders: Iterable[Path], passphrase: Passphrase) -> None:
        self._passphrase = passphrase
        self._signers: dict[str, CryptoSigner] = {}
        self.files: dict[str, KeyFile] = {}
        for folder in folders:
            for path in sorted(folder.glob(f"*{PUBLIC_SUFFIX}")):
                found = read_public(path)
                self.files.setdefault(found.keyid, found)

    def has(self, keyid: str) -> bool:
        """Whether the private half is at hand."""
        return keyid in self.files and self.files[keyid].path.is_file()

    def add(self, key: KeyFile) -> None:
        """Take a key in that was made a moment ago."""
        self.files[key.keyid] = key

    def drop(self, keyid: str) -> None:
        """Never sign with this key again, as when it is lost or stolen."""
        self.files.pop(keyid, None)
        self._signers.pop(keyid, None)

    def signer(self, keyid: str) -> CryptoSigner:
        """The signer of a key.

        Raises:
            KeyFileError: readable by others, damaged, or the passphrase is wrong.
        """
        if keyid not in self._signers:
            found = self.files[keyid]
            self._signers[keyid] = CryptoSigner(_decrypt(found.path, self._passphrase()))
        return self._signers[keyid]

    def at_hand(self, keyids: Sequence[str]) -> list[str]:
        """Those of the key ids whose private half is at hand, in order."""
        return [keyid for keyid in keyids if self.has(keyid)]


def create_key(folder: Path, role: str, passphrase: Passphrase) -> KeyFile:
    """Make a key and write it encrypted; on disk when this returns.

    Raises:
        KeyFileError: the passphrase is too short.
    """
    secret = passphrase()
    if len(secret) < MIN_PASSPHRASE_CHARS:
        raise KeyFileError(
            f"the passphrase has fewer than {MIN_PASSPHRASE_CHARS} characters",
            hint="take a longer one",
        )
    if not folder.is_dir():
        folder.mkdir(parents=True, mode=0o700)
        fsync_directory(folder.parent)
    number = 1
    while (folder / f"{role}-{number}.pem").exists():
        number += 1
    private = Ed25519PrivateKey.generate()
    public = SSlibKey.from_crypto(private.public_key())
    pem = private.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(secret.encode()),
    )
    path = folder / f"{role}-{number}.pem"
    write_durably(path, pem, mode=0o600)
    said = {"keyid": public.keyid, "role": role, "key": public.to_dict()}
    public_path = folder / f"{role}-{number}{PUBLIC_SUFFIX}"
    write_durably(public_path, json.dumps(said, indent=1, sort_keys=True).encode())
    return KeyFile(public.keyid, role, path, public)


def read_public(path: Path) -> KeyFile:
    """The public half.

    Raises:
        KeyFileError: damaged.
    """
    try:
        said: dict[str, Any] = json.loads(path.read_text())
        public = SSlibKey.from_dict(said["keyid"], dict(said["key"]))
        role = str(said["role"])
    except (OSError, ValueError, KeyError, TypeError) as err:
        raise KeyFileError(f"{path.name} is damaged", hint="copy it from a backup") from err
    private = path.with_name(path.name.removesuffix(PUBLIC_SUFFIX) + ".pem")
    return KeyFile(public.keyid, role, private, public)


def passphrase_from_file(path: Path) -> str:
    """The first line of a file only its owner can read.

    Raises:
        KeyFileError: missing, or readable by others.
    """
    try:
        _require_private(path)
        return path.read_text().splitlines()[0]
    except (OSError, IndexError) as err:
        raise KeyFileError(
            f"no passphrase in {path.name}", hint="write it on the first line"
        ) from err


def _decrypt(path: Path, secret: str) -> Ed25519PrivateKey:
    try:
        _require_private(path)
        key = serialization.load_pem_private_key(path.read_bytes(), secret.encode())
    except OSError as err:
        raise KeyFileError(f"{path.name} cannot be read", hint="plug the stick in") from err
    except TypeError as err:
        raise KeyFileError(
            f"{path.name} is not encrypted", hint="make a new key: hubctl keys rotate"
        ) from err
    except ValueError as err:
        raise KeyFileError(
            f"{path.name} does not open with this passphrase", hint="is it the right stick?"
        ) from err
    if not isinstance(key, Ed25519PrivateKey):
        raise KeyFileError(f"{path.name} is no Ed25519 key", hint="make a new one")
    return key


def _require_private(path: Path) -> None:
    if path.stat().st_mode & 0o077:
        raise KeyFileError(f"{path.name} can be read by other users", hint=f"chmod 600 {path.name}")
