"""When a weight that does not fit the basket is said aloud.

Flow: scale's weight, items on the counter -> notice, WeightVerdict

Pure. Compared only while everything that lies there is known to the basket: an item that is being
looked at, asked about, left out or left behind makes it silent, and so does a line without an item,
which may lie there or not. A hand on the counter, a pack put down a moment ago: a difference counts
only when it has lasted.
"""

from collections import Counter
from collections.abc import Mapping

from edge.basket.basket import Basket, LaneState
from edge.basket.weight_check import WeightState, WeightVerdict, check_weight
from edge.messages.basket_messages import ItemState, Phase
from sync.catalog import Sku

LASTS_NS = 1_500_000_000  # the scale settles in 0.5 s, the cameras see an item 0.3 s after its rest
STALE_NS = 2_000_000_000  # an older weight says nothing
SILENT = WeightVerdict(WeightState.SILENT)


class WeightWatch:
    """The newest weight of a lane, and since when it has not fitted."""

    def __init__(self) -> None:
        self._weight_g: int | None = None
        self._told_ns = self._wrong_since_ns = 0
        self.verdict = SILENT

    def tell(self, weight_g: int | None, now_ns: int) -> None:
        """What the scale says; None where nothing is sure."""
        self._weight_g, self._told_ns = weight_g, now_ns

    def is_mismatch(self, state: LaneState, skus: Mapping[str, Sku], now_ns: int) -> bool:
        """Whether the difference has lasted."""
        self.verdict = self._judge(state, skus, now_ns)
        if self.verdict.state not in (WeightState.TOO_HEAVY, WeightState.TOO_LIGHT):
            self._wrong_since_ns = 0
            return False
        self._wrong_since_ns = self._wrong_since_ns or now_ns
        return now_ns - self._wrong_since_ns >= LASTS_NS

    def _judge(self, state: LaneState, skus: Mapping[str, Sku], now_ns: int) -> WeightVerdict:
        basket = state.basket
        is_old = now_ns - self._told_ns > STALE_NS
        if self._weight_g is None or is_old or basket is None:
            return SILENT
        if basket.phase is not Phase.SHOPPING or basket.asks:
            return SILENT
        there = _on_counter(state, basket)
        if there is None:
            return SILENT
        pieces, weighed_g = there
        return check_weight(self._weight_g, pieces, skus, weighed_g)


def _on_counter(state: LaneState, basket: Basket) -> tuple[Counter[str], list[int]] | None:
    """SKU -> pieces that lie there, and weighed lines; None where something is not known."""
    pieces: Counter[str] = Counter()
    weighed_g: list[int] = []
    with_items: set[str] = set()
    for item in state.items.values():
        line = basket.lines.get(item.line_id)
        if item.state is not ItemState.CHARGED or line is None or line.tray != basket.tray:
            return None
        with_items.add(item.line_id)
        if line.weight_g:
            weighed_g.append(line.weight_g)
        else:
            pieces[item.sku_id] += 1
    here = {key for key, line in basket.lines.items() if line.tray == basket.tray}
    return (pieces, weighed_g) if here and here == with_items else None
