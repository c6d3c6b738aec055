"""Who may look and who may act: the per-boot token of the page, the PIN of the attendant.

The token lives in a file that only this user can read and holds until the machine boots again, so a
page heals after the server restarts. No accounts, no network, no clock of the wall.
"""

import hashlib
import hmac
import json
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from edge.errors import CommandRefusedError

TOKEN_BYTES = 24  # 192 bit; not guessable at any request rate
SCRYPT_N = 2**14  # about 40 ms and 16 MiB per try: five tries a minute are all there are
MAX_WRONG_PINS = 5
LOCK_NS = 60 * 10**9
ATTENDANT_NS = 120 * 10**9  # an attendant who walked away is a shopper again


class PinRefusedError(CommandRefusedError):
    """The PIN is wrong, none is set, or too many were tried."""

    code = "attendant.refused"


class PinLockedError(PinRefusedError):
    """Too many wrong PINs; the hint says how long to wait."""

    code = "attendant.locked"


def load_or_make_token(path: Path, boot_id: str) -> str:
    """The token of this boot: the one in `path` if it is of this boot, else a new one."""
    try:
        kept = json.loads(path.read_text())
        if kept["boot_id"] == boot_id and len(kept["token"]) >= TOKEN_BYTES:
            return str(kept["token"])
    except (OSError, ValueError, KeyError, TypeError):
        pass  # absent, torn or of another form: a new one is as good
    token = secrets.token_urlsafe(TOKEN_BYTES)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump({"boot_id": boot_id, "token": token}, file)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
    return token


def is_same_secret(offered: str, wanted: str) -> bool:
    """Compare in constant time; an empty secret matches nothing."""
    return bool(wanted) and hmac.compare_digest(offered.encode(), wanted.encode())


def hash_pin(pin: str, salt: bytes | None = None) -> str:
    """Salted scrypt of a PIN as `salt$digest` in hex, for the configuration file."""
    salt = secrets.token_bytes(16) if salt is None else salt
    digest = hashlib.scrypt(pin.encode(), salt=salt, n=SCRYPT_N, r=8, p=1, dklen=32)
    return f"{salt.hex()}${digest.hex()}"


@dataclass(slots=True)
class PinGuard:
    """Lets an attendant in, and nobody who guesses.

    Attributes:
        pin_hash: from `hash_pin`; empty switches the attendant mode off.
    """

    pin_hash: str
    _num_wrong: int = 0
    _locked_until_ns: int = 0

    def check(self, pin: str, now_ns: int) -> None:
        """Return if the PIN is right.

        Raises:
            PinLockedError: five wrong ones, not even a right one counts for a minute.
            PinRefusedError: wrong, or no PIN is set on this box.
        """
        if not self.pin_hash:
            raise PinRefusedError("no attendant PIN is set", hint="set kiosk.attendant_pin_hash")
        if now_ns < self._locked_until_ns:
            wait_s = (self._locked_until_ns - now_ns) // 10**9 + 1
            raise PinLockedError("too many wrong PINs", hint=f"wait {wait_s} s")
        salt, _, _ = self.pin_hash.partition("$")
        if is_same_secret(hash_pin(pin, bytes.fromhex(salt)), self.pin_hash):
            self._num_wrong = 0
            return
        self._num_wrong += 1
        if self._num_wrong >= MAX_WRONG_PINS:
            self._num_wrong = 0
            self._locked_until_ns = now_ns + LOCK_NS
        raise PinRefusedError("wrong PIN", hint="try again")
