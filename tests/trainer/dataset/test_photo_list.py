from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.fakes.bad_pictures import CMYK_JPEG, of_100_megapixels, turned
from trainer.dataset.photo_list import (
    Photo,
    blocked_folds,
    joined,
    read_photo,
    read_photo_list,
    without_judged,
)
from trainer.errors import DatasetError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    picture = np.random.default_rng(0).integers(0, 256, (40, 60, 3), dtype=np.uint8)
    for name in ("a.jpg", "b.jpg", "cut.jpg"):
        cv2.imwrite(str(tmp_path / name), picture)
    cut = (tmp_path / "cut.jpg").read_bytes()
    (tmp_path / "cut.jpg").write_bytes(cut[: len(cut) // 2])
    (tmp_path / "empty.jpg").touch()
    (tmp_path / "text.jpg").write_text("no picture")
    cv2.imwrite(str(tmp_path / "deep.png"), picture.astype(np.uint16) * 257)
    cv2.imwrite(str(tmp_path / "large.jpg"), np.zeros((1400, 900, 3), np.uint8))
    return tmp_path


def written(folder: Path, *lines: str) -> Path:
    path = folder / "list.txt"
    path.write_text("\n".join(lines) + "\n")
    return path


def test_each_bad_line_is_put_aside_with_its_reason(folder: Path) -> None:
    found = read_photo_list(
        written(
            folder, "a.jpg, 0, 0", "b.jpg, 1", "cut.jpg, 1, 0", "empty.jpg, 1, 0",
            "text.jpg, 1, 0", "gone.jpg, 1, 0", "../a.jpg, 1, 0", "/a.jpg, 1, 0", "a.jpg, x, 0",
            "a.jpg, -1, 0", "a.jpg", "",
        )
    )  # fmt: skip
    assert [(p.path.name, p.label, p.parent) for p in found.photos] == [
        ("a.jpg", 0, 0),
        ("b.jpg", 1, -1),
    ]
    assert [(line.line, line.code) for line in found.aside] == [
        (3, "photo.damaged"), (4, "photo.empty"), (5, "photo.damaged"), (6, "photo.absent"),
        (7, "list.path"), (8, "list.path"), (9, "list.label"), (10, "list.label"),
        (11, "list.form"),
    ]  # fmt: skip


def test_a_name_with_a_comma_keeps_it(folder: Path) -> None:
    (folder / "a.jpg").rename(folder / "milk, 1 l.jpg")
    found = read_photo_list(written(folder, "milk, 1 l.jpg, 3, 2"))
    assert found.photos == (Photo(folder / "milk, 1 l.jpg", 3, 2),)


def test_a_list_without_one_usable_line_says_why(folder: Path) -> None:
    with pytest.raises(DatasetError, match=r"2 x photo\.absent"):
        read_photo_list(written(folder, "x.jpg, 0, 0", "y.jpg, 0, 0"))
    with pytest.raises(DatasetError, match="cannot be read"):
        read_photo_list(folder / "none.txt")


def test_lists_of_one_numbering_are_joined(folder: Path) -> None:
    one = read_photo_list(written(folder, "a.jpg, 0, 0"))
    assert joined([one, one]).photos == one.photos * 2


def test_deep_and_large_pictures_come_out_as_eight_bits_of_bounded_size(folder: Path) -> None:
    deep, large = read_photo(folder / "deep.png"), read_photo(folder / "large.jpg")
    assert deep.dtype == np.uint8
    assert deep.shape == (40, 60, 3)
    assert large.shape == (640, 411, 3)


def test_what_opens_as_no_picture_is_named(folder: Path) -> None:
    with pytest.raises(DatasetError, match=r"text\.jpg"):
        read_photo(folder / "text.jpg")


def test_folds_are_blocks_of_each_class_and_use_every_photo_once() -> None:
    photos = tuple(Photo(Path(f"{label}-{i}"), label, 0) for label in (0, 1) for i in range(10))
    folds = blocked_folds(photos, 5)
    assert folds[:10] == [0, 0, 1, 1, 2, 2, 3, 3, 4, 4]
    assert folds[10:] == folds[:10]


def test_a_class_with_one_photo_is_never_judged() -> None:
    assert blocked_folds((Photo(Path("a"), 0, 0),), 5) == [-1]


def test_pictures_of_unusual_forms_come_out_upright_in_three_channels(folder: Path) -> None:
    (folder / "cmyk.jpg").write_bytes(CMYK_JPEG)
    plain = (folder / "a.jpg").read_bytes()
    (folder / "turned.jpg").write_bytes(turned(plain))
    cv2.imwrite(str(folder / "grey.png"), np.full((30, 20), 90, np.uint8))
    found = read_photo_list(
        written(folder, "cmyk.jpg, 0, 0", "turned.jpg, 0, 0", "grey.png, 0, 0", "deep.png, 0, 0")
    )
    shapes = [read_photo(photo.path).shape for photo in found.photos]
    assert shapes == [(24, 20, 3), (60, 40, 3), (30, 20, 3), (40, 60, 3)]
    assert read_photo(folder / "cmyk.jpg")[12, 10].tolist() == [55, 55, 255]  # red


def test_pictures_that_would_cost_too_much_or_say_nothing_are_not_opened(folder: Path) -> None:
    (folder / "huge.jpg").write_bytes(of_100_megapixels((folder / "a.jpg").read_bytes()))
    png = (folder / "deep.png").read_bytes()
    (folder / "cut.png").write_bytes(png[: len(png) - 40])
    cv2.imwrite(str(folder / "dot.png"), np.zeros((8, 8, 3), np.uint8))
    cv2.imwrite(str(folder / "cut.webp"), np.zeros((80, 80, 3), np.uint8))
    (folder / "cut.webp").write_bytes((folder / "cut.webp").read_bytes()[:-20])
    found = read_photo_list(
        written(
            folder, "huge.jpg, 0", "cut.png, 0", "dot.png, 0", "cut.webp, 0", "a.jpg, 0",
            "a.jpg, 1", "b.jpg, 4012345678901", "b.jpg, nan",
        )
    )  # fmt: skip
    assert [photo.path.name for photo in found.photos] == ["a.jpg"]
    assert [line.code for line in found.aside] == [
        "photo.large", "photo.damaged", "photo.small", "photo.damaged", "list.again",
        "list.label", "list.label",
    ]  # fmt: skip


def test_a_photo_that_is_judged_is_not_learned_under_another_name(folder: Path) -> None:
    learned = read_photo_list(written(folder, "a.jpg, 0, 0", "large.jpg, 0, 0"))
    judged = read_photo_list(written(folder, "b.jpg, 0, 0"))  # the same bytes as a.jpg
    kept = without_judged(learned, judged)
    assert [photo.path.name for photo in kept.photos] == ["large.jpg"]
    assert [(line.line, line.code) for line in kept.aside] == [(0, "photo.judged")]
