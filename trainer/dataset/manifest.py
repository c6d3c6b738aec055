"""A version of a data set: which pictures, which boxes, which split; known by its own sha256.

Flow: items + recipe -> DatasetManifest -> canonical lines <-> file

The canonical form is one JSON document per line: a header, every item in order of its picture,
every quarantined picture. Whole numbers and text only, keys sorted, so two machines agree on it to
the last bit, and a page of a large version is read without the rest. No pictures, no database, no
torch.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, get_args

from trainer.errors import DegradedError

FORMAT = 1
MAX_LINE_BYTES = 1_000_000  # 200 boxes of a picture take 40 kB

Split = Literal["train", "validation", "test"]
LabelSource = Literal["reviewer", "shopper", "barcode", "import"]
PictureSource = Literal["case", "onboarding"]
SPLITS: tuple[Split, ...] = get_args(Split)
WEAK_SOURCES: frozenset[LabelSource] = frozenset({"shopper", "barcode"})


class ManifestError(DegradedError):
    """Bytes that are no data set manifest, or another one than they are named."""

    code = "dataset.malformed"


@dataclass(frozen=True, slots=True)
class ItemBox:
    """One labelled region.

    Attributes:
        xyxy: whole pixels of the picture.
        sku_id: empty where something lies that nobody can name.
        source: who said so; `shopper` and `barcode` are weak.
        answer_id: the reviewer's answer it comes from; 0 where there is none.
    """

    xyxy: tuple[int, int, int, int]
    sku_id: str
    source: LabelSource
    answer_id: int = 0

    def __post_init__(self) -> None:
        x1, y1, x2, y2 = self.xyxy
        if not (0 <= x1 < x2 and 0 <= y1 < y2):
            raise ValueError(f"box {self.xyxy} is empty or outside")


@dataclass(frozen=True, slots=True)
class DatasetItem:
    """One picture with its boxes.

    Attributes:
        picture: sha256 of the JPEG itself (not of its sealed blob).
        day: of the shop's moment, UTC, YYYY-MM-DD; with store and basket it decides the split.
        source_id: the case, or the onboarding, it belongs to.
    """

    picture: str
    width: int
    height: int
    store_id: str
    box_id: str
    lane_id: str
    camera_id: str
    basket_id: str
    day: str
    source: PictureSource
    source_id: str
    split: Split
    boxes: tuple[ItemBox, ...]

    @property
    def key(self) -> tuple[str, str, str]:
        """What orders items and names one of them."""
        return self.picture, self.source_id, self.camera_id


@dataclass(frozen=True, slots=True)
class QuarantinedPicture:
    """A picture that is left out, and why (codes of quality.py); it is not deleted."""

    picture: str
    source: PictureSource
    source_id: str
    camera_id: str
    reasons: tuple[str, ...]

    @property
    def key(self) -> tuple[str, str, str]:
        """What orders them and names one of them."""
        return self.picture, self.source_id, self.camera_id


@dataclass(frozen=True, slots=True)
class DatasetManifest:
    """A version.

    Attributes:
        recipe: what chose and split the pictures, as text, so that it can be done again.
    """

    name: str
    recipe: Mapping[str, str] = field(default_factory=dict)
    items: tuple[DatasetItem, ...] = ()
    quarantined: tuple[QuarantinedPicture, ...] = ()

    def __post_init__(self) -> None:
        keys = [item.key for item in self.items] + [bad.key for bad in self.quarantined]
        if len(set(keys)) != len(keys):
            twice = next(key for key, count in Counter(keys).items() if count > 1)
            raise ValueError(f"picture {twice[0][:12]} of {twice[1]} stands there twice")

    @property
    def version_id(self) -> str:
        """sha256 of the canonical form, hex."""
        digest = hashlib.sha256()
        for line in self.lines():
            digest.update(line)
        return digest.hexdigest()

    def canonical(self) -> bytes:
        """The bytes that `version_id` names."""
        return b"".join(self.lines())

    def lines(self) -> Iterator[bytes]:
        """The canonical form, line by line: header, items, quarantined."""
        yield header_line(self.name, self.recipe, len(self.items), len(self.quarantined))
        yield from (line_of(item) for item in sorted(self.items, key=lambda i: i.key))
        yield from (line_of(bad) for bad in sorted(self.quarantined, key=lambda i: i.key))

    def split(self, name: Split) -> tuple[DatasetItem, ...]:
        """Items of one split, in order."""
        return tuple(item for item in self.items if item.split == name)

    def boxes_by_sku(self) -> Counter[str]:
        """How many boxes each SKU has; nameless ones are not counted."""
        return Counter(box.sku_id for item in self.items for box in item.boxes if box.sku_id)


def header_line(
    name: str, recipe: Mapping[str, str], num_items: int, num_quarantined: int
) -> bytes:
    """The first line of the canonical form."""
    return _line({
        "format": FORMAT, "name": name, "num_items": num_items,
        "num_quarantined": num_quarantined, "recipe": dict(recipe),
    })  # fmt: skip


def line_of(one: DatasetItem | QuarantinedPicture) -> bytes:
    """One picture's line of the canonical form."""
    return _line(asdict(one))


def read_manifest(data: bytes, *, version_id: str = "") -> DatasetManifest:
    """A manifest from its bytes.

    Args:
        version_id: what its sha256 must be; empty where nobody knows.

    Raises:
        ManifestError: other bytes than that, or no canonical manifest.
    """
    digest = hashlib.sha256(data).hexdigest()
    if version_id and digest != version_id:
        raise ManifestError(
            f"these bytes are version {digest[:12]}, not {version_id[:12]}", hint="fetch it again"
        )
    lines = data.splitlines(keepends=True)
    try:
        header = read_header(lines[0] if lines else b"")
        end = 1 + int(header["num_items"])
        manifest = DatasetManifest(
            name=str(header["name"]),
            recipe={str(k): str(v) for k, v in header["recipe"].items()},
            items=tuple(read_item(line) for line in lines[1:end]),
            quarantined=tuple(read_quarantined(line) for line in lines[end:]),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as err:
        raise ManifestError(f"no data set manifest: {err!r}"[:300]) from err
    if manifest.version_id != digest:
        raise ManifestError("the manifest is not in its canonical form", hint="fetch it again")
    return manifest


def read_header(line: bytes) -> dict[str, Any]:
    """The first line.

    Raises:
        ManifestError: not of this form.
    """
    header = _parsed(line)
    if header.get("format") != FORMAT:
        raise ManifestError(f"data set of form {header.get('format')!r}", hint="update this side")
    return header


def read_item(line: bytes) -> DatasetItem:
    """An item from its line.

    Raises:
        ManifestError: not of this form.
    """
    said = _parsed(line)
    try:
        boxes = tuple(_box(box) for box in said.pop("boxes"))
        item = DatasetItem(**said, boxes=boxes)
    except (KeyError, TypeError, ValueError) as err:
        raise ManifestError(f"no item of a data set: {err!r}"[:300]) from err
    if item.split not in SPLITS:
        raise ManifestError(f"{item.split!r} is no split")
    if any(b.xyxy[2] > item.width or b.xyxy[3] > item.height for b in item.boxes):
        raise ManifestError(f"a box leaves picture {item.picture[:12]}")
    return item


def read_quarantined(line: bytes, reasons: tuple[str, ...] | None = None) -> QuarantinedPicture:
    """A quarantined picture from its line; with `reasons` from an item's line too."""
    said = _parsed(line)
    names = ("picture", "source", "source_id", "camera_id")
    if reasons is None:
        reasons = tuple(str(reason) for reason in said.pop("reasons"))
        if strange := sorted(set(said) - set(names)):
            raise ManifestError(f"a quarantined picture with {strange[0][:40]!r}")
    picture, source, source_id, camera_id = (said[name] for name in names)
    return QuarantinedPicture(picture, source, source_id, camera_id, reasons)


def _box(said: Any) -> ItemBox:
    x1, y1, x2, y2 = (int(v) for v in said.pop("xyxy"))
    return ItemBox((x1, y1, x2, y2), **said)


def _line(document: Mapping[str, Any]) -> bytes:
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return text.encode() + b"\n"


def _parsed(line: bytes) -> dict[str, Any]:
    if len(line) > MAX_LINE_BYTES:
        raise ManifestError(f"a line of {len(line)} bytes")
    try:
        said = json.loads(line)
    except (ValueError, RecursionError) as err:
        raise ManifestError("a line is no JSON", hint="fetch it again") from err
    if not isinstance(said, dict):
        raise ManifestError("a line is no document")
    return said
