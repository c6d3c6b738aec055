"""A ZIP of photos named by GTIN or SKU: read one by one in memory, never unpacked to disk.

Flow: archive -> (name without ending, bytes) of each picture, or why it is left out

Names are looked up, never used as paths. An archive that claims more than it may hold is refused
before a byte of it is unpacked, and each picture is read no further than its limit.
"""

import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from trainer.errors import DegradedError

ENDINGS = (".jpg", ".jpeg", ".png", ".webp")
MAX_PICTURES = 50_000
MAX_PICTURE_BYTES = 8 * 1024 * 1024
BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError, ValueError)
MAX_RATIO = 50  # a picture is compressed already; more is a bomb


class ArchiveError(DegradedError):
    """A file that is no archive of photos, or one that wants too much."""

    code = "archive.refused"


@dataclass(frozen=True, slots=True)
class ArchivedPhoto:
    """One picture; `problem` says why it has no bytes."""

    number: int
    stem: str
    data: bytes
    problem: str = ""


def photos_in(path: Path, *, start: int = 0, limit: int = MAX_PICTURES) -> Iterator[ArchivedPhoto]:
    """Pictures from `start` on, in the archive's order.

    Raises:
        ArchiveError: no ZIP, encrypted, more pictures than allowed, or a bomb.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            entries = _pictures(archive)
            for number, entry in enumerate(entries[start : start + limit], start=start):
                yield _read(archive, entry, number)
    except BROKEN as err:
        raise ArchiveError(f"no ZIP: {err}", hint="make it anew with any ZIP program") from err


def count_photos(path: Path) -> int:
    """How many pictures there are.

    Raises:
        ArchiveError: see photos_in.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            return len(_pictures(archive))
    except BROKEN as err:
        raise ArchiveError(f"no ZIP: {err}", hint="make it anew with any ZIP program") from err


def _pictures(archive: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    entries = archive.infolist()
    if len(entries) > 2 * MAX_PICTURES:
        raise ArchiveError(f"{len(entries)} entries", hint=f"at most {MAX_PICTURES} pictures")
    found = [e for e in entries if PurePosixPath(e.filename).suffix.lower() in ENDINGS]
    if len(found) > MAX_PICTURES:
        raise ArchiveError(f"{len(found)} pictures", hint=f"at most {MAX_PICTURES}; split it")
    for entry in found:
        if entry.flag_bits & 1:
            raise ArchiveError("the archive is encrypted", hint="make it without a password")
        if entry.file_size > MAX_RATIO * max(entry.compress_size, 1) + 100_000:
            raise ArchiveError(
                f"{entry.filename[-80:]!r} grows {entry.file_size} bytes out of "
                f"{entry.compress_size}",
                hint="pictures do not shrink so far; this is a bomb",
            )
    return found


def _read(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, number: int) -> ArchivedPhoto:
    stem = PurePosixPath(entry.filename.replace("\\", "/")).stem[:80]
    if entry.file_size > MAX_PICTURE_BYTES:
        return ArchivedPhoto(number, stem, b"", f"{entry.file_size} bytes are too many")
    with archive.open(entry) as stream:
        data = stream.read(MAX_PICTURE_BYTES + 1)
    if len(data) > MAX_PICTURE_BYTES:
        return ArchivedPhoto(number, stem, b"", "larger than it says")
    return ArchivedPhoto(number, stem, data)
