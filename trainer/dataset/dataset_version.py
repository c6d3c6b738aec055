"""From candidates to a version: judged, split, guarded against near-duplicates, in little memory.

Flow: Candidates one by one -> lines on disk + a few numbers each -> settled -> lines in order

Pure but for a scratch file: of a picture some 90 bytes stay in memory, so four million fit where
their labels would not. A picture that looks like one of a more guarded split (test before
validation before train) leaves, whatever its group; so no two near-duplicates stand in different
splits.
"""

import hashlib
from array import array
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from tempfile import SpooledTemporaryFile
from types import TracebackType
from typing import IO, Self

import numpy as np
from numpy.typing import NDArray

from trainer.dataset.manifest import (
    SPLITS,
    WEAK_SOURCES,
    DatasetItem,
    DatasetManifest,
    QuarantinedPicture,
    Split,
    header_line,
    line_of,
    read_item,
    read_quarantined,
)
from trainer.dataset.near_duplicates import near_any
from trainer.dataset.quality import (
    DUPLICATE,
    NEAR_DUPLICATE,
    RARE_SKU,
    Candidate,
    QualityRules,
    reasons_for,
)
from trainer.dataset.split_rule import SplitRule

MOST_GUARDED_FIRST: tuple[Split, ...] = ("test", "validation", "train")
IN_MEMORY_BYTES = 8_000_000  # of the scratch file; larger ones lie in the folder for such files
BLOB_CHARS = 64
GOOD = 0  # the state of a picture that nothing speaks against

Key = tuple[str, str, str]


class VersionInMaking:
    """Candidates of one version, told one by one, in any order; settled once."""

    def __init__(
        self, name: str, *, rules: QualityRules, rule: SplitRule, known_skus: Collection[str],
        blind_baskets: Collection[str], filters: Mapping[str, str], scratch: Path | None = None,
    ) -> None:  # fmt: skip
        """Judge by these.

        Args:
            blind_baskets: baskets that were recorded whole: the blind set is made of these.
            filters: what chose the candidates, for the recipe.
            scratch: folder for what does not fit in memory, about 600 bytes a picture.
        """
        self.name = name
        self.recipe = {**filters, **rules.recipe(), **rule.recipe()}
        self.counts: dict[str, int] = {}
        self._rules, self._rule = rules, rule
        self._known, self._blind = known_skus, blind_baskets
        self._lines = SpooledTemporaryFile(  # noqa: SIM115, __exit__ closes it
            max_size=IN_MEMORY_BYTES, dir=None if scratch is None else str(scratch)
        )
        self._ends, self._states, self._splits = array("q", [0]), array("h"), bytearray()
        self._pictures, self._hashes = bytearray(), array("Q")
        self._skus, self._sku_ends = array("i"), array("q", [0])
        self._sku_no: dict[str, int] = {}
        self._reasons: list[tuple[str, ...]] = [()]
        self._order: NDArray[np.int64] = np.zeros(0, np.int64)
        self._version_id = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, err: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        self._lines.close()

    @property
    def version_id(self) -> str:
        """sha256 of the lines, hex; once it is settled."""
        if not self._version_id:
            self.write(None)
        return self._version_id

    def add(self, candidate: Candidate, blob: str = "") -> None:
        """One picture more, and the blob it lies in."""
        reasons = reasons_for(
            candidate, self._rules, known_skus=self._known, blind_baskets=self._blind
        )
        split = self._rule.split_of(candidate)
        line = line_of(_bad(candidate, reasons) if reasons else _item(candidate, split))
        self._lines.write(blob.ljust(BLOB_CHARS).encode() + line)
        self._ends.append(self._ends[-1] + BLOB_CHARS + len(line))
        self._states.append(self._state(reasons))
        self._splits.append(MOST_GUARDED_FIRST.index(split))
        facts = candidate.facts
        self._pictures += bytes.fromhex(facts.picture) or bytes(32)
        self._hashes.extend(int(h, 16) if h else 0 for h in (facts.row_hash, facts.column_hash))
        names = {box.sku_id for box in candidate.boxes if box.sku_id and not reasons}
        self._skus.extend(self._sku_no.setdefault(name, len(self._sku_no)) for name in names)
        self._sku_ends.append(len(self._skus))

    def settle(self) -> None:
        """Judge what only all together show: rare SKUs, duplicates, look-alikes; order and count.

        Raises:
            ValueError: one picture of one case and camera was told twice.
        """
        states = np.frombuffer(self._states, np.int16).copy()
        splits = np.frombuffer(self._splits, np.uint8)
        states[self._rare(states)] = self._state((RARE_SKU,))
        self._order = self._sorted()
        states[self._twice(states, splits)] = self._state((DUPLICATE,))
        hashes = np.frombuffer(self._hashes, np.uint64).reshape(-1, 2)
        guarded = hashes[:0]
        for split in range(len(MOST_GUARDED_FIRST)):
            mine = np.flatnonzero((states == GOOD) & (splits == split))
            near = near_any(hashes[mine], guarded, self._rules.near_duplicate_bits)
            states[mine[near]] = self._state((NEAR_DUPLICATE,))
            guarded = np.concatenate([guarded, hashes[mine[~near]]])
        self._states = array("h", states.tobytes())
        self.counts = self._counted(states, splits)

    def lines(self) -> Iterator[bytes]:
        """The canonical form of the manifest, line by line."""
        yield header_line(self.name, self.recipe, self.counts["items"], self.counts["quarantined"])
        for place in self._order:
            if self._states[place] == GOOD:
                yield self._read(int(place))[BLOB_CHARS:]
        yield from (line_of(bad) for bad in self.quarantined())

    def write(self, stream: IO[bytes] | None) -> int:
        """Write the lines; how many bytes they are."""
        digest, size = hashlib.sha256(), 0
        for line in self.lines():
            digest.update(line)
            size += len(line)
            if stream is not None:
                stream.write(line)
        self._version_id = digest.hexdigest()
        return size

    def items(self) -> Iterator[tuple[DatasetItem, str]]:
        """Items in their order, each with the blob its picture lies in."""
        for place in self._order:
            if self._states[place] == GOOD:
                record = self._read(int(place))
                yield read_item(record[BLOB_CHARS:]), record[:BLOB_CHARS].decode().rstrip()

    def quarantined(self) -> Iterator[QuarantinedPicture]:
        """What is left out, in its order."""
        for place in self._order:
            reasons = self._reasons[self._states[place]]
            if reasons:
                yield read_quarantined(self._read(int(place))[BLOB_CHARS:], reasons)

    def _state(self, reasons: tuple[str, ...]) -> int:
        if reasons not in self._reasons:
            self._reasons.append(reasons)
        return self._reasons.index(reasons)

    def _read(self, place: int) -> bytes:
        self._lines.seek(self._ends[place])
        return self._lines.read(self._ends[place + 1] - self._ends[place])

    def _rare(self, states: NDArray[np.int16]) -> NDArray[np.int64]:
        """Good pictures of SKUs that have too few of them."""
        skus = np.frombuffer(self._skus, np.int32)
        pictures = np.repeat(np.arange(len(states)), np.diff(np.frombuffer(self._sku_ends, "q")))
        counts = np.bincount(skus, minlength=len(self._sku_no))
        return pictures[counts[skus] < self._rules.min_pictures_per_sku]

    def _sorted(self) -> NDArray[np.int64]:
        """Places in the order of their keys: picture, then case and camera where it is the same."""
        pictures = np.frombuffer(self._pictures, ">u8").reshape(-1, 4)
        order = np.lexsort(pictures.T[::-1])
        for begin, end in _runs(pictures, order):
            places = [int(place) for place in order[begin:end]]
            keys = {place: self._key(place) for place in places}
            if len(set(keys.values())) < len(places):
                raise ValueError(f"a picture stands there twice: {sorted(keys.values())[0]}")
            order[begin:end] = sorted(places, key=keys.__getitem__)
        return order

    def _twice(self, states: NDArray[np.int16], splits: NDArray[np.uint8]) -> list[int]:
        """The same JPEG more than once: all but the first in the most guarded split."""
        pictures = np.frombuffer(self._pictures, ">u8").reshape(-1, 4)
        found: list[int] = []
        for begin, end in _runs(pictures, self._order):
            good = [int(place) for place in self._order[begin:end] if states[place] == GOOD]
            found += sorted(good, key=lambda place: splits[place])[1:]  # stable: then by key
        return found

    def _key(self, place: int) -> Key:
        return read_quarantined(self._read(place)[BLOB_CHARS:], ()).key

    def _counted(self, states: NDArray[np.int16], splits: NDArray[np.uint8]) -> dict[str, int]:
        numbers, names = Counter[str](), set[str]()
        self.counts = {}
        for item, _ in self.items():
            numbers["boxes"] += len(item.boxes)
            numbers["weak_boxes"] += sum(box.source in WEAK_SOURCES for box in item.boxes)
            names.update(box.sku_id for box in item.boxes if box.sku_id)
        good = np.bincount(splits[states == GOOD], minlength=len(MOST_GUARDED_FIRST))
        shares = dict(zip(MOST_GUARDED_FIRST, map(int, good), strict=True))
        return {
            "items": int(good.sum()), "boxes": numbers["boxes"],
            "weak_boxes": numbers["weak_boxes"], "skus": len(names),
            "quarantined": len(states) - int(good.sum()), **{s: shares[s] for s in SPLITS},
        }  # fmt: skip


def assemble(
    name: str, candidates: Iterable[Candidate], *, rules: QualityRules, rule: SplitRule,
    known_skus: Collection[str], blind_baskets: Collection[str], filters: Mapping[str, str],
) -> DatasetManifest:  # fmt: skip
    """A version of what there is, whole in memory."""
    with VersionInMaking(
        name, rules=rules, rule=rule, known_skus=known_skus, blind_baskets=blind_baskets,
        filters=filters,
    ) as making:  # fmt: skip
        for candidate in candidates:
            making.add(candidate)
        making.settle()
        return whole(making)


def whole(making: VersionInMaking) -> DatasetManifest:
    """All of a settled version in memory, to compare it."""
    items = tuple(item for item, _ in making.items())
    return DatasetManifest(making.name, making.recipe, items, tuple(making.quarantined()))


def _runs(pictures: NDArray[np.uint64], order: NDArray[np.int64]) -> Iterator[tuple[int, int]]:
    """Stretches of the order, longer than one, in which all pictures are the same."""
    same = (pictures[order[1:]] == pictures[order[:-1]]).all(axis=1)
    edges = np.flatnonzero(np.diff(np.concatenate([[False], same, [False]]).astype(np.int8)))
    for begin, end in edges.reshape(-1, 2):
        yield int(begin), int(end) + 1


def _item(candidate: Candidate, split: Split) -> DatasetItem:
    return DatasetItem(
        picture=candidate.facts.picture,
        width=candidate.facts.width,
        height=candidate.facts.height,
        store_id=candidate.store_id,
        box_id=candidate.box_id,
        lane_id=candidate.lane_id,
        camera_id=candidate.camera_id,
        basket_id=candidate.basket_id,
        day=candidate.day,
        source=candidate.source,
        source_id=candidate.source_id,
        split=split,
        boxes=tuple(sorted(candidate.boxes, key=lambda b: (b.xyxy, b.sku_id))),
    )


def _bad(candidate: Candidate, reasons: tuple[str, ...]) -> QuarantinedPicture:
    return QuarantinedPicture(
        picture=candidate.facts.picture,
        source=candidate.source,
        source_id=candidate.source_id,
        camera_id=candidate.camera_id,
        reasons=reasons,
    )
