"""Which split a picture belongs to: drawn from the hash of its group, so it stays when others come.

Pure. What looks alike in two splits is dataset_version.py's.
"""

import hashlib
from dataclasses import asdict, dataclass
from typing import Literal

from trainer.dataset.manifest import Split
from trainer.dataset.quality import Candidate

GroupBy = Literal["basket", "day", "store"]
NUM_TICKETS = 10_000


@dataclass(frozen=True, slots=True)
class SplitRule:
    """How pictures are split.

    Attributes:
        by: what stays together: a basket, a store's day, or a whole store.
        seed: another one draws another split.
    """

    by: GroupBy = "day"
    validation_percent: int = 10
    test_percent: int = 10
    seed: int = 1

    def __post_init__(self) -> None:
        shares = (self.validation_percent, self.test_percent)
        if min(shares) < 0 or sum(shares) > 90:
            raise ValueError(f"validation and test take {shares} %; at most 90 together")

    def recipe(self) -> dict[str, str]:
        """As the recipe of a version names it."""
        return {f"split.{name}": str(value) for name, value in asdict(self).items()}

    def split_of(self, candidate: Candidate) -> Split:
        """Photos of an onboarding teach; the rest is drawn by the hash of its group."""
        if candidate.source == "onboarding":
            return "train"
        group = f"{self.seed}|{self.group_of(candidate)}".encode()
        ticket = int.from_bytes(hashlib.sha256(group).digest()[:8], "big") % NUM_TICKETS
        if ticket < 100 * self.test_percent:
            return "test"
        is_validation = ticket < 100 * (self.test_percent + self.validation_percent)
        return "validation" if is_validation else "train"

    def group_of(self, candidate: Candidate) -> str:
        """What it stays together with."""
        parts = [candidate.store_id, candidate.day, candidate.basket_id or candidate.source_id]
        kept = {"store": 1, "day": 2, "basket": 3}[self.by]
        return "|".join(parts[:kept])
