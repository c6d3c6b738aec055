"""The gallery's matrix product: ours and an INT8 variant, each against faiss.

Rows stand in families of four look-alikes, as in a store: the nearest of 12,000 random directions
would be found by any arithmetic.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sync.gallery import Gallery, unit_rows
from tools.benchmarks.ratio import Bar, Row, compared

NUM_ROWS, DIM, NUM_QUERIES, TOP = 12_000, 256, 8, 5
FAMILY = 4
FAMILY_SPREAD = 0.5  # of a unit vector: look-alikes have a cosine of about 0.8
LOOK_SPREAD = 0.35  # a look and its prototype: about 0.95
RESCORED = 32
NUM_CHECKED = 1000
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
    """Top 5 of 12,000 SKUs for 8 queries, one thread: as it is, and with an INT8 product."""
    names = [
        f"gallery top-{TOP}, {NUM_ROWS} x {DIM}, {NUM_QUERIES} queries: {how}"
        for how in ("numpy, as served", f"INT8 product, fp32 rescore of {RESCORED} (not in use)")
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
    return [_numpy_row(names[0], case, repeats), _int8_row(names[1], case, repeats)]


def _numpy_row(name: str, case: _Case, repeats: int) -> Row:
    sku_ids = tuple(map(str, range(NUM_ROWS)))
    gallery = Gallery("bench", sku_ids, case.rows, np.arange(NUM_ROWS, dtype=np.int64))
    return _row(name, case, lambda queries: _top(gallery.similarities(queries)), repeats)


def _int8_row(name: str, case: _Case, repeats: int) -> Row:
    try:
        session, scale = _int8_session(case.rows)
    except ImportError:
        return Row(name, bar=BAR.words(), skipped="onnx is not here (extra train)")

    def search(queries: FloatArray) -> IntArray:
        bytes_ = (np.clip(np.round(queries * scale), -127, 127) + 128).astype(np.uint8)
        (near,) = session.run(None, {"queries": bytes_})
        exact = np.einsum("qd,qkd->qk", queries, case.rows[near])
        best = np.argsort(-exact, axis=1)[:, :TOP]
        return np.asarray(np.take_along_axis(near, best, axis=1))

    return _row(name, case, search, repeats)


def _row(name: str, case: _Case, search: Any, repeats: int) -> Row:
    _, expected = case.index.search(case.many, TOP)
    found = np.concatenate(
        [search(case.many[at : at + NUM_QUERIES]) for at in range(0, NUM_CHECKED, NUM_QUERIES)]
    )
    num_same = int((found[:, 0] == expected[:, 0]).sum())
    return compared(
        name,
        "faiss IndexFlatIP",
        lambda: search(case.queries),
        lambda: case.index.search(case.queries, TOP),
        BAR,
        repeats=repeats,
        is_right=num_same == NUM_CHECKED,
        note=f"same top-1 in {num_same} of {NUM_CHECKED}",
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


def _int8_session(rows: FloatArray) -> tuple[Any, float]:
    """A graph that gives the RESCORED nearest rows, and what queries are multiplied with.

    Unsigned queries against signed rows: the one pairing with a fast kernel on AVX-512 VNNI
    (signed against signed was 20 times slower).
    """
    import onnxruntime
    from onnx import TensorProto, helper, numpy_helper

    scale = float(127 / np.abs(rows).max())
    matrix = np.clip(np.round(rows.T * scale), -127, 127).astype(np.int8)
    graph = helper.make_graph(
        [
            helper.make_node("MatMulInteger", ["queries", "rows", "zero"], ["products"]),
            helper.make_node("TopK", ["products", "count"], ["value", "near"], axis=1, sorted=0),
        ],
        "gallery",
        [helper.make_tensor_value_info("queries", TensorProto.UINT8, [None, DIM])],
        [helper.make_tensor_value_info("near", TensorProto.INT64, [None, RESCORED])],
        [
            numpy_helper.from_array(matrix, "rows"),
            numpy_helper.from_array(np.array(128, np.uint8), "zero"),
            numpy_helper.from_array(np.array([RESCORED], np.int64), "count"),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    return session, scale
