"""A box in memory: the real basket over scripted cameras, for the screen's tests.

Flow: put, take -> drawn counter + Observations -> edge.basket.counter.Counter -> BasketSnapshot

No processes, no ring, no models. Time moves only with `step`; `run` steps at the cameras' pace.
"""

import asyncio
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.basket.basket_events import Event, Paid
from edge.basket.counter import Counter, Offer
from edge.basket.day_totals import day_totals
from edge.basket.judgement import RuleSettings
from edge.basket.past_sales import past_sale
from edge.basket.practice import LaneCounter
from edge.kiosk.counter_picture import encode_counter_picture, encode_item_crop
from edge.kiosk.live_feed import (
    BoxStatus,
    CameraView,
    ChangeSignal,
    CounterPicture,
    Lane,
    LaneUnreachableError,
    MemberStanding,
    Picture,
    Product,
    Terminal,
)
from edge.messages.basket_messages import BasketSnapshot
from edge.messages.command_messages import Command, CommandReply
from edge.messages.desk_messages import DayTotals, PastSale
from edge.messages.perception_messages import (
    CameraState,
    Observations,
    ObservationStatus,
    SkuScoresMessage,
    TrackObservation,
)
from sync.catalog import Catalog
from sync.decision import DecisionParameters
from sync.price_list import PriceList
from tests.fakes.virtual_counter import Solid, looking_at_counter

LANE = "1"
STEP_NS = 66_666_667  # 15 frames a second
SIZE = (1280, 720)
REGION = (250, 140, 1030, 579)
START = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
COUNTER_BGR = (196, 205, 210)
SHADOW_BGR = (110, 116, 120)
PARAMETERS = DecisionParameters(
    temperature=0.05,
    accept_margin=1.0,
    family_margin=2.0,
    accept_similarity=0.5,
    unknown_similarity=0.3,
)
EYES = {"top": (0.0, -8.0, 80.0), "left": (-60.0, -45.0, 55.0), "right": (60.0, -45.0, 55.0)}


@dataclass(frozen=True, slots=True)
class Placed:
    """One thing on the counter and what cameras believe it is."""

    solid: Solid
    scores: SkuScoresMessage | None
    rested_at_ns: int


@dataclass
class InMemoryFeed:
    """Satisfies LiveFeed; `put` and `take` are the shopper's hands."""

    catalog: Catalog
    prices: PriceList
    pictures: Mapping[str, bytes]
    settings: RuleSettings = field(default_factory=RuleSettings)
    terminal: Terminal = Terminal.PRACTICE
    changes: ChangeSignal = field(default_factory=ChangeSignal)
    now_ns: int = 5 * 10**9
    placed: dict[int, Placed] = field(default_factory=dict)
    lost: set[str] = field(default_factory=set)
    notices: tuple[str, ...] = ()
    conditions: tuple[str, ...] = ()
    is_perceiving: bool = True
    is_reachable: bool = True
    enrol_words: str = ""
    shown_every: int = 1
    num_encoded: int = 0

    def __post_init__(self) -> None:
        self.cameras = {name: looking_at_counter(name, eye) for name, eye in EYES.items()}
        self.journal: list[Event] = []
        self.members: dict[str, str] | None = {"987654321000": "gold"}
        self.counter = LaneCounter(self._make_counter)
        self.counter.restore([], 1, self.now_ns)
        self._number = 0
        self._event_number = 0
        self._observed: dict[str, Observations] = {}
        self._encoded: dict[str, CounterPicture] = {}
        self._faces = {name: _face(content) for name, content in self.pictures.items()}
        self._skus = self.catalog.by_id()
        self.step(30)

    # --- the shopper's hands -----------------------------------------------------------------

    def put(
        self,
        sku_id: str,
        x: float,
        y: float,
        *,
        doubt: tuple[str, ...] = (),
        is_strange: bool = False,
        size_cm: tuple[float, float, float] = (9.0, 9.0, 6.0),
    ) -> int:
        """Lay one thing down; `doubt` names the SKUs it may as well be."""
        self._number += 1
        width, depth, height = size_cm
        solid = Solid(sku_id, x, y, width, depth, height)
        scores = _scores(sku_id, doubt, is_strange)
        placed = Placed(solid, scores, self.now_ns + STEP_NS)
        self.placed = {**self.placed, self._number: placed}  # a server's thread may be reading
        return self._number

    def take(self, number: int) -> None:
        """Lift it away."""
        self.placed = {other: placed for other, placed in self.placed.items() if other != number}

    def step(self, count: int = 1) -> None:
        """Let `count` frames go by in every camera."""
        for _ in range(count):
            self.now_ns += STEP_NS
            for name in self.cameras:
                if name not in self.lost:
                    self._observe(name)
                self.counter.on_camera_state(self._camera_state(name), self.now_ns)
            self._apply(self.counter.tick(self.now_ns, self._now_utc()))
        self.changes.notify()

    async def run(self) -> None:
        """Step at the cameras' pace until cancelled; the page hears of every `shown_every`-th."""
        while True:
            self.step(self.shown_every)
            await asyncio.sleep(self.shown_every * STEP_NS / 1e9)

    # --- LiveFeed ----------------------------------------------------------------------------

    def lanes(self) -> tuple[Lane, ...]:
        return (Lane(LANE, tuple(self.cameras), self.terminal),)

    def snapshot(self, lane_id: str) -> BasketSnapshot | None:
        return self.counter.practice_snapshot(self.now_ns) or self.counter.snapshot(self.now_ns)

    async def past_sales(self, lane_id: str) -> tuple[PastSale, ...]:
        paid = [e.basket_id for e in self.journal if isinstance(e.body, Paid)]
        found = [past_sale(self._events_of(basket_id), lane_id) for basket_id in reversed(paid)]
        return tuple(sale for sale in found if sale)

    async def past_sale(self, basket_id: str) -> PastSale | None:
        return past_sale(self._events_of(basket_id), LANE)

    async def day_totals(self, lane_id: str, days_ago: int) -> DayTotals:
        day = self._now_utc().date() - timedelta(days=days_ago)
        baskets = {e.basket_id: self._events_of(e.basket_id) for e in self.journal}
        until = (day + timedelta(days=1)).isoformat()
        return day_totals(baskets, lane_id, day.isoformat(), day.isoformat(), until)

    async def find_member(self, number: str) -> MemberStanding:
        if self.members is None:
            return MemberStanding.AWAY
        return MemberStanding.KNOWN if number in self.members else MemberStanding.UNKNOWN

    def newest_sequence(self, lane_id: str, camera_id: str) -> int:
        kept = self._observed.get(camera_id)
        return kept.sequence if kept else -1

    def picture(self, lane_id: str, camera_id: str) -> CounterPicture | None:
        kept = self._observed.get(camera_id)
        if kept is None:
            return None
        cached = self._encoded.get(camera_id)
        if cached is None or cached.sequence != kept.sequence:
            self.num_encoded += 1
            cached = encode_counter_picture(
                self.draw(camera_id),
                camera_id,
                kept.sequence,
                kept.captured_at_ns,
                kept.tracks,
                REGION,
            )
            self._encoded[camera_id] = cached
        return cached

    def status(self, lane_id: str) -> BoxStatus:
        views = tuple(
            CameraView(name, "lost" if name in self.lost else "live") for name in self.cameras
        )
        words = self.enrol_words
        return BoxStatus(views, self.notices, (), "in memory", len(self._skus), words)

    async def send_command(self, command: Command) -> CommandReply:
        if not self.is_reachable:
            raise LaneUnreachableError("no answer", hint="try again")
        reply, events = self.counter.on_command(
            command, self.now_ns, self._now_utc(), self._events_of
        )
        self._apply(events)
        self.changes.notify()
        return reply

    def search(self, lane_id: str, query: str, language: str, limit: int) -> tuple[Product, ...]:
        wanted = query.casefold()
        found = [
            sku.sku_id
            for sku in self.catalog.skus
            if wanted in sku.name(language).casefold() or wanted in sku.gtin
        ]
        products = (self.product(lane_id, sku_id) for sku_id in found)
        return tuple(product for product in products if product)[:limit]

    def product(self, lane_id: str, sku_id: str) -> Product | None:
        sku = self._skus.get(sku_id)
        price = self.prices.at(self._now_utc()).get(sku_id)
        if sku is None or price is None:
            return None
        twins = tuple(
            other.sku_id
            for other in self.catalog.skus
            if sku.family and other.family == sku.family and other.sku_id != sku_id
        )
        return Product(
            sku_id=sku_id,
            names=sku.names,
            unit_amount_minor=price.amount_minor,
            gtin=sku.gtin,
            unit=sku.unit,
            picture=sku.picture or "",
            category=sku.category_path[0] if sku.category_path else "",
            allergens=sku.allergens,
            age_limit=sku.age_limit or 0,
            deposit_minor=sku.deposit_minor,
            twins=twins,
        )

    def product_picture(self, lane_id: str, name: str) -> Picture | None:
        content = self.pictures.get(name)
        return Picture(content, "image/jpeg", f'"{len(content)}"') if content else None

    def item_crop(self, lane_id: str, item_id: str) -> Picture | None:
        shot = self.snapshot(lane_id)
        for item in shot.items if shot else ():
            tracks = dict(item.tracks)
            if item.item_id == item_id and tracks.get("top") in self.placed:
                solid = self.placed[tracks["top"]].solid
                return encode_item_crop(self.draw("top"), self._box("top", solid))
        return None

    # --- the counter, drawn ------------------------------------------------------------------

    def draw(self, camera_id: str) -> NDArray[np.uint8]:
        """The counter as this camera sees it: boxes of one colour with their label on top."""
        width, height = SIZE
        shade = np.linspace(1.04, 0.9, height)[:, None, None]
        canvas = np.clip(np.full((height, width, 3), COUNTER_BGR) * shade, 0, 255).astype(np.uint8)
        eye = self.cameras[camera_id].position
        far_first = sorted(
            self.placed.values(),
            key=lambda p: -math.dist((p.solid.x, p.solid.y, p.solid.height), eye),
        )
        for placed in far_first:
            self._draw_solid(canvas, camera_id, placed.solid)
        return canvas

    def _draw_solid(self, canvas: NDArray[np.uint8], camera_id: str, solid: Solid) -> None:
        points = self.cameras[camera_id].project(solid.points())
        face = self._faces.get(self._picture_of(solid.sku_id))
        tint = (120, 150, 190) if face is None else tuple(int(v) for v in face.mean((0, 1)) * 0.8)
        hull = cv2.convexHull(points.astype(np.int32))
        ground = points[: len(points) // 2].astype(np.int32) + (10, 14)
        _shade(canvas, cv2.convexHull(ground))
        cv2.fillConvexPoly(canvas, hull, tint, cv2.LINE_AA)
        if face is None:
            return
        top = points[len(points) // 2 :].astype(np.float32)
        side = face.shape[0]
        corners = np.array([(side, 0), (0, 0), (0, side), (side, side)], np.float32)
        matrix = cv2.getPerspectiveTransform(corners, top)
        warped = cv2.warpPerspective(face, matrix, SIZE, flags=cv2.INTER_AREA)
        mask = np.zeros(canvas.shape[:2], np.uint8)
        cv2.fillConvexPoly(mask, top.astype(np.int32), 255)
        canvas[mask > 0] = warped[mask > 0]

    # --- inside ------------------------------------------------------------------------------

    def _observe(self, camera_id: str) -> None:
        status = ObservationStatus.SEEN if self.is_perceiving else ObservationStatus.DETECTOR_FAILED
        tracks = tuple(
            TrackObservation(
                number,
                self._box(camera_id, placed.solid),
                0.9,
                True,
                placed.rested_at_ns,
                placed.scores,
            )
            for number, placed in list(self.placed.items())
        )
        sequence = self.newest_sequence(LANE, camera_id) + 1
        message = Observations(
            LANE,
            camera_id,
            sequence,
            self.now_ns,
            status,
            "bundle-in-memory",
            tracks if self.is_perceiving else (),
        )
        self._observed[camera_id] = message
        self._apply(self.counter.on_observations(message, self.now_ns, self._now_utc()))

    def _apply(self, drafts: list[Event]) -> None:
        self.journal += drafts
        self.counter.apply(drafts, self.now_ns)

    def _events_of(self, basket_id: str) -> list[Event]:
        return [event for event in self.journal if event.basket_id == basket_id]

    def _make_counter(self, box_id: str) -> Counter:
        offer = Offer(self.catalog, self.prices, PARAMETERS, "bundle-in-memory")
        return Counter(LANE, box_id or "box", offer, dict(self.cameras), self.settings)

    def _box(self, camera_id: str, solid: Solid) -> tuple[float, float, float, float]:
        points = self.cameras[camera_id].project(solid.points())
        (x1, y1), (x2, y2) = points.min(0), points.max(0)
        return float(x1), float(y1), float(x2), float(y2)

    def _camera_state(self, camera_id: str) -> CameraState:
        state = "lost" if camera_id in self.lost else "live"
        words = self.conditions if camera_id == "top" else ()
        return CameraState(LANE, camera_id, state, self.now_ns, conditions=words)

    def _picture_of(self, sku_id: str) -> str:
        sku = self._skus.get(sku_id)
        return sku.picture or "" if sku else ""

    def _now_utc(self) -> datetime:
        return START + timedelta(microseconds=self.now_ns // 1000)


def _scores(sku_id: str, doubt: tuple[str, ...], is_strange: bool) -> SkuScoresMessage:
    """Sure of one SKU, torn between several, or sure that it is none."""
    if is_strange:
        return SkuScoresMessage((sku_id,), (-3.0,), -3.2, 0.1, 1)
    names = (sku_id, *doubt) if doubt else (sku_id,)
    shares = np.array([1.0, *(0.8 - 0.05 * i for i in range(len(doubt)))])
    logs = np.log(shares / shares.sum())
    return SkuScoresMessage(names, tuple(float(v) for v in logs), -20.0, 0.9, 1)


def _shade(canvas: NDArray[np.uint8], hull: NDArray[np.int32]) -> None:
    """A soft shadow on the counter; what stands there already stays sharp."""
    mask = np.zeros(canvas.shape[:2], np.uint8)
    cv2.fillConvexPoly(mask, hull, 255)
    x, y, width, height = cv2.boundingRect(hull)
    top, left = max(0, y - 20), max(0, x - 20)
    part = np.s_[top : y + height + 20, left : x + width + 20]
    share = cv2.GaussianBlur(mask[part], (0, 0), 6)[:, :, None] / 255 * 0.45
    canvas[part] = (canvas[part] * (1 - share) + np.array(SHADOW_BGR) * share).astype(np.uint8)


def _face(content: bytes) -> NDArray[np.uint8]:
    picture = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
    height, width = picture.shape[:2]
    side = int(min(height, width) * 0.62)  # the middle of the label, without the white round it
    y, x = (height - side) // 2, (width - side) // 2
    return np.asarray(cv2.resize(picture[y : y + side, x : x + side], (160, 160)), np.uint8)
