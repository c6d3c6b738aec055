"""What the page says aloud, in every language, as the browser's voice hears it."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.edge.kiosk.kiosk_page import RunningKiosk
from tests.edge.kiosk.page_parts import line

pytestmark = pytest.mark.browser

# Stands in for the browser's voice, where the page finds the real one. The pause before the page
# speaks (so that several items are one sentence) is shortened.
VOICE = """
  const wait = globalThis.setTimeout;
  globalThis.setTimeout = (act, ms, ...rest) => wait(act, ms === 900 ? 40 : ms, ...rest);
  globalThis.spoken = [];
  Object.defineProperty(globalThis, 'SpeechSynthesisUtterance', { value: class {
    constructor(text) { this.text = text; } } });
  Object.defineProperty(globalThis, 'speechSynthesis', { value: {
    cancel() {}, speak: (words) => globalThis.spoken.push([words.lang, words.text]) } });
  sessionStorage.setItem('preferences', JSON.stringify({ isSpoken: true }));
"""
TOTAL_OF_ONE = {
    "en": "1 item. Total €1.19.",
    "de": "1 Artikel. Summe 1,19 €.",
    "es": "1 artículo. Total 1,19 €.",
    "fr": "1 article. Total 1,19 €.",
    "ar": "صنف واحد. المجموع 1.19 €.",
}
TOTAL_OF_THREE = {
    "en": "3 items. Total €3.67.",
    "de": "3 Artikel. Summe 3,67 €.",
    "es": "3 artículos. Total 3,67 €.",
    "fr": "3 articles. Total 3,67 €.",
    "ar": "3 أصناف. المجموع 3.67 €.",
}
QUESTION = {
    "en": "Which one is this? Mint tea. Berry tea. Tap the right picture.",
    "de": "Welcher Artikel ist das? Minztee. Beerentee. Tippen Sie auf das richtige Bild.",
    "es": "¿Cuál de estos es? Mint tea. Berry tea. Toque la imagen correcta.",
    "fr": "Lequel est-ce ? Mint tea. Berry tea. Touchez la bonne image.",
    "ar": "أي صنف هذا؟ Mint tea. Berry tea. المس الصورة الصحيحة.",
}


@pytest.fixture
def spoken_page(browser: Any, kiosk: RunningKiosk) -> Iterator[Any]:
    context = browser.new_context(reduced_motion="reduce")
    context.add_init_script(VOICE)
    opened = context.new_page()
    opened.set_default_timeout(15_000)
    opened.goto(kiosk.address)
    opened.wait_for_selector(".welcome")
    yield opened
    context.close()


def test_totals_and_questions_are_said_in_every_language(
    spoken_page: Any, kiosk: RunningKiosk
) -> None:
    kiosk.feed.put("milk", -15, 0)
    line(spoken_page, "milk").wait_for()
    assert said_in_all(spoken_page) == TOTAL_OF_ONE
    kiosk.feed.put("cola", 0, 0)
    kiosk.feed.put("cola", 15, 8)
    line(spoken_page, "cola").locator(".line-detail", has_text="2 ×").wait_for()
    assert said_in_all(spoken_page) == TOTAL_OF_THREE
    kiosk.feed.put("tea_mint", 15, -9, doubt=("tea_berry",))
    spoken_page.locator(".ask .tile").nth(1).wait_for()
    assert said_in_all(spoken_page) == QUESTION


def said_in_all(page: Any) -> dict[str, str]:
    """Each language is chosen by a finger; what the voice then said last."""
    return {language: said_in(page, language) for language in ("de", "es", "fr", "ar", "en")}


def said_in(page: Any, language: str) -> str:
    page.evaluate("spoken.length = 0")
    page.locator(".top-actions .button").nth(0).click()
    page.locator(f".sheet [lang={language}] button").click()
    page.locator(f"html[lang={language}]").wait_for()
    page.keyboard.press("Escape")
    page.wait_for_function("(wanted) => spoken.at(-1)?.[0] === wanted", arg=language)
    return str(page.evaluate("spoken.at(-1)[1]")).replace("\u00a0", " ").replace("\u202f", " ")
