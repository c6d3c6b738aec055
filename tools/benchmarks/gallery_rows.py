"""The search of a large gallery, and the plain product that small ones use, against faiss.

Rows stand in families of four look-alikes, as in a store: the nearest of 12,000 random directions
would be found by any arithmetic.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.perception.gallery_matcher import LARGE_ROWS
from edge.perception.gallery_search import GallerySearch
from sync.gallery import Gallery, unit_rows
from tools.benchmarks.ratio import Bar, Row, compared

NUM_ROWS, DIM, NUM_QUERIES, TOP = 12_000, 256, 8, 5
FAMILY = 4
FAMILY_SPREAD = 0.5  # of a unit vector: look-alikes have a cosine of about 0.8
LOOK_SPREAD = 0.35  # a look and its prototype: about 0.95
NUM_CHECKED = 1000
IN_A_ROW = 20  # searches per repeat
BAR = Bar(3, "same top-1")

FloatArray = NDArray[np.float32]
IntArray = NDArray[np.int64]


@dataclass(frozen=True)
class _Case:
    rows: FloatArray
    queries: FloatArray
    many: FloatArray
    index: Any


def gallery_rows(repeats: int) -> list[Row]:
    """Top 5 of 12,000 SKUs for 8 queries, one thread: as served, and by a plain product.

    One search after one of the peer's finds nothing in the processor's caches: a row of its own.
    """
    names = [
        f"gallery top-{TOP}, {NUM_ROWS} x {DIM}, {NUM_QUERIES} queries: {how}"
        for how in (
            "as served",
            "as served, each after the peer's",
            f"plain product (served below {LARGE_ROWS} rows)",
        )
    ]
    try:
        import faiss
    except ImportError:
        reason = "faiss is not here (extra bench)"
        return [Row(name, bar=BAR.words(), skipped=reason) for name in names]
    rows, many = _family_rows()
    faiss.omp_set_num_threads(1)
    index: Any = faiss.IndexFlatIP(DIM)
    index.add(rows)
    case = _Case(rows, many[:NUM_QUERIES], many, index)
    search = GallerySearch(rows)
    sku_ids = tuple(map(str, range(NUM_ROWS)))
    plain = Gallery("bench", sku_ids, rows, np.arange(NUM_ROWS, dtype=np.int64))

    def served(queries: FloatArray) -> IntArray:
        return search.top(queries, TOP)[0]

    return [
        _row(names[0], case, served, repeats, IN_A_ROW),
        _row(names[1], case, served, repeats, 1),
        _row(names[2], case, lambda q: _top(plain.similarities(q)), repeats, IN_A_ROW),
    ]


def _row(name: str, case: _Case, search: Any, repeats: int, num_searches: int) -> Row:
    _, expected = case.index.search(case.many, TOP)
    found = np.concatenate(
        [search(case.many[at : at + NUM_QUERIES]) for at in range(0, NUM_CHECKED, NUM_QUERIES)]
    )
    num_same = int((found[:, 0] == expected[:, 0]).sum())
    return compared(
        name,
        "faiss IndexFlatIP",
        lambda: [search(case.queries) for _ in range(num_searches)],
        lambda: [case.index.search(case.queries, TOP) for _ in range(num_searches)],
        BAR,
        repeats=repeats,
        is_right=num_same == NUM_CHECKED,
        note=f"same top-1 in {num_same} of {NUM_CHECKED}; {num_searches} per repeat",
    )


def _family_rows() -> tuple[FloatArray, FloatArray]:
    """Rows (N, D) in families, and looks (NUM_CHECKED, D) at members of them."""
    random = np.random.default_rng(0)
    parents = unit_rows(random.normal(size=(NUM_ROWS // FAMILY, DIM)))
    noise = unit_rows(random.normal(size=(NUM_ROWS, DIM)))
    rows = unit_rows(np.repeat(parents, FAMILY, axis=0) + FAMILY_SPREAD * noise)
    chosen = random.integers(0, NUM_ROWS, NUM_CHECKED)
    looks = rows[chosen] + LOOK_SPREAD * unit_rows(random.normal(size=(NUM_CHECKED, DIM)))
    return rows, unit_rows(looks)


def _top(similar: FloatArray) -> IntArray:
    best = np.argpartition(-similar, TOP, axis=1)[:, :TOP]
    order = np.argsort(-np.take_along_axis(similar, best, axis=1), axis=1)
    return np.asarray(np.take_along_axis(best, order, axis=1))
