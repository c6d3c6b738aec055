"""Pictures sealed to the hub's key: who steals the box's disk sees none, and the box itself cannot.

HPKE (RFC 9180) with X25519, HKDF-SHA256 and AES-128-GCM. `context` binds a sealed picture to its
box, so that a picture of one box is worth nothing under another's name.
"""

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from sync.errors import PublisherError

CONTEXT_PREFIX = b"tillsight-picture-1:"
_SUITE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_128_GCM)


class SealError(PublisherError):
    """A sealed picture is not for this key or this box, or was altered."""

    code = "sealing.refused"


def seal(data: bytes, public_key: str, box_id: str) -> bytes:
    """Seal to a public key of 64 hex digits.

    Raises:
        SealError: the key is none.
    """
    try:
        key = X25519PublicKey.from_public_bytes(bytes.fromhex(public_key))
    except ValueError as err:
        raise SealError("sealing key is no X25519 key", hint="enrol the box again") from err
    return _SUITE.encrypt(data, key, _context(box_id))


def unseal(sealed: bytes, private_key: X25519PrivateKey, box_id: str) -> bytes:
    """Open what a box sealed.

    Raises:
        SealError: for another key or box, or altered.
    """
    try:
        return _SUITE.decrypt(sealed, private_key, _context(box_id))
    except (InvalidTag, ValueError) as err:
        raise SealError(
            f"picture of box {box_id} cannot be opened", hint="was the sealing key replaced?"
        ) from err


def _context(box_id: str) -> bytes:
    return CONTEXT_PREFIX + box_id.encode()
