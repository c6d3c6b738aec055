"""What a replay of recordings answers: each basket beside its truth, with the figures.

Flow: edgectl replay --json -> ReplayResult -> gate, bench, a person

The centre starts the box's own code as a subprocess and reads only this form.
"""

from collections import Counter
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from sync.basket_metrics import BasketMetrics, basket_metrics


class ReplayedEvent(BaseModel):
    """An item that came to rest or was taken away, as the box saw it.

    Attributes:
        at_s: when it happened: a put when the item came to rest, a take when it was last seen at
            its place. `frame` is the same in frames.
        told_frame: the frame with which the basket changed, later by what it takes to be sure.
    """

    model_config = ConfigDict(frozen=True, extra="allow")

    kind: Literal["put", "take"]
    at_s: float
    frame: int
    sku_id: str = ""
    told_frame: int | None = None


class ReplayedBasket(BaseModel):
    """One recording through the box's own pipeline.

    Attributes:
        predicted: SKU -> quantity of the accepted lines, and of goods that only wait for the scale.
        best_guess: the same, with every open question answered by its first button.
        asks: how many questions were open at the end; `asks_with_truth` had the truth on a button.
        truth: None where the recording has none.
        rest_to_line_ms: per line, from the frame in which the item rested to the recorded event.
    """

    model_config = ConfigDict(frozen=True, extra="allow")

    name: str
    predicted: dict[str, int]
    best_guess: dict[str, int]
    truth: dict[str, int] | None = None
    num_asks: int = 0
    num_asks_with_truth: int = 0
    num_unknown: int = 0
    total_minor: int = 0
    events: tuple[ReplayedEvent, ...] = ()
    rest_to_line_ms: tuple[float, ...] = ()
    num_frames: int = 0
    frame_ms_p50: float = 0.0
    frame_ms_p95: float = 0.0

    @property
    def is_exact(self) -> bool:
        """The accepted lines are the truth, to the piece."""
        return self.truth is not None and Counter(self.predicted) == Counter(self.truth)


class ReplayResult(BaseModel):
    """Every basket of one replay with one bundle."""

    model_config = ConfigDict(frozen=True, extra="allow")

    format: Literal[1] = 1
    bundle_id: str
    edge_version: str
    provider: str
    baskets: tuple[ReplayedBasket, ...] = Field(default=())

    def metrics(self, *, answered: bool = False) -> BasketMetrics | None:
        """cAcc, ACD, mCCD, mCIoU over the baskets with a truth; None where there is none.

        Args:
            answered: count open questions as answered by their first button.
        """
        known = [b for b in self.baskets if b.truth is not None]
        if not known:
            return None
        guesses = [Counter(b.best_guess if answered else b.predicted) for b in known]
        return basket_metrics(guesses, [Counter(b.truth) for b in known])

    def rest_to_line_p95_ms(self) -> float | None:
        """95th percentile over every line of every basket; None without lines."""
        times = sorted(t for b in self.baskets for t in b.rest_to_line_ms)
        if not times:
            return None
        return times[min(len(times) - 1, int(0.95 * len(times)))]
