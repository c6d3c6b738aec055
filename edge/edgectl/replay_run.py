"""Recorded pictures of one counter through the box's own pipeline, as fast as they come.

Flow: frames of every camera in order of time -> Pipeline -> Counter -> ReplayedBasket

The very code of the processes, without sockets and without the journal's disk; time is the clip's
own plus what the computation took. What is published as accuracy was measured with this.
"""

import time
from collections import Counter as Counts
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal

from cameras.frame import Frame
from edge.basket.basket_events import (
    AskClosed,
    AskOpened,
    Event,
    ItemCleared,
    LineAdded,
    LineRemoved,
)
from edge.basket.counter import Counter, Offer
from edge.basket.counter_map import CounterMap
from edge.messages.basket_messages import BasketSnapshot
from edge.perception.models import Models
from edge.perception.pipeline import Pipeline
from edge.perception.pipeline_settings import PipelineSettings
from sync.replay_result import ReplayedBasket, ReplayedEvent

NS_PER_MS = 1_000_000
NS_PER_S = 1_000_000_000
SETTLE_MS = 1_500  # questions that wait for evidence are asked by then


@dataclass(frozen=True)
class Setup:
    """What a counter is equipped with.

    Attributes:
        maps: camera id -> calibration, None for a camera that has none.
        settings: camera id -> region and thresholds of its pipeline.
        truth: SKU -> quantity at the end, None where nobody wrote it down.
    """

    models: Models
    offer: Offer
    maps: Mapping[str, CounterMap | None]
    settings: Mapping[str, PipelineSettings] = field(default_factory=dict)
    truth: dict[str, int] | None = None


def replay_basket(name: str, frames: Iterable[Frame], setup: Setup) -> ReplayedBasket:
    """Play a recording and report the basket at its end.

    Args:
        frames: of all cameras, in order of capture.

    Raises:
        ValueError: there are no frames.
    """
    run = _Run(setup)
    for frame in frames:
        run.see(frame)
    if run.num_frames == 0:
        raise ValueError(f"{name} holds no pictures")
    run.settle()
    return run.result(name)


def in_time_order(streams: Mapping[str, Iterator[Frame]]) -> Iterator[Frame]:
    """Frames of several cameras as one stream, oldest first; one picture per camera in memory."""
    waiting = {camera_id: next(stream, None) for camera_id, stream in streams.items()}
    while any(frame is not None for frame in waiting.values()):
        oldest = min(
            (frame for frame in waiting.values() if frame is not None),
            key=lambda frame: frame.captured_at_ns,
        )
        yield oldest
        waiting[oldest.camera_id] = next(streams[oldest.camera_id], None)


class _Run:
    def __init__(self, setup: Setup) -> None:
        self._setup = setup
        self._counter = Counter("lane-1", "replay", setup.offer, setup.maps)
        self._counter.restore([], epoch=1, now_ns=0)
        self._pipelines = {
            camera_id: Pipeline(
                setup.models,
                setup.settings.get(camera_id, PipelineSettings()),
                lane_id="lane-1",
                camera_id=camera_id,
            )
            for camera_id in setup.maps
        }
        self._began = datetime.now(UTC)
        self._now_ns = 0
        self._before: dict[str, int] = {}
        self._period_ns = NS_PER_S // 15
        self._frame_ms: list[float] = []
        self._events: list[ReplayedEvent] = []
        self._latencies_ms: list[float] = []
        self.num_frames = 0

    def see(self, frame: Frame) -> None:
        """One picture of one camera."""
        started = time.perf_counter_ns()
        observed = self._pipelines[frame.camera_id].observe(
            frame.pixels,
            sequence=frame.sequence,
            captured_at_ns=frame.captured_at_ns,
            clip_time_ns=frame.clip_time_ns,
        )
        took_ns = time.perf_counter_ns() - started
        self._frame_ms.append(took_ns / NS_PER_MS)
        self.num_frames += 1
        before = self._before.get(frame.camera_id)
        if before is not None and frame.captured_at_ns > before:
            self._period_ns = frame.captured_at_ns - before
        self._before[frame.camera_id] = frame.captured_at_ns
        self._now_ns = max(self._now_ns, frame.captured_at_ns + took_ns)
        self._commit(self._counter.on_observations(observed, self._now_ns, self._utc()), frame)
        self._commit(self._counter.tick(self._now_ns, self._utc()), frame)

    def settle(self) -> None:
        """Let the questions that wait for more evidence be asked."""
        for _ in range(SETTLE_MS // 100):
            self._now_ns += 100 * NS_PER_MS
            self._commit(self._counter.tick(self._now_ns, self._utc()), None)

    def result(self, name: str) -> ReplayedBasket:
        """The basket as it stands."""
        snapshot = self._counter.snapshot(self._now_ns)
        lines = Counts({line.sku_id: 0 for line in snapshot.lines})
        for line in snapshot.lines:
            lines[line.sku_id] += line.quantity
        # Recognised; a recording has no scale, so the weight stays open.
        lines.update(ask.options[0].sku_id for ask in snapshot.asks if ask.kind == "weigh")
        asked = [ask for ask in snapshot.asks if ask.options and ask.kind != "weigh"]
        guesses = lines + Counts(ask.options[0].sku_id for ask in asked)
        self._frame_ms.sort()
        return ReplayedBasket(
            name=name,
            predicted=dict(lines),
            best_guess=dict(guesses),
            truth=self._setup.truth,
            num_asks=sum(ask.kind == "which" for ask in snapshot.asks),
            num_asks_with_truth=_asks_with_truth(snapshot, self._setup.truth, lines),
            num_unknown=sum(ask.kind == "unknown" for ask in snapshot.asks),
            total_minor=snapshot.total_minor,
            events=tuple(self._events),
            rest_to_line_ms=tuple(self._latencies_ms),
            num_frames=self.num_frames,
            frame_ms_p50=_share(self._frame_ms, 0.5),
            frame_ms_p95=_share(self._frame_ms, 0.95),
        )

    def _commit(self, events: list[Event], frame: Frame | None) -> None:
        if not events:
            return
        self._counter.apply(events, committed_at_ns=self._now_ns)
        self._latencies_ms += self._counter.take_latencies_ms()
        if frame is not None:
            for event in events:
                self._note(event, frame)

    def _note(self, event: Event, frame: Frame) -> None:
        kind, sku_id, happened_ns = _put_or_take(event)
        if kind is None:
            return
        happened_ns = happened_ns or frame.captured_at_ns
        num_frames_ago = max(0, round((frame.captured_at_ns - happened_ns) / self._period_ns))
        clip_ns = frame.clip_time_ns if frame.clip_time_ns is not None else frame.captured_at_ns
        self._events.append(
            ReplayedEvent(
                kind=kind,
                at_s=max(0.0, (clip_ns - (frame.captured_at_ns - happened_ns)) / NS_PER_S),
                frame=max(0, frame.sequence - num_frames_ago),
                sku_id=sku_id,
                told_frame=frame.sequence,
            )
        )

    def _utc(self) -> datetime:
        # Prices in force now; the time of day of a recording is nobody's business.
        return self._began


def _put_or_take(event: Event) -> tuple[Literal["put", "take"] | None, str, int]:
    """What the event says about goods, of which SKU, and when it happened.

    A put when the item came to rest, a take when it was last seen at its place: the basket changes
    later, once that is sure.
    """
    body = event.body
    if isinstance(body, LineAdded) and body.item_id:
        return "put", body.terms.sku_id, body.rested_at_ns
    if isinstance(body, AskOpened):
        return "put", "", body.rested_at_ns
    if isinstance(body, LineRemoved | AskClosed) and body.reason == "taken_away":
        return "take", "", body.last_seen_ns
    if isinstance(body, ItemCleared):
        return "take", "", body.last_seen_ns
    return None, "", 0


def _asks_with_truth(
    snapshot: BasketSnapshot, truth: dict[str, int] | None, lines: Counts[str]
) -> int:
    """How many questions offer an SKU that is still missing from the lines."""
    if truth is None:
        return 0
    missing = Counts(truth)
    missing.subtract(lines)
    count = 0
    for ask in snapshot.asks:
        hit = next((o.sku_id for o in ask.options if missing[o.sku_id] > 0), None)
        if hit is not None:
            missing[hit] -= 1
            count += 1
    return count


def _share(ordered: list[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0
