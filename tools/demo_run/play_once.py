"""tools/demo --once: every clip through the real processes, each basket beside its truth.

Flow: clip -> box -> final BasketSnapshot -> verdict

A basket counts as right when its lines are the truth to the piece and no question is open.
"""

import time
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from edge.messages.basket_messages import BasketSnapshot
from tools.demo_run.clip_folder import ClipFolder
from tools.demo_run.demo_box import LANE_ID, DemoBox, running_box, wait_until_ready
from tools.demo_run.line_times import LineTimes, LineWatch

POLL_S = 0.4
TAKE_S = 0.01  # what waits is taken at once
SETTLE_S = 2.0  # after the last frame: late evidence, open questions
LIMIT_S = 60.0  # for a clip of a few seconds on a slow machine


@dataclass(frozen=True)
class Played:
    """What one clip came to.

    Attributes:
        truth_to_line_ms: from the truth's frame of rest to the line, per put; None without one.
        rest_to_line_ms: from the box's own frame of rest to the journal's fsync, per line.
    """

    clip: str
    basket: dict[str, int]
    truth: dict[str, int]
    num_asks: int
    is_right: bool
    total: str
    truth_to_line_ms: list[float | None]
    rest_to_line_ms: list[float]
    frame_p95_ms: float
    seconds: float


def play_all(clips: list[ClipFolder], root: Path, console: Console) -> list[Played]:
    """Play the clips one after the other, each in a fresh box."""
    played = []
    for number, clip in enumerate(clips, start=1):
        console.print(f"[{number}/{len(clips)}] {clip.title} ({clip.duration_s:.0f} s) ...")
        with running_box(root, clip, is_looped=False) as box:
            played.append(_play(box, clip))
    return played


def as_table(played: list[Played]) -> Table:
    """Each basket beside its truth."""
    table = Table(title="Baskets", title_justify="left")
    columns = ("clip", "basket", "truth", "", "total", "truth's rest to line (ms)")
    for column in (*columns, "box's own rest to line (ms)", "frame p95 (ms)"):
        table.add_column(column)
    for one in played:
        own = ", ".join(f"{t:.0f}" for t in one.rest_to_line_ms)
        times = ", ".join("none" if t is None else f"{t:.0f}" for t in one.truth_to_line_ms)
        table.add_row(
            one.clip,
            _words(one.basket) + (f" (+{one.num_asks} questions)" if one.num_asks else ""),
            _words(one.truth),
            "[green]right[/green]" if one.is_right else "[red]WRONG[/red]",
            one.total,
            times,
            own,
            f"{one.frame_p95_ms:.0f}",
        )
    return table


def as_json(played: list[Played]) -> list[dict[str, object]]:
    """The same for machines."""
    return [asdict(one) for one in played]


def in_words(played: list[Played]) -> str:
    """Rest to line over every line of every clip, from the truth's rest and from the box's own."""
    times = [t for one in played for t in one.truth_to_line_ms]
    heard = [t for t in times if t is not None]
    own = [t for one in played for t in one.rest_to_line_ms]
    missing = f", {len(times) - len(heard)} without a line" if len(heard) < len(times) else ""
    return (
        f"rest -> line from the truth's frame of rest p50 {_share(heard, 0.5):.0f} ms, "
        f"p95 {_share(heard, 0.95):.0f} ms ({len(heard)} puts{missing}); "
        f"from the box's own p50 {_share(own, 0.5):.0f} ms, p95 {_share(own, 0.95):.0f} ms"
    )


def _play(box: DemoBox, clip: ClipFolder) -> Played:
    watch = LineWatch(box.config, LANE_ID)
    try:
        return _watched(box, clip, watch)
    finally:
        watch.close()


def _watched(box: DemoBox, clip: ClipFolder, watch: LineWatch) -> Played:
    started = time.monotonic()
    wait_until_ready(box)
    snapshot: BasketSnapshot | None = None
    frame_p95 = 0.0
    ended_at: float | None = None
    while time.monotonic() - started < clip.duration_s + LIMIT_S:
        watch.listen(POLL_S)
        view = box.look(TAKE_S)
        snapshot = view.baskets.get(LANE_ID) or snapshot
        if view.perception is not None:
            frame_p95 = view.perception.latency_p95_ms
        is_over = view.cameras and all(c.state == "ended" for c in view.cameras.values())
        if is_over and ended_at is None:
            ended_at = time.monotonic()
        if ended_at is not None and time.monotonic() - ended_at > SETTLE_S:
            break
    return _judge(clip, snapshot, watch.times, frame_p95, time.monotonic() - started)


def _judge(
    clip: ClipFolder,
    snapshot: BasketSnapshot | None,
    times: LineTimes,
    frame_p95: float,
    seconds: float,
) -> Played:
    basket: Counter[str] = Counter()
    for line in snapshot.lines if snapshot else ():
        basket[line.sku_id] += line.quantity
    num_asks = len(snapshot.asks) if snapshot else 0
    return Played(
        clip=clip.name,
        basket=dict(basket),
        truth=clip.truth,
        num_asks=num_asks,
        is_right=basket == Counter(clip.truth) and num_asks == 0,
        total=_money(snapshot) if snapshot else "-",
        truth_to_line_ms=times.since_rest_ms(list(clip.puts)),
        rest_to_line_ms=times.own_ms,
        frame_p95_ms=frame_p95,
        seconds=seconds,
    )


def _money(snapshot: BasketSnapshot) -> str:
    unit = 10**snapshot.exponent
    whole, part = divmod(snapshot.total_minor, unit)
    digits = f".{part:0{snapshot.exponent}d}" if snapshot.exponent else ""
    return f"{whole}{digits} {snapshot.currency}"


def _share(times: list[float], share: float) -> float:
    ordered = sorted(times)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


def _words(counts: dict[str, int]) -> str:
    return ", ".join(f"{n} {sku}" for sku, n in sorted(counts.items())) or "empty"
