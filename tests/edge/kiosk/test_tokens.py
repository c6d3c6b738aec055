"""The token of a boot and the attendant's PIN."""

from pathlib import Path

import pytest

from edge.kiosk.tokens import (
    LOCK_NS,
    PinGuard,
    PinLockedError,
    PinRefusedError,
    hash_pin,
    is_same_secret,
    load_or_make_token,
)


def test_a_token_holds_for_one_boot(tmp_path: Path) -> None:
    path = tmp_path / "run" / "kiosk.token"
    first = load_or_make_token(path, "boot-a")
    assert load_or_make_token(path, "boot-a") == first
    assert load_or_make_token(path, "boot-b") != first


def test_only_this_user_can_read_the_token(tmp_path: Path) -> None:
    path = tmp_path / "kiosk.token"
    load_or_make_token(path, "boot-a")
    assert path.stat().st_mode & 0o777 == 0o600
    assert [p.name for p in tmp_path.iterdir()] == ["kiosk.token"]


@pytest.mark.parametrize("text", ["", "{", "[]", '{"boot_id": "boot-a", "token": "short"}'])
def test_a_torn_token_file_is_replaced(tmp_path: Path, text: str) -> None:
    path = tmp_path / "kiosk.token"
    path.write_text(text)
    token = load_or_make_token(path, "boot-a")
    assert len(token) >= 32
    assert load_or_make_token(path, "boot-a") == token


def test_an_empty_secret_matches_nothing() -> None:
    assert not is_same_secret("", "")
    assert is_same_secret("a", "a")


def test_a_right_pin_lets_in_and_is_stored_only_as_a_hash() -> None:
    stored = hash_pin("2468")
    PinGuard(stored).check("2468", 0)
    assert "2468" not in stored
    assert hash_pin("2468") != stored


def test_without_a_pin_nobody_gets_in() -> None:
    with pytest.raises(PinRefusedError):
        PinGuard("").check("", 0)


def test_the_lock_opens_after_a_minute() -> None:
    guard = PinGuard(hash_pin("2468"))
    for _ in range(5):
        with pytest.raises(PinRefusedError):
            guard.check("0000", 0)
    with pytest.raises(PinLockedError) as locked:
        guard.check("2468", LOCK_NS - 1)
    assert locked.value.hint == "wait 1 s"
    guard.check("2468", LOCK_NS)
