"""The bus as the kiosk's LiveFeed: the last word of everybody, kept for any number of browsers.

Flow: BasketSnapshot, Observations, CameraState, PerceptionState, Health -> BusFeed -> kiosk_app

`take` and every look-up run in the page's one event loop and return at once. A basket stays as it
was last heard while its process restarts; nothing is ever invented.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from edge.basket.practice import NOTICE_PRACTICE
from edge.bus.frame_ring import FrameRingReader, FrameView, ring_path
from edge.config import EdgeConfig
from edge.devices.loyalty import LoyaltyProgram, LoyaltyUnavailableError, MemberList, NoProgram
from edge.errors import FrameRingError
from edge.kiosk.counter_picture import Region, encode_counter_picture, encode_item_crop
from edge.kiosk.live_feed import (
    BoxStatus,
    CameraView,
    ChangeSignal,
    CounterPicture,
    Lane,
    MemberStanding,
    Picture,
    Product,
    Terminal,
)
from edge.messages.basket_messages import BasketSnapshot
from edge.messages.command_messages import Command, CommandReply, Health
from edge.messages.desk_messages import DayTotals, PastSale
from edge.messages.perception_messages import CameraState, Observations, PerceptionState
from edge.processes.desk_records import DeskRecords
from edge.processes.product_shelf import ProductShelf

NOTICE_LOADING = "model.loading"
NOTICE_SWAPPING = "bundle.swapping"
NOTICE_OFFLINE = "hub.offline"
SILENT_NS = 2_000_000_000  # observations older than this are not the picture of now
SECOND_NS = 1_000_000_000
SWAP_SHOWN_NS = 8 * SECOND_NS  # the first frames after a swap are slower
OFFLINE_REASONS = ("sync.transport", "hub.offline", "hub.unreachable")
Message = BasketSnapshot | Observations | CameraState | PerceptionState | Health
CameraKey = tuple[str, str]


class BusFeed:
    """Satisfies edge.kiosk.live_feed.LiveFeed."""

    def __init__(
        self,
        config: EdgeConfig,
        ask: Callable[[Command], Awaitable[CommandReply]],
        clock_ns: Callable[[], int],
    ) -> None:
        """Keep what the bus says about this box.

        Args:
            ask: hands a command to its lane; raises LaneUnreachableError.
            clock_ns: CLOCK_MONOTONIC.
        """
        self.changes = ChangeSignal()
        self.shelf: ProductShelf | None = None
        self.enrol_words = ""
        self._config = config
        self._ask = ask
        self._clock_ns = clock_ns
        self._records = DeskRecords(config)
        file = config.kiosk.loyalty_file
        self._loyalty: LoyaltyProgram = MemberList(file) if file else NoProgram()
        self._baskets: dict[str, BasketSnapshot] = {}
        self._practices: dict[str, BasketSnapshot] = {}
        self._observations: dict[CameraKey, Observations] = {}
        self._cameras: dict[CameraKey, CameraState] = {}
        self._health: dict[str, Health] = {}
        self._perception: PerceptionState | None = None
        self._swapped_ns = -SWAP_SHOWN_NS
        self._pictures: dict[CameraKey, CounterPicture] = {}
        self._rings: dict[CameraKey, FrameRingReader] = {}
        self._regions: dict[CameraKey, Region | None] = {}
        for lane in config.lanes:
            for camera in lane.cameras:
                key = (lane.lane_id, camera.camera_id)
                path = ring_path(config.paths.ring_dir, config.box_id, *key)
                self._rings[key] = FrameRingReader(path)
                self._regions[key] = bounding_region(camera.counter_region)

    def take(self, message: Message) -> None:
        """Something was said on the bus."""
        is_news = True
        if isinstance(message, BasketSnapshot):
            self._take_basket(message)
        elif isinstance(message, Observations):
            self._observations[message.lane_id, message.camera_id] = message
        elif isinstance(message, CameraState):
            key = (message.lane_id, message.camera_id)
            is_news = _camera_words(self._cameras.get(key)) != _camera_words(message)
            self._cameras[key] = message
        elif isinstance(message, PerceptionState):
            before = self._perception.bundle_id if self._perception else None
            is_news = before != message.bundle_id
            if is_news and before and message.bundle_id:
                self._swapped_ns = self._clock_ns()
            self._perception = message
        else:
            old = self._health.get(message.process)
            is_news = old is None or (old.verdict, old.reason) != (message.verdict, message.reason)
            self._health[message.process] = message
        if is_news:
            self.changes.notify()

    def lanes(self) -> tuple[Lane, ...]:
        """Every lane of the configuration."""
        return tuple(
            Lane(
                lane.lane_id,
                tuple(camera.camera_id for camera in lane.cameras),
                Terminal(lane.terminal),
            )
            for lane in self._config.lanes
        )

    def snapshot(self, lane_id: str) -> BasketSnapshot | None:
        """The basket as last heard; the practised one while staff train."""
        return self._practices.get(lane_id) or self._baskets.get(lane_id)

    def newest_sequence(self, lane_id: str, camera_id: str) -> int:
        """Of the newest frame whose boxes are known, or of the ring while nobody looks at it."""
        seen = self._seen_now((lane_id, camera_id))
        if seen is not None:
            return seen.sequence
        try:
            return self._rings[lane_id, camera_id].newest_sequence() or -1
        except (KeyError, FrameRingError):
            return -1

    def picture(self, lane_id: str, camera_id: str) -> CounterPicture | None:
        """A frame with exactly its boxes, encoded once for every browser."""
        key = (lane_id, camera_id)
        if key not in self._rings:
            return None
        kept = self._pictures.get(key)
        seen = self._seen_now(key)
        view = self._view(key, seen)
        if view is None or (kept is not None and kept.sequence == view.sequence):
            return kept
        tracks = seen.tracks if seen is not None else ()
        picture = encode_counter_picture(
            view.pixels, camera_id, view.sequence, view.captured_at_ns, tracks, self._regions[key]
        )
        if not view.is_valid():
            return kept
        self._pictures[key] = picture
        return picture

    def status(self, lane_id: str) -> BoxStatus:
        """Cameras, notices and processes, as last heard."""
        cameras = tuple(
            CameraView(s.camera_id, s.state, s.reason, s.conditions, s.quality, s.fps)
            for (lane, _), s in self._cameras.items()
            if lane == lane_id
        )
        state = self._perception
        return BoxStatus(
            cameras=cameras,
            notices=self._notices(),
            health=tuple(self._health.values()),
            bundle_name=state.bundle_name if state is not None else "",
            product_count=len(self.shelf) if self.shelf is not None else 0,
            enrol_words=self.enrol_words,
        )

    async def send_command(self, command: Command) -> CommandReply:
        """Hand a command to the basket and wait for its answer.

        Raises:
            LaneUnreachableError: no answer in time.
        """
        return await self._ask(command)

    def search(self, lane_id: str, query: str, language: str, limit: int) -> tuple[Product, ...]:
        """Products that fit the words."""
        del lane_id  # every lane of a box sells the same
        return self.shelf.search(query, language, limit) if self.shelf is not None else ()

    def product(self, lane_id: str, sku_id: str) -> Product | None:
        """One product."""
        del lane_id
        return self.shelf.product(sku_id) if self.shelf is not None else None

    def product_picture(self, lane_id: str, name: str) -> Picture | None:
        """A catalogue picture."""
        del lane_id
        return self.shelf.picture(name) if self.shelf is not None else None

    def item_crop(self, lane_id: str, item_id: str) -> Picture | None:
        """How a camera sees an item now; None where no frame with it is at hand."""
        basket = self.snapshot(lane_id)
        items = basket.items if basket is not None else ()
        tracks = [t for item in items if item.item_id == item_id for t in item.tracks]
        for camera_id, track_id in tracks:
            key = (lane_id, camera_id)
            seen = self._seen_now(key)
            view = self._view(key, seen)
            boxes = [t.xyxy for t in seen.tracks if t.track_id == track_id] if seen else []
            if view is not None and boxes:
                return encode_item_crop(view.pixels, boxes[0])
        return None

    async def past_sales(self, lane_id: str) -> tuple[PastSale, ...]:
        """The lane's last paid baskets.

        Raises:
            LaneUnreachableError: the journal cannot be read.
        """
        return await asyncio.to_thread(self._records.past_sales, lane_id)

    async def past_sale(self, basket_id: str) -> PastSale | None:
        """A paid basket of any lane.

        Raises:
            LaneUnreachableError: a journal cannot be read.
        """
        return await asyncio.to_thread(self._records.past_sale, basket_id)

    async def day_totals(self, lane_id: str, days_ago: int) -> DayTotals:
        """A local day of a lane.

        Raises:
            LaneUnreachableError: the journal cannot be read.
        """
        return await asyncio.to_thread(self._records.day_totals, lane_id, days_ago, now_utc())

    async def find_member(self, number: str) -> MemberStanding:
        """What the loyalty program says about a number."""
        try:
            member = await asyncio.to_thread(self._loyalty.find, number)
        except LoyaltyUnavailableError:
            return MemberStanding.AWAY
        return MemberStanding.UNKNOWN if member is None else MemberStanding.KNOWN

    def _notices(self) -> tuple[str, ...]:
        """What no basket carries."""
        state, uplink = self._perception, self._health.get("uplink")
        is_swapping = self._clock_ns() - self._swapped_ns < SWAP_SHOWN_NS
        said = {
            NOTICE_LOADING: state is not None and not state.bundle_id,
            NOTICE_SWAPPING: is_swapping,
            NOTICE_OFFLINE: uplink is not None and uplink.reason in OFFLINE_REASONS,
        }
        return tuple(code for code, is_so in said.items() if is_so)

    def _take_basket(self, message: BasketSnapshot) -> None:
        if message.is_practice:
            self._practices[message.lane_id] = message
            return
        self._baskets[message.lane_id] = message
        if NOTICE_PRACTICE not in message.notices:
            self._practices.pop(message.lane_id, None)

    def _seen_now(self, key: CameraKey) -> Observations | None:
        """The newest observations, unless perception has fallen silent."""
        seen = self._observations.get(key)
        if seen is None or self._clock_ns() - seen.captured_at_ns > SILENT_NS:
            return None
        return seen

    def _view(self, key: CameraKey, seen: Observations | None) -> FrameView | None:
        try:
            ring = self._rings[key]
            return ring.view(seen.sequence) if seen is not None else ring.newest()
        except (KeyError, FrameRingError):
            return None


def bounding_region(polygon: tuple[tuple[int, int], ...]) -> Region | None:
    """The rectangle round a counter region; None shows the whole frame."""
    if not polygon:
        return None
    xs, ys = zip(*polygon, strict=True)
    return min(xs), min(ys), max(xs), max(ys)


def now_utc() -> datetime:
    """The wall clock, for prices in force."""
    return datetime.now(UTC)


def _camera_words(state: CameraState | None) -> tuple[object, ...]:
    return () if state is None else (state.state, state.reason, state.conditions, state.quality)
