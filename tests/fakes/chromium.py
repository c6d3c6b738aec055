"""Where a Chromium is on this machine, and how tests start it."""

import shutil
from pathlib import Path

FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
_NAMES = ("chromium", "chromium-browser", "google-chrome")


def chromium_program() -> Path | None:
    """The browser's program, or None where there is none."""
    found = next(filter(None, map(shutil.which, _NAMES)), None)
    return Path(found) if found else None
