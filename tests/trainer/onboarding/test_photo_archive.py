"""Archives of photos that are damaged are refused with a reason."""

import zipfile
from pathlib import Path

import pytest

from trainer.onboarding.photo_archive import ArchiveError, photos_in


def test_a_damaged_picture_in_an_archive_is_a_refusal(tmp_path: Path) -> None:
    path = tmp_path / "photos.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("milk.jpg", bytes(range(256)) * 4)
    raw = bytearray(path.read_bytes())
    begin = raw.index(b"milk.jpg") + len("milk.jpg")
    raw[begin : begin + 8] = b"\xff" * 8
    path.write_bytes(raw)
    with pytest.raises(ArchiveError):
        list(photos_in(path))
