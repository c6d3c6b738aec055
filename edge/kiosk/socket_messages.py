"""What travels on a screen's WebSocket, both ways.

Flow: browser -> FromScreen -> live_socket; live_socket -> hello, basket, status, frames -> browser

A binary message is one frame: 4 bytes big-endian length of a JSON header, the header, the JPEG.
The TypeScript twin of this file is `web/src/wire.ts`.
"""

import msgspec

from edge.kiosk.live_feed import CounterPicture, Lane, LiveFeed, Terminal
from edge.kiosk.permissions import age_limit, is_age_checked
from edge.messages.basket_messages import BasketSnapshot, Phase
from edge.messages.command_messages import BasketCommand

NEEDS_A_PERSON = (
    "help.called", "payment.unclear", "item.left_behind", "journal.unwritable", "camera.covered",
    "camera.moved",
)  # fmt: skip


class Drawn(msgspec.Struct, frozen=True, tag="drawn", forbid_unknown_fields=True):
    """This frame is on the glass with its boxes; the next one may come."""

    camera_id: str
    sequence: int


class Watch(msgspec.Struct, frozen=True, tag="watch", forbid_unknown_fields=True):
    """Show these cameras; an empty list stops the video."""

    cameras: tuple[str, ...]


class CommandRequest(msgspec.Struct, frozen=True, tag="command", forbid_unknown_fields=True):
    """Do this; `lane_id` counts only for an attendant, everybody else has one lane."""

    command_id: str
    body: BasketCommand
    lane_id: str = ""


class Attendant(msgspec.Struct, frozen=True, tag="attendant", forbid_unknown_fields=True):
    """An attendant wants in."""

    pin: str


class AskSales(msgspec.Struct, frozen=True, tag="ask_sales", forbid_unknown_fields=True):
    """An attendant looks for a sale: the last of a lane, or one by its receipt's number."""

    lane_id: str = ""
    basket_id: str = ""


class AskTotals(msgspec.Struct, frozen=True, tag="ask_totals", forbid_unknown_fields=True):
    """An attendant wants the figures of a day of every lane; 0 is today."""

    days_ago: int = 0


class PairHandheld(msgspec.Struct, frozen=True, tag="pair_handheld", forbid_unknown_fields=True):
    """An attendant at the counter lets a phone in, or with `forget` all phones out."""

    forget: bool = False


class Leave(msgspec.Struct, frozen=True, tag="leave", forbid_unknown_fields=True):
    """The attendant is done."""


FromScreen = (
    Drawn | Watch | CommandRequest | Attendant | AskSales | AskTotals | PairHandheld | Leave
)


def hello_message(
    lane: Lane, lanes: tuple[Lane, ...], greeting: dict[str, object]
) -> dict[str, object]:
    """The first message: what this screen is."""
    return {
        "type": "hello",
        "lane_id": lane.lane_id,
        "lanes": [other.lane_id for other in lanes],
        "cameras": list(lane.cameras),
        "terminal": lane.terminal.value,
        **greeting,
    }


def frame_message(picture: CounterPicture, now_ns: int) -> bytes:
    """One frame with its boxes. Boxes are [track_id, x1, y1, x2, y2, is_resting, is_occluded]."""
    header = msgspec.json.encode(
        {
            "camera_id": picture.camera_id,
            "sequence": picture.sequence,
            "age_ms": round((now_ns - picture.captured_at_ns) / 1e6),
            "width": picture.width,
            "height": picture.height,
            "boxes": [
                [
                    box.track_id,
                    *(round(v, 4) for v in box.xyxy),
                    int(box.is_resting),
                    int(box.is_occluded),
                ]
                for box in picture.boxes
            ],
        }
    )
    return len(header).to_bytes(4, "big") + header + picture.jpeg


def queue_entries(feed: LiveFeed) -> list[dict[str, object]]:
    """Lanes that need a person, longest waiting first, each with its reasons."""
    entries = []
    for lane in feed.lanes():
        snapshot = feed.snapshot(lane.lane_id)
        if snapshot is None:
            continue
        reasons = _reasons(snapshot, lane.terminal)
        if reasons:
            entries.append((_waiting_since_ns(snapshot), lane.lane_id, reasons, snapshot))
    entries.sort(key=lambda entry: entry[:2])
    return [
        {
            "lane_id": lane_id,
            "basket_id": snapshot.basket_id,
            "phase": snapshot.phase.value,
            "reasons": reasons,
            "item_ids": [ask.item_id for ask in snapshot.asks],
            "ask_ids": [ask.ask_id for ask in snapshot.asks],
            "age_limit": 0 if is_age_checked(snapshot) else age_limit(snapshot),
            "total_minor": snapshot.total_minor,
            "currency": snapshot.currency,
            "exponent": snapshot.exponent,
        }
        for _, lane_id, reasons, snapshot in entries
    ]


def _reasons(snapshot: BasketSnapshot, terminal: Terminal) -> list[str]:
    if snapshot.is_practice:
        return []
    reasons = [notice for notice in snapshot.notices if notice in NEEDS_A_PERSON]
    if snapshot.phase is Phase.PAYING and terminal is Terminal.ATTENDANT:
        reasons.append("payment.desk")
    if not is_age_checked(snapshot):
        reasons.append("age.unchecked")
    reasons += [f"ask.{ask.kind}" for ask in snapshot.asks]
    if snapshot.is_blind:
        reasons.append("blind")
    return reasons


def _waiting_since_ns(snapshot: BasketSnapshot) -> int:
    return min((ask.since_ns for ask in snapshot.asks), default=snapshot.at_ns)
