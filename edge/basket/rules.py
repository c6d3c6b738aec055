"""When an item becomes a basket line, and when it leaves.

Flow: FusedItems -> Draft of Events

No clock and no disk: the caller passes the moment, journal.py writes. What a rule proposes and
nobody writes is proposed again with the next call.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from edge.basket import basket_events as events
from edge.basket.basket import Basket, KnownItem
from edge.basket.drafting import Draft
from edge.basket.fusion import FusedItem
from edge.basket.judgement import NS_PER_MS, Judge, Judgement, Step
from edge.messages.basket_messages import ItemState, Phase
from sync.decision import Decision, Verdict

NS_PER_S = 1_000_000_000
NOTICE_CHANGED = "counter.changed"
NOTICE_LEFT_BEHIND = "item.left_behind"
NOTICE_LEFT_OUT = "item.left_out"
NOTICE_WALK_AWAY = "basket.walk_away_soon"
ASKED = (ItemState.ASKING, ItemState.UNKNOWN)


@dataclass
class Watch:
    """What is remembered about an item between two calls.

    Attributes:
        since_ns: when it was first seen at rest.
        contrary: the SKU that now speaks against what is charged or asked.
    """

    since_ns: int
    contrary: str = ""
    contrary_since_ns: int = 0


@dataclass
class Rules:
    """The rules of one lane with what they remember; nothing of it is needed after a restart."""

    judge: Judge
    watches: dict[str, Watch] = field(default_factory=dict)
    notices: set[str] = field(default_factory=set)

    def on_items(self, draft: Draft, items: Sequence[FusedItem]) -> None:
        """Propose what the items as they now stand mean for the basket."""
        self.notices = set()
        now_ns = draft.moment.now_ns
        gone = [item for item in items if item.is_gone]
        self._move_items(draft, items, gone)
        for item in gone:
            known = draft.state.items.get(item.item_id)
            if known is not None:
                self._item_gone(draft, known, item.last_seen_ns)
        was_open = draft.state.basket is not None
        for item in items:
            if item.is_gone or not item.is_resting:
                continue
            watch = self.watches.setdefault(item.item_id, Watch(now_ns))
            known = draft.state.items.get(item.item_id)
            if known is not None:
                self._known_item(draft, item, known, watch)
            elif draft.state.basket is not None or not was_open:
                self._new_item(draft, item, watch)
        listed = {item.item_id for item in items}
        self.watches = {k: v for k, v in self.watches.items() if k in listed}

    def on_time(self, draft: Draft, activity_ns: int) -> None:
        """Propose what the passing of time alone means.

        Args:
            activity_ns: when a hand, a moving item, an event or a command was last seen.
        """
        basket = draft.state.basket
        if basket is None:
            return
        settings = self.judge.settings
        changed_s = (draft.moment.now_ns - basket.changed_ns) / NS_PER_S
        still_s = (draft.moment.now_ns - max(activity_ns, basket.changed_ns)) / NS_PER_S
        if basket.phase is Phase.PAID:
            lies_there = any(i.basket_id == basket.basket_id for i in draft.state.items.values())
            if changed_s >= (settings.clear_s if lies_there else settings.paid_screen_s):
                draft.add(events.SaleClosed("time_out" if lies_there else "cleared"))
        elif basket.phase is Phase.SHOPPING:
            self._on_stillness(draft, basket, still_s)

    def _on_stillness(self, draft: Draft, basket: Basket, still_s: float) -> None:
        settings = self.judge.settings
        if not basket.lines and not basket.asks:
            is_meant = basket.loyalty or basket.help_reason  # somebody is there and waits
            if still_s >= (settings.walk_away_s if is_meant else settings.empty_close_s):
                draft.add(events.Cancelled("empty"))
            return
        if still_s >= settings.walk_away_s:
            is_void = settings.walk_away_to == "void"
            draft.add(events.Cancelled("walk_away") if is_void else events.Suspended("walk_away"))
        elif still_s >= settings.walk_away_s - settings.walk_away_warn_s:
            self.notices.add(NOTICE_WALK_AWAY)

    def _item_gone(self, draft: Draft, known: KnownItem, seen_ns: int) -> None:
        """An item of the tray on the counter leaves its basket; all others only the counter."""
        basket = draft.state.basket
        is_ours = basket is not None and known.basket_id == basket.basket_id
        if basket is None or not is_ours:
            draft.add(events.ItemCleared(known.item_id, seen_ns))
        elif basket.phase is Phase.PAYING:
            self.notices.add(NOTICE_CHANGED)
        elif basket.phase is Phase.SHOPPING and known.ask_id and known.tray == basket.tray:
            draft.add(events.AskClosed(known.ask_id, "taken_away", seen_ns))
        elif (
            basket.phase is Phase.SHOPPING
            and known.state is ItemState.CHARGED
            and known.tray == basket.tray
        ):
            items = (known.item_id,)
            draft.add(events.LineRemoved(known.line_id, 1, "taken_away", items, seen_ns))
        else:
            draft.add(events.ItemCleared(known.item_id, seen_ns))

    def _new_item(self, draft: Draft, item: FusedItem, watch: Watch) -> None:
        """An item that is not in the journal yet."""
        basket = draft.state.basket
        if basket is not None and basket.phase is Phase.PAYING:
            self.notices.add(NOTICE_CHANGED)
            return
        waited_ms = (draft.moment.now_ns - watch.since_ns) / NS_PER_MS
        rested_ms = (draft.moment.now_ns - item.rested_at_ns) / NS_PER_MS
        judgement = self.judge.judge(item, waited_ms, rested_ms)
        if judgement.step is Step.WAIT:
            return
        if basket is not None and basket.phase is Phase.PAID:
            draft.add(events.SaleClosed("next_shopper"))  # its own sale opens with the next call
            return
        self._act(draft, item, judgement)

    def _act(self, draft: Draft, item: FusedItem, judgement: Judgement) -> None:
        decision = judgement.decision
        if decision is None or judgement.step is Step.UNKNOWN:
            options = decision.options if decision else ()
            draft.open_ask(item, "unknown", options, "decision.unknown")
        elif judgement.step is Step.ASK:
            draft.open_ask(item, "which", decision.options, "decision.ask")
        else:
            self._charge(draft, item, decision)

    def _charge(self, draft: Draft, item: FusedItem, decision: Decision) -> None:
        """Charge the accepted SKU, or ask where it has no price or must be weighed first."""
        sku_id = decision.sku_id or ""
        refusal = draft.refusal(sku_id)
        if refusal:
            draft.open_ask(item, "unknown", (), refusal)
        elif draft.skus[sku_id].unit == "kg":
            draft.open_ask(item, "weigh", (sku_id,), "weight.missing")
        else:
            tray = draft.basket().tray
            draft.add_line(sku_id, tray=tray, item=item, confidence=decision.confidence)

    def _known_item(self, draft: Draft, item: FusedItem, known: KnownItem, watch: Watch) -> None:
        """Evidence that came later changes a line or a question only if it is strong and lasts."""
        basket = draft.state.basket
        if known.state is ItemState.LEFT_BEHIND:
            self.notices.add(NOTICE_LEFT_BEHIND)
        elif known.state is ItemState.IGNORED:
            self.notices.add(NOTICE_LEFT_OUT)
        is_open = basket is not None and known.basket_id == basket.basket_id
        if basket is None or not is_open or basket.phase is not Phase.SHOPPING:
            return
        is_asked = known.state in ASKED
        is_charged = known.state is ItemState.CHARGED and known.tray == basket.tray
        if known.is_fixed or not (is_asked or is_charged):
            return
        decision = self.judge.decide(item, self.judge.settings.change_factor)
        if self._is_contrary(draft, known, decision, watch) and decision is not None:
            self._change(draft, item, known, decision)

    def _is_contrary(
        self, draft: Draft, known: KnownItem, decision: Decision | None, watch: Watch
    ) -> bool:
        """Strong evidence for another SKU than the charged or asked one, for long enough."""
        basket = draft.state.basket
        ask = basket.asks.get(known.ask_id) if basket else None
        is_strong = decision is not None and decision.verdict is Verdict.ACCEPT
        sku_id = decision.sku_id if decision is not None and is_strong else None
        is_answerable = ask is None or ask.reason in ("decision.ask", "decision.unknown")
        if not sku_id or sku_id == known.sku_id or not is_answerable:
            watch.contrary = ""
            return False
        if watch.contrary != sku_id:
            watch.contrary, watch.contrary_since_ns = sku_id, draft.moment.now_ns
        lasted_ms = (draft.moment.now_ns - watch.contrary_since_ns) / NS_PER_MS
        return lasted_ms >= self.judge.settings.change_after_ms

    def _change(self, draft: Draft, item: FusedItem, known: KnownItem, decision: Decision) -> None:
        if known.state in ASKED:
            draft.add(events.AskClosed(known.ask_id, "recognised"))
            self._charge(draft, item, decision)
        elif not draft.refusal(decision.sku_id or ""):
            draft.add(events.LineRemoved(known.line_id, 1, "changed", (item.item_id,)))
            self._charge(draft, item, decision)

    def _move_items(
        self, draft: Draft, items: Sequence[FusedItem], gone: Sequence[FusedItem]
    ) -> None:
        """After "pay", goods that were pushed about are the same goods, not new ones."""
        basket = draft.state.basket
        if basket is None or basket.phase not in (Phase.PAYING, Phase.PAID):
            return
        missing = [
            draft.state.items[item.item_id]
            for item in gone
            if item.item_id in draft.state.items
            and draft.state.items[item.item_id].basket_id == basket.basket_id
        ]
        for item in items:
            if item.is_gone or not item.is_resting or item.item_id in draft.state.items:
                continue
            decision = self.judge.decide(item)
            same = [k for k in missing if decision and k.sku_id in decision_skus(decision)]
            if same:
                missing.remove(same[0])
                draft.add(events.ItemMoved(same[0].item_id, item.item_id, item.place))


def decision_skus(decision: Decision) -> tuple[str, ...]:
    """The SKUs a decision holds possible: the accepted one, or the buttons."""
    return (decision.sku_id,) if decision.sku_id else decision.options
