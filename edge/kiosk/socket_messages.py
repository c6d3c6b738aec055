"""What travels on a screen's WebSocket, both ways.

Flow: browser -> FromScreen -> live_socket; live_socket -> hello, basket, status, frames -> browser

A binary message is one frame: 4 bytes big-endian length of a JSON header, the header, the JPEG.
The TypeScript twin of this file is `web/src/wire.ts`.
"""

import msgspec

from edge.kiosk.live_feed import CounterPicture, Lane, LiveFeed
from edge.kiosk.permissions import age_limit
from edge.messages.basket_messages import BasketSnapshot
from edge.messages.command_messages import BasketCommand


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


class AgeChecked(msgspec.Struct, frozen=True, tag="age_checked", forbid_unknown_fields=True):
    """The attendant has looked: this shopper is old enough."""

    basket_id: str


class Leave(msgspec.Struct, frozen=True, tag="leave", forbid_unknown_fields=True):
    """The attendant is done."""


FromScreen = Drawn | Watch | CommandRequest | Attendant | AgeChecked | Leave


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


def age_record(snapshot: BasketSnapshot, age_checked: dict[str, str]) -> bool:
    """Whether the age of this shopper was checked, or need not be."""
    return age_limit(snapshot) == 0 or snapshot.basket_id in age_checked


def queue_entries(feed: LiveFeed, age_checked: dict[str, str]) -> list[dict[str, object]]:
    """Lanes that need a person, longest waiting first, each with its reasons."""
    entries = []
    for lane in feed.lanes():
        snapshot = feed.snapshot(lane.lane_id)
        if snapshot is None:
            continue
        reasons = _reasons(snapshot, age_checked)
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
            "total_minor": snapshot.total_minor,
            "currency": snapshot.currency,
            "exponent": snapshot.exponent,
        }
        for _, lane_id, reasons, snapshot in entries
    ]


def _reasons(snapshot: BasketSnapshot, age_checked: dict[str, str]) -> list[str]:
    reasons = [notice for notice in snapshot.notices if notice == "help.called"]
    if not age_record(snapshot, age_checked):
        reasons.append("age.unchecked")
    reasons += [f"ask.{ask.kind}" for ask in snapshot.asks]
    if snapshot.is_blind:
        reasons.append("blind")
    return reasons


def _waiting_since_ns(snapshot: BasketSnapshot) -> int:
    return min((ask.since_ns for ask in snapshot.asks), default=snapshot.at_ns)
