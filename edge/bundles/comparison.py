"""One basket priced by two models: who was right, by how much money, on which SKUs.

Flow: ActiveBasket + CandidateBasket -> BasketOutcome

Pure. What was paid is the truth only as far as somebody had a reason to object: a person's answer,
a scan or an audit is a truth; silence is one where the active model charged more than the candidate
would have, because a shopper who is overcharged speaks up. Silence about a difference that favours
the shopper proves nothing: that basket stays open until it is audited.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

Lines = Mapping[str, int]
"""SKU -> pieces."""


class Winner(StrEnum):
    """Who alone was right."""

    CANDIDATE = "candidate"
    ACTIVE = "active"
    NOBODY = "nobody"
    OPEN = "open"


@dataclass(frozen=True, slots=True)
class ActiveBasket:
    """What the active model claimed and what came of it.

    Attributes:
        charged: pieces that vision charged by itself, also those that a person changed later.
        paid: pieces of the basket when payment began.
        stated: pieces of `paid` that a person or a scan named.
        removed: pieces that somebody took off without naming another; favours the shopper, so it
            is no truth.
        prices: SKU -> unit price in minor units, of this basket.
    """

    charged: Lines
    paid: Lines
    stated: Lines = field(default_factory=dict)
    removed: Lines = field(default_factory=dict)
    num_asks: int = 0
    prices: Mapping[str, int] = field(default_factory=dict)
    num_trays: int = 1

    @property
    def is_troubled(self) -> bool:
        """Somebody had to help: a question, a piece taken off or named otherwise."""
        is_changed = bool(Counter(self.charged) - Counter(self.paid))
        return bool(self.num_asks or self.removed or is_changed)


@dataclass(frozen=True, slots=True)
class CandidateBasket:
    """What the candidate would have charged and asked by itself."""

    charged: Lines
    num_asks: int = 0
    prices: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class BasketOutcome:
    """How one basket compares.

    Attributes:
        money_minor: candidate's charge less what was paid; asked pieces count as paid.
        losses, wins: SKUs on which only the active, or only the candidate, was right.
        num_items: pieces that were paid.
        extra_asks: questions of the candidate less those of the active model.
    """

    winner: Winner
    money_minor: int = 0
    losses: tuple[str, ...] = ()
    wins: tuple[str, ...] = ()
    num_items: int = 0
    extra_asks: int = 0

    @property
    def is_priced_differently(self) -> bool:
        """The two did not charge the same."""
        return self.winner is not Winner.NOBODY or bool(self.losses or self.wins)


def compare_basket(
    active: ActiveBasket, candidate: CandidateBasket, audited: Lines | None = None
) -> BasketOutcome:
    """Who was right about a basket.

    Args:
        audited: what really lay there, where somebody looked.
    """
    ours, theirs = Counter(active.charged), Counter(candidate.charged)
    truth = Counter(audited if audited is not None else active.paid)
    ours -= Counter(active.removed) - truth  # nobody knows whether those lay there
    num_items, extra_asks = truth.total(), candidate.num_asks - active.num_asks
    money = _money(active, candidate, truth)
    if ours == theirs and extra_asks == 0:
        return BasketOutcome(Winner.NOBODY, money, num_items=num_items)
    is_active_right = _is_right(ours, active.num_asks, truth)
    is_candidate_right = _is_right(theirs, candidate.num_asks, truth)
    is_known = audited is not None or is_candidate_right or _has_spoken(active, candidate, truth)
    winner = Winner.OPEN if not is_known else _winner(is_active_right, is_candidate_right)
    our_errors, their_errors = _errors(ours, active, truth), _errors(theirs, candidate, truth)
    if winner is Winner.OPEN:
        our_errors = their_errors = Counter()
    return BasketOutcome(
        winner=winner,
        money_minor=money,
        losses=tuple(sorted((their_errors - our_errors).keys())),
        wins=tuple(sorted((our_errors - their_errors).keys())),
        num_items=num_items,
        extra_asks=extra_asks,
    )


def _winner(is_active_right: bool, is_candidate_right: bool) -> Winner:
    if is_active_right == is_candidate_right:
        return Winner.NOBODY
    return Winner.CANDIDATE if is_candidate_right else Winner.ACTIVE


def _is_right(charged: Counter[str], num_asks: int, truth: Counter[str]) -> bool:
    """Nothing wrong is charged, and what is missing was at least asked about."""
    return not charged - truth and (truth - charged).total() <= num_asks


def _has_spoken(active: ActiveBasket, candidate: CandidateBasket, truth: Counter[str]) -> bool:
    """Whether what was paid tells that the candidate is wrong.

    It does where every piece they differ on was named by somebody, or where the candidate would
    have charged less than what was paid without a word.
    """
    theirs = Counter(candidate.charged)
    missing, extra = truth - theirs, theirs - truth
    if extra & Counter(active.removed):
        return False
    if extra.total() <= missing.total() and not missing - Counter(active.stated):
        return True
    prices = {**candidate.prices, **active.prices}
    if any(sku_id not in prices for sku_id in (*extra, *missing)):
        return False
    return _sum(extra, prices) < _sum(missing, prices)


def _errors(
    charged: Counter[str], basket: ActiveBasket | CandidateBasket, truth: Counter[str]
) -> Counter[str]:
    """SKUs that were charged wrongly, or missed without a question."""
    missing = truth - charged
    missed = missing if missing.total() > basket.num_asks else Counter[str]()
    return (charged - truth) + missed


def _money(active: ActiveBasket, candidate: CandidateBasket, truth: Counter[str]) -> int:
    """Prices of the active basket where it has them, else the candidate's; questions cost none."""
    prices = {**candidate.prices, **active.prices}
    theirs = Counter(candidate.charged)
    extra, missing = _sum(theirs - truth, prices), truth - theirs
    return extra if missing.total() <= candidate.num_asks else extra - _sum(missing, prices)


def _sum(pieces: Counter[str], prices: Mapping[str, int]) -> int:
    return sum(prices.get(sku_id, 0) * number for sku_id, number in pieces.items())
