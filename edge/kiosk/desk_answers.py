"""What an attendant may read and do beside the basket: earlier sales, a day's figures, handhelds.

Flow: AskSales, AskTotals, PairHandheld -> LiveFeed, HandheldDesk -> one JSON answer

Only for sessions after the PIN; the caller checks that. Changes no basket.
"""

import msgspec

from edge.errors import CommandRefusedError
from edge.kiosk.handhelds import HandheldDesk, PairingRefusedError
from edge.kiosk.live_feed import LiveFeed, MemberStanding
from edge.kiosk.permissions import NotAllowedError
from edge.kiosk.socket_messages import AskSales, AskTotals, PairHandheld
from edge.messages.command_messages import GiveLoyalty

MAX_DAYS_AGO = 400
DeskQuestion = AskSales | AskTotals | PairHandheld


class LoyaltyUnknownError(CommandRefusedError):
    """The program knows no such number; the sale goes on without it."""

    code = "loyalty.unknown"


async def answer_desk(
    question: DeskQuestion,
    feed: LiveFeed,
    handhelds: HandheldDesk | None,
    is_handheld: bool,
    now_ns: int,
) -> dict[str, object]:
    """One message for the page; a refusal is an answer too."""
    try:
        if isinstance(question, AskSales):
            return {"type": "sales", **await _sales(question, feed)}
        if isinstance(question, AskTotals):
            days_ago = min(max(question.days_ago, 0), MAX_DAYS_AGO)
            lanes = [lane.lane_id for lane in feed.lanes()]
            totals = [await feed.day_totals(lane_id, days_ago) for lane_id in lanes]
            return {"type": "totals", "lanes": [msgspec.to_builtins(day) for day in totals]}
        return {"type": "handheld", **_pair(question, handhelds, is_handheld, now_ns)}
    except CommandRefusedError as err:
        return {"type": "error", "code": err.code, "hint": err.hint or str(err)}


async def checked_loyalty(body: GiveLoyalty, feed: LiveFeed) -> GiveLoyalty:
    """The number with what the program says about it; a screen's word counts nothing.

    Raises:
        LoyaltyUnknownError: no such member.
    """
    if not body.number:
        return GiveLoyalty("")
    standing = await feed.find_member(body.number)
    if standing is MemberStanding.UNKNOWN:
        raise LoyaltyUnknownError("no such member", hint="try again, or go on without it")
    return GiveLoyalty(body.number, standing is MemberStanding.KNOWN)


async def _sales(question: AskSales, feed: LiveFeed) -> dict[str, object]:
    if question.basket_id:
        sale = await feed.past_sale(question.basket_id.strip())
        return {"sales": [msgspec.to_builtins(sale)] if sale is not None else []}
    found = await feed.past_sales(question.lane_id)
    return {"sales": [msgspec.to_builtins(sale) for sale in found]}


def _pair(
    question: PairHandheld, handhelds: HandheldDesk | None, is_handheld: bool, now_ns: int
) -> dict[str, object]:
    if handhelds is None:
        raise PairingRefusedError("handhelds are switched off", hint="set kiosk.handheld_port")
    if is_handheld:
        raise NotAllowedError("a phone lets no phone in", hint="pair it at the counter")
    if question.forget:
        handhelds.forget_all()
        return {"invitation": None, "num_paired": 0}
    invitation = handhelds.invite(now_ns)
    return {
        "invitation": {
            "code": invitation.code,
            "url": invitation.url,
            "qr": list(invitation.qr),
            "fingerprint": invitation.fingerprint,
            "valid_s": invitation.valid_s,
        },
        "num_paired": handhelds.num_paired,
    }
