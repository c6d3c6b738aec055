"""Asking a loyalty program whether it knows a shopper's number.

Flow: number -> LoyaltyProgram -> Member, nobody, or "cannot be asked now"

A program that cannot be reached never holds up a sale: the number is written into the basket and
the program hears of it later. No names come here. `MemberList` is the simplest real one: a file of
numbers that the store exports from its own program. Points are not this module's business.
"""

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Protocol

from edge.errors import DegradedError


class LoyaltyUnavailableError(DegradedError):
    """The program cannot be asked now; the sale goes on and the number is kept."""

    code: ClassVar[str] = "loyalty.unavailable"


@dataclass(frozen=True, slots=True)
class Member:
    """A number the program knows; `level` is a word for the screen, or empty."""

    number: str
    level: str = ""


class LoyaltyProgram(Protocol):
    """Anything that knows loyalty numbers. Returns at once."""

    def find(self, number: str) -> Member | None:
        """The member of this number, or None where there is no such member.

        Raises:
            LoyaltyUnavailableError: it cannot be asked now.
        """


class NoProgram:
    """A store without a loyalty program that can be asked: numbers are kept, none is known."""

    def find(self, number: str) -> Member | None:
        """Nobody can be asked; see LoyaltyProgram."""
        raise LoyaltyUnavailableError(f"no program to ask about a number of {len(number)} digits")


class MemberList:
    """A CSV file, one member per line: number, and a level if there are levels.

    It is read again when it has changed; an export replaces it by renaming.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read_at: tuple[int, int] | None = None
        self._members: dict[str, Member] = {}

    def find(self, number: str) -> Member | None:
        """The member of this number; see LoyaltyProgram."""
        try:
            facts = self._path.stat()
            stamp = (facts.st_mtime_ns, facts.st_size)
            if stamp != self._read_at:
                self._members = _read_members(self._path)
                self._read_at = stamp
        except (OSError, UnicodeDecodeError, csv.Error) as err:
            raise LoyaltyUnavailableError(
                f"member list {self._path.name} cannot be read: {err}",
                hint="export it again; numbers are kept meanwhile",
            ) from err
        return self._members.get(number.replace(" ", ""))


def _read_members(path: Path) -> dict[str, Member]:
    with path.open(newline="", encoding="utf-8") as file:
        rows = [row for row in csv.reader(file) if row and row[0].strip()]
    members = (Member(row[0].replace(" ", ""), row[1].strip() if row[1:] else "") for row in rows)
    return {member.number: member for member in members}
