"""Takes a picture of every state of the kiosk: `python -m tests.edge.kiosk.take_screenshots DIR`.

Each look is a size, a theme and a language; each goes on the same tour over a box in memory that
sells a bundle's own catalogue. `--axe` also says what axe and a look at the layout find.
"""

import argparse
import json
import socket
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright

from edge.kiosk.handhelds import HandheldDesk
from tests.edge.kiosk.kiosk_page import RunningKiosk
from tests.edge.kiosk.page_parts import AXE, layout_faults, serious_faults
from tests.edge.kiosk.state_tour import Tour, box_of
from tests.fakes.chromium import FLAGS, chromium_program


@dataclass(frozen=True)
class Look:
    """How one shopper sees the page."""

    name: str
    size: tuple[int, int]
    language: str = "en"
    preferences: dict[str, object] = field(default_factory=dict)


LOOKS = (
    Look("portrait", (1080, 1920)),
    Look("landscape", (1920, 1080)),
    Look("phone", (390, 844)),
    Look("dark", (1920, 1080), "de", {"theme": "dark"}),
    Look("contrast", (1080, 1920), "fr", {"theme": "contrast"}),
    Look("arabic", (1080, 1920), "ar"),
    Look("arabic-wide", (1920, 1080), "ar", {"theme": "dark"}),
    Look("large", (1080, 1920), "de", {"isLarge": True}),
    Look("large-wide", (1920, 1080), "fr", {"isLarge": True}),
    Look("reach", (1080, 1920), "es", {"isReachable": True}),
)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--catalogue", type=Path, default=Path("edge/bundles/factory"))
    parser.add_argument("--look", choices=[look.name for look in LOOKS], action="append")
    parser.add_argument("--axe", action="store_true", help="say what is wrong with each state")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    wanted = [x for x in LOOKS if not arguments.look or x.name in arguments.look]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_program(), args=FLAGS)
        for look in wanted:
            with opened(browser, look, arguments.catalogue) as (page, kiosk):
                see = partial(photograph, page, arguments.out / look.name, arguments.axe)
                Tour(page, kiosk, see).walk()
    return 0


def photograph(page: Page, place: Path, is_judged: bool, name: str) -> None:
    """One picture, and where asked what is wrong with what it shows."""
    path = place.parent / f"{place.name}-{name}.png"
    page.screenshot(path=str(path))
    if is_judged:
        page.evaluate(AXE.read_text())
        for fault in [*serious_faults(page), *layout_faults(page)]:
            sys.stdout.write(f"{path.stem}: {fault}\n")
        sys.stdout.flush()


@contextmanager
def opened(browser: Browser, look: Look, catalogue: Path) -> Iterator[tuple[Page, RunningKiosk]]:
    """A page on a box of its own, as this shopper wants it."""
    desk = HandheldDesk(
        Path(tempfile.mkdtemp()) / "paired.json",
        lambda: ("https://192.168.10.20:8601",),
        ":".join(["A4", "1F"] * 16),
    )
    box = box_of(catalogue)
    box.shown_every = 5  # the tour looks at states, not at films
    kiosk = RunningKiosk(box, free_port(), desk)
    kiosk.start()
    width, height = look.size
    viewport = ViewportSize(width=width, height=height)
    context = browser.new_context(viewport=viewport, reduced_motion="reduce")
    page = context.new_page()
    page.set_default_timeout(60_000)
    wishes = {"preferences": json.dumps(look.preferences), "language": look.language}
    page.add_init_script(f"Object.assign(sessionStorage, {json.dumps(wishes)})")
    try:
        yield page, kiosk
    finally:
        context.close()
        kiosk.stop()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


if __name__ == "__main__":
    sys.exit(main())
