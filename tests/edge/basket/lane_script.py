"""A small shop and a lane that is told, item by item, what its cameras claim."""

import math
from collections import Counter as Multiset
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import msgspec

from edge.basket.basket_events import Event
from edge.basket.counter import Counter, Offer
from edge.basket.counter_map import CounterMap
from edge.basket.fusion import FusionSettings
from edge.basket.judgement import RuleSettings
from edge.messages import command_messages as commands
from edge.messages.basket_messages import BasketSnapshot
from edge.messages.command_messages import Command, CommandReply
from edge.messages.perception_messages import (
    Observations,
    ObservationStatus,
    SkuScoresMessage,
    TrackObservation,
)
from sync.catalog import Catalog, Sku, check_digit
from sync.decision import DecisionParameters
from sync.price_list import Price, PriceList, Promotion

START = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
MS = 1_000_000
PARAMETERS = DecisionParameters(
    temperature=0.05,
    accept_margin=1.0,
    family_margin=2.0,
    accept_similarity=0.5,
    unknown_similarity=0.3,
)


def gtin_of(number: int) -> str:
    digits = f"0952{number:09d}"
    return digits + str(check_digit(digits))


def make_catalog() -> Catalog:
    return Catalog(
        skus=(
            Sku(sku_id="milk", gtin=gtin_of(1), names={"en": "Milk"}, expected_weight_g=1030,
                tax_class="food"),
            Sku(sku_id="cola", gtin=gtin_of(2), names={"en": "Cola"}, deposit_minor=25,
                expected_weight_g=530),
            Sku(sku_id="wine", gtin=gtin_of(3), names={"en": "Wine"}, age_limit=18),
            Sku(sku_id="apples", names={"en": "Apples"}, unit="kg", plu="4011",
                tax_class="food"),
            Sku(sku_id="tea", gtin=gtin_of(4), names={"en": "Tea"}),
            Sku(sku_id="old", gtin=gtin_of(5), names={"en": "Stopped"}),
            Sku(sku_id="free", gtin=gtin_of(6), names={"en": "Without price"}),
        )
    )  # fmt: skip


def make_prices(milk_minor: int = 119) -> PriceList:
    long_ago = START - timedelta(days=30)
    amounts = {"milk": milk_minor, "cola": 99, "wine": 599, "apples": 249, "tea": 300, "old": 100}
    return PriceList(
        currency="EUR",
        exponent=2,
        tax_rates={"standard": 1900, "food": 700},
        entries=tuple(
            Price(sku_id=k, amount_minor=v, valid_from=long_ago, is_stopped=k == "old")
            for k, v in amounts.items()
        ),
        promotions=(
            Promotion(promotion_id="p1", sku_id="tea", kind="multi_buy", quantity=3,
                      amount_minor=700, names={"en": "3 for 7"}, valid_from=long_ago),
        ),
    )  # fmt: skip


def scores(sku_id: str, margin: float = 6.0, similarity: float = 0.9) -> SkuScoresMessage:
    """`sku_id` ahead of "milk" or "tea" by `margin` nats."""
    other = "tea" if sku_id == "milk" else "milk"
    rest = math.exp(-margin)
    best = -math.log1p(rest)
    return SkuScoresMessage((sku_id, other), (best, best - margin), -20.0, similarity, 1)


@dataclass
class LaneScript:
    """One lane with scripted cameras; every step writes, applies and keeps its events.

    Tracks are set with `put`, `take`; time moves with `run`.
    """

    cameras: tuple[str, ...] = ("one",)
    maps: dict[str, CounterMap | None] | None = None
    settings: RuleSettings = field(default_factory=RuleSettings)
    now_ns: int = 5_000 * MS
    events: list[Event] = field(default_factory=list)
    tracks: dict[str, dict[int, TrackObservation]] = field(default_factory=dict)
    hands: set[str] = field(default_factory=set)
    failed: set[str] = field(default_factory=set)
    silent: set[str] = field(default_factory=set)
    num_commands: int = 0

    def __post_init__(self) -> None:
        self.counter = self.new_counter()
        self.tracks = {camera: {} for camera in self.cameras}
        self.run(1600)

    def new_counter(self) -> Counter:
        maps = self.maps or dict.fromkeys(self.cameras)
        offer = Offer(make_catalog(), make_prices(), PARAMETERS, "bundle-a")
        counter = Counter("lane1", "box1", offer, maps, self.settings, FusionSettings())
        counter.restore(list(self.events), 1, self.now_ns)
        return counter

    @property
    def now_utc(self) -> datetime:
        return START + timedelta(microseconds=self.now_ns // 1000)

    def put(
        self,
        track_id: int,
        sku_id: str,
        *,
        at: tuple[float, float] | None = None,
        margin: float = 6.0,
        similarity: float = 0.9,
        camera: str | None = None,
        has_scores: bool = True,
    ) -> None:
        """A resting track; its box lies where the number says unless `at` is given."""
        x, y = at or (100.0 * (track_id % 12), 100.0 * (track_id // 12))
        for name in (camera,) if camera else self.cameras:
            self.tracks[name][track_id] = TrackObservation(
                track_id,
                (x, y, x + 80, y + 80),
                0.9,
                True,
                self.now_ns,
                scores(sku_id, margin, similarity) if has_scores else None,
            )

    def take(self, *track_ids: int) -> None:
        for tracks in self.tracks.values():
            for track_id in track_ids:
                tracks.pop(track_id, None)

    def change(self, track_id: int, camera: str = "one", **changes: object) -> None:
        old = self.tracks[camera][track_id]
        self.tracks[camera][track_id] = msgspec.structs.replace(old, **changes)

    def run(self, duration_ms: float, step_ms: float = 66.0) -> list[Event]:
        """Let frames of every camera and ticks come in; what was written meanwhile."""
        before = len(self.events)
        end = self.now_ns + int(duration_ms * MS)
        while self.now_ns < end:
            self.now_ns += int(step_ms * MS)
            for camera in self.cameras:
                if camera not in self.silent:
                    self.observe(camera)
            self.commit(self.counter.tick(self.now_ns, self.now_utc))
        return self.events[before:]

    def observe(self, camera: str) -> None:
        is_failed = camera in self.failed
        message = Observations(
            "lane1", camera, self.now_ns, self.now_ns,
            ObservationStatus.DETECTOR_FAILED if is_failed else ObservationStatus.SEEN,
            "bundle-a",
            tracks=() if is_failed else tuple(self.tracks[camera].values()),
            is_hand_present=camera in self.hands,
        )  # fmt: skip
        self.commit(self.counter.on_observations(message, self.now_ns, self.now_utc))

    def commit(self, drafts: list[Event]) -> None:
        self.events.extend(drafts)
        self.counter.apply(drafts, committed_at_ns=self.now_ns + MS)

    def send(self, body: commands.BasketCommand, command_id: str = "") -> CommandReply:
        self.num_commands += 1
        self.now_ns += MS
        command = Command("lane1", command_id or f"c{self.num_commands}", body)
        reply, drafts = self.counter.on_command(command, self.now_ns, self.now_utc)
        self.commit(drafts)
        return reply

    @property
    def shot(self) -> BasketSnapshot:
        return self.counter.snapshot(self.now_ns)

    @property
    def bought(self) -> Multiset[str]:
        """The basket as a multiset of SKUs."""
        bought: Multiset[str] = Multiset()
        for line in self.shot.lines:
            bought[line.sku_id] += line.quantity
        return bought

    def restart(self) -> None:
        """The basket process is killed and comes back with what the journal holds."""
        self.counter = self.new_counter()


def quick(settings: RuleSettings | None = None, **changes: float) -> RuleSettings:
    return replace(settings or RuleSettings(), **changes)
