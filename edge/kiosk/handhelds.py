"""Who may open the page from another device: phones of the staff that were paired at the counter.

Flow: attendant at the screen -> code -> phone -> token -> cookie

A code works once, for two minutes, and dies with five wrong tries. Only digests of tokens are kept.
A paired phone still needs the attendant's PIN for everything it does. No sockets, no wall clock.
"""

import hashlib
import json
import os
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import zxingcpp

from edge.errors import CommandRefusedError
from edge.kiosk.tokens import TOKEN_BYTES, is_same_secret

NUM_CODE_DIGITS = 8
CODE_NS = 120 * 10**9
MAX_WRONG_CODES = 5  # of 10^8: one guess in twenty million
MAX_HANDHELDS = 16


class PairingRefusedError(CommandRefusedError):
    """The code is wrong, too old, or used; a new one is made at the counter."""

    code = "handheld.refused"


@dataclass(frozen=True, slots=True)
class Invitation:
    """What the counter's screen shows to a phone.

    Attributes:
        qr: rows of `0` and `1`; 1 is dark.
        fingerprint: SHA-256 of the certificate, for a careful eye.
    """

    code: str
    url: str
    qr: tuple[str, ...]
    fingerprint: str
    valid_s: int = CODE_NS // 10**9


@dataclass
class HandheldDesk:
    """Codes that are open, and the phones that were paired.

    Attributes:
        path: digests of the phones' tokens; survives a restart.
        addresses: finds `https://...` addresses of this box, the best first; empty: no network.
    """

    path: Path
    addresses: Callable[[], tuple[str, ...]]
    fingerprint: str
    _code: str = ""
    _until_ns: int = 0
    _num_wrong: int = 0
    _digests: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._digests = _read_digests(self.path)

    @property
    def num_paired(self) -> int:
        """Phones that may open the page."""
        return len(self._digests)

    def invite(self, now_ns: int) -> Invitation:
        """A new code; an older one no longer works.

        Raises:
            PairingRefusedError: the box has no address that a phone could reach.
        """
        addresses = self.addresses()
        if not addresses:
            raise PairingRefusedError("no network address", hint="connect the box to the network")
        self._code = f"{secrets.randbelow(10**NUM_CODE_DIGITS):0{NUM_CODE_DIGITS}d}"
        self._until_ns, self._num_wrong = now_ns + CODE_NS, 0
        url = f"{addresses[0]}/?pair={self._code}"
        return Invitation(self._code, addresses[0], qr_rows(url), self.fingerprint)

    def redeem(self, code: str, now_ns: int) -> str:
        """The token of a newly paired phone.

        Raises:
            PairingRefusedError: not this code, or not any more.
        """
        is_right = now_ns < self._until_ns and is_same_secret(code, self._code)
        if not is_right:
            self._num_wrong += 1
            if self._num_wrong >= MAX_WRONG_CODES:
                self._code = ""
            raise PairingRefusedError("wrong code", hint="make a new one at the counter")
        self._code = ""
        token = secrets.token_urlsafe(TOKEN_BYTES)
        self._digests = [*self._digests, _digest(token)][-MAX_HANDHELDS:]
        _write_digests(self.path, self._digests)
        return token

    def is_paired(self, token: str) -> bool:
        """Whether this token was given to a phone and not taken back."""
        digest = _digest(token)
        return any(is_same_secret(digest, known) for known in self._digests)

    def forget_all(self) -> None:
        """Every phone must be paired again; for a lost one."""
        self._digests, self._code = [], ""
        _write_digests(self.path, [])


def qr_rows(text: str) -> tuple[str, ...]:
    """A QR code as rows of modules, with the quiet zone that readers need."""
    barcode = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.QRCode)
    image = zxingcpp.write_barcode_to_image(barcode, add_quiet_zones=True)
    return tuple("".join("1" if value < 128 else "0" for value in row) for row in np.asarray(image))


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _read_digests(path: Path) -> list[str]:
    try:
        return [str(digest) for digest in json.loads(path.read_text())["handhelds"]]
    except (OSError, ValueError, KeyError, TypeError):
        return []  # absent or torn: phones are paired again


def _write_digests(path: Path, digests: list[str]) -> None:
    """Write temp, fsync, rename, fsync the folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump({"handhelds": digests}, file)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
