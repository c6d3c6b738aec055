"""When a basket shows a moment worth a label: the difference between two snapshots.

Flow: BasketSnapshot before and after -> Moments

Pure. A person's answer is a label; a question means doubt; a quiet basket is taken now and then,
because silence is no proof. What a moment is worth is selector.py's decision.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from edge.messages.basket_messages import Ask, BasketSnapshot, LineOrigin, Phase
from sync.hard_case import CaseReason

NOTICE_WEIGHT = "weight.mismatch"  # of edge/basket/weight_check.py
RANDOM_SHARE = 0.02  # of quiet baskets; the quota of a day bounds it further


@dataclass(frozen=True, slots=True)
class Moment:
    """Something that happened in a basket.

    Attributes:
        item_ids: of the items it is about; empty means all that lie there.
        answered: item id -> the SKU a person or a barcode named.
        named_by: item id -> how: answer, scan, search, attendant.
    """

    lane_id: str
    basket_id: str
    reason: CaseReason
    item_ids: tuple[str, ...] = ()
    answered: Mapping[str, str] = field(default_factory=dict)
    named_by: Mapping[str, str] = field(default_factory=dict)


def moments_between(
    before: BasketSnapshot | None,
    now: BasketSnapshot,
    dice: float,
    disagreeing: Collection[str] = (),
) -> list[Moment]:
    """What happened since the snapshot before.

    Args:
        dice: uniform in [0, 1), for the random sample.
        disagreeing: items that the cameras take for different products and that were not told yet.
    """
    is_same = before is not None and before.basket_id == now.basket_id
    known_answers = _answers(before) if before is not None and is_same else {}
    known_asks = {ask.ask_id for ask in before.asks} if before is not None and is_same else set()
    found: list[Moment] = []
    answered = {i: sku for i, sku in _answers(now).items() if known_answers.get(i) != sku}
    if answered:
        found.append(_moment(now, CaseReason.CORRECTED, tuple(answered), answered))
    for ask in now.asks:
        if ask.ask_id not in known_asks:
            found.append(_moment(now, _reason_of(ask, disagreeing), (ask.item_id,)))
    told = {item_id for moment in found for item_id in moment.item_ids}
    for item_id in disagreeing:
        if item_id not in told:
            found.append(_moment(now, CaseReason.CAMERAS_DISAGREE, (item_id,)))
    known_notices = before.notices if before is not None and is_same else ()
    if NOTICE_WEIGHT in now.notices and NOTICE_WEIGHT not in known_notices:
        found.append(_moment(now, CaseReason.WEIGHT_MISMATCH))
    was_shopping = before is not None and is_same and before.phase is Phase.SHOPPING
    is_quiet = not found and not known_answers and bool(now.items)
    if was_shopping and now.phase is Phase.PAYING and is_quiet and dice < RANDOM_SHARE:
        found.append(_moment(now, CaseReason.RANDOM))
    return found


def _reason_of(ask: Ask, disagreeing: Collection[str]) -> CaseReason:
    """A question that only several cameras' quarrel explains is told as one."""
    if ask.kind == "unknown":
        return CaseReason.UNKNOWN_OBJECT
    return CaseReason.CAMERAS_DISAGREE if ask.item_id in disagreeing else CaseReason.UNCERTAIN


def _moment(
    now: BasketSnapshot,
    reason: CaseReason,
    item_ids: tuple[str, ...] = (),
    answered: Mapping[str, str] | None = None,
) -> Moment:
    origins = _origins(now)
    named_by = {item_id: origins[item_id] for item_id in answered or {}}
    return Moment(now.lane_id, now.basket_id, reason, item_ids, answered or {}, named_by)


def _answers(snapshot: BasketSnapshot) -> dict[str, str]:
    """Items whose SKU a person named."""
    return {
        item_id: line.sku_id
        for line in snapshot.lines
        if line.origin is not LineOrigin.VISION
        for item_id in line.item_ids
    }


def _origins(snapshot: BasketSnapshot) -> dict[str, str]:
    """How each item that a person or a barcode named was named."""
    return {
        item_id: line.origin.value
        for line in snapshot.lines
        if line.origin is not LineOrigin.VISION
        for item_id in line.item_ids
    }
