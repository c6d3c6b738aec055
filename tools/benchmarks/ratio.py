"""How a speed is measured here: ours and the peer's in turns, one ratio, the median of many.

Absolute times depend on the machine and its load; the ratio of two neighbouring measurements hardly
does. Nothing is run twice to look better: every repeat counts.
"""

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

NOT_MEASURED = 0.0


@dataclass(frozen=True)
class Row:
    """One line of a benchmark.

    Attributes:
        ours, peer: medians in `unit`; 0 where there is none.
        ratio: median of the ratios of neighbouring repeats; above 1 is better than the peer.
        least, most: smallest and largest of those ratios.
        bar: what DESIGN section 8 asks for, in words.
        is_met: whether it was reached; None where that cannot be said.
        skipped: why nothing was measured; empty otherwise.
    """

    name: str
    peer_name: str = ""
    ours: float = NOT_MEASURED
    peer: float = NOT_MEASURED
    unit: str = "ms"
    ratio: float = NOT_MEASURED
    least: float = NOT_MEASURED
    most: float = NOT_MEASURED
    num_repeats: int = 0
    bar: str = ""
    is_met: bool | None = None
    note: str = ""
    skipped: str = ""


@dataclass(frozen=True)
class Bar:
    """What is asked for: at least so many times faster, and what else in words."""

    ratio: float
    also: str = ""

    def words(self) -> str:
        """As it stands in the table."""
        return f">= {self.ratio:g}x" + (f", {self.also}" if self.also else "")


def compared(
    name: str,
    peer_name: str,
    ours: Callable[[], object],
    peer: Callable[[], object],
    bar: Bar,
    *,
    note: str = "",
    repeats: int = 15,
    is_right: bool | None = True,
) -> Row:
    """Measure both in turns after one warm-up each, and make a row.

    Args:
        is_right: False where the answers differ although the bar asks for the same; None where
            they could not be compared, and nothing is said about the bar.
    """
    ours()
    peer()
    pairs = [(timed_ms(ours), timed_ms(peer)) for _ in range(repeats)]
    return row_of(name, peer_name, pairs, bar, note=note, is_right=is_right)


def row_of(
    name: str,
    peer_name: str,
    pairs: Sequence[tuple[float, float]],
    bar: Bar,
    *,
    note: str = "",
    unit: str = "ms",
    is_right: bool | None = True,
) -> Row:
    """A row from pairs (ours, peer) that were measured next to each other."""
    ratios = [peer / ours for ours, peer in pairs]
    ratio = statistics.median(ratios)
    return Row(
        name,
        peer_name,
        statistics.median(ours for ours, _ in pairs),
        statistics.median(peer for _, peer in pairs),
        unit,
        ratio,
        min(ratios),
        max(ratios),
        len(pairs),
        bar.words(),
        None if is_right is None else ratio >= bar.ratio and is_right,
        note,
    )


def timed_ms(work: Callable[[], object]) -> float:
    """Milliseconds of one call."""
    started = time.perf_counter_ns()
    work()
    return (time.perf_counter_ns() - started) / 1e6


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which this share lies; 0 for nothing."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0
