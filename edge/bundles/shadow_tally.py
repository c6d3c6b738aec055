"""Everything that shadowing has shown about one candidate, basket after basket.

Flow: BasketOutcome -> ShadowTally -> ShadowEvidence, JSON on disk

Pure. A basket counts only if the candidate saw every frame of it that the active model looked at;
the others are counted by the reason why they could not be compared, and lower the coverage.
"""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from edge.bundles.comparison import (
    ActiveBasket,
    BasketOutcome,
    CandidateBasket,
    Winner,
    compare_basket,
)
from edge.bundles.evidence import PairedCounts
from edge.bundles.swap import ShadowEvidence

MAX_OPEN = 200  # baskets that wait for an audit; beyond it the oldest stays open for ever


@dataclass(frozen=True, slots=True)
class OpenBasket:
    """A difference that nobody has judged; no picture, no person, only what was charged.

    Attributes:
        paid, charged: what was paid, and what the candidate would have charged.
        ours, removed: what the active model charged by itself, and what was taken off again.
        num_trays: a reviewer's picture shows the last tray only.
    """

    basket_id: str
    paid: dict[str, int]
    charged: dict[str, int]
    money_minor: int
    ours: dict[str, int] = field(default_factory=dict)
    removed: dict[str, int] = field(default_factory=dict)
    our_asks: int = 0
    their_asks: int = 0
    num_trays: int = 1


@dataclass(frozen=True, slots=True)
class Comparison:
    """One basket that was compared, as the shadow process hands it in.

    Attributes:
        num_frames: the active model looked at so many, and the candidate at the same.
        num_null_frames: of those with resting items, the candidate saw nothing in so many.
        num_item_frames: frames in which the active model saw resting items.
        active, their_asks: for a truth that comes later.
    """

    basket_id: str
    outcome: BasketOutcome
    paid: Mapping[str, int]
    charged: Mapping[str, int]
    num_frames: int
    num_null_frames: int = 0
    num_item_frames: int = 0
    active: ActiveBasket | None = None
    their_asks: int = 0


@dataclass
class ShadowTally:
    """Sums over all baskets; one per candidate.

    Attributes:
        frames_looked, items_paid: of every basket that ended, compared or not.
        skipped: reason -> baskets that could not be compared.
        seconds: of shadowing, over all lives of the process.
        settled: open baskets that a reviewer's labels decided.
        silent_s: it had work and was let run for so long since its last answer.
    """

    bundle_id: str
    wins: int = 0
    losses: int = 0
    ties: int = 0
    different: int = 0
    frames_seen: int = 0
    frames_looked: int = 0
    items_seen: int = 0
    items_paid: int = 0
    null_frames: int = 0
    item_frames: int = 0
    extra_asks: int = 0
    money_minor: int = 0
    latency_ratio: float = 0.0
    rss_mib: float = 0.0
    crashes: int = 0
    seconds: float = 0.0
    silent_s: float = 0.0
    open_baskets: dict[str, OpenBasket] = field(default_factory=dict)
    forgotten: int = 0
    settled: int = 0
    sku_wins: Counter[str] = field(default_factory=Counter)
    sku_losses: Counter[str] = field(default_factory=Counter)
    skipped: Counter[str] = field(default_factory=Counter)

    @property
    def counts(self) -> PairedCounts:
        """Baskets whose winner is known."""
        return PairedCounts(self.wins, self.losses, self.ties)

    @property
    def num_open(self) -> int:
        """Differences that nobody has judged."""
        return len(self.open_baskets) + self.forgotten

    def add(self, compared: Comparison) -> None:
        """A basket with equal frames."""
        outcome = compared.outcome
        self.frames_seen += compared.num_frames
        self.frames_looked += compared.num_frames
        self.items_seen += outcome.num_items
        self.items_paid += outcome.num_items
        self.null_frames += compared.num_null_frames
        self.item_frames += compared.num_item_frames
        self.extra_asks += outcome.extra_asks
        self.money_minor += outcome.money_minor
        self.different += outcome.is_priced_differently
        self.silent_s = 0.0
        self._note_winner(outcome.winner)
        self.sku_wins.update(outcome.wins)
        self.sku_losses.update(outcome.losses)
        if outcome.winner is Winner.OPEN:
            self._keep_open(compared)

    def skip(self, reason: str, num_frames: int, num_items: int) -> None:
        """A basket that ended and cannot be compared."""
        self.skipped[reason] += 1
        self.frames_looked += num_frames
        self.items_paid += num_items

    def audit(self, basket_id: str, winner: Winner) -> bool:
        """Somebody has looked; False if that basket does not wait."""
        if basket_id not in self.open_baskets or winner is Winner.OPEN:
            return False
        del self.open_baskets[basket_id]
        self._note_winner(winner)
        return True

    def settle(self, basket_id: str, truth: Mapping[str, int]) -> Winner | None:
        """A reviewer says what really lay there; who was right, None where it cannot be told.

        A basket of several trays is not settled: the labelled pictures show the last one only.
        """
        waiting = self.open_baskets.get(basket_id)
        if waiting is None or waiting.num_trays != 1 or not truth:
            return None
        ours = ActiveBasket(
            waiting.ours or waiting.paid, waiting.paid, removed=waiting.removed,
            num_asks=waiting.our_asks,
        )  # fmt: skip
        theirs = CandidateBasket(waiting.charged, waiting.their_asks)
        outcome = compare_basket(ours, theirs, audited=truth)
        if not self.audit(basket_id, outcome.winner):
            return None
        self.sku_wins.update(outcome.wins)
        self.sku_losses.update(outcome.losses)
        self.settled += 1
        return outcome.winner

    def evidence(self, active_slowdown: float = 1.0) -> ShadowEvidence:
        """For the verdict."""
        return ShadowEvidence(
            counts=self.counts,
            num_open=self.num_open,
            coverage=_share(self.frames_seen, self.frames_looked),
            latency_ratio=self.latency_ratio,
            rss_mib=self.rss_mib,
            null_share=_share(self.null_frames, self.item_frames),
            num_null_frames=self.null_frames,
            num_extra_asks=max(0, self.extra_asks),
            num_crashes=self.crashes,
            num_seconds=self.seconds,
            seconds_since_result=self.silent_s,
            active_slowdown=active_slowdown,
            ask_increase=_share(max(0, self.extra_asks), self.items_seen),
            sku_counts={
                sku_id: PairedCounts(self.sku_wins[sku_id], losses)
                for sku_id, losses in self.sku_losses.items()
            },
        )

    def item_coverage(self) -> float:
        """Share of the paid pieces that the candidate looked at, too."""
        return _share(self.items_seen, self.items_paid)

    def to_json(self) -> bytes:
        """For the disk."""
        opened = {k: asdict(v) for k, v in self.open_baskets.items()}
        return json.dumps({**vars(self), "open_baskets": opened}, sort_keys=True).encode()

    @classmethod
    def from_json(cls, data: bytes) -> "ShadowTally":
        """From the disk.

        Raises:
            ValueError: it is damaged.
        """
        try:
            body: dict[str, Any] = json.loads(data)
            opened = {k: OpenBasket(**v) for k, v in body.pop("open_baskets").items()}
            names = ("sku_wins", "sku_losses", "skipped")
            named: dict[str, Any] = {k: Counter(body.pop(k)) for k in names}
            return cls(open_baskets=opened, **named, **body)
        except (TypeError, KeyError, AttributeError, ValueError) as err:
            raise ValueError(f"tally is damaged: {err}") from err

    def _note_winner(self, winner: Winner) -> None:
        self.wins += winner is Winner.CANDIDATE
        self.losses += winner is Winner.ACTIVE
        self.ties += winner is Winner.NOBODY

    def _keep_open(self, compared: Comparison) -> None:
        if len(self.open_baskets) >= MAX_OPEN:
            self.open_baskets.pop(next(iter(self.open_baskets)))
            self.forgotten += 1
        active = compared.active or ActiveBasket(compared.paid, compared.paid)
        self.open_baskets[compared.basket_id] = OpenBasket(
            compared.basket_id, dict(compared.paid), dict(compared.charged),
            compared.outcome.money_minor, dict(active.charged), dict(active.removed),
            active.num_asks, compared.their_asks, active.num_trays,
        )  # fmt: skip


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0
