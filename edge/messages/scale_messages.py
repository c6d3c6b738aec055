"""Messages from the scale of a lane: what lies on it now.

Flow: scale -> ScaleWeight -> basket
"""

import msgspec


class ScaleWeight(msgspec.Struct, frozen=True):
    """One answer of the scale, or that it gives none.

    Attributes:
        state: of edge/devices/scale.py: stable, zero, motion, under, over, fault; `silent` where
            it does not answer.
        weight_g: gross; 0 where the state is neither stable nor zero.
        at_ns: CLOCK_MONOTONIC of the answer.
    """

    lane_id: str
    state: str
    weight_g: int
    at_ns: int

    @property
    def is_sure(self) -> bool:
        """Something can be compared with it."""
        return self.state in ("stable", "zero")
