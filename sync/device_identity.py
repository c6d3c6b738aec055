"""Who a box is: an Ed25519 key made on the box, and requests signed with it.

Flow: request -> signature headers -> hub -> verified box id

TLS client certificates do not survive inspecting proxies, so the request itself is signed: method,
path, body hash, epoch, counter and date. The counter makes a replay useless, the date bounds how
long the hub must remember, the epoch tells a restored disk from the box it was copied from.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from mnemonic import Mnemonic

from sync.durable_file import write_durably
from sync.errors import PublisherError

SIGNATURE_VERSION = "tillsight-request-1"
MAX_SKEW = timedelta(minutes=10)  # a shop's clock without NTP drifts; replay is the counter's job
NUM_FINGERPRINT_WORDS = 6  # 66 bits: enough to compare aloud, too many to search in a minute

BOX_HEADER = "Tillsight-Box"
EPOCH_HEADER = "Tillsight-Epoch"
COUNTER_HEADER = "Tillsight-Counter"
DATE_HEADER = "Tillsight-Date"
SIGNATURE_HEADER = "Tillsight-Signature"


class IdentityError(PublisherError):
    """A key or a signed request is not what it must be; the code says which."""

    code = "identity.refused"


@dataclass(frozen=True, slots=True)
class SignedRequest:
    """The claims of a request whose signature was right."""

    box_id: str
    epoch: str
    counter: int
    sent_at: datetime


class DeviceKey:
    """The box's private key; it never leaves the box and is never logged."""

    def __init__(self, private_key: Ed25519PrivateKey) -> None:
        self._private_key = private_key

    @property
    def public_key(self) -> str:
        """Ed25519 public key, 64 hex digits."""
        return self._private_key.public_key().public_bytes_raw().hex()

    def sign(self, message: bytes) -> str:
        """Signature of `message`, 128 hex digits."""
        return self._private_key.sign(message).hex()


def create_key() -> DeviceKey:
    """A new key."""
    return DeviceKey(Ed25519PrivateKey.generate())


def save_key(key: DeviceKey, path: Path) -> None:
    """Write the key readable by its owner alone; on disk when this returns.

    Raises:
        FileExistsError: there is a key already; replacing it is `rekey`.
    """
    if path.exists():
        raise FileExistsError(path)
    pem = key._private_key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    write_durably(path, pem, mode=0o600)


def load_key(path: Path) -> DeviceKey:
    """Read the box's key.

    Raises:
        IdentityError: missing, readable by others, or no Ed25519 key.
    """
    try:
        mode = path.stat().st_mode
        pem = path.read_bytes()
    except OSError as err:
        raise IdentityError(
            f"device key cannot be read: {err.strerror}", hint="enrol the box: edgectl enrol"
        ) from err
    if mode & 0o077:
        raise IdentityError(
            "device key can be read by other users", hint=f"chmod 600 {path.name}, then re-key"
        )
    try:
        key = serialization.load_pem_private_key(pem, password=None)
    except ValueError as err:
        raise IdentityError("device key is damaged", hint="enrol the box again") from err
    if not isinstance(key, Ed25519PrivateKey):
        raise IdentityError("device key is no Ed25519 key", hint="enrol the box again")
    return DeviceKey(key)


def fingerprint_words(public_key: str) -> str:
    """Six words that stand for a key, to be compared on two screens.

    Source: word list of BIP-39, 2,048 words, so 11 bits each.
    """
    words = Mnemonic("english").wordlist
    number = int.from_bytes(hashlib.sha256(bytes.fromhex(public_key)).digest(), "big")
    chosen = [words[number >> (256 - 11 * (i + 1)) & 2047] for i in range(NUM_FINGERPRINT_WORDS)]
    return " ".join(chosen)


def signature_headers(
    key: DeviceKey,
    *,
    box_id: str,
    epoch: str,
    counter: int,
    now: datetime,
    method: str,
    path: str,
    body: bytes | None = None,
    body_sha256: str = "",
) -> dict[str, str]:
    """The headers that prove who sends this request.

    Args:
        epoch: 32 hex digits, new whenever the box's database is made anew.
        counter: strictly growing within an epoch, on disk before it is used.
        path: with query, as on the request line.
        body: the whole body, or None with its `body_sha256` where it is streamed.
    """
    date = now.astimezone(UTC).isoformat(timespec="seconds")
    digest = body_sha256 or hashlib.sha256(body or b"").hexdigest()
    message = _message(method, path, digest, box_id, epoch, str(counter), date)
    return {
        BOX_HEADER: box_id,
        EPOCH_HEADER: epoch,
        COUNTER_HEADER: str(counter),
        DATE_HEADER: date,
        SIGNATURE_HEADER: key.sign(message),
    }


def verify_request(
    headers: Mapping[str, str],
    public_key: str,
    *,
    method: str,
    path: str,
    body_sha256: str,
    now: datetime,
) -> SignedRequest:
    """The claims of a request, once its signature and date are right.

    The caller compares the counter with the last one of this epoch: only a larger one is new.

    Raises:
        IdentityError: a header is missing or malformed, the date is off, the signature is wrong.
    """
    claims = claims_of(headers)
    if abs(now - claims.sent_at) > MAX_SKEW:
        raise IdentityError(
            f"request is dated {claims.sent_at.isoformat()}, the hub says {now.isoformat()}",
            hint="set the box's clock or let NTP through",
        )
    date = headers[DATE_HEADER]
    counter = headers[COUNTER_HEADER]
    message = _message(method, path, body_sha256, claims.box_id, claims.epoch, counter, date)
    if not is_signature_of(public_key, message, headers[SIGNATURE_HEADER]):
        raise IdentityError("signature is not of this box and request", hint="enrol the box again")
    return claims


def claims_of(headers: Mapping[str, str]) -> SignedRequest:
    """Who a request says it is from, before anything is proved.

    Raises:
        IdentityError: a header is missing or malformed.
    """
    try:
        sent_at = datetime.fromisoformat(headers[DATE_HEADER])
        claims = SignedRequest(
            box_id=headers[BOX_HEADER],
            epoch=headers[EPOCH_HEADER],
            counter=int(headers[COUNTER_HEADER]),
            sent_at=sent_at,
        )
        bytes.fromhex(headers[SIGNATURE_HEADER])
    except (KeyError, ValueError) as err:
        raise IdentityError(
            "request is not signed", hint="boxes sign every request: edgectl enrol"
        ) from err
    if sent_at.tzinfo is None:
        raise IdentityError("request is dated without a time zone", hint="send RFC 3339 UTC")
    return claims


def is_signature_of(public_key: str, message: bytes, signature: str) -> bool:
    """True when `signature` (hex) of `message` was made by the key behind `public_key` (hex)."""
    try:
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(public_key))
        key.verify(bytes.fromhex(signature), message)
    except (InvalidSignature, ValueError):
        return False
    return True


def _message(*parts: str) -> bytes:
    return "\n".join((SIGNATURE_VERSION, *parts)).encode()
