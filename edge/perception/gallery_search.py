"""Nearest rows of a large gallery: eight-bit products first, exact products for the best.

Flow: whitened unit vectors -> approximate similarities of all rows -> exact ones of the best rows

A plain matrix product in numpy loses to faiss from some thousand rows on; integer products of the
inference runtime (U8S8) win. Row order and results are those of the exact product: what is
approximate is only which rows are looked at twice. Knows no SKU.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.perception.onnxruntime_backend import OrtModule, load_runtime
from sync.errors import GalleryMismatchError

RESCORED_ROWS = 32  # the true top 5 lay within the first 12 of 12,000 clustered unit vectors
LEVELS = 127
ZERO_POINT = 128
UINT8, INT8, INT32, INT64 = 2, 3, 6, 7  # ONNX element types
IR_VERSION, OPSET = 8, 13

FloatArray = NDArray[np.float32]


class GallerySearch:
    """The rows of one gallery, ready to be searched."""

    def __init__(self, vectors: FloatArray, ort: OrtModule | None = None) -> None:
        """Prepare the rows; 12,000 rows of 256 take about 20 ms.

        Args:
            vectors: float32 (R, d), unit length.
        """
        self._vectors = vectors
        largest = float(np.abs(vectors).max()) if vectors.size else 1.0
        self._row_scale = max(largest, 1e-9) / LEVELS
        rows = np.round(vectors.T / self._row_scale).astype(np.int8)
        runtime: Any = load_runtime() if ort is None else ort
        options = runtime.SessionOptions()
        options.intra_op_num_threads = 1
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        self._session = runtime.InferenceSession(
            product_model(np.ascontiguousarray(rows)),
            sess_options=options,
            providers=["CPUExecutionProvider"],
        )

    def similarities(self, whitened: FloatArray) -> FloatArray:
        """Cosine similarities, float32 (N, R): within 0.01, and exact for the best rows.

        Raises:
            GalleryMismatchError: vectors of another length.
        """
        queries, scale = self._queries(whitened)
        products, best = self._session.run(["products", "best"], {"queries": queries})
        rough = np.asarray(products * np.float32(scale * self._row_scale), dtype=np.float32)
        np.put_along_axis(rough, best, self._exact(whitened, best), axis=1)
        return rough

    def top(self, whitened: FloatArray, count: int) -> tuple[NDArray[np.int64], FloatArray]:
        """The best rows and their exact similarities, best first, (N, count) each.

        Args:
            count: at most RESCORED_ROWS.

        Raises:
            GalleryMismatchError: vectors of another length.
        """
        queries, _ = self._queries(whitened)
        (best,) = self._session.run(["best"], {"queries": queries})
        exact = self._exact(whitened, best)
        order = np.argsort(-exact, axis=1, kind="stable")[:, :count]
        return (
            np.take_along_axis(best, order, axis=1),
            np.take_along_axis(exact, order, axis=1),
        )

    def _exact(self, whitened: FloatArray, rows: NDArray[np.int64]) -> FloatArray:
        return np.asarray(np.matmul(self._vectors[rows], whitened[:, :, None])[:, :, 0])

    def _queries(self, whitened: FloatArray) -> tuple[NDArray[np.uint8], float]:
        """The queries in eight bits, and what one step is worth."""
        if whitened.ndim != 2 or whitened.shape[1] != self._vectors.shape[1]:
            raise GalleryMismatchError(
                f"vectors of {whitened.shape[-1]} numbers, the gallery holds "
                f"{self._vectors.shape[1]}",
                hint="embedder and gallery must come from one bundle",
            )
        scale = max(float(np.abs(whitened).max(initial=0.0)), 1e-9) / LEVELS
        return (np.round(whitened / scale) + ZERO_POINT).astype(np.uint8), scale


def product_model(rows: NDArray[np.int8]) -> bytes:
    """An ONNX model: queries (N, d) uint8 times rows (d, R), and the best columns of each query.

    Outputs `products` int32 (N, R) and `best` int64 (N, min(RESCORED_ROWS, R)). Written by hand,
    because the package `onnx` is no part of the box.

    Source: onnx.proto3 of ONNX 1.16, field numbers in the calls below.
    """
    depth, count = rows.shape
    num_best = min(RESCORED_ROWS, count)
    graph = (
        _bytes(1, _node("MatMulInteger", ["queries", "rows", "zero"], ["products"]))
        + _bytes(1, _node("TopK", ["products", "num_best"], ["values", "best"]))
        + _text(2, "gallery")
        + _bytes(5, _tensor("rows", INT8, (depth, count), rows.tobytes()))
        + _bytes(5, _tensor("zero", UINT8, (), bytes([ZERO_POINT])))
        + _bytes(5, _tensor("num_best", INT64, (1,), num_best.to_bytes(8, "little")))
        + _bytes(11, _value("queries", UINT8, depth))
        + _bytes(12, _value("products", INT32, count))
        + _bytes(12, _value("best", INT64, num_best))
    )
    opset = _text(1, "") + _number(2, OPSET)
    return _number(1, IR_VERSION) + _bytes(7, graph) + _bytes(8, opset)


def _node(kind: str, inputs: list[str], outputs: list[str]) -> bytes:
    names = b"".join(_text(1, name) for name in inputs)
    return names + b"".join(_text(2, name) for name in outputs) + _text(4, kind)


def _tensor(name: str, element: int, shape: tuple[int, ...], data: bytes) -> bytes:
    dims = b"".join(_number(1, size) for size in shape)
    return dims + _number(2, element) + _text(8, name) + _bytes(9, data)


def _value(name: str, element: int, columns: int) -> bytes:
    shape = _bytes(1, _text(2, "batch")) + _bytes(1, _number(1, columns))
    tensor = _number(1, element) + _bytes(2, shape)
    return _text(1, name) + _bytes(2, _bytes(1, tensor))


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _text(field: int, value: str) -> bytes:
    return _bytes(field, value.encode())


def _bytes(field: int, value: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(value)) + value


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)
