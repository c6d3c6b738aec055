"""Sealed pictures: for one key, of one box, unaltered."""

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from sync.sealing import SealError, seal, unseal

KEY = X25519PrivateKey.generate()
PUBLIC = KEY.public_key().public_bytes_raw().hex()


def test_the_hub_reads_what_the_box_sealed() -> None:
    sealed = seal(b"picture", PUBLIC, "box-1")
    assert b"picture" not in sealed
    assert unseal(sealed, KEY, "box-1") == b"picture"


@pytest.mark.parametrize(
    ("private_key", "box_id"),
    [
        pytest.param(X25519PrivateKey.generate(), "box-1", id="another key"),
        pytest.param(KEY, "box-2", id="another box"),
    ],
)
def test_nobody_else_does(private_key: X25519PrivateKey, box_id: str) -> None:
    with pytest.raises(SealError, match="cannot be opened"):
        unseal(seal(b"picture", PUBLIC, "box-1"), private_key, box_id)


def test_an_altered_picture_is_noticed() -> None:
    sealed = bytearray(seal(b"picture", PUBLIC, "box-1"))
    sealed[-1] ^= 1
    with pytest.raises(SealError):
        unseal(bytes(sealed), KEY, "box-1")


@pytest.mark.parametrize("key", ["", "zz", "ab" * 31])
def test_what_is_no_key_is_refused(key: str) -> None:
    with pytest.raises(SealError, match="no X25519 key"):
        seal(b"picture", key, "box-1")
