"""The page's sources agree with the box and with themselves."""

import json
import re
from pathlib import Path

import pytest

from tools.checks.wire_types import wire_types

ROOT = Path(__file__).resolve().parents[3]
WEB = ROOT / "edge/kiosk/web/src"
PLURAL = re.compile(r"_(zero|one|two|few|many|other)$")
SOURCES = [*WEB.rglob("*.ts"), *WEB.rglob("*.tsx"), *(ROOT / "tools/web_shared/src").glob("*.ts*")]


def messages(language: str) -> dict[str, str]:
    loaded: dict[str, str] = json.loads((WEB / f"messages/{language}.json").read_text())
    return loaded


ENGLISH = messages("en")
COUNTED = {PLURAL.sub("", key) for key in ENGLISH if key.endswith("_one")}


def meaning(key: str) -> str:
    """A key without its plural form."""
    stem = PLURAL.sub("", key)
    return stem if stem in COUNTED else key


def test_the_typescript_twins_of_the_messages_are_current() -> None:
    stale = [str(path) for path, text in wire_types().items() if (ROOT / path).read_text() != text]
    assert not stale, "python -m tools.checks.wire_types"


@pytest.mark.parametrize("language", ["de", "es", "fr", "ar"])
def test_every_language_says_everything(language: str) -> None:
    other = messages(language)
    assert {meaning(key) for key in other} == {meaning(key) for key in ENGLISH}
    assert not [key for key, text in other.items() if not text.strip()]


@pytest.mark.parametrize("language", ["de", "es", "fr", "ar"])
def test_no_language_asks_for_a_word_that_english_does_not_have(language: str) -> None:
    names = re.compile(r"\{\w+\}")
    allowed: dict[str, set[str]] = {}
    for key, text in ENGLISH.items():
        allowed.setdefault(meaning(key), set()).update(names.findall(text))
    other = messages(language)
    assert not [k for k, text in other.items() if set(names.findall(text)) - allowed[meaning(k)]]


def test_every_text_the_page_shows_exists() -> None:
    used = {key for path in SOURCES for key in re.findall(r'\bt\(\s*"([\w.]+)"', path.read_text())}
    assert used
    assert not {key for key in used if key not in ENGLISH and key not in COUNTED}


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
def test_a_web_source_is_short_and_says_what_it_is(path: Path) -> None:
    text = path.read_text()
    assert text.count("\n") <= 350
    assert text.startswith("// ")
    assert "innerHTML" not in text
    assert not re.search(r"https?://(?!www\.w3\.org)", text)
