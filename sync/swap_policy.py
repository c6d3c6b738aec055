"""How much proof a candidate needs before it serves: named policies that both sides know.

The signed assignment names one; box and hub look it up here, so a page shows the very limits that
a counter uses. A box that does not know the name takes `production`, the strictest, and says so.
No arithmetic: edge/bundles/swap.py judges.
"""

from pydantic import BaseModel, ConfigDict, Field

STRICTEST = "production"


class SwapPolicy(BaseModel):
    """Limits of one named policy.

    Attributes:
        alpha: chance of a false alarm over the whole shadow period.
        margin: share of baskets the candidate may price worse before it is called worse.
        min_baskets: compared at least, whatever the evidence says.
        min_coverage: share of the active model's looks that the candidate saw too.
        max_latency_ratio: candidate p95 against active p95.
        max_rss_mib: memory of the shadow process.
        max_null_share: frames in which the candidate answered nothing where the active saw items.
        max_active_slowdown: active p95 with shadow on against off; above it the shadow pauses.
        deadline_s: hold when undecided for so long.
        confirm_baskets: baskets after the swap until the candidate is confirmed.
        max_deaths: process deaths in one boot during probation before it is rolled back.
        max_ask_increase: questions more than the active model's, per piece.
        max_trouble_rise: share of baskets that people had to help with, above the share before.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = STRICTEST
    alpha: float = Field(default=0.01, gt=0, lt=0.5)
    margin: float = Field(default=0.005, gt=0, lt=0.5)
    min_baskets: int = Field(default=200, ge=1)
    min_coverage: float = Field(default=0.9, ge=0, le=1)
    max_latency_ratio: float = Field(default=1.5, gt=0)
    max_rss_mib: float = Field(default=1024.0, gt=0)
    max_null_share: float = Field(default=0.02, ge=0, le=1)
    max_active_slowdown: float = Field(default=1.1, ge=1)
    deadline_s: float = Field(default=14 * 86_400.0, gt=0)
    confirm_baskets: int = Field(default=50, ge=1)
    max_deaths: int = Field(default=2, ge=0)
    max_ask_increase: float = Field(default=0.05, ge=0, le=1)
    max_trouble_rise: float = Field(default=0.05, ge=0, le=1)


# `lab` is for a lane in a laboratory, `demo` for a demonstration. Both prove little and say so:
# whoever shows their figures shows production's beside them.
POLICIES = {
    "production": SwapPolicy(),
    "lab": SwapPolicy(name="lab", margin=0.45, min_baskets=3, deadline_s=3600.0, confirm_baskets=1),
    "demo": SwapPolicy(
        name="demo", margin=0.45, min_baskets=3, deadline_s=1800.0, confirm_baskets=2
    ),
}


def policy_named(name: str) -> SwapPolicy:
    """The policy of that name, `production` where this software does not know it."""
    return POLICIES.get(name, POLICIES[STRICTEST])
