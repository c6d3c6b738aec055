"""How sure a counted share is: the exact interval of Clopper and Pearson.

Solved by bisection on the binomial sum in logarithms, so no SciPy.

Source: Clopper and Pearson 1934, Biometrika 26.
"""

import math
from collections.abc import Callable

NUM_HALVINGS = 60


def clopper_pearson(successes: int, trials: int, confidence: float = 0.95) -> tuple[float, float]:
    """Smallest and largest share that `successes` of `trials` does not contradict.

    Raises:
        ValueError: more successes than trials, or fewer than none.
    """
    if not 0 <= successes <= trials:
        raise ValueError(f"{successes} of {trials}")
    tail = (1 - confidence) / 2
    low, high = 0.0, 1.0
    if successes > 0:
        low = _crossing(lambda share: 1 - _cdf(successes - 1, trials, share) < tail)
    if successes < trials:
        high = _crossing(lambda share: _cdf(successes, trials, share) > tail)
    return low, high


def _crossing(is_below: Callable[[float], bool]) -> float:
    """The share at which a condition that holds for small shares ends."""
    low, high = 0.0, 1.0
    for _ in range(NUM_HALVINGS):
        middle = (low + high) / 2
        if is_below(middle):
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _cdf(successes: int, trials: int, share: float) -> float:
    """P(X <= successes) for a share inside (0, 1)."""
    log_yes, log_no = math.log(share), math.log1p(-share)
    whole = math.lgamma(trials + 1)
    return math.fsum(
        math.exp(
            whole
            - math.lgamma(k + 1)
            - math.lgamma(trials - k + 1)
            + k * log_yes
            + (trials - k) * log_no
        )
        for k in range(successes + 1)
    )
