"""Which items the cameras of a lane take for different products, each of them sure.

Flow: BasketSnapshot + the best guess of each track -> item ids

Pure. A camera that is in doubt disagrees with nobody; one item is told once in a basket.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from edge.messages.basket_messages import BasketSnapshot, ItemState

SURE_NATS = 0.7  # twice as likely as the next product: below it a camera only guesses
AT_REST = (ItemState.CHARGED, ItemState.ASKING, ItemState.UNKNOWN)

Track = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Guess:
    """What one camera takes one item for.

    Attributes:
        margin: gap in nats to the next product.
    """

    sku_id: str
    margin: float


def disagreeing_items(snapshot: BasketSnapshot, guesses: Mapping[Track, Guess]) -> tuple[str, ...]:
    """Items that two cameras are sure of, and not of the same."""
    found = []
    for item in snapshot.items:
        if item.state not in AT_REST:
            continue
        seen = [guesses[track] for track in item.tracks if track in guesses]
        if len({guess.sku_id for guess in seen if guess.margin >= SURE_NATS}) > 1:
            found.append(item.item_id)
    return tuple(found)
