"""The house rules that no linter knows: sizes, headers, names, tables and their documentation."""

import ast
import re
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("cameras", "sync", "edge", "trainer", "tools")
SOURCES = sorted(
    path
    for package in PACKAGES
    for path in (ROOT / package).rglob("*.py")
    if "node_modules" not in path.parts and "static" not in path.parts
)
MAX_LINES = 350
FORBIDDEN_STEMS = {"utils", "util", "common", "helpers", "helper", "core", "misc", "const"}
MAY_REPEAT = {"__init__.py", "__main__.py", "config.py", "errors.py", "README.md", "worker.py"}
STAGES = ("edge/perception/pipeline.py", "edge/basket/fusion.py", "edge/basket/rules.py")


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_a_source_file_is_short_and_says_what_it_is(path: Path) -> None:
    text = path.read_text()
    assert text.count("\n") <= MAX_LINES
    assert ast.get_docstring(ast.parse(text))
    assert path.stem not in FORBIDDEN_STEMS


def test_a_file_name_stands_for_one_file() -> None:
    commands = {"edgectl", "hubctl"}
    names = Counter(
        p.name for p in SOURCES if p.name not in MAY_REPEAT and not commands & set(p.parts)
    )
    assert not [name for name, count in names.items() if count > 1]


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_says_what_flows_through_it(stage: str) -> None:
    assert re.search(r"^Flow: ", (ROOT / stage).read_text(), re.MULTILINE)


def test_no_registry_host_or_machine_path_is_committed() -> None:
    hosts = r"(files\.)?python[h]osted\.org|registry\.npm[j]s|/wor[k]/(main|shared)"
    pattern = re.compile(hosts)
    found = [
        name_of(p)
        for suffix in ("*.py", "*.md", "*.toml", "*.txt", "*.json", "*.ts", "*.tsx")
        for p in ROOT.rglob(suffix)
        if not {"node_modules", ".venv", ".venv-test", ".venv-bench", ".git", ".demo"}
        & set(p.parts)
        and pattern.search(p.read_text(errors="replace"))
    ]
    assert not found


def test_every_path_named_in_the_readme_exists() -> None:
    text = (ROOT / "README.md").read_text()
    named = re.findall(r"`((?:cameras|sync|edge|trainer|tools|deploy|tests)/[\w./-]+)`", text)
    assert named
    assert not [path for path in named if not (ROOT / path).exists()]


def test_every_folder_of_source_explains_itself() -> None:
    folders = {p.parent for p in SOURCES if len(p.relative_to(ROOT).parts) == 2}
    assert not [name_of(f) for f in folders if not (f / "README.md").exists()]
