"""Signed requests: who sent this, and is it new."""

from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest

from sync.device_identity import (
    COUNTER_HEADER,
    DATE_HEADER,
    SIGNATURE_HEADER,
    DeviceKey,
    IdentityError,
    create_key,
    fingerprint_words,
    load_key,
    save_key,
    signature_headers,
    verify_request,
)

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
BODY = b'{"a":1}'


def headers_of(key: DeviceKey, **changes: object) -> dict[str, str]:
    arguments: dict[str, object] = {
        "box_id": "box-1",
        "epoch": "ab" * 16,
        "counter": 7,
        "now": NOW,
        "method": "POST",
        "path": "/v1/check-in",
        "body": BODY,
        **changes,
    }
    return signature_headers(key, **arguments)  # type: ignore[arg-type]


def verify(headers: dict[str, str], key: DeviceKey, **changes: object) -> int:
    arguments: dict[str, object] = {
        "method": "POST",
        "path": "/v1/check-in",
        "body_sha256": sha256(BODY).hexdigest(),
        "now": NOW,
        **changes,
    }
    return verify_request(headers, key.public_key, **arguments).counter  # type: ignore[arg-type]


def test_a_signed_request_is_recognised() -> None:
    key = create_key()
    assert verify(headers_of(key), key) == 7


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"method": "PUT"}, id="another method"),
        pytest.param({"path": "/v1/rekey"}, id="another path"),
        pytest.param({"path": "/v1/check-in?all=1"}, id="a query added"),
        pytest.param({"body_sha256": sha256(b"{}").hexdigest()}, id="another body"),
    ],
)
def test_a_signature_is_good_for_one_request_only(changes: dict[str, object]) -> None:
    key = create_key()
    with pytest.raises(IdentityError, match="not of this box and request"):
        verify(headers_of(key), key, **changes)


@pytest.mark.parametrize(
    ("header", "value", "reason"),
    [
        pytest.param(COUNTER_HEADER, "8", "not of this box", id="counter raised by a stranger"),
        pytest.param(COUNTER_HEADER, "seven", "not signed", id="counter no number"),
        pytest.param(DATE_HEADER, "2026-11-21T12:00:00", "without a time zone", id="no zone"),
        pytest.param(DATE_HEADER, "2026-11-21T12:00:01+00:00", "not of this box", id="date moved"),
        pytest.param(SIGNATURE_HEADER, "00" * 64, "not of this box", id="signature of zeros"),
        pytest.param(SIGNATURE_HEADER, "zz", "not signed", id="signature no hex"),
    ],
)
def test_a_header_that_was_touched_is_noticed(header: str, value: str, reason: str) -> None:
    key = create_key()
    with pytest.raises(IdentityError, match=reason):
        verify({**headers_of(key), header: value}, key)


def test_a_request_without_headers_is_not_signed() -> None:
    with pytest.raises(IdentityError, match="not signed"):
        verify({}, create_key())


@pytest.mark.parametrize("skew", [timedelta(minutes=-11), timedelta(minutes=11)])
def test_a_date_too_far_off_is_refused(skew: timedelta) -> None:
    key = create_key()
    with pytest.raises(IdentityError, match="the hub says"):
        verify(headers_of(key, now=NOW + skew), key)


def test_another_box_cannot_sign_for_this_one() -> None:
    with pytest.raises(IdentityError, match="not of this box"):
        verify(headers_of(create_key()), create_key())


def test_six_words_stand_for_a_key_and_differ_between_keys() -> None:
    first, second = create_key(), create_key()
    assert len(fingerprint_words(first.public_key).split()) == 6
    assert fingerprint_words(first.public_key) == fingerprint_words(first.public_key)
    assert fingerprint_words(first.public_key) != fingerprint_words(second.public_key)


def test_a_key_is_kept_private_and_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "identity" / "device.pem"
    key = create_key()
    save_key(key, path)
    assert path.stat().st_mode & 0o077 == 0
    assert load_key(path).public_key == key.public_key
    with pytest.raises(FileExistsError):
        save_key(create_key(), path)


def test_a_key_that_others_can_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "device.pem"
    save_key(create_key(), path)
    path.chmod(0o644)
    with pytest.raises(IdentityError, match="read by other users"):
        load_key(path)


def test_a_missing_or_damaged_key_says_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "device.pem"
    with pytest.raises(IdentityError, match="cannot be read"):
        load_key(path)
    path.write_text("not a key")
    path.chmod(0o600)
    with pytest.raises(IdentityError, match="damaged"):
        load_key(path)
