"""What browser tests of the kiosk share: sizes, places on the page, what axe finds."""

from pathlib import Path
from typing import Any

from tests.edge.kiosk.kiosk_page import PIN

PORTRAIT = {"width": 1080, "height": 1920}
LANDSCAPE = {"width": 1920, "height": 1080}
PHONE = {"width": 390, "height": 844}
AXE = Path(__file__).resolve().parents[3] / "node_modules/axe-core/axe.min.js"

CONTROLS = "button, a[href], input, summary, [tabindex='0']"
LAYOUT = """(selector) => {
  const open = document.querySelector('dialog[open]') ?? document;
  const faults = [];
  const said = (e) => (e.innerText || e.ariaLabel || '').slice(0, 30);
  const words = (e) => `${e.className || e.tagName} "${said(e)}"`;
  const isShown = (e) => e.checkVisibility() && !e.closest('.visually-hidden, .skip');
  for (const e of open.querySelectorAll('h1, h2, h3, p, span, strong, small, dt, dd, li, button')) {
    if (!isShown(e) || e.clientWidth <= 1) continue; // 1: kept for screen readers alone
    const style = getComputedStyle(e);
    const isCut = e.scrollWidth > e.clientWidth + 2 && style.overflowX !== 'visible';
    if (isCut && style.textOverflow !== 'ellipsis') faults.push(`cut off: ${words(e)}`);
    const box = e.getBoundingClientRect();
    if (box.right > innerWidth + 1 || box.left < -1) faults.push(`beside the glass: ${words(e)}`);
    const isKey = /^[a-z]+(_[a-z0-9.]+)+$/.test(e.innerText ?? '');
    if (isKey) faults.push(`not translated: ${words(e)}`);
  }
  for (const e of open.querySelectorAll(selector)) {
    if (!isShown(e)) continue;
    const { width, height, left, top } = e.getBoundingClientRect();
    if (Math.min(width, height) < 24) faults.push(`small: ${words(e)} ${width}x${height}`);
    const [x, y] = [left + width / 2, top + height / 2];
    const isOnGlass = x > 0 && y > 0 && x < innerWidth && y < innerHeight;
    const hit = isOnGlass && document.elementFromPoint(x, y);
    const isScrolled = e.closest('.basket-lines, .results, .slip-lines, .sheet');
    const isOver = hit && !e.contains(hit) && !hit.contains(e) && !isScrolled;
    if (isOver) faults.push(`covered: ${words(e)} by ${words(hit)}`);
  }
  return faults;
}"""
# Every control that the Tab key should reach, and what each looks like while it has the focus.
WATCH_FOCUS = """(selector) => {
  const open = document.querySelector('dialog[open]') ?? document;
  const said = (e) => (e.innerText || e.ariaLabel || '').slice(0, 30);
  const words = (e) => `${e.className || e.tagName} "${said(e)}"`;
  const all = [...open.querySelectorAll(selector)]
    .filter((e) => e.checkVisibility() && e.tabIndex >= 0 && !e.disabled);
  globalThis.focusWatch = { left: new Set(all), faults: [], words };
  document.addEventListener('focusin', ({ target }) => {
    const { left, faults } = globalThis.focusWatch;
    left.delete(target);
    const style = getComputedStyle(target);
    const edge = getComputedStyle(document.documentElement).getPropertyValue('--focus');
    const probe = document.createElement('i');
    probe.style.color = edge;
    document.body.append(probe);
    const isEdged = style.borderTopColor === getComputedStyle(probe).color;
    probe.remove();
    const isRinged = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 1;
    if (!isRinged && !isEdged && target.id !== 'basket') faults.push(`unseen: ${words(target)}`);
  });
  return all.length;
}"""


def line(page: Any, sku_id: str) -> Any:
    return page.locator(f".line[data-sku={sku_id}]")


def total(page: Any) -> str:
    return str(page.locator(".total-total dd").inner_text())


def open_desk(page: Any) -> None:
    """Help, Staff, PIN."""
    page.locator(".top-actions .button", has_text="Help").click()
    page.locator(".sheet .button", has_text="Staff").click()
    page.locator(".pin input").fill(PIN)
    page.keyboard.press("Enter")
    page.locator(".staff-queue").wait_for()


def serious_faults(page: Any) -> list[str]:
    """What axe calls serious or critical, and content that is wider than the screen."""
    found = page.evaluate(
        """async () => {
          const { violations } = await axe.run(document, { resultTypes: ['violations'] });
          const serious = violations.filter((v) => ['serious', 'critical'].includes(v.impact));
          const isWide = document.documentElement.scrollWidth > window.innerWidth;
          const words = serious.map((v) => v.id + ': ' + v.nodes.map((n) => n.target).join(' '));
          return [...(isWide ? ['too wide'] : []), ...words];
        }"""
    )
    return [str(fault) for fault in found]


def layout_faults(page: Any) -> list[str]:
    """Words that are cut off or untranslated, controls that are tiny, outside or covered."""
    return [str(fault) for fault in page.evaluate(LAYOUT, CONTROLS)]


def keyboard_faults(page: Any) -> list[str]:
    """Controls that Tab does not reach, and those that do not show that they have the focus."""
    for _ in range(page.evaluate(WATCH_FOCUS, CONTROLS) + 2):
        page.keyboard.press("Tab")
    found = page.evaluate(
        """() => {
          const { left, faults, words } = globalThis.focusWatch;
          return [...faults, ...[...left].map((control) => `not reached: ${words(control)}`)];
        }"""
    )
    return [str(fault) for fault in found]
