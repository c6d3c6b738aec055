"""A list of labelled photographs of single products, as recognition data sets publish them.

Flow: list file -> Photo rows, and the rows that were put aside with a reason

A line is "path, class number, parent number"; the parent may be left out. Paths are relative to
the list. GroceryStoreDataset (Klasson et al., WACV 2019) is published in this form.
"""

import hashlib
from collections import Counter
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import cv2
import numpy as np

from sync.preprocess import Picture
from trainer.dataset.picture_problem import picture_problem
from trainer.errors import DatasetError

MAX_SIDE_PX = 640  # more than any recogniser here looks at
MIN_SIDE_PX = 16
MAX_CLASSES = 100_000  # a barcode in the column of class numbers is no class


@dataclass(frozen=True, slots=True)
class Photo:
    """One photograph; `parent` is -1 where the list names none."""

    path: Path
    label: int
    parent: int


@dataclass(frozen=True, slots=True)
class PutAside:
    """A line that is not used, and why, as a stable code; line 0 where two lists disagree."""

    line: int
    code: str
    text: str


@dataclass(frozen=True, slots=True)
class PhotoList:
    """What a list holds.

    Attributes:
        photos: usable ones, in the order of the list.
        aside: lines that are not.
    """

    photos: tuple[Photo, ...]
    aside: tuple[PutAside, ...]

    @property
    def num_classes(self) -> int:
        """Classes are numbered from 0; empty ones count."""
        return max(photo.label for photo in self.photos) + 1


def read_photo_list(path: Path) -> PhotoList:
    """Every line of a list; a photograph that cannot be opened is put aside, nothing is guessed.

    Raises:
        DatasetError: no list, or not one usable line in it.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as err:
        raise DatasetError(
            f"{path} cannot be read: {err}", hint='lines are "path, class, parent"'
        ) from err
    photos: dict[Path, Photo] = {}
    aside: list[PutAside] = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        found = _photo(line, path.parent)
        if isinstance(found, Photo) and found.path in photos:
            found = "list.again"
        if isinstance(found, Photo):
            photos[found.path] = found
        else:
            aside.append(PutAside(number, found, line.strip()[:200]))
    if not photos:
        reasons = ", ".join(f"{n} x {code}" for code, n in Counter(a.code for a in aside).items())
        raise DatasetError(
            f"{path} names no usable photograph ({reasons or 'it is empty'})",
            hint='lines are "path, class, parent", paths relative to the list',
        )
    return PhotoList(tuple(photos.values()), tuple(aside))


def joined(lists: list[PhotoList]) -> PhotoList:
    """Several lists of one numbering as one."""
    return PhotoList(
        tuple(photo for part in lists for photo in part.photos),
        tuple(line for part in lists for line in part.aside),
    )


def without_judged(learned: PhotoList, judged: PhotoList) -> PhotoList:
    """What may be learned: a file that is judged too, under whatever name, is put aside."""
    sizes = {photo.path.stat().st_size for photo in judged.photos}
    asked = {_digest(photo.path) for photo in judged.photos}
    kept: list[Photo] = []
    aside = list(learned.aside)
    for photo in learned.photos:
        if photo.path.stat().st_size in sizes and _digest(photo.path) in asked:
            aside.append(PutAside(0, "photo.judged", str(photo.path)))
        else:
            kept.append(photo)
    return PhotoList(tuple(kept), tuple(aside))


def read_photo(path: Path) -> Picture:
    """Decoded, turned as its EXIF says, at most MAX_SIDE_PX on a side, uint8 BGR (H, W, 3).

    OpenCV turns CMYK and grey into BGR and 16 bits into 8.

    Raises:
        DatasetError: cannot be opened.
    """
    try:
        picture = cv2.imread(str(path), cv2.IMREAD_COLOR)
    except cv2.error:  # more pixels than OpenCV opens
        picture = None
    if picture is None or min(picture.shape[:2]) < MIN_SIDE_PX:
        raise DatasetError(f"{path} is no picture", hint="take it off the list")
    scale = MAX_SIDE_PX / max(picture.shape[:2])
    if scale < 1:
        picture = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return np.asarray(picture, dtype=np.uint8)


def blocked_folds(photos: tuple[Photo, ...], num_folds: int) -> list[int]:
    """Fold of each photograph: each class is cut into consecutive blocks.

    Photographs are taken in bursts, and bursts lie side by side in a list. Drawing folds at random
    puts one burst on both sides (99 % by leave-one-out where an official test says 74 %); blocks
    cut at most `num_folds - 1` bursts of a class. A class with one photograph is never judged,
    because nothing would be left to learn from: its fold is -1.
    """
    counts = Counter(photo.label for photo in photos)
    seen: Counter[int] = Counter()
    folds = []
    for photo in photos:
        count = counts[photo.label]
        folds.append(seen[photo.label] * num_folds // max(count, num_folds) if count > 1 else -1)
        seen[photo.label] += 1
    return folds


def _photo(line: str, folder: Path) -> Photo | str:
    """A photograph, or the code of what is wrong."""
    name, *numbers = [part.strip() for part in line.rsplit(",", 2)]
    if not numbers:
        return "list.form"
    try:
        label, parent = int(numbers[0]), int(numbers[1]) if len(numbers) == 2 else -1
    except ValueError:
        return "list.label"
    if not 0 <= label < MAX_CLASSES or not -1 <= parent < MAX_CLASSES:
        return "list.label"
    relative = PurePosixPath(name)
    if relative.is_absolute() or ".." in relative.parts:
        return "list.path"
    path = folder / relative
    if not path.is_file():
        return "photo.absent"
    return _problem(path) or Photo(path, label, parent)


def _digest(path: Path) -> bytes:
    return hashlib.sha256(path.read_bytes()).digest()


def _problem(path: Path) -> str:
    """The code of what is wrong with a file, settled without decoding it; empty if nothing is."""
    data = path.read_bytes()
    found = picture_problem(data, MIN_SIDE_PX)
    if not found and not cv2.haveImageReader(str(path)):
        found = "damaged"
    return f"photo.{found}" if found else ""
