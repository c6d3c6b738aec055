"""Numbers for property tests that any process can hold.

ONNX Runtime sessions of this product round subnormal numbers to zero, for speed, in the thread that
made the first of them; hypothesis refuses to draw subnormal numbers there.
"""

from typing import Literal

from hypothesis import strategies as st


def plain_floats(
    least: float, most: float, *, width: Literal[16, 32, 64] = 64
) -> st.SearchStrategy[float]:
    """Finite numbers between the bounds, none of them subnormal."""
    return st.floats(least, most, width=width, allow_subnormal=False)
