"""Keeps the pictures of one lane's basket for a candidate, and what the active model made of it.

Flow: Observations + FrameRing -> FrameSpool -> SpooledFrame; BasketSnapshot -> ActiveBasket

Exactly the frames that perception looked at, cut to the counter region. One that perception passed
over unchanged, with everything at rest, repeats the camera's last picture instead of costing room.
A basket of which one frame is missing is given up with its reason: only equal sets are compared.
"""

from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from edge.bundles.comparison import ActiveBasket
from edge.bundles.frame_spool import FrameSpool
from edge.messages.basket_messages import BasketLine, BasketSnapshot, ItemState, LineOrigin, Phase
from edge.messages.perception_messages import Observations, ObservationStatus
from edge.messages.shadow_messages import SpooledFrame
from edge.perception.counter_region import CounterRegion

Picture = NDArray[np.uint8]
ReadFrame = Callable[[str, int], Picture | None]
"""(camera id, sequence) -> a copy of the frame; None if it is gone."""

PRE_ROLL_NS = 3_000_000_000  # of the empty counter: a pipeline learns it before the goods come
MAX_REPEATS = 30  # 2 s; light changes slowly, and a picture older than this shows another light
LEAST_EMPTY_FRAMES = 2  # per camera, or the candidate cannot know what the counter looks like


@dataclass(slots=True)
class Recorded:
    """One basket on its way to the candidate.

    Attributes:
        frames: (tray, frame), not sent yet, oldest first.
        problem: stable code why it cannot be compared; empty while it can.
        active: what came of it; None until it is over.
        ends: camera id -> places of its first (empty counter) and its last picture.
        last_seen: camera id -> the active model's newest claim.
        looked: pictures that the candidate has looked at and that are still kept.
    """

    lane_id: str
    basket_id: str
    opened_utc: str
    frames: deque[tuple[int, SpooledFrame]] = field(default_factory=deque)
    problem: str = ""
    active: ActiveBasket | None = None
    num_frames: int = 0
    ends: dict[str, list[SpooledFrame]] = field(default_factory=dict)
    last_seen: dict[str, Observations] = field(default_factory=dict)
    looked: list[SpooledFrame] = field(default_factory=list)

    @property
    def is_over(self) -> bool:
        """Nothing will be added."""
        return self.active is not None or bool(self.problem)


class LaneRecorder:
    """What one lane's cameras and basket say, put together."""

    def __init__(
        self,
        lane_id: str,
        regions: Mapping[str, tuple[tuple[int, int], ...]],
        spool: FrameSpool,
        read_frame: ReadFrame,
    ) -> None:
        """Listen to a lane.

        Args:
            regions: camera id -> polygon of the counter; empty means the whole picture.
        """
        self._lane_id = lane_id
        self._regions = dict(regions)
        self._spool = spool
        self._read_frame = read_frame
        self._before: deque[SpooledFrame] = deque()
        self._stored: dict[str, SpooledFrame] = {}
        self._repeats: dict[str, int] = {}
        self._open: Recorded | None = None
        self._claims = BasketClaims()
        self._ended_id: str | None = None  # None until the lane has spoken
        self._is_clear = False

    def on_observations(self, seen: Observations) -> None:
        """The active model has looked at a frame."""
        if seen.camera_id not in self._regions:
            return
        is_lost = self._open is not None and bool(self._open.problem)
        if self._open is not None and is_lost:
            self._open.num_frames += 1  # it lowers the coverage
        if is_lost or (self._open is None and not self._is_clear):
            return
        frame = self._spooled(seen)
        if frame is None:
            self._give_up()
        elif self._open is not None:
            self._add(self._open, frame)
            self._open.last_seen[seen.camera_id] = seen
        else:
            self._before.append(frame)
            self._trim(seen.captured_at_ns)

    def on_basket(self, snapshot: BasketSnapshot, utc: str) -> Recorded | None:
        """How the basket stands; a basket that has just begun is handed out once.

        Args:
            utc: the wall clock, RFC 3339.
        """
        if self._ended_id is None:
            self._ended_id = snapshot.basket_id  # its beginning was not seen
        if self._open is not None and snapshot.basket_id != self._open.basket_id:
            self._end(self._open, "cancelled")
        begun = None
        is_new = snapshot.basket_id not in ("", self._ended_id)
        if self._open is None and is_new and snapshot.phase is Phase.SHOPPING:
            begun = self._begin(snapshot, utc)
        if self._open is not None:
            self._follow(self._open, snapshot)
        else:
            self._watch_counter(snapshot)
        return begun

    def _watch_counter(self, snapshot: BasketSnapshot) -> None:
        """The counter may be empty while the last shopper is still thanked."""
        is_between = not snapshot.basket_id or snapshot.phase is Phase.PAID
        has_goods = any(item.state is not ItemState.CHECKING for item in snapshot.items)
        if has_goods or not is_between:
            self.forget_pre_roll()
        elif not snapshot.items:
            self._is_clear = True

    def forget_pre_roll(self) -> None:
        """Goods lie there that belong to nobody's next basket."""
        self._is_clear = False
        for frame in self._before:
            self._release(frame)
        self._before.clear()
        self._stored.clear()

    def _begin(self, snapshot: BasketSnapshot, utc: str) -> Recorded:
        self._claims = BasketClaims()
        self._open = Recorded(self._lane_id, snapshot.basket_id, utc)
        per_camera = dict.fromkeys(self._regions, 0)
        for frame in self._before:
            self._add(self._open, frame)
            per_camera[frame.camera_id] += 1
        self._before.clear()
        if min(per_camera.values()) < LEAST_EMPTY_FRAMES:
            self._open.problem = "no_empty_counter"
        return self._open

    def _follow(self, basket: Recorded, snapshot: BasketSnapshot) -> None:
        if snapshot.phase is Phase.SUSPENDED:
            self._end(basket, "suspended")
        else:
            self._claims.note(snapshot)
            if snapshot.phase in (Phase.PAYING, Phase.PAID):
                basket.active = self._claims.as_active()
                self._end(basket, "")

    def _end(self, basket: Recorded, problem: str) -> None:
        basket.problem = basket.problem or problem
        if basket.problem and basket.active is None:
            basket.active = self._claims.as_active()
        self._ended_id, self._open = basket.basket_id, None
        self._is_clear = False
        self._stored.clear()

    def _give_up(self) -> None:
        if self._open is None:
            self.forget_pre_roll()
        else:
            self._open.problem = "frames_missing"

    def _add(self, basket: Recorded, frame: SpooledFrame) -> None:
        basket.frames.append((self._claims.tray, frame))
        basket.num_frames += 1
        if frame.length:
            ends = basket.ends.setdefault(frame.camera_id, [frame, frame])
            ends[1] = frame

    def _spooled(self, seen: Observations) -> SpooledFrame | None:
        """The frame as it goes to the candidate; None if it is gone or there is no room."""
        camera_id = seen.camera_id
        last = self._stored.get(camera_id)
        has_items = any(t.is_resting and not t.is_occluded for t in seen.tracks)
        facts = (camera_id, seen.sequence, seen.captured_at_ns, seen.latency_ms)
        if last is not None and self._may_repeat(seen):
            self._repeats[camera_id] += 1
            return SpooledFrame(*facts, has_items=has_items)
        pixels = self._read_frame(camera_id, seen.sequence)
        if pixels is None:
            return None
        height, width = pixels.shape[:2]
        region = CounterRegion(self._regions[camera_id], width, height)
        place = self._spool.put(region.cut(pixels))
        if place is None:
            return None
        frame = SpooledFrame(*facts, *place, region.left, region.top, width, height, has_items)
        self._stored[camera_id], self._repeats[camera_id] = frame, 0
        return frame

    def _may_repeat(self, seen: Observations) -> bool:
        is_moving = seen.is_hand_present or any(
            not t.is_resting and not t.is_occluded for t in seen.tracks
        )
        is_same = seen.status is ObservationStatus.UNCHANGED and not is_moving
        return is_same and self._repeats[seen.camera_id] < MAX_REPEATS

    def _trim(self, now_ns: int) -> None:
        """Keep the last seconds, and of every camera a picture that later repeats rest on."""
        while self._before and now_ns - self._before[0].captured_at_ns > PRE_ROLL_NS:
            frame = self._before.popleft()
            self._release(frame)
            follower = next((f for f in self._before if f.camera_id == frame.camera_id), None)
            if frame.length and (follower is None or not follower.length):
                self._drop_repeats(frame.camera_id)

    def _drop_repeats(self, camera_id: str) -> None:
        """Their picture is gone: leave them out up to the camera's next one."""
        kept: deque[SpooledFrame] = deque()
        has_picture = False
        for frame in self._before:
            has_picture |= frame.camera_id == camera_id and frame.length > 0
            if frame.camera_id != camera_id or has_picture:
                kept.append(frame)
        self._before = kept
        if not has_picture:
            self._stored.pop(camera_id, None)

    def _release(self, frame: SpooledFrame) -> None:
        if frame.length:
            self._spool.release(frame.offset)


class BasketClaims:
    """What vision claimed in a basket, what people said, and what was paid; from its snapshots."""

    def __init__(self) -> None:
        self.tray = 1
        self._vision: dict[str, str] = {}
        self._removed: dict[str, str] = {}
        self._left_out: set[str] = set()
        self._prices: dict[str, int] = {}
        self._last: BasketSnapshot | None = None

    def note(self, snapshot: BasketSnapshot) -> None:
        """The basket as it stands."""
        self._last, self.tray = snapshot, snapshot.tray
        states = {item.item_id: item.state for item in snapshot.items}
        on_lines = {item_id for line in snapshot.lines for item_id in line.item_ids}
        for line in snapshot.lines:
            self._prices[line.sku_id] = line.amount_minor // max(1, line.quantity)
            if line.origin is LineOrigin.VISION:
                self._vision.update(dict.fromkeys(line.item_ids, line.sku_id))
        for ask in snapshot.asks:
            self._prices.update({o.sku_id: o.unit_amount_minor for o in ask.options})
        for item_id in set(self._vision) - on_lines:
            if states.get(item_id) is ItemState.IGNORED:
                self._removed[item_id] = self._vision[item_id]
            elif item_id not in states:  # taken away: no claim any more
                self._removed.pop(item_id, None)
                del self._vision[item_id]
        ignored = {i for i, state in states.items() if state is ItemState.IGNORED}
        self._left_out = ignored - set(self._vision)

    def as_active(self) -> ActiveBasket:
        """For the comparison."""
        lines = self._last.lines if self._last is not None else ()
        stated = [line for line in lines if line.origin is not LineOrigin.VISION]
        answered = {i for line in stated for i in line.item_ids} - set(self._vision)
        return ActiveBasket(
            charged=dict(Counter(self._vision.values())),
            paid=_pieces(lines),
            stated=_pieces(stated),
            removed=dict(Counter(self._removed.values())),
            num_asks=len(answered | self._left_out),
            prices=dict(self._prices),
            num_trays=self.tray,
        )


def _pieces(lines: Iterable[BasketLine]) -> dict[str, int]:
    counted: Counter[str] = Counter()
    for line in lines:
        counted[line.sku_id] += line.quantity
    return dict(counted)
