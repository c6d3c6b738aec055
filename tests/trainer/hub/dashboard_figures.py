"""What every page of the dashboard weighs and when it first paints, on a furnished hub.

    python -m tests.trainer.hub.dashboard_figures

Each page is opened twice by a browser of its own: with nothing kept, for its weight as it comes
over the network, and again with the program kept, for the time until something is painted. Prints
rows of the table in `trainer/hub/README.md`; says how busy the machine was.
"""

import os
import sys
import tempfile
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

from tests.fakes.chromium import FLAGS, chromium_program
from tests.fakes.furnished_hub import DESKTOP, furnished_hub
from tests.fakes.hub_process import HubProcess
from tests.fakes.people_hub import PASSWORD
from trainer.hub.dashboard import PAGES

DETAILS = ("fleet/main-2", "catalogue/juice_apple_1l", "onboarding/+new", "stores/s1")
WEIGHED = """() => {
  const all = performance.getEntriesByType('resource');
  const kilobytes = (end) => all
    .filter((one) => one.name.includes('/assets/') && one.name.endsWith(end))
    .reduce((sum, one) => sum + one.encodedBodySize / 1000, 0);
  return [kilobytes('.js'), kilobytes('.css')];
}"""
PAINTED = "() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? -1"
READY = "main:not(:has(.waiting)) h1"


def main() -> int:
    """Print the table; 2 where no browser is."""
    program = chromium_program()
    if program is None:
        say("no Chromium on this machine: apt install chromium")
        return 2
    with (
        tempfile.TemporaryDirectory() as folder,
        furnished_hub(Path(folder)) as hub,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=str(program), args=FLAGS)
        say(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
        say("| page | script kB | style kB | first paint, nothing kept, ms | program kept, ms |")
        say("|---|---|---|---|---|")
        for path in ("", *PAGES, *DETAILS):
            say(row_of(browser, hub, path))
        browser.close()
    return 0


def row_of(browser: Any, hub: HubProcess, path: str) -> str:
    """One page, its weight as it is sent (packed) and both first paints; "" is the sign-in."""
    context = browser.new_context(viewport=DESKTOP, reduced_motion="reduce")
    if path:
        body = {"name": "ada", "password": PASSWORD}
        context.request.post(f"{hub.address}/api/v1/session", data=body)
    page = context.new_page()
    page.goto(f"{hub.address}/{path}")
    page.locator(READY).first.wait_for()
    script, style = page.evaluate(WEIGHED)
    cold = page.evaluate(PAINTED)
    page.reload()
    page.locator(READY).first.wait_for()
    warm = page.evaluate(PAINTED)
    context.close()
    return f"| {path or 'sign-in'} | {script:.0f} | {style:.0f} | {cold:.0f} | {warm:.0f} |"


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
