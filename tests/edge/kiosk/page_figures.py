"""Measures the kiosk page in a real browser: `python -m tests.edge.kiosk.page_figures`.

Weight of every part, first paint, picture to painted outline, healing after a restart, and memory
after 10,000 changes of the basket. The box is in memory, so the figures are the page's and
its server's alone.
"""

import asyncio
import os
import re
import socket
import sys
import time
from typing import Any

from playwright.sync_api import Page, sync_playwright

from edge.kiosk.kiosk_app import STATIC_DIR
from edge.messages.command_messages import AddLine, Command, RemoveLine
from tests.edge.kiosk.kiosk_page import RunningKiosk, small_box
from tests.fakes.chromium import FLAGS, chromium_program
from tests.fakes.in_memory_feed import LANE, InMemoryFeed

NUM_UPDATES = 10_000
WARM_UP = 500
WATCH_S = 20


class BusyBox:
    """Adds and removes lines as fast as one screen is told of them."""

    def __init__(self, feed: InMemoryFeed) -> None:
        self.feed = feed
        self.num_done = 0
        self.target = 0
        self._run = feed.run
        feed.run = self.run  # type: ignore[method-assign]

    async def run(self) -> None:
        cameras = asyncio.create_task(self._run())
        while not cameras.done():
            if self.num_done < self.target:
                await self._update()
            await asyncio.sleep(0.002 if self.num_done < self.target else 0.05)

    async def _update(self) -> None:
        lines = self.feed.counter.snapshot(self.feed.now_ns).lines
        body = AddLine("pasta") if len(lines) < 3 else RemoveLine(lines[-1].line_id)
        await self.feed.send_command(Command(LANE, f"update-{self.num_done}", body))
        self.num_done += 1


def main() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    feed = small_box()
    feed.put("milk", -15, 0)
    feed.put("cola", 15, 0)
    busy = BusyBox(feed)
    kiosk = RunningKiosk(feed, port)
    kiosk.start()
    program = chromium_program()
    say(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    print_weights()
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=program, args=FLAGS)
            page = browser.new_context(viewport={"width": 1920, "height": 1080}).new_page()
            print_first_load(page, kiosk.address)
            print_painting(page, feed)
            print_memory(page, busy)
            print_healing(page, kiosk)
    finally:
        kiosk.stop()
    say(f"load at the end {os.getloadavg()[0]:.1f}")
    return 0


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def print_first_load(page: Page, address: str) -> None:
    sizes: dict[str, int] = {}
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    names: dict[str, str] = {}
    session.on("Network.responseReceived", lambda e: names.update({e["requestId"]: e["type"]}))
    session.on(
        "Network.loadingFinished",
        lambda e: sizes.update({e["requestId"]: int(e["encodedDataLength"])}),
    )
    page.goto(address)
    page.wait_for_selector(".line")
    page.wait_for_timeout(500)
    shell = {k: v for k, v in sizes.items() if names.get(k) in ("Document", "Script", "Stylesheet")}
    say(f"first load: {sum(sizes.values()) / 1000:.0f} kB in {len(sizes)} requests,")
    say(f"  of it the page itself {sum(shell.values()) / 1000:.0f} kB in {len(shell)}")
    say(f"first paint {painted(page)}")
    page.reload()
    page.wait_for_selector(".line")
    page.wait_for_timeout(500)
    say(f"again, from the service worker: {painted(page)}")


def painted(page: Page) -> str:
    """When anything was on the glass, and when the largest part of the basket was."""
    first, largest = page.evaluate(
        """() => new Promise((done) => new PerformanceObserver((list) => done([
             performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? -1,
             list.getEntries().at(-1).startTime,
           ])).observe({ type: 'largest-contentful-paint', buffered: true }))"""
    )
    return f"{first:.0f} ms, largest {largest:.0f} ms"


def print_weights() -> None:
    """What each part weighs on the wire; a shopper loads the first, and one language."""
    parts: dict[str, int] = {}
    for path in sorted((STATIC_DIR / "assets").glob("*.gz")):
        name = re.sub(r"-[\w-]{8}\..*", "", path.name)
        parts[name] = parts.get(name, 0) + path.stat().st_size
    say("gzip, kB: " + ", ".join(f"{name} {size / 1000:.1f}" for name, size in parts.items()))


def print_painting(page: Page, feed: InMemoryFeed) -> None:
    before, started = feed.num_encoded, time.monotonic()
    page.wait_for_timeout(WATCH_S * 1000)
    status = page.evaluate("fetch('/api/status').then((a) => a.json())")
    rate = (feed.num_encoded - before) / (time.monotonic() - started)
    say(
        f"picture with its boxes known -> painted and acknowledged: "
        f"p50 {status['painted_p50_ms']} ms, p95 {status['painted_p95_ms']} ms "
        f"at {rate:.1f} a second"
    )


def print_memory(page: Page, busy: BusyBox) -> None:
    for target in (WARM_UP, NUM_UPDATES // 2, NUM_UPDATES):
        busy.target = target
        while busy.num_done < busy.target:
            page.wait_for_timeout(200)
        say(f"heap after {target} changes of the basket: {_heap_mb(page):.1f} MB")


def print_healing(page: Page, kiosk: RunningKiosk) -> None:
    kiosk.stop()
    page.wait_for_selector("[data-notice=reconnecting]")
    page.wait_for_timeout(3_000)
    kiosk.start()
    started = time.monotonic()
    page.wait_for_selector("[data-notice=reconnecting]", state="detached")
    say(f"server back -> page live again: {time.monotonic() - started:.1f} s, no reload")


def _heap_mb(page: Page) -> float:
    session: Any = page.context.new_cdp_session(page)
    session.send("HeapProfiler.collectGarbage")
    used = float(session.send("Runtime.getHeapUsage")["usedSize"])
    session.detach()
    return used / 1e6


if __name__ == "__main__":
    sys.exit(main())
