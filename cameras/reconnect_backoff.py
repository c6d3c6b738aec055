"""How long to wait before the next attempt: exponential, capped, full jitter, for ever.

Pure arithmetic: randomness comes in as a function, time is the caller's.
Source: full jitter, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
"""

from collections.abc import Callable
from dataclasses import dataclass

from cameras.frame import OutageReason

# No attempt follows another faster than this, however the dice fall.
FLOOR_S = 0.1


@dataclass(frozen=True, slots=True)
class BackoffPolicy:
    """Seconds. `stable_after_s`: live for this long forgets the attempts before it."""

    base_s: float = 0.25
    cap_s: float = 5.0
    floor_s: float = FLOOR_S
    stable_after_s: float = 30.0


# A sale waits for the picture, so at most 5 s pass between attempts.
DEFAULT_POLICY = BackoffPolicy()
# Cameras lock the account after 5 to 10 wrong passwords within minutes.
SLOW_POLICY = BackoffPolicy(base_s=10.0, cap_s=60.0, floor_s=5.0)


def policy_for(reason: OutageReason) -> BackoffPolicy:
    """The schedule for a reason: slow where hurry does harm."""
    return SLOW_POLICY if reason is OutageReason.UNAUTHORISED else DEFAULT_POLICY


def delay_s(attempt: int, policy: BackoffPolicy, uniform: Callable[[float, float], float]) -> float:
    """Seconds before attempt number `attempt` (0 is the first retry)."""
    if attempt < 0:
        raise ValueError(f"attempt {attempt}: must be 0 or more")
    # 2 ** 30 is far above every cap; without the bound a week of outage overflows the float.
    ceiling = min(policy.cap_s, policy.base_s * 2.0 ** min(attempt, 30))
    return max(policy.floor_s, uniform(0.0, ceiling))
