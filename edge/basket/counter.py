"""One lane's counter: what a basket process calls, and the only way events come about.

Flow: Observations, Command, time -> Events (to be written) -> apply -> BasketSnapshot

Pure: no clock, no disk, no sockets. An event counts from `apply` on, and the caller applies only
what the journal has on disk.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from edge.basket.basket import LaneState, fold
from edge.basket.basket_events import Event, EventBody, LineAdded
from edge.basket.basket_view import Surroundings, snapshot_of
from edge.basket.command_rules import carry_out
from edge.basket.counter_map import CounterMap
from edge.basket.desk_rules import RefusedError
from edge.basket.drafting import Draft, Moment
from edge.basket.fusion import FusedItem, Fusion, FusionSettings
from edge.basket.judgement import NS_PER_MS, Judge, RuleSettings
from edge.basket.pricing import SkuPrices
from edge.basket.rules import Rules
from edge.basket.weight_check import NOTICE_MISMATCH
from edge.basket.weight_watch import WeightWatch
from edge.messages.basket_messages import BasketSnapshot
from edge.messages.command_messages import Command, CommandReply
from edge.messages.perception_messages import CameraState, Observations
from sync.catalog import Catalog
from sync.decision import DecisionParameters
from sync.price_list import PriceList

NUM_KEPT_LATENCIES = 1000
CAMERA_NOTICES = ("covered", "moved", "dark", "blurred")
NOTICE_CAMERA_LOST = "camera.lost"
NOTICE_PERCEPTION = "perception.unavailable"
NOTICE_SCANNER_MODE = "scanner.mode"


@dataclass(frozen=True)
class Offer:
    """What can be sold and how it is recognised; fixed while a basket is open."""

    catalog: Catalog
    prices: PriceList
    parameters: DecisionParameters
    bundle_id: str = ""


class Counter:
    """The facade of edge/basket. See README.md for how a process drives it."""

    def __init__(
        self,
        lane_id: str,
        box_id: str,
        offer: Offer,
        maps: Mapping[str, CounterMap | None],
        settings: RuleSettings | None = None,
        fusion_settings: FusionSettings | None = None,
    ) -> None:
        self.state = LaneState()
        self._lane_id, self._box_id, self._epoch = lane_id, box_id, 0
        self._settings = settings or RuleSettings()
        self._maps = dict(maps)
        self._fusion_settings = fusion_settings
        self._fusion = Fusion(maps, fusion_settings)
        self.is_practice = False
        self._fused: list[FusedItem] = []
        self._cameras: dict[str, CameraState] = {}
        self._activity_ns = self._started_ns = 0
        self._standing: frozenset[str] = frozenset()
        self._refusal = ""
        self._last_latency_ms = -1.0
        self._latencies_ms: list[float] = []
        self._weight = WeightWatch()
        self._next_offer: Offer | None = None
        self._offer = offer
        self._priced: tuple[datetime, datetime | None, SkuPrices] | None = None
        self._use(offer)

    def restore(
        self, history: Iterable[Event], epoch: int, now_ns: int, notices: Iterable[str] = ()
    ) -> None:
        """Take up the lane where the journal ends; call once before anything else.

        Args:
            epoch: the journal's; part of every new basket's id.
            notices: shown until the process ends (a journal that had to be set aside).
        """
        self._epoch = epoch
        for event in history:
            fold(self.state, event)
        for basket in filter(None, (self.state.basket, *self.state.parked)):
            basket.changed_ns = now_ns  # the old time may be of another boot
        self._standing = frozenset(notices)
        self.look_anew(now_ns)

    def look_anew(self, now_ns: int) -> None:
        """Begin to look as after a restart: the known items are found again by track or box."""
        self._activity_ns = self._started_ns = now_ns
        self._fusion, self._fused = Fusion(self._maps, self._fusion_settings), []
        places = {item.item_id: item.place for item in self.state.items.values()}
        self._fusion.restore(places, self.state.num_items)

    @property
    def activity_ns(self) -> int:
        """When a hand, a moving item or a command was last seen."""
        return self._activity_ns

    def event(self, body: EventBody, now_ns: int, now_utc: datetime) -> Event:
        """An event of this lane that belongs to no basket, to be written and applied."""
        moment = Moment(now_ns, now_utc, self._box_id, self._lane_id, self._epoch)
        return Event("", now_ns, moment.utc_text, body)

    def on_observations(self, message: Observations, now_ns: int, now_utc: datetime) -> list[Event]:
        """Take in one camera's claim; the events it leads to, to be written and applied."""
        self._fusion.observe(message)
        self._note_motion(message, now_ns)
        self._fused = self._fusion.items()
        draft = self._draft(now_ns, now_utc)
        self._rules.on_items(draft, self._fused)
        self._forget_gone()
        return draft.events

    def on_camera_state(self, message: CameraState, now_ns: int) -> None:
        """How a camera does; shown as a notice, decides nothing."""
        del now_ns
        self._cameras[message.camera_id] = message

    def on_weight(self, weight_g: int | None, now_ns: int) -> None:
        """What the scale under the counter says; None where it is not sure."""
        self._weight.tell(weight_g, now_ns)

    def tick(self, now_ns: int, now_utc: datetime) -> list[Event]:
        """What the passing of time leads to: late questions, walk-away, end of a sale."""
        draft = self._draft(now_ns, now_utc)
        self._rules.on_items(draft, self._fused)
        self._rules.on_time(draft, self._activity_ns)
        return draft.events

    def on_command(
        self,
        command: Command,
        now_ns: int,
        now_utc: datetime,
        past: Callable[[str], Sequence[Event]] = lambda _: (),
    ) -> tuple[CommandReply, list[Event]]:
        """Carry out a command; the reply may be sent once the events are written.

        Args:
            past: the journal's events of an earlier basket, for a refund.
        """
        draft = self._draft(now_ns, now_utc, command.command_id)
        draft.past = past
        refused = self._refuse_first(command)
        if refused is None and command.command_id not in self.state.commands:
            try:
                carry_out(draft, command)
            except RefusedError as err:
                refused = CommandReply(command.command_id, False, err.reason, err.hint)
        if refused is not None:
            return self._with_revision(refused, self.state), []
        self._activity_ns = max(self._activity_ns, now_ns)
        reply = CommandReply(command.command_id, is_done=True)
        return self._with_revision(reply, draft.state), draft.events

    def apply(self, events: Iterable[Event], committed_at_ns: int | None = None) -> None:
        """Let written events happen.

        Args:
            committed_at_ns: CLOCK_MONOTONIC when they were on disk; gives the line latency.
        """
        for event in events:
            fold(self.state, event)
            body = event.body
            if committed_at_ns is not None and isinstance(body, LineAdded) and body.rested_at_ns:
                self._last_latency_ms = (committed_at_ns - body.rested_at_ns) / NS_PER_MS
                self._latencies_ms.append(self._last_latency_ms)
        del self._latencies_ms[:-NUM_KEPT_LATENCIES]
        if self._next_offer is not None and self.state.basket is None:
            self._use(self._next_offer)
        self._forget_gone()

    def snapshot(self, now_ns: int) -> BasketSnapshot:
        """The basket as it stands."""
        is_blind = self.is_blind(now_ns)
        around = Surroundings(
            lane_id=self._lane_id,
            currency=self._offer.prices.currency,
            exponent=self._offer.prices.exponent,
            now_ns=now_ns,
            bundle_id=self._offer.bundle_id,
            notices=self._notices(now_ns, is_blind),
            is_blind=is_blind,
            refusal=self._refusal,
            last_line_latency_ms=self._last_latency_ms,
            is_practice=self.is_practice,
        )
        return snapshot_of(self.state, self._fused, around)

    def is_blind(self, now_ns: int) -> bool:
        """No camera of the lane delivers frames that are understood."""
        newest = max(view.understood_ns for view in self._fusion.views.values())
        since = newest or self._started_ns
        is_late = now_ns - since > self._settings.blind_after_ms * NS_PER_MS
        return is_late or not newest

    def renew(self, offer: Offer) -> None:
        """New prices, catalogue or bundle: at once between baskets, else with the next one."""
        if self.state.basket is None:
            self._use(offer)
        else:
            self._next_offer = offer

    def renew_prices(self, prices: PriceList) -> None:
        """Other prices: for the next line on, of what is not in the open basket yet.

        A line keeps the terms it was written with, so a basket at payment never changes. Another
        currency waits for the next basket.
        """
        if self._next_offer is not None:
            self._next_offer = replace(self._next_offer, prices=prices)
        known = self._offer.prices
        is_same_money = (known.currency, known.exponent) == (prices.currency, prices.exponent)
        if self.state.basket is None or is_same_money:
            self._offer = replace(self._offer, prices=prices)
            self._priced = None
        else:
            self._next_offer = replace(self._next_offer or self._offer, prices=prices)

    def refuse(self, code: str) -> None:
        """No sale can be recorded; the screen says so until `recover`."""
        self._refusal = code

    def recover(self) -> None:
        """The journal can be written again."""
        self._refusal = ""

    def take_latencies_ms(self) -> list[float]:
        """Rest-to-line latencies since the last call."""
        taken, self._latencies_ms = self._latencies_ms, []
        return taken

    def _use(self, offer: Offer) -> None:
        self._offer, self._next_offer = offer, None
        self._priced = None
        self._skus = offer.catalog.by_id()
        families = {s.sku_id: s.family for s in offer.catalog.skus if s.family}
        sizes = {s.sku_id: s.size_cm for s in offer.catalog.skus if s.size_cm}
        self._rules = Rules(Judge(offer.parameters, families, self._settings, sizes))

    def _draft(self, now_ns: int, now_utc: datetime, command_id: str = "") -> Draft:
        return Draft(
            state=self.state,
            moment=Moment(now_ns, now_utc, self._box_id, self._lane_id, self._epoch),
            skus=self._skus,
            price_book=lambda: self._prices(now_utc),
            bundle_id=self._offer.bundle_id,
            language=self._settings.language,
            command_id=command_id,
        )

    def _prices(self, now_utc: datetime) -> SkuPrices:
        """Prices in force now; looked up anew only when one begins or ends."""
        if self._priced is not None:
            since, until, known = self._priced
            if since <= now_utc and (until is None or now_utc < until):
                return known
        prices = self._offer.prices
        found = SkuPrices.at(prices, now_utc)
        self._priced = (now_utc, prices.next_change(now_utc), found)
        return found

    def _note_motion(self, message: Observations, now_ns: int) -> None:
        is_moving = any(not t.is_resting and not t.is_occluded for t in message.tracks)
        if message.is_hand_present or is_moving:
            self._activity_ns = max(self._activity_ns, now_ns)

    def _forget_gone(self) -> None:
        for item in list(self._fused):
            if item.is_gone and item.item_id not in self.state.items:
                self._fusion.forget(item.item_id)
                self._fused.remove(item)

    def _refuse_first(self, command: Command) -> CommandReply | None:
        """Refusals that hold for every command."""
        if command.lane_id != self._lane_id:
            return CommandReply(command.command_id, False, "lane.unknown", "wrong lane")
        if not command.command_id:
            return CommandReply("", False, "command.invalid", "a command needs its own id")
        if self._refusal:
            return CommandReply(command.command_id, False, self._refusal, "call an attendant")
        return None

    @staticmethod
    def _with_revision(reply: CommandReply, state: LaneState) -> CommandReply:
        revision = state.basket.revision if state.basket else 0
        return CommandReply(reply.command_id, reply.is_done, reply.code, reply.hint, revision)

    def _notices(self, now_ns: int, is_blind: bool) -> frozenset[str]:
        notices = set(self._standing) | self._rules.notices
        limit = self._settings.blind_after_ms * NS_PER_MS
        for name, view in self._fusion.views.items():
            state = self._cameras.get(name)
            if view.failure:
                notices.add(NOTICE_PERCEPTION)
            elif now_ns - (view.newest_ns or self._started_ns) > limit:
                notices.add(NOTICE_CAMERA_LOST)
            if state is not None:
                notices.update(f"camera.{c}" for c in state.conditions if c in CAMERA_NOTICES)
        if self._weight.is_mismatch(self.state, self._skus, now_ns):
            notices.add(NOTICE_MISMATCH)
        if is_blind:
            notices.add(NOTICE_SCANNER_MODE)
        return frozenset(notices)
