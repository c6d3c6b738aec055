"""tools/demo: a counter that plays for ever, with the kiosk's address and a live status line."""

import time
import webbrowser
from pathlib import Path

from rich.console import Console
from rich.live import Live
from rich.table import Table

from edge.edgectl.status import verdict_line, verdict_of
from tools.demo_run.clip_folder import ClipFolder
from tools.demo_run.demo_box import DEMO_PIN, LANE_ID, DemoBox, running_box, wait_until_ready


def play_live(
    clip: ClipFolder, root: Path, console: Console, *, seconds: float, open_browser: bool
) -> int:
    """Run until Ctrl-C, or for `seconds` where that is above 0; the exit code."""
    with running_box(root, clip, is_looped=True) as box:
        console.print(f"starting the box on clip '{clip.title}', its log: {box.log_path}")
        wait_until_ready(box)
        console.print(f"\n  kiosk page:  [bold]{box.kiosk_url}[/bold]")
        console.print(f"  status:      edgectl status --config {box.config_path}")
        console.print(f"  staff PIN:   {DEMO_PIN}")
        console.print("  stop:        Ctrl-C\n")
        if open_browser:
            webbrowser.open(box.kiosk_url)
        _watch(box, console, seconds)
    return 0


def _watch(box: DemoBox, console: Console, seconds: float) -> None:
    deadline = time.monotonic() + seconds if seconds > 0 else None
    try:
        with Live(console=console, refresh_per_second=2) as live:
            while deadline is None or time.monotonic() < deadline:
                live.update(_status(box))
    except KeyboardInterrupt:
        console.print("stopping")


def _status(box: DemoBox) -> Table:
    view = box.look(1.5)
    table = Table(show_header=False)
    cameras = ", ".join(
        f"{name[1]} {state.fps:.0f} fps" for name, state in sorted(view.cameras.items())
    )
    table.add_row("cameras", cameras or "-")
    if view.perception:
        p50, p95 = view.perception.latency_p50_ms, view.perception.latency_p95_ms
        table.add_row("frame latency", f"p50 {p50:.0f} ms, p95 {p95:.0f} ms")
    basket = view.baskets.get(LANE_ID)
    if basket:
        lines = ", ".join(f"{line.quantity} {line.name}" for line in basket.lines)
        table.add_row("basket", lines or "nothing on the counter")
    table.add_row("verdict", verdict_line(verdict_of(view, box.config, 10_000.0)))
    return table
