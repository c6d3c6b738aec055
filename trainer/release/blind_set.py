"""The blind set: recordings that no training may read, in versions, each look at them counted.

Flow: recordings of boxes + confirmed truths -> BlindSet -> gate worker ; looks -> what is left

Pure. Only whole recorded baskets are in it, never hard cases, so nothing in it was ever labelled
for training. Renewing a tenth of it gives a tenth of the spent looks back, no more: a version that
differs in one basket would otherwise be a new budget.
"""

import hashlib
import json
import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from trainer.errors import DegradedError

DEFAULT_BUDGET = 20  # looks at one version; the production policy spreads its alpha over so many


class BlindSetError(DegradedError):
    """Recordings that cannot be a blind set, or one that is spent."""

    code = "blind.refused"


@dataclass(frozen=True, slots=True)
class BlindItem:
    """One recording.

    Attributes:
        received_id: the row that the box delivered.
        cluster: store and day: baskets of one resemble each other.
        truth: SKU -> pieces, as paid or as a person put it right.
    """

    recording_id: str
    received_id: int
    basket_id: str
    cluster: str
    truth: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class SpentSet:
    """An older version, as far as a new one must know it."""

    recording_ids: frozenset[str] = field(default_factory=frozenset)
    looks_used: int = 0


def blind_set_id(items: Sequence[BlindItem]) -> str:
    """What is asked: the recordings and their truths, whatever the order."""
    asked = sorted((item.recording_id, sorted(item.truth.items())) for item in items)
    return hashlib.sha256(json.dumps(asked).encode()).hexdigest()


def require_whole(items: Sequence[BlindItem], trained_baskets: Collection[str]) -> None:
    """Let these recordings be a version.

    Args:
        trained_baskets: baskets of which pictures stand in a data set.

    Raises:
        BlindSetError: none, one twice, one without a truth, or one that training has seen.
    """
    if not items:
        raise BlindSetError("no recordings", hint="let a store record baskets (opt-in) first")
    ids = [item.recording_id for item in items]
    if len(set(ids)) != len(ids):
        raise BlindSetError("a recording stands twice", hint="name each once")
    for item in items:
        if not item.truth:
            raise BlindSetError(
                f"recording {item.recording_id} has no truth", hint="confirm what was in the basket"
            )
        if item.basket_id in trained_baskets:
            raise BlindSetError(
                f"basket {item.basket_id} of recording {item.recording_id} is in a data set",
                hint="leave it out: training has seen it",
            )


def inherited_looks(items: Sequence[BlindItem], older: Sequence[SpentSet]) -> int:
    """Looks that a new version starts with: what was spent on the share it has in common."""
    ids = {item.recording_id for item in items}
    shares = [
        math.ceil(spent.looks_used * len(ids & spent.recording_ids) / len(ids)) for spent in older
    ]
    return max(shares, default=0)


def require_budget(looks_used: int, budget: int) -> int:
    """The number of the next look.

    Raises:
        BlindSetError: all are spent.
    """
    if looks_used >= budget:
        raise BlindSetError(
            f"{looks_used} of {budget} looks are spent", hint="renew the blind set: hubctl blind"
        )
    return looks_used + 1
