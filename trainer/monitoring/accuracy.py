"""How often the best guess is right, told without asking about every item.

Flow: confidences of a place by bin + reviewed random items by bin -> estimate with an interval

Each bin of confidence starts with what it promises (its middle), worth ten items, and is corrected
by cases that were taken at random and reviewed by people; cases chosen for being hard say nothing
about the rest and are left out. The estimate weighs the bins by how often the place sees them
(confidence-based performance estimation, checked on labels). Pure.

Honest limits: it holds while items of one confidence are right as often as the reviewed ones were.
A look-alike that comes new and is confidently taken for another escapes it until somebody reviews
it. Fewer than 30 reviewed items: `is_checked` is false, and the figure is the models' own opinion.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from sync.recognition_report import CONFIDENCE_EDGES, NUM_BINS

PRIOR_WORTH = 10.0
MIN_REVIEWED = 30
Z = 1.96  # two-sided 95 %
EDGES = (0, *CONFIDENCE_EDGES, 1000)
PROMISED = tuple((a + b) / 2000 for a, b in zip(EDGES, EDGES[1:], strict=False))


@dataclass(frozen=True, slots=True)
class AccuracyEstimate:
    """Expected accuracy of the best guess, before questions put mistakes right.

    Attributes:
        lower, upper: 95 % interval of what the reviewed items leave open; it does not cover the
            assumption that they are like the others.
        is_checked: at least 30 reviewed items stand behind it.
    """

    expected: float
    lower: float
    upper: float
    num_items: int
    num_reviewed: int
    is_checked: bool


def expected_accuracy(
    seen: Sequence[float], reviewed: Sequence[int], right: Sequence[int]
) -> AccuracyEstimate | None:
    """The estimate; None where nothing was seen.

    Args:
        seen: items per bin of confidence.
        reviewed, right: random reviewed items per bin, and how many of them were right.
    """
    assert len(seen) == len(reviewed) == len(right) == NUM_BINS
    num = sum(seen)
    if num <= 0:
        return None
    mean, variance = 0.0, 0.0
    for count, looked, good, promise in zip(seen, reviewed, right, PROMISED, strict=True):
        a, b = PRIOR_WORTH * promise + good, PRIOR_WORTH * (1 - promise) + looked - good
        share, rate = count / num, a / (a + b)
        mean += share * rate
        variance += share**2 * rate * (1 - rate) / (a + b + 1)
    half = Z * math.sqrt(variance)
    total = sum(reviewed)
    return AccuracyEstimate(
        mean, max(0.0, mean - half), min(1.0, mean + half), round(num), total,
        total >= MIN_REVIEWED,
    )  # fmt: skip
