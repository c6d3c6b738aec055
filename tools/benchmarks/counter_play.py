"""Frames through the box's own stages with one perception process, and the basket they end in.

Flow: frames in order of time -> Pipeline (one per camera) -> Counter -> journal's disk -> Played

Time is the clip's own. One process looks at the frames of all cameras, one after the other, as on a
box: a frame waits until the one before is done, and is left out where its camera has a newer one by
then. Every event goes through the real journal and its
fsync. What a peer would do at the same frames is counted beside it.
"""

import tempfile
import time
from collections import Counter as Counts
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from cameras.frame import Frame
from edge.basket.basket_events import Event, LineAdded
from edge.basket.counter import Counter, Offer
from edge.basket.counter_map import CounterMap
from edge.basket.journal import Journal, open_journal
from edge.messages.perception_messages import Observations
from edge.perception.models import Models
from edge.perception.pipeline import Pipeline
from edge.perception.pipeline_settings import PipelineSettings
from sync.bundle import Bundle
from sync.catalog import load_catalog
from sync.price_list import load_price_list

NS_PER_MS = 1_000_000
SETTLE_MS, TICK_MS = 1_500, 100
LANE = "lane-1"


@dataclass
class Basket:
    """What a counter ends with.

    Attributes:
        asks: SKUs on the buttons of every open question about what an item is, best first.
        weighed: goods sold by weight that were recognised; without a scale the weight stays open.
    """

    lines: Counts[str] = field(default_factory=Counts)
    asks: list[tuple[str, ...]] = field(default_factory=list)
    weighed: Counts[str] = field(default_factory=Counts)

    def recognised(self) -> Counts[str]:
        """All goods named without asking what they are."""
        return self.lines + self.weighed

    def is_same(self, other: "Basket") -> bool:
        """Same lines, and questions with the same first buttons."""
        mine, theirs = (Counts(a[0] if a else "" for a in b.asks) for b in (self, other))
        return (self.lines, self.weighed, mine) == (other.lines, other.weighed, theirs)

    def words(self) -> str:
        """For a person."""
        lines = ", ".join(f"{n} {sku}" for sku, n in sorted(self.lines.items()))
        return f"{lines or 'no lines'}; {len(self.asks)} questions"


class CounterSide:
    """The counter of one lane, its journal on disk when a folder is given."""

    def __init__(
        self, offer: Offer, maps: Mapping[str, CounterMap | None], folder: Path | None = None
    ) -> None:
        self._counter = Counter(LANE, "bench", offer, maps)
        self._journal: Journal | None = None
        if folder is not None:
            self._journal = open_journal(folder / "journal.sqlite", "bench")
        epoch = self._journal.epoch if self._journal else 1
        self._counter.restore([], epoch=epoch, now_ns=0)
        self._utc = datetime.now(UTC)
        self.now_ns = 0
        self.latencies_ms: list[float] = []
        self.added: list[tuple[int, str]] = []

    def take(self, observed: Observations, now_ns: int) -> None:
        """One camera's claim, ready at `now_ns`."""
        self.now_ns = max(self.now_ns, now_ns)
        started = time.perf_counter_ns()
        events = self._counter.on_observations(observed, self.now_ns, self._utc)
        self._commit(events, started)
        started = time.perf_counter_ns()
        self._commit(self._counter.tick(self.now_ns, self._utc), started)

    def finish(self) -> Basket:
        """Let late questions be asked; the basket as it then stands."""
        for _ in range(SETTLE_MS // TICK_MS):
            self.now_ns += TICK_MS * NS_PER_MS
            self._commit(self._counter.tick(self.now_ns, self._utc), time.perf_counter_ns())
        snapshot = self._counter.snapshot(self.now_ns)
        basket = Basket()
        for line in snapshot.lines:
            basket.lines[line.sku_id] += line.quantity
        for ask in snapshot.asks:
            skus = tuple(o.sku_id for o in ask.options)
            if ask.kind == "weigh":
                basket.weighed.update(skus)
            else:
                basket.asks.append(skus)
        if self._journal is not None:
            self._journal.close()
        return basket

    def _commit(self, events: list[Event], started: int) -> None:
        if not events:
            return
        written = self._journal.append(events) if self._journal is not None else events
        done_ns = self.now_ns + time.perf_counter_ns() - started
        self._counter.apply(written, committed_at_ns=done_ns)
        self.latencies_ms += self._counter.take_latencies_ms()
        bodies = (event.body for event in events)
        self.added += [(done_ns, b.terms.sku_id) for b in bodies if isinstance(b, LineAdded)]


class FrameVote:
    """The peer of rest to line: an item becomes a line once 15 frames have voted on it.

    It gets every frame in the moment of its capture and the same resting boxes; what it needs to
    compute counts as nothing.
    """

    def __init__(self, num_frames: int = 15) -> None:
        self._num_frames = num_frames
        self._captures_ns: dict[str, list[int]] = {}
        self._decided: set[tuple[str, int, int]] = set()
        self.latencies_ms: list[float] = []

    def capture(self, camera_id: str, at_ns: int) -> None:
        """A frame was taken, whether the box looked at it or not."""
        self._captures_ns.setdefault(camera_id, []).append(at_ns)

    def take(self, observed: Observations) -> None:
        """One camera's claim; an item counts once per camera that sees it rest long enough."""
        for track in observed.tracks:
            since_ns = track.resting_since_ns
            key = (observed.camera_id, track.track_id, since_ns)
            if not track.is_resting or key in self._decided:
                continue
            votes = [t for t in self._captures_ns[observed.camera_id] if t >= since_ns]
            if len(votes) >= self._num_frames:
                self._decided.add(key)
                self.latencies_ms.append((votes[self._num_frames - 1] - since_ns) / NS_PER_MS)


@dataclass
class Played:
    """One recording played.

    Attributes:
        rest_to_line_ms: per line, from the first frame that the box takes for resting to the
            journal's fsync.
        start_ns: the moment of the clip's first picture; None where frames tell no clip time.
        added: moment of the fsync and SKU of every piece that became a line.
        vote_ms: the same for the vote over 15 frames, per item and camera.
        frame_ms: computing time per frame that was looked at.
        num_skipped: frames that had a newer one behind them when the box came to them.
    """

    basket: Basket
    rest_to_line_ms: list[float]
    vote_ms: list[float]
    frame_ms: list[float]
    num_skipped: int = 0
    start_ns: int | None = None
    added: list[tuple[int, str]] = field(default_factory=list)


def offer_of(bundle: Bundle, models: Models) -> Offer:
    """What a bundle sells."""
    return Offer(
        load_catalog(bundle.file("catalog")),
        load_price_list(bundle.file("prices")),
        models.parameters,
        bundle.bundle_id,
    )


def play(
    frames: Iterable[Frame],
    models: Models,
    offer: Offer,
    maps: Mapping[str, CounterMap | None],
    *,
    with_delay: bool = True,
) -> Played:
    """Play a recording as one box would.

    Args:
        with_delay: False lets computing take no time, so that an accuracy does not depend on how
            busy the machine is.
    """
    pipelines = {
        name: Pipeline(models, PipelineSettings(), lane_id=LANE, camera_id=name) for name in maps
    }
    vote = FrameVote()
    frame_ms: list[float] = []
    before: dict[str, int] = {}
    free_ns = num_skipped = 0
    start_ns: int | None = None
    with tempfile.TemporaryDirectory() as folder:
        counter = CounterSide(offer, maps, Path(folder))
        for frame in frames:
            at_ns = frame.captured_at_ns
            if start_ns is None and frame.clip_time_ns is not None:
                start_ns = at_ns - frame.clip_time_ns
            vote.capture(frame.camera_id, at_ns)
            period_ns = at_ns - before.get(frame.camera_id, at_ns)
            before[frame.camera_id] = at_ns
            if 0 < period_ns <= free_ns - at_ns:
                num_skipped += 1
                continue
            started = time.perf_counter_ns()
            observed = pipelines[frame.camera_id].observe(
                frame.pixels, sequence=frame.sequence, captured_at_ns=at_ns
            )
            took_ns = time.perf_counter_ns() - started
            free_ns = max(free_ns, at_ns) + (took_ns if with_delay else 0)
            frame_ms.append(took_ns / NS_PER_MS)
            counter.take(observed, free_ns)
            vote.take(observed)
        basket = counter.finish()
    return Played(
        basket, counter.latencies_ms, vote.latencies_ms, frame_ms, num_skipped, start_ns,
        counter.added,
    )  # fmt: skip
