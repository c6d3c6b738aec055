"""Whether an item can be charged now, must be asked about, or deserves another look.

Flow: FusedItem -> Judgement

Sequential: strong evidence is taken at once, weaker evidence waits a stated time for more cameras
and looks, then the shopper is asked. Pure; knows nothing of baskets.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

from edge.basket.fusion import FusedItem
from edge.basket.size_check import SizeCm, weigh_by_size
from sync.decision import Decision, DecisionParameters, Verdict, decide, pool_scores

NS_PER_MS = 1_000_000


@dataclass(frozen=True, slots=True)
class RuleSettings:
    """Times and factors of the rules; README has the reasons.

    Attributes:
        dwell_ms: an item rests at least this long, by capture time, before it is charged.
        wait_views_ms: an item waits this long for the other cameras that should see it.
        early_factor: margin needed, as a multiple, while not every camera has spoken.
        ask_after_ms: an undecided item is asked about after this.
        unknown_after_ms: an item of no SKU, or without any look, is shown as unknown after this.
        change_factor: margin needed, as a multiple, to change a line or withdraw a question.
        change_after_ms: how long that margin must hold.
        walk_away_s: no motion, no command for this long: the sale is suspended or voided.
        walk_away_warn_s: the screen warns this long before.
        walk_away_to: what then happens to a basket with lines.
        empty_close_s: a sale with nothing in it ends after this.
        paid_screen_s: the thank-you screen stays at least this long.
        clear_s: goods of a paid basket that still lie there after this are left behind.
        blind_after_ms: no understood frame of any camera for this long: the counter is blind.
    """

    dwell_ms: float = 0.0
    wait_views_ms: float = 150.0
    early_factor: float = 1.5
    ask_after_ms: float = 700.0
    unknown_after_ms: float = 1000.0
    change_factor: float = 2.0
    change_after_ms: float = 500.0
    walk_away_s: float = 120.0
    walk_away_warn_s: float = 20.0
    walk_away_to: Literal["suspend", "void"] = "suspend"
    empty_close_s: float = 5.0
    paid_screen_s: float = 5.0
    clear_s: float = 60.0
    blind_after_ms: float = 1000.0
    language: str = "en"


class Step(StrEnum):
    """What to do with an item now."""

    WAIT = "wait"
    ACCEPT = "accept"
    ASK = "ask"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Judgement:
    """The step and what it rests on; `decision` None where no look was made."""

    step: Step
    decision: Decision | None = None


@dataclass(frozen=True)
class Judge:
    """The thresholds of one bundle and one store."""

    parameters: DecisionParameters
    families: Mapping[str, str]
    settings: RuleSettings
    sizes: Mapping[str, SizeCm] = field(default_factory=dict)

    def judge(self, item: FusedItem, waited_ms: float, rested_ms: float = 1e9) -> Judgement:
        """What to do with a new item.

        Args:
            waited_ms: since the box first saw it at rest.
            rested_ms: since it came to rest, by the time of capture.
        """
        if rested_ms < self.settings.dwell_ms:
            return Judgement(Step.WAIT)
        decision = self.decide(item)
        if decision is None:
            is_late = waited_ms >= self.settings.unknown_after_ms
            return Judgement(Step.UNKNOWN if is_late else Step.WAIT)
        if decision.verdict is Verdict.ACCEPT:
            return self._accepted(item, decision, waited_ms)
        if decision.verdict is Verdict.ASK:
            is_late = waited_ms >= self.settings.ask_after_ms
            return Judgement(Step.ASK if is_late else Step.WAIT, decision)
        is_late = waited_ms >= self.settings.unknown_after_ms
        return Judgement(Step.UNKNOWN if is_late else Step.WAIT, decision)

    def decide(
        self, item: FusedItem, margin_factor: float = 1.0, least_margin: float = 0.0
    ) -> Decision | None:
        """The decision over all cameras that looked at the item; each counts once.

        Args:
            margin_factor: multiplies the margins of the bundle.
            least_margin: nats that are asked for at least.
        """
        if not item.scores:
            return None
        seen = pool_scores(list(item.scores.values()), self.parameters.look_exponent)
        pooled = weigh_by_size(seen, item.place, len(item.boxes), self.sizes, self.families)
        parameters = self.parameters
        if margin_factor != 1.0 or least_margin:
            parameters = parameters.model_copy(
                update={
                    "accept_margin": max(parameters.accept_margin * margin_factor, least_margin),
                    "family_margin": max(parameters.family_margin * margin_factor, least_margin),
                }
            )
        return decide(pooled, parameters, dict(self.families))

    def _accepted(self, item: FusedItem, decision: Decision, waited_ms: float) -> Judgement:
        """Charge once all cameras spoke, or the margin is high, or the others were waited for.

        One camera alone, where another should see the item too, needs a high margin for good:
        what only one of them sees may be a reflection.
        """
        if len(item.scores) >= item.num_expected:
            return Judgement(Step.ACCEPT, decision)
        is_alone = len(item.scores) < 2
        has_waited = waited_ms >= self.settings.wait_views_ms
        if has_waited and not is_alone:
            return Judgement(Step.ACCEPT, decision)
        least = self.parameters.alone_margin if is_alone else 0.0
        strict = self.decide(item, self.settings.early_factor, least) or decision
        if strict.verdict is Verdict.ACCEPT and (has_waited or not is_alone):
            return Judgement(Step.ACCEPT, decision)
        if strict.verdict is not Verdict.ACCEPT and waited_ms >= self.settings.ask_after_ms:
            return Judgement(Step.ASK, strict)
        return Judgement(Step.WAIT)
