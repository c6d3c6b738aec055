"""The dashboard's sources agree with the hub and with themselves."""

import json
import re
from pathlib import Path

import pytest

from tools.checks.api_types import TARGET, api_types
from trainer.hub.dashboard import PAGES
from trainer.store.role_permissions import Permission

ROOT = Path(__file__).resolve().parents[3]
WEB = ROOT / "trainer/hub/web/src"
SOURCES = [*WEB.rglob("*.ts"), *WEB.rglob("*.tsx")]
PLURAL = re.compile(r"_(one|other)$")
ENGLISH: dict[str, str] = json.loads((WEB / "messages/en.json").read_text())
STEMS = {PLURAL.sub("", key) for key in ENGLISH if key.endswith("_one")} | set(ENGLISH)
# Words between tags, or in an attribute that people read or hear.
LITERAL = re.compile(
    r"""(?:>\s*|\b(?:label|title|hint|alt|aria-label)=")([A-Za-z][A-Za-z ,.!?]{2,}?)\s*(?:</|")"""
)
TEXT_OF_SOURCES = "\n".join(path.read_text() for path in SOURCES)


def test_the_typescript_twins_of_the_hubs_interface_are_current() -> None:
    assert (ROOT / TARGET).read_text() == api_types(), "python -m tools.checks.api_types"


def test_every_text_the_dashboard_shows_exists() -> None:
    used = set(re.findall(r'\bt\(\s*"([\w.]+)"', TEXT_OF_SOURCES))
    assert used
    assert used - STEMS == set()


def test_no_text_is_empty_and_the_file_is_in_order() -> None:
    assert [key for key, text in ENGLISH.items() if not text.strip()] == []
    assert list(ENGLISH) == sorted(ENGLISH)


def test_every_page_of_the_navigation_has_an_address_a_name_and_a_known_permission() -> None:
    rows = re.findall(r'path: "(\w+)", icon: "\w+", needs: "([\w.]+)"', TEXT_OF_SOURCES)
    assert rows
    assert {path for path, _ in rows} <= set(PAGES)
    assert {f"nav_{path}" for path, _ in rows} <= set(ENGLISH)
    assert {needs for _, needs in rows} <= {permission.value for permission in Permission}


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
def test_a_source_of_the_dashboard_is_short_and_says_what_it_is(path: Path) -> None:
    text = path.read_text()
    is_generated = path.name == "api_types.ts"
    assert is_generated or text.count("\n") <= 350
    assert text.startswith("// ")
    assert "innerHTML" not in text
    assert not re.search(r"https?://(?!www\.w3\.org)", text)
    assert set(LITERAL.findall(text)) <= {"Tillsight"}, "texts stand in messages/en.json"
