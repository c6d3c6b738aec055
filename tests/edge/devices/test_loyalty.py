from pathlib import Path

import pytest

from edge.devices.loyalty import LoyaltyUnavailableError, Member, MemberList, NoProgram


@pytest.fixture
def members(tmp_path: Path) -> Path:
    path = tmp_path / "members.csv"
    path.write_text("9876 5432 1000,gold\n\n1234567\n")
    return path


@pytest.mark.parametrize(
    ("number", "member"),
    [
        pytest.param("987654321000", Member("987654321000", "gold"), id="with a level"),
        pytest.param("1234 567", Member("1234567"), id="typed with a space"),
        pytest.param("7654321", None, id="nobody"),
    ],
)
def test_a_number_is_looked_up_in_the_list(
    members: Path, number: str, member: Member | None
) -> None:
    assert MemberList(members).find(number) == member


def test_a_new_export_counts_at_once(members: Path) -> None:
    known = MemberList(members)
    assert known.find("5555") is None
    members.with_suffix(".new").write_text("5555,new\n")
    members.with_suffix(".new").rename(members)
    assert known.find("5555") == Member("5555", "new")


@pytest.mark.parametrize(
    "content", [pytest.param(None, id="missing"), pytest.param(b"\xff\xfe\x00", id="no text")]
)
def test_a_list_that_cannot_be_read_is_away_and_not_empty(
    tmp_path: Path, content: bytes | None
) -> None:
    path = tmp_path / "members.csv"
    path.write_bytes(content) if content else None
    with pytest.raises(LoyaltyUnavailableError, match=r"members\.csv"):
        MemberList(path).find("1234567")


def test_without_a_program_a_number_is_never_unknown() -> None:
    with pytest.raises(LoyaltyUnavailableError):
        NoProgram().find("1234567")
