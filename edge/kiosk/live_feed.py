"""What the screen needs from the box, as a Protocol.

Flow: LiveFeed -> kiosk_app -> browser

`edge/processes/kiosk_process.py` implements it on the bus, `tests/fakes/in_memory_feed.py` in
memory. No sockets and no pixels of its own: pictures are encoded by `counter_picture.py`.
"""

import asyncio
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from edge.errors import CommandRefusedError
from edge.messages.basket_messages import BasketSnapshot
from edge.messages.command_messages import Command, CommandReply, Health
from edge.messages.desk_messages import DayTotals, PastSale


class LaneUnreachableError(CommandRefusedError):
    """The basket process did not answer in time; the basket on the screen stays as it is."""

    code = "lane.unreachable"


@dataclass(frozen=True, slots=True)
class PictureBox:
    """One box of one frame.

    Attributes:
        xyxy: fractions of the picture in [0, 1], not pixels: the picture is cropped and scaled.
    """

    track_id: int
    xyxy: tuple[float, float, float, float]
    is_resting: bool = True
    is_occluded: bool = False


@dataclass(frozen=True, slots=True)
class CounterPicture:
    """One frame of one camera, cut to the counter and encoded, with the boxes of exactly it."""

    camera_id: str
    sequence: int
    captured_at_ns: int
    width: int
    height: int
    jpeg: bytes
    boxes: tuple[PictureBox, ...] = ()


@dataclass(frozen=True, slots=True)
class CameraView:
    """How a camera is doing; the words of `CameraState`."""

    camera_id: str
    state: str
    reason: str = ""
    conditions: tuple[str, ...] = ()
    quality: str = ""
    fps: float = 0.0


class Terminal(StrEnum):
    """How a sale is paid.

    `external`: another process sends `PaymentResult`; the screen only waits.
    `practice`: nothing moves; the screen offers what a terminal could answer.
    `attendant`: a person takes the money and says so after the PIN.
    """

    EXTERNAL = "external"
    PRACTICE = "practice"
    ATTENDANT = "attendant"


@dataclass(frozen=True, slots=True)
class Lane:
    """One counter with its cameras, best view for a shopper first."""

    lane_id: str
    cameras: tuple[str, ...]
    terminal: Terminal = Terminal.PRACTICE


@dataclass(frozen=True, slots=True)
class Product:
    """What can be added by hand and what "why?" shows.

    Attributes:
        picture: name for `LiveFeed.product_picture`; empty where the catalogue has none.
        unit: `each` or `kg`; the unit amount is per piece or per kilogram.
        twins: sku_ids of look-alikes, the ones a shopper may have meant instead.
    """

    sku_id: str
    names: dict[str, str]
    unit_amount_minor: int
    gtin: str = ""
    unit: str = "each"
    picture: str = ""
    category: str = ""
    allergens: tuple[str, ...] = ()
    age_limit: int = 0
    deposit_minor: int = 0
    twins: tuple[str, ...] = ()


class MemberStanding(StrEnum):
    """What the loyalty program says about a number; `away` where it cannot be asked now."""

    KNOWN = "known"
    UNKNOWN = "unknown"
    AWAY = "away"


@dataclass(frozen=True, slots=True)
class Picture:
    """An encoded picture; `etag` changes when the picture does."""

    content: bytes
    media_type: str
    etag: str = ""


@dataclass(frozen=True, slots=True)
class BoxStatus:
    """What the screen says about the box itself.

    Attributes:
        notices: stable codes that no basket carries: model.loading, hub.offline, bundle.swapping.
        health: the last Health of every process.
        enrol_words: six words to compare with the hub's page while this box waits to be let in.
    """

    cameras: tuple[CameraView, ...] = ()
    notices: tuple[str, ...] = ()
    health: tuple[Health, ...] = ()
    bundle_name: str = ""
    product_count: int = 0
    enrol_words: str = ""


class LiveFeed(Protocol):
    """Everything the kiosk reads and the one way it acts."""

    changes: "ChangeSignal"

    def lanes(self) -> tuple[Lane, ...]:
        """Every lane of this box, never empty."""
        ...

    def snapshot(self, lane_id: str) -> BasketSnapshot | None:
        """The latest basket; None until the first one arrived. Kept while its process restarts."""
        ...

    def newest_sequence(self, lane_id: str, camera_id: str) -> int:
        """Sequence of the newest frame whose boxes are known; -1 before the first. A look-up."""
        ...

    def picture(self, lane_id: str, camera_id: str) -> CounterPicture | None:
        """The newest frame whose boxes are known, encoded at most once per frame.

        Called only while a browser is ready to draw it, so nobody looking costs nothing.
        """
        ...

    def status(self, lane_id: str) -> BoxStatus:
        """Cameras of the lane, notices and processes, as last heard."""
        ...

    async def send_command(self, command: Command) -> CommandReply:
        """Hand a command to the basket and wait for its answer.

        Raises:
            LaneUnreachableError: no answer in time; the command may still arrive.
        """
        ...

    def search(self, lane_id: str, query: str, language: str, limit: int) -> tuple[Product, ...]:
        """Products whose name, PLU or barcode fits, best first; an empty query lists favourites."""
        ...

    def product(self, lane_id: str, sku_id: str) -> Product | None:
        """One product of the catalogue in force."""
        ...

    def product_picture(self, lane_id: str, name: str) -> Picture | None:
        """A catalogue picture by the `picture` of a Product, an Option or a line."""
        ...

    async def past_sales(self, lane_id: str) -> tuple[PastSale, ...]:
        """The lane's last paid baskets, newest first; for the attendant.

        Raises:
            LaneUnreachableError: the journal cannot be read now.
        """
        ...

    async def past_sale(self, basket_id: str) -> PastSale | None:
        """A paid basket of any lane of this box, by the number on its receipt.

        Raises:
            LaneUnreachableError: the journal cannot be read now.
        """
        ...

    async def day_totals(self, lane_id: str, days_ago: int) -> DayTotals:
        """The lane's figures of a local day; 0 is today.

        Raises:
            LaneUnreachableError: the journal cannot be read now.
        """
        ...

    async def find_member(self, number: str) -> MemberStanding:
        """What the loyalty program says about a number; never fails."""
        ...

    def item_crop(self, lane_id: str, item_id: str) -> Picture | None:
        """How the counter saw this item, where the box still knows it."""
        ...


@dataclass(slots=True)
class ChangeSignal:
    """Wakes everybody who waits for something new; one event loop, no locks.

    A feed calls `notify()` after each new snapshot, set of boxes, camera state or notice.
    """

    version: int = 0
    _waiters: set[asyncio.Future[None]] = field(default_factory=set)

    def notify(self) -> None:
        """Something changed."""
        self.version += 1
        for waiter in self._waiters:
            if not waiter.done():
                waiter.set_result(None)
        self._waiters.clear()

    async def wait(self, seen_version: int, timeout_s: float) -> int:
        """The version, as soon as it is not `seen_version` or when the time is up."""
        if self.version == seen_version:
            waiter = asyncio.get_running_loop().create_future()
            self._waiters.add(waiter)
            await asyncio.wait([waiter], timeout=timeout_s)
            self._waiters.discard(waiter)
        return self.version
